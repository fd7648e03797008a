"""The bases of handles and transactions."""

from __future__ import annotations

import os
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from . import _mcoda
from ._calls import SessionCalls
from ._tracking import Tracks
from ._types import StrPath

if TYPE_CHECKING:
    from pathlib import Path

B = TypeVar("B", bound="Held")
H = TypeVar("H", bound="Handle")


class Held:
    """A wrapper of an object of the native module, which cannot be created or copied."""

    __slots__ = ("__weakref__", "_native")

    _native: _mcoda.Handle

    @classmethod
    def _of(cls: type[B], native: _mcoda.Handle) -> B:
        held = cls.__new__(cls)
        held._native = native
        return held

    @property
    def database_path(self) -> Path:
        """The database file."""
        return self._native.database_path

    def __repr__(self) -> str:
        return f"<mcoda.{type(self).__name__} {str(self.database_path)!r}>"

    def __reduce__(self) -> Any:
        raise TypeError(f"an open {type(self).__name__} cannot be pickled: pass its path, and open it there")


class Handle(Held, SessionCalls, Tracks):
    """An open database. Any number of threads may use it: writing calls run one after the other, queries run in parallel
    with them. All of them wait without the GIL."""

    __slots__ = ()

    def __init__(self) -> None:
        raise TypeError(f"use {type(self).__name__}.open(...) or {type(self).__name__}.open_db(path)")

    def __enter__(self: H) -> H:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def as_folder(path: bool | StrPath | None) -> bool | str | None:
    """Where the JSON log is written, as text where it is a path."""
    return os.fspath(path) if isinstance(path, os.PathLike) else path
