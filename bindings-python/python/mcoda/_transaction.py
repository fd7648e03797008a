"""Several calls as one: all of them happen or none."""

from __future__ import annotations

from types import TracebackType
from typing import TypeVar

from . import _mcoda
from ._calls import SessionCalls, WorkspaceCalls
from ._handle import Held

T = TypeVar("T", bound="Transaction")


class Transaction(Held):
    """An open transaction: all of its calls take effect when it is committed, or none if it is rolled back.

    As a context manager it commits at the end of the block, and rolls back if an exception leaves it. A transaction
    without references is rolled back, and so is one that is open at its time limit or when its handle is closed; its
    calls then raise ``ClosedError``.
    """

    __slots__ = ("_is_ended",)

    _is_ended: bool

    def __init__(self) -> None:
        raise TypeError("use transaction() of a handle")

    @classmethod
    def _of(cls: type[T], native: _mcoda.Handle) -> T:
        transaction = super()._of(native)
        transaction._is_ended = False
        return transaction

    def commit(self) -> bool:
        """Commits, and returns whether the JSON log holds everything that was recorded.

        False where there is no log, or where it could not be written just now: then a later call completes it.

        Raises:
            ClosedError: The transaction has ended before, for example by its time limit.
        """
        self._is_ended = True
        return self._native.commit()

    def rollback(self) -> None:
        """Rolls back: nothing has happened. A transaction that has ended before is left as it is."""
        self._is_ended = True
        self._native.rollback()

    def __enter__(self: T) -> T:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None:
            self.rollback()
        elif not self._is_ended:
            self.commit()


class WorkspaceTransaction(Transaction, WorkspaceCalls):
    """A transaction of a workspace, with the calls of that."""

    __slots__ = ()


class GlobalTransaction(Transaction, SessionCalls):
    """A transaction of the global database, with the calls of that."""

    __slots__ = ()
