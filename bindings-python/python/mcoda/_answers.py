"""What recording, moving and asking about tokens answers, and the rows of the backlog."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

from ._result import Result, preformatted


@dataclass(frozen=True, slots=True, repr=False)
class Recorded(Result):
    """What became of one record."""

    id: str
    """The record's id: the given one, else a new one."""
    recorded: bool
    """Whether the record is kept. False where the config says ``telemetry.strict``."""
    duplicate: bool
    """Whether the record was there already, with the same content."""
    logged: bool
    """Whether the JSON log holds the record. False where the log is turned off, or follows later."""


@dataclass(frozen=True, slots=True, repr=False)
class Transition(Result):
    """What moving a task did."""

    event_id: str | None
    """The event that was written; None where the task had the status already."""
    task_id: str
    """The task that moved."""
    from_status: str
    """The status that it had."""
    to_status: str
    """The status that it has now, as it is stored."""
    timestamp: str
    """When it moved."""
    changed: bool
    """Whether its status is another one than before."""


@dataclass(frozen=True, slots=True, repr=False)
class StatusEvent(Result):
    """One move of a task from a status to the next."""

    id: str
    """UUID text."""
    task_id: str
    """The task that moved."""
    from_status: str | None
    """Where it was; None where nobody knows."""
    to_status: str
    """Where it is since."""
    timestamp: str
    """When it moved, as stored."""
    command_name: str | None
    """The command that moved it."""
    job_id: str | None
    """The job that it was part of."""
    task_run_id: str | None
    """The task run that it was part of."""
    agent_id: str | None
    """The agent that moved it."""
    metadata: dict[str, Any]
    """Lane details and whatever else the host keeps with it."""


@dataclass(frozen=True, slots=True, repr=False)
class Backfilled(Result):
    """What a backfill wrote."""

    events: int
    """How many events were added."""


@dataclass(frozen=True, slots=True, repr=False)
class TokenUsageRow(Result):
    """What one agent call cost. None is "not told", 0 is "told to be none"."""

    id: str
    """The record's id."""
    workspace_id: str | None
    """The workspace that is billed; None in the global database."""
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
    """The command, else what the metadata call so."""
    action: str | None
    """The step of the command, else what the metadata call so."""
    invocation_kind: str | None
    """How the agent was called."""
    provider: str | None
    """Who provides the model."""
    currency: str | None
    """The currency of ``cost_estimate``."""
    tokens_prompt: int | None
    """Input tokens."""
    tokens_completion: int | None
    """Output tokens."""
    tokens_total: int | None
    """All tokens."""
    tokens_cached: int | None
    """Input tokens that came from a cache."""
    tokens_cache_read: int | None
    """Input tokens that were read from a cache."""
    tokens_cache_write: int | None
    """Input tokens that were written to a cache."""
    cost_estimate: float | None
    """What the call cost, in ``currency``."""
    duration_seconds: float | None
    """How long the call took, in seconds, where that was recorded."""
    duration_ms: float | None
    """How long the call took, in milliseconds."""
    started_at: str | None
    """When the call began, as stored."""
    finished_at: str | None
    """When the call ended, as stored."""
    timestamp: str
    """When the call counts, as stored."""
    error_kind: str | None
    """What went wrong, as the metadata tell it."""
    metadata: dict[str, Any]
    """Whatever else was recorded."""


