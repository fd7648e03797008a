"""The user's global database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import _mcoda
from ._handle import Handle, open_keywords
from ._types import NO_FIELDS, Fields, StrPath, Synchronous


class Global(Handle[_mcoda.Global]):
    """The user's own database: agents, and what their calls outside of any project cost.

    >>> import mcoda
    >>> with mcoda.Global.open_db(":memory:") as db:
    ...     recorded = db.record_token_usage(model_name="m", tokens_prompt=5)
    ...     db.token_usage()[0].tokens_prompt
    5
    """

    __slots__ = ()

    @classmethod
    def open(
        cls,
        options: Fields = NO_FIELDS,
        /,
        *,
        config: Mapping[str, Any] | None = None,
        no_telemetry: bool | None = None,
        synchronous: Synchronous | None = None,
        busy_timeout_ms: int | None = None,
        read_only: bool | None = None,
        existing_only: bool | None = None,
    ) -> Global:
        """Opens ``.mcoda/mcoda.db`` in the home folder; what is missing is created. Options: as ``open_db``."""
        keywords = open_keywords(
            None, config, no_telemetry, None, synchronous, busy_timeout_ms, read_only, existing_only
        )
        return cls._of(_mcoda.Global.open(options, keywords))

    @classmethod
    def open_db(
        cls,
        path: StrPath,
        options: Fields = NO_FIELDS,
        *,
        config: Mapping[str, Any] | None = None,
        no_telemetry: bool | None = None,
        synchronous: Synchronous | None = None,
        busy_timeout_ms: int | None = None,
        read_only: bool | None = None,
        existing_only: bool | None = None,
    ) -> Global:
        """Opens the global database in this file; what is missing is created.

        The options are those of ``Workspace.open``, but for the workspace's id and the JSON log.
        """
        keywords = open_keywords(
            None, config, no_telemetry, None, synchronous, busy_timeout_ms, read_only, existing_only
        )
        return cls._of(_mcoda.Global.open_db(path, options, keywords))
