"""What the tables that a host fills have in common."""

from __future__ import annotations

from . import _mcoda


class Repository:
    """A table of an open workspace."""

    __slots__ = ("_native",)

    def __init__(self, native: _mcoda.Workspace) -> None:
        self._native = native
