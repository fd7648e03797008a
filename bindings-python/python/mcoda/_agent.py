"""Reading what providers and agents returned, and recording it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import _mcoda
from ._agent_answers import ImportSummary, RecordedResponse, TokenUsage
from ._types import NO_FIELDS, Body, Fields, StrPath, Time


def extract_usage(body: Body, provider: str | None = None) -> TokenUsage:
    """What an answer tells about its calls, as one record for the whole: their sum.

    Strange content is never an error: values that cannot be meant, and those that JSON has no form for, are
    passed over one by one, and an answer that tells no usage gives an empty record.

    Args:
        body: What a provider or an agent returned: a response body, the events of a stream, or a transcript.
            Text, bytes (as UTF-8), a mapping, a list of mappings, or a model of pydantic, as the providers'
            own packages answer.
        provider: Who answered, where that does not show in the answer.

    Raises:
        InvalidInputError: A body that is something else altogether, for example None.

    >>> import mcoda
    >>> usage = {"input_tokens": 4, "cache_read_input_tokens": 900, "output_tokens": 30}
    >>> mcoda.extract_usage({"model": "claude-x", "usage": usage}).tokens_prompt
    904
    >>> mcoda.extract_usage("no JSON").tokens_prompt is None
    True
    """
    return TokenUsage._read(_mcoda.extract_usage(body, provider))


def extract_usages(body: Body, provider: str | None = None) -> list[TokenUsage]:
    """What an answer tells about its calls, one record a model. Their sums are what ``extract_usage`` gives.

    Empty where the answer tells no usage. Arguments and errors: as ``extract_usage``.
    """
    return [TokenUsage._read(usage) for usage in _mcoda.extract_usages(body, provider)]


class AgentCalls:
    """Recording what came back from an agent, into either database."""

    __slots__ = ()

    _native: Any

    def record_agent_response(
        self,
        body: Body,
        context: Fields = NO_FIELDS,
        *,
        provider: str | None = None,
        response_id: str | None = None,
        session_id: str | None = None,
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
        started_at: Time | None = None,
        finished_at: Time | None = None,
        duration_ms: float | None = None,
        timestamp: Time | None = None,
        metadata: Mapping[str, Any] | None = None,
        compute_cost: bool | None = None,
        as_deltas: bool | None = None,
    ) -> RecordedResponse:
        """Reads what came back from an agent and records it, as one record for each call and each model.

        A record's id is made of the provider's id of the answer or the session, so that a retry or a replay
        counts once; of two versions of one answer the last wins. An answer that tells no usage becomes no
        record, and is no error. An answer without an id is a new one each time, unless ``response_id`` is told.

        Args:
            body: What a provider or an agent returned, as in ``extract_usage``.
            context: A mapping of the fields below.
            provider: Who answered. Also the record's provider.
            response_id: What the answer is known by where it has no id of its own.
            session_id: The session that counts up, where the answer does not name it.
            workspace_id: The workspace that is billed. Absent: the handle's own.
            agent_id: The agent that called.
            model_name: The model, where the answer does not name it.
            job_id: The job that the call was part of; must exist, as whatever is named below.
            command_run_id: The command run.
            task_run_id: The task run.
            task_id: The task that the call worked on.
            project_id: The project that the call worked for.
            epic_id: The epic.
            user_story_id: The user story.
            command_name: The command, for example ``work-on-tasks``.
            action: The step of the command.
            invocation_kind: How the agent was called, for example ``chat``.
            started_at: When the call began, as measured here; used where the answer tells no times.
            finished_at: When it ended, as measured here; not before ``started_at``.
            duration_ms: How long it took, as measured here; used where the answer tells no duration.
            timestamp: When the call counts. Absent: when the answer was made, where it tells, else now.
            metadata: Anything else; kept beside ``usage`` in the record's metadata.
            compute_cost: Whether a cost that the answer does not tell is computed from the table of prices.
            as_deltas: Whether an answer that counts from its session's beginning is recorded as what came on
                top of earlier records of the session. Absent: the session has one record, its last count.

        Raises:
            InvalidInputError: Which field, what was given, what is allowed.
            NotFoundError: An unknown job, task or other id.

        >>> import mcoda
        >>> body = '{"id": "msg_1", "model": "claude-x", "usage": {"input_tokens": 12, "output_tokens": 5}}'
        >>> with mcoda.Workspace.open_db(":memory:") as ws:
        ...     first = ws.record_agent_response(body, agent_id="claude")
        ...     retry = ws.record_agent_response(body, agent_id="claude")
        >>> first.usage.tokens_prompt, first.records[0].duplicate, retry.records[0].duplicate
        (12, False, True)
        """
        keywords = _context_keywords(
            provider,
            response_id,
            session_id,
            workspace_id,
            agent_id,
            model_name,
            job_id,
            command_run_id,
            task_run_id,
            task_id,
            project_id,
            epic_id,
            user_story_id,
            command_name,
            action,
            invocation_kind,
            started_at,
            finished_at,
            duration_ms,
            timestamp,
            metadata,
            compute_cost,
            as_deltas,
        )
        return RecordedResponse._read(self._native.record_agent_response(body, context, keywords))

    def record_agent_file(
        self,
        path: StrPath,
        context: Fields = NO_FIELDS,
        *,
        provider: str | None = None,
        response_id: str | None = None,
        session_id: str | None = None,
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
        started_at: Time | None = None,
        finished_at: Time | None = None,
        duration_ms: float | None = None,
        timestamp: Time | None = None,
        metadata: Mapping[str, Any] | None = None,
        compute_cost: bool | None = None,
        as_deltas: bool | None = None,
    ) -> ImportSummary:
        """Records what a file holds: answers, events of a stream, or an agent's transcript, of any length.

        It is read line by line. What has no id is known by its text and by how often it came before, so
        reading a file again, or one that has grown, adds nothing twice. Each thousand lines are one
        transaction: an error leaves what was recorded before, and reading the file again goes on from there.

        Args:
            path: The file.
            context: A mapping of fields, which are those of ``record_agent_response``.

        Raises:
            StorageError: The file cannot be read.
            InvalidInputError: Which field, what was given, what is allowed.
            NotFoundError: An unknown job, task or other id.
        """
        keywords = _context_keywords(
            provider,
            response_id,
            session_id,
            workspace_id,
            agent_id,
            model_name,
            job_id,
            command_run_id,
            task_run_id,
            task_id,
            project_id,
            epic_id,
            user_story_id,
            command_name,
            action,
            invocation_kind,
            started_at,
            finished_at,
            duration_ms,
            timestamp,
            metadata,
            compute_cost,
            as_deltas,
        )
        return ImportSummary._read(self._native.record_agent_file(path, context, keywords))


def _context_keywords(
    provider: str | None,
    response_id: str | None,
    session_id: str | None,
    workspace_id: str | None,
    agent_id: str | None,
    model_name: str | None,
    job_id: str | None,
    command_run_id: str | None,
    task_run_id: str | None,
    task_id: str | None,
    project_id: str | None,
    epic_id: str | None,
    user_story_id: str | None,
    command_name: str | None,
    action: str | None,
    invocation_kind: str | None,
    started_at: Time | None,
    finished_at: Time | None,
    duration_ms: float | None,
    timestamp: Time | None,
    metadata: Mapping[str, Any] | None,
    compute_cost: bool | None,
    as_deltas: bool | None,
) -> dict[str, Any]:
    return {
        "provider": provider,
        "response_id": response_id,
        "session_id": session_id,
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
        "started_at": started_at,
        "finished_at": finished_at,
        "duration_ms": duration_ms,
        "timestamp": timestamp,
        "metadata": metadata,
        "compute_cost": compute_cost,
        "as_deltas": as_deltas,
    }