@dataclass(frozen=True, slots=True, repr=False)
class TokenUsageSummaryRow(Result):
    """What the calls of one group cost together. Sums are 0 where nothing was told.

    Of the dimensions, those that are grouped hold the group's value. Others are None here and absent from
    ``to_dict()``.
    """

    workspace_id: str | None
    """The workspace that is billed; None in the global database."""
    project_id: str | None
    """The project, where grouped."""
    command_name: str | None
    """The command, where grouped."""
    agent_id: str | None
    """The agent, where grouped."""
    model_name: str | None
    """The model, where grouped."""
    day: str | None
    """The day in UTC, ``2026-03-20``, where grouped."""
    job_id: str | None
    """The job, where grouped."""
    action: str | None
    """The step of the command, where grouped."""
    provider: str | None
    """Who provides the model, where grouped."""
    task_id: str | None
    """The task, where grouped."""
    calls: int
    """How many calls there were."""
    tokens_prompt: int
    """Input tokens."""
    tokens_completion: int
    """Output tokens."""
    tokens_total: int
    """All tokens, as the calls told them."""
    tokens_cached: int
    """Input tokens that came from a cache."""
    tokens_cache_read: int
    """Input tokens that were read from a cache."""
    tokens_cache_write: int
    """Input tokens that were written to a cache."""
    duration_ms: float
    """How long the calls took, in milliseconds."""
    cost_estimate: float | None
    """What the calls cost; None where no call told a cost, and where there are several currencies."""
    cost_by_currency: dict[str, float] | None
    """Only where there are several currencies: what was spent in each."""


class TokenUsageSummary(Sequence[TokenUsageSummaryRow]):
    """The rows of a summary. ``str()`` of it is a table; a notebook shows that too.

    >>> import mcoda
    >>> with mcoda.Workspace.open_db(":memory:") as ws:
    ...     recorded = ws.record_token_usage(agent_id="claude", tokens_prompt=1200, tokens_completion=300)
    ...     summary = ws.token_usage_summary(group_by=["agent"])
    >>> summary
    <TokenUsageSummary of 1 row>
    >>> summary[0].agent_id, summary[0].tokens_total
    ('claude', 1500)
    """

    __slots__ = ("_rows", "_text")

    def __init__(self, rows: Sequence[TokenUsageSummaryRow], text: str) -> None:
        self._rows = tuple(rows)
        self._text = text

    def to_dicts(self) -> list[dict[str, Any]]:
        """The rows by their JSON names."""
        return [row.to_dict() for row in self._rows]

    @overload
    def __getitem__(self, index: int) -> TokenUsageSummaryRow: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[TokenUsageSummaryRow]: ...
    def __getitem__(self, index: int | slice) -> TokenUsageSummaryRow | Sequence[TokenUsageSummaryRow]:
        return self._rows[index]

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[TokenUsageSummaryRow]:
        return iter(self._rows)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"<TokenUsageSummary of {len(self)} {'row' if len(self) == 1 else 'rows'}>"

    def _repr_html_(self) -> str:
        return preformatted(self._text)


@dataclass(frozen=True, slots=True, repr=False)
class Project(Result):
    """A project: the top of the backlog."""

    id: str
    """UUID text."""
    key: str
    """The key that people use, unique in the workspace."""
    name: str | None
    """What people call it."""
    description: str | None
    """What it is about."""
    metadata: dict[str, Any]
    """Whatever the host keeps with it."""
    created_at: str
    """When the row was made."""
    updated_at: str
    """When the row last changed."""


@dataclass(frozen=True, slots=True, repr=False)
class Epic(Result):
    """An epic: a part of a project."""

    id: str
    """UUID text."""
    project_id: str
    """The project that it belongs to."""
    key: str
    """The key that people use, unique in the project."""
    title: str
    """One line that says what it is."""
    description: str | None
    """What it is about."""
    priority: int | None
    """The smaller, the sooner."""
    metadata: dict[str, Any]
    """Whatever the host keeps with it."""
    created_at: str
    """When the row was made."""
    updated_at: str
    """When the row last changed."""


@dataclass(frozen=True, slots=True, repr=False)
class Story(Result):
    """A user story: a part of an epic."""

    id: str
    """UUID text."""
    project_id: str
    """The project that it belongs to."""
    epic_id: str
    """The epic that it belongs to."""
    key: str
    """The key that people use, unique in the epic."""
    title: str
    """One line that says what it is."""
    description: str | None
    """What it is about."""
    acceptance_criteria: str | None
    """When it counts as done."""
    priority: int | None
    """The smaller, the sooner."""
    metadata: dict[str, Any]
    """Whatever the host keeps with it."""
    created_at: str
    """When the row was made."""
    updated_at: str
    """When the row last changed."""


