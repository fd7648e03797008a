"""The exceptions of this package."""

from __future__ import annotations

from typing import Any, ClassVar


class McodaError(Exception):
    """What every exception of this package is.

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
    """The input field at fault, by its JSON name (``tokensPrompt``), where one is."""
    detail: str | None
    """What caused it, from the nearest cause to the first one, where anything is known of that."""

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
    """A bad value: the message names the field, what was given and what is allowed."""

    __module__ = "mcoda"
    code = 1
    kind = "InvalidInput"


class NotFoundError(McodaError, LookupError):
    """An unknown task, job, key, or database."""

    __module__ = "mcoda"
    code = 2
    kind = "NotFound"


class ConflictError(McodaError):
    """The task has moved on; a record with this id has other content; a key is taken."""

    __module__ = "mcoda"
    code = 3
    kind = "Conflict"


class BusyError(McodaError):
    """Another writer held the database for longer than the timeout. Trying again is safe."""

    __module__ = "mcoda"
    code = 4
    kind = "Busy"


class StorageError(McodaError, OSError):
    """Disk full, permissions, input or output failed, or the database is turned off."""

    __module__ = "mcoda"
    code = 5
    kind = "Storage"


class CorruptError(McodaError):
    """Not a database, a damaged one, or another program's."""

    __module__ = "mcoda"
    code = 6
    kind = "Corrupt"


class UnsupportedError(McodaError):
    """A newer schema than this version knows, or an older one that was opened read-only."""

    __module__ = "mcoda"
    code = 7
    kind = "Unsupported"


class ClosedError(McodaError):
    """Used after ``close``, or in a forked child."""

    __module__ = "mcoda"
    code = 8
    kind = "Closed"


class InternalError(McodaError):
    """A fault of this library."""

    __module__ = "mcoda"
    code = 9
    kind = "Internal"


class CancelledError(McodaError):
    """The call was given up at its time limit, before it changed anything."""

    __module__ = "mcoda"
    code = 10
    kind = "Cancelled"


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
