"""The exceptions of this package."""

from __future__ import annotations

import sys
import warnings
from types import FrameType
from typing import Any, ClassVar


class McodaError(Exception):
    """The base of every exception of this package.

    >>> import mcoda
    >>> with mcoda.Workspace.open_db(":memory:") as ws:
    ...     try:
    ...         ws.record_token_usage(tokens_prompt=-1)
    ...     except mcoda.McodaError as error:
    ...         print(error.kind, error.code, error.field)
    InvalidInput 1 tokensPrompt
    """

    __module__ = "mcoda"

    code: ClassVar[int] = 0
    """The number of the kind, the same in every language."""
    kind: ClassVar[str] = ""
    """The name of the kind, the same in every language, for example ``NotFound``."""

    message: str
    """One line that says what is wrong and what to do."""
    field: str | None
    """The invalid field, by its JSON name (``tokensPrompt``); None where the error is not about one."""
    detail: str | None
    """The causes, from the nearest to the first; None where none is known."""

    def __init__(self, message: str, field: str | None = None, detail: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.detail = detail

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.field, self.detail), self.__dict__


class InvalidInputError(McodaError, ValueError):
    """An invalid value: the message names the field, the value and what is allowed."""

    __module__ = "mcoda"
    code = 1
    kind = "InvalidInput"


class NotFoundError(McodaError, LookupError):
    """An unknown task, job, key, or database."""

    __module__ = "mcoda"
    code = 2
    kind = "NotFound"


class ConflictError(McodaError):
    """The task has another status by now; a record with this id has other content; a key is taken."""

    __module__ = "mcoda"
    code = 3
    kind = "Conflict"


class BusyError(McodaError):
    """Another writer held the database for longer than the timeout. A retry is safe."""

    __module__ = "mcoda"
    code = 4
    kind = "Busy"


class StorageError(McodaError, OSError):
    """The disk is full, a permission is missing, reading or writing failed, or the database is turned off."""

    __module__ = "mcoda"
    code = 5
    kind = "Storage"


class CorruptError(McodaError):
    """Not a database, a damaged database, or a database of another program."""

    __module__ = "mcoda"
    code = 6
    kind = "Corrupt"


class UnsupportedError(McodaError):
    """The database has a newer schema than this version knows, or an older one and was opened read-only."""

    __module__ = "mcoda"
    code = 7
    kind = "Unsupported"


class ClosedError(McodaError):
    """The handle is closed, or belongs to the parent of this forked process."""

    __module__ = "mcoda"
    code = 8
    kind = "Closed"


class InternalError(McodaError):
    """A bug in this library."""

    __module__ = "mcoda"
    code = 9
    kind = "Internal"


class CancelledError(McodaError):
    """The call reached its time limit before it changed anything."""

    __module__ = "mcoda"
    code = 10
    kind = "Cancelled"


class OtherWorkspaceWarning(UserWarning):
    """A result is empty because the database has rows of other workspaces only: the project was moved, or was opened with
    another id than before. Or a workspace is new, and that of a project of the same name, whose root is gone, is not."""

    __module__ = "mcoda"


_SHOWN = 5


def warn_of_others(own: str, others: list[str]) -> None:
    """Warns the caller of this package."""
    more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
    shown = ", ".join(map(repr, others[:_SHOWN]))
    message = (
        f"the database has no rows of the workspace {own!r}, but of {shown}{more}: open it with one of them as "
        "workspace_id, or see Workspace.relocate"
    )
    _warn(message)


def warn_of_left_behind(advice: list[str]) -> None:
    """Warns the caller of this package."""
    for one in advice:
        _warn(f"a new workspace was created, but {one}")


def _warn(message: str) -> None:
    level = 1
    frame: FrameType | None = sys._getframe()
    while frame is not None and str(frame.f_globals.get("__name__")).split(".")[0] == "mcoda":
        level, frame = level + 1, frame.f_back
    warnings.warn(message, OtherWorkspaceWarning, stacklevel=level)


_BY_CODE: dict[int, type[McodaError]] = {
    cls.code: cls
    for cls in (
        InvalidInputError,
        NotFoundError,
        ConflictError,
        BusyError,
        StorageError,
        CorruptError,
        UnsupportedError,
        ClosedError,
        InternalError,
        CancelledError,
    )
}


def from_engine(code: int, message: str, field: str | None, detail: str | None) -> McodaError:
    """The exception for an error of the engine."""
    return _BY_CODE[code](message, field, detail)