@dataclass(frozen=True, slots=True, repr=False)
class Task(Result):
    """A task: what an agent works on."""

    id: str
    """UUID text."""
    project_id: str
    """The project that it belongs to."""
    epic_id: str
    """The epic that it belongs to."""
    user_story_id: str
    """The user story that it belongs to."""
    key: str
    """The key that people use, unique in the story."""
    title: str
    """One line that says what it is."""
    description: str | None
    """What it is about."""
    type: str | None
    """What kind of work it is."""
    status: str
    """Where it stands; changed by ``record_status_transition`` alone."""
    story_points: float | None
    """Its size in story points."""
    priority: int | None
    """The smaller, the sooner."""
    assigned_agent_id: str | None
    """The agent that it is given to."""
    assignee_human: str | None
    """The person that it is given to."""
    metadata: dict[str, Any]
    """Whatever the host keeps with it."""
    created_at: str
    """When the row was made."""
    updated_at: str
    """When the row last changed."""


@dataclass(frozen=True, slots=True, repr=False)
class Job(Result):
    """A job: a long piece of work of one command, which a host may resume."""

    id: str
    """UUID text."""
    workspace_id: str
    """The workspace that it belongs to."""
    type: str
    """What kind of work it is."""
    state: str
    """``running``, ``completed``, ``failed``, or another word of the host's."""
    command_name: str | None
    """The command that started it."""
    agent_id: str | None
    """The first agent that worked on it."""
    agent_ids: tuple[str, ...]
    """All agents that worked on it, in the order in which they came."""
    payload: dict[str, Any]
    """What the host needs to go on with it."""
    total_items: int | None
    """How many items there are to do."""
    processed_items: int | None
    """How many of them are done."""
    created_at: str
    """When the row was made."""
    updated_at: str
    """When the row last changed."""
    completed_at: str | None
    """When it ended."""
    error_summary: str | None
    """Why it failed."""


@dataclass(frozen=True, slots=True, repr=False)
class CommandRun(Result):
    """One run of a command."""

    id: str
    """UUID text."""
    workspace_id: str
    """The workspace that it belongs to."""
    command_name: str
    """The command, for example ``work-on-tasks``."""
    job_id: str | None
    """The job that it is part of."""
    agent_id: str | None
    """The first agent that worked in it."""
    agent_ids: tuple[str, ...]
    """All agents that worked in it, in the order in which they came."""
    started_at: str
    """When it began."""
    completed_at: str | None
    """When it ended."""
    status: str
    """``running``, ``succeeded``, ``failed``, or another word of the host's."""
    error_summary: str | None
    """Why it failed."""
    duration_seconds: float | None
    """How long it took, in seconds."""
    sp_processed: float | None
    """How many story points it moved."""


@dataclass(frozen=True, slots=True, repr=False)
class TaskRun(Result):
    """One run of a command on one task."""

    id: str
    """UUID text."""
    task_id: str
    """The task that was worked on."""
    command: str
    """The command, for example ``work-on-tasks``."""
    job_id: str | None
    """The job that it is part of."""
    command_run_id: str | None
    """The command run that it is part of."""
    agent_id: str | None
    """The agent that worked."""
    status: str
    """``running``, ``succeeded``, ``failed``, or another word of the host's."""
    started_at: str
    """When it began."""
    finished_at: str | None
    """When it ended."""
    story_points_at_run: float | None
    """The task's story points at the time."""
    sp_per_hour_effective: float | None
    """Story points per hour as the host measured them."""
    run_context: dict[str, Any]
    """Whatever the host keeps with it."""
