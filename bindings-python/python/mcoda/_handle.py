"""What a workspace and the global database have in common."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, TypeVar

from . import _mcoda
from ._agent import AgentCalls
from ._answers import Recorded, TokenUsageRow, TokenUsageSummary, TokenUsageSummaryRow
from ._table import Table
from ._types import NO_FIELDS, Bound, Dimension, Fields, SqlParam, StrPath, Synchronous, Time

_ROWS_AT_ONCE = 256

H = TypeVar("H", bound="Handle[Any]")
N = TypeVar("N", _mcoda.Workspace, _mcoda.Global)


class Handle(AgentCalls, Generic[N]):
    """An open database. It may be used from any number of threads: calls queue, and wait without the GIL."""

    __slots__ = ("__weakref__", "_native")

    _native: N

    @classmethod
    def _of(cls: type[H], native: Any) -> H:
        handle = cls.__new__(cls)
        handle._native = native
        return handle

    def __init__(self) -> None:
        raise TypeError(f"use {type(self).__name__}.open(...) or {type(self).__name__}.open_db(path)")

    @property
    def database_path(self) -> Path:
        """The database file."""
        return Path(self._native.database_path)

    def record_token_usage(
        self,
        usage: Fields = NO_FIELDS,
        /,
        *,
        id: str | None = None,
        workspace_id: str | None = None,
        agent_id: str | None = None,
        model_name: str | None = None,
        job_id: str | None = None,
        command_run_id: str | None = None,
        task_run_id: str | None = None,
        task_id: str | None = None,
        project_id: str | None = None,
        epic_id: str | None = None,
        user_story_id: str | None = None,
        command_name: str | None = None,
        action: str | None = None,
        invocation_kind: str | None = None,
        provider: str | None = None,
        currency: str | None = None,
        tokens_prompt: int | None = None,
        tokens_completion: int | None = None,
        tokens_total: int | None = None,
        tokens_cached: int | None = None,
        tokens_cache_read: int | None = None,
        tokens_cache_write: int | None = None,
        cost_estimate: float | None = None,
        duration_seconds: float | None = None,
        duration_ms: float | None = None,
        started_at: Time | None = None,
        finished_at: Time | None = None,
        timestamp: Time | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Recorded:
        """Records what one agent call cost.

        Every field may be absent, which is "not told"; 0 is "told to be none". A mapping may hold the
        same fields, in camelCase or snake_case; keywords are added to it.

        Args:
            usage: A mapping of the fields below.
            id: The record's id, any text. Recording the same id with the same content again adds nothing,
                so a retry is safe. Absent: a new UUID.
            workspace_id: The workspace that is billed. Absent: the handle's own.
            agent_id: The agent that called. It is added to the agents of the command run and of the job.
            model_name: The model that answered.
            job_id: The job that the call was part of; must exist, as whatever is named below.
            command_run_id: The command run.
            task_run_id: The task run.
            task_id: The task that the call worked on.
            project_id: The project that the call worked for.
            epic_id: The epic.
            user_story_id: The user story.
            command_name: The command, for example ``work-on-tasks``.
            action: The step of the command, for example ``plan``.
            invocation_kind: How the agent was called, for example ``chat``.
            provider: Who provides the model.
            currency: The currency of the cost, for example ``USD``.
            tokens_prompt: All input tokens, cached ones included; counts are 0 to 2^53-1.
            tokens_completion: All output tokens, reasoning included.
            tokens_total: The provider's own total. Absent: prompt + completion.
            tokens_cached: Input tokens that came from a cache.
            tokens_cache_read: Input tokens that were read from a cache, where the provider tells.
            tokens_cache_write: Input tokens that were written to a cache.
            cost_estimate: What the call cost, in ``currency``; finite, 0 or more.
            duration_seconds: How long the call took. Absent: from ``duration_ms``, else the times.
            duration_ms: How long the call took. Absent: from the times, else ``duration_seconds``.
            started_at: When the call began.
            finished_at: When the call ended; not before ``started_at``.
            timestamp: When the call counts. Absent: now.
            metadata: Anything else, kept unchanged.

        Raises:
            InvalidInputError: Which field, what was given, what is allowed.
            NotFoundError: An unknown job, task or other id.
            ConflictError: A record with this id has other content.

        >>> import mcoda
        >>> with mcoda.Workspace.open_db(":memory:") as ws:
        ...     first = ws.record_token_usage(id="call-1", agent_id="claude", tokens_prompt=1200)
        ...     retry = ws.record_token_usage({"id": "call-1", "agentId": "claude", "tokensPrompt": 1200})
        >>> first.duplicate, retry.duplicate
        (False, True)
        """
        keywords = {
            "id": id,
            "workspace_id": workspace_id,
            "agent_id": agent_id,
            "model_name": model_name,
            "job_id": job_id,
            "command_run_id": command_run_id,
            "task_run_id": task_run_id,
            "task_id": task_id,
            "project_id": project_id,
            "epic_id": epic_id,
            "user_story_id": user_story_id,
            "command_name": command_name,
            "action": action,
            "invocation_kind": invocation_kind,
            "provider": provider,
            "currency": currency,
            "tokens_prompt": tokens_prompt,
            "tokens_completion": tokens_completion,
            "tokens_total": tokens_total,
            "tokens_cached": tokens_cached,
            "tokens_cache_read": tokens_cache_read,
            "tokens_cache_write": tokens_cache_write,
            "cost_estimate": cost_estimate,
            "duration_seconds": duration_seconds,
            "duration_ms": duration_ms,
            "started_at": started_at,
            "finished_at": finished_at,
            "timestamp": timestamp,
            "metadata": metadata,
        }
        return Recorded._read(self._native.record_token_usage(usage, keywords))

    def record_token_usages(self, usages: Iterable[Fields]) -> list[Recorded]:
        """Records many calls in one transaction: all of them or none.

        Each is a mapping with the fields of ``record_token_usage``; an error says which one it is about.

        >>> import mcoda
        >>> with mcoda.Workspace.open_db(":memory:") as ws:
        ...     recorded = ws.record_token_usages({"tokens_prompt": n} for n in range(3))
        >>> len(recorded)
        3
        """
        return [Recorded._read(one) for one in self._native.record_token_usages(as_list(usages))]

    def token_usage(
        self,
        query: Fields = NO_FIELDS,
        /,
        *,
        project_key: str | None = None,
        agent: str | None = None,
        command: str | None = None,
        include_rows_without_command: bool | None = None,
        job_id: str | None = None,
        task_id: str | None = None,
        since: Bound | None = None,
        until: Bound | None = None,
        page: int | None = None,
        page_size: int | None = None,
        now: Time | None = None,
    ) -> list[TokenUsageRow]:
        """What single agent calls cost, in the order of time.

        Args:
            query: A mapping of the fields below.
            project_key: Only usage of the project with this key.
            agent: Only usage of this agent, by id or slug.
            command: Only usage of this command.
            include_rows_without_command: Lets usage without any command pass the filter by command.
            job_id: Only usage of the job with this id.
            task_id: Only usage of the task with this id.
            since: Usage at or after this time, or within this span before now (``7d``).
            until: Usage at or before this time, or this span before now.
            page: Which page of the answer to give, from 1.
            page_size: How many rows a page has. Absent: all of them.
            now: The moment that spans count back from. Absent: the clock.

        Raises:
            NotFoundError: An unknown project key.
            InvalidInputError: A bound or a page that is none.

        >>> import mcoda
        >>> with mcoda.Workspace.open_db(":memory:") as ws:
        ...     recorded = ws.record_token_usage(agent_id="claude", tokens_prompt=7, timestamp="2026-03-20")
        ...     rows = ws.token_usage(since="2026-03-01", agent="claude")
        >>> rows[0].tokens_prompt, rows[0].timestamp
        (7, '2026-03-20T00:00:00.000Z')
        """
        keywords = {
            "project_key": project_key,
            "agent": agent,
            "command": command,
            "include_rows_without_command": include_rows_without_command,
            "job_id": job_id,
            "task_id": task_id,
            "since": since,
            "until": until,
            "page": page,
            "page_size": page_size,
            "now": now,
        }
        return [TokenUsageRow._read(row) for row in self._native.token_usage(query, keywords)]

    def iter_token_usage(
        self,
        query: Fields = NO_FIELDS,
        /,
        *,
        project_key: str | None = None,
        agent: str | None = None,
        command: str | None = None,
        include_rows_without_command: bool | None = None,
        job_id: str | None = None,
        task_id: str | None = None,
        since: Bound | None = None,
        until: Bound | None = None,
        page: int | None = None,
        page_size: int | None = None,
        now: Time | None = None,
    ) -> Iterator[TokenUsageRow]:
        """``token_usage`` row by row, in memory that depends little on how many there are.

        Which rows come and in what order is settled by the call: rows that are recorded later do not come. The
        handle is free for other calls between the rows. Arguments and errors are those of ``token_usage``.

        Raises:
            ClosedError: The handle was closed while rows were left.
            ConflictError: The database was rebuilt (``VACUUM``) or migrated while rows were left: ask again.

        >>> import mcoda
        >>> with mcoda.Workspace.open_db(":memory:") as ws:
        ...     recorded = ws.record_token_usages({"tokens_prompt": n} for n in range(1000))
        ...     sum(row.tokens_prompt or 0 for row in ws.iter_token_usage())
        499500
        """
        keywords = {
            "project_key": project_key,
            "agent": agent,
            "command": command,
            "include_rows_without_command": include_rows_without_command,
            "job_id": job_id,
            "task_id": task_id,
            "since": since,
            "until": until,
            "page": page,
            "page_size": page_size,
            "now": now,
        }
        return self._rows(self._native.token_usage_cursor(query, keywords))

    def _rows(self, cursor: _mcoda.Cursor) -> Iterator[TokenUsageRow]:
        # As long as rows are left, this holds the handle, which would close itself otherwise.
        while rows := cursor.next_rows(_ROWS_AT_ONCE):
            yield from map(TokenUsageRow._read, rows)

    def token_usage_summary(
        self,
        query: Fields = NO_FIELDS,
        /,
        *,
        group_by: Sequence[Dimension] | None = None,
        project_key: str | None = None,
        agent: str | None = None,
        command: str | None = None,
        include_rows_without_command: bool | None = None,
        job_id: str | None = None,
        task_id: str | None = None,
        since: Bound | None = None,
        until: Bound | None = None,
        time_zone: str | None = None,
        page: int | None = None,
        page_size: int | None = None,
        now: Time | None = None,
    ) -> TokenUsageSummary:
        """What agent calls cost, added up by groups in the order in which these first appear in time.

        Args:
            query: A mapping of the fields below.
            group_by: The dimensions, a list or tuple. Absent or empty: project, command and agent.
            since: As in ``token_usage``, but the last 7 days where absent.
            time_zone: Whose days ``day`` means, by its IANA name, ``Europe/Berlin``. Absent: UTC.
            page_size: How many groups a page has. Absent: all of them.

        The other fields and the errors are those of ``token_usage``.
        """
        keywords = {
            "group_by": group_by,
            "project_key": project_key,
            "agent": agent,
            "command": command,
            "include_rows_without_command": include_rows_without_command,
            "job_id": job_id,
            "task_id": task_id,
            "since": since,
            "until": until,
            "time_zone": time_zone,
            "page": page,
            "page_size": page_size,
            "now": now,
        }
        rows, text = self._native.token_usage_summary(query, keywords)
        return TokenUsageSummary([TokenUsageSummaryRow._read(row) for row in rows], text)

    def query(self, sql: str, params: Sequence[SqlParam] | Mapping[str, SqlParam] | None = None) -> Table:
        """Answers one SQL statement that only reads, in one unchanging state of the database.

        Args:
            sql: The statement.
            params: Values for ``?`` in their order, or for ``:name`` by their names.

        Raises:
            InvalidInputError: What is not one such statement; two columns of one name (name them with
                ``AS``); parameters that do not fit.

        >>> import mcoda
        >>> with mcoda.Workspace.open_db(":memory:") as ws:
        ...     table = ws.query("SELECT :a + 1 AS b", {"a": 41})
        >>> table.rows
        ((42,),)
        """
        return Table(*self._native.query(sql, params))

    def backup_to(self, path: StrPath) -> None:
        """Copies the database as it is now into a new file, for its owner alone.

        Other calls of this handle wait for that; other handles and processes go on.

        Raises:
            ConflictError: There is something at ``path``.
            InvalidInputError: Its name ends in ``-journal``, ``-wal`` or ``-shm``, or is one that the library uses.
            StorageError: It cannot be written.
        """
        self._native.backup_to(path)

    def close(self) -> None:
        """Closes the database after the calls that are under way. Closing twice is not an error."""
        self._native.close()

    def __enter__(self: H) -> H:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<mcoda.{type(self).__name__} {str(self.database_path)!r}>"

    def __reduce__(self) -> Any:
        raise TypeError(f"an open {type(self).__name__} cannot be pickled: pass its path, and open it there")


def as_list(values: Iterable[Fields]) -> object:
    """The elements of an iterable; anything else as it is, for the engine to refuse.

    A single mapping is an iterable too, of its names, which nobody means.
    """
    return list(values) if isinstance(values, Iterable) and not isinstance(values, Mapping) else values


def open_keywords(
    workspace_id: str | None,
    config: Mapping[str, Any] | None,
    no_telemetry: bool | None,
    json_log: bool | StrPath | None,
    synchronous: Synchronous | None,
    busy_timeout_ms: int | None,
    read_only: bool | None,
    existing_only: bool | None,
) -> dict[str, Any]:
    """The options to open a database with."""
    return {
        "workspace_id": workspace_id,
        "config": config,
        "no_telemetry": no_telemetry,
        "json_log": os.fspath(json_log) if isinstance(json_log, os.PathLike) else json_log,
        "synchronous": synchronous,
        "busy_timeout_ms": busy_timeout_ms,
        "read_only": read_only,
        "existing_only": existing_only,
    }
