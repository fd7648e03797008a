"""What reading and recording the answers of agents gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ._result import Result


@dataclass(frozen=True, slots=True, repr=False)
class TokenUsage(Result):
    """What one agent call cost, as read from an answer. None is "not told", 0 is "told to be none".

    ``record_token_usage`` takes its ``to_dict()``. An answer tells nothing of the fields of the backlog, which
    are None.
    """

    id: str | None
    """A record's id; None in what was read from an answer."""
    workspace_id: str | None
    """The workspace that is billed."""
    agent_id: str | None
    """The agent that called."""
    model_name: str | None
    """The model that answered."""
    job_id: str | None
    """The job that the call was part of."""
    command_run_id: str | None
    """The command run that the call was part of."""
    task_run_id: str | None
    """The task run that the call was part of."""
    task_id: str | None
    """The task that the call worked on."""
    project_id: str | None
    """The project that the call worked for."""
    epic_id: str | None
    """The epic that the call worked for."""
    user_story_id: str | None
    """The user story that the call worked for."""
    command_name: str | None
    """The command."""
    action: str | None
    """The step of the command."""
    invocation_kind: str | None
    """How the agent was called."""
    provider: str | None
    """Who provides the model."""
    currency: str | None
    """The currency of ``cost_estimate``."""
    tokens_prompt: int | None
    """All input tokens, cached ones included."""
    tokens_completion: int | None
    """All output tokens, reasoning included."""
    tokens_total: int | None
    """The provider's own total, else input + output."""
    tokens_cached: int | None
    """Input tokens that came from a cache."""
    tokens_cache_read: int | None
    """Input tokens that were read from a cache."""
    tokens_cache_write: int | None
    """Input tokens that were written to a cache."""
    cost_estimate: float | None
    """What the call cost, in ``currency``."""
    duration_seconds: float | None
    """How long the call took, in seconds."""
    duration_ms: float | None
    """How long the call took, in milliseconds."""
    started_at: str | None
    """When the call began."""
    finished_at: str | None
    """When the call ended."""
    timestamp: str | None
    """When the answer was made."""
    metadata: dict[str, Any] | None
    """What the fields have no room for, under ``usage``."""


@dataclass(frozen=True, slots=True, repr=False)
class ResponseRecord(Result):
    """What became of one record of an answer."""

    id: str
    """The record's id, made of the provider's id of the answer or the session; a new one where there is none."""
    model_name: str | None
    """The model that the record is of."""
    recorded: bool
    """Whether the record is kept. False where the config says ``telemetry.strict``."""
    duplicate: bool
    """Whether there was nothing new in it."""
    updated: bool
    """Whether it replaced an earlier version of itself."""
    logged: bool
    """Whether the JSON log holds it. False where the log is turned off, or follows later."""


@dataclass(frozen=True, slots=True, repr=False)
class RecordedResponse(Result):
    """What was read of an agent's answer, and what became of its records."""

    usage: TokenUsage
    """All that the answer tells, as ``extract_usage`` gives it."""
    records: tuple[ResponseRecord, ...]
    """One record for each call and each model that worked for it; none where the answer tells no usage."""


@dataclass(frozen=True, slots=True, repr=False)
class Skipped(Result):
    """What of a file was not recorded, and why."""

    without_usage: int
    """JSON objects that tell no usage."""
    damaged: int
    """JSON that is damaged or broken off."""
    not_json: int
    """Lines of text that is no JSON."""
    too_long: int
    """Lines of more than 64 MiB."""


@dataclass(frozen=True, slots=True, repr=False)
class ImportSummary(Result):
    """What was read of a file, and what became of it."""

    bytes: int
    """Bytes read."""
    lines: int
    """Lines read."""
    objects: int
    """JSON objects found."""
    recorded: int
    """New records."""
    updated: int
    """Records that replaced an earlier version of themselves."""
    duplicates: int
    """Records that were there already."""
    refused: int
    """Records that the telemetry settings forbid to keep."""
    logged: bool
    """Whether the JSON log holds all of them."""
    skipped: Skipped
    """What was skipped."""
