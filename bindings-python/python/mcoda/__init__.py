"""Records what AI agents cost and how tasks move, and answers what was spent and when it will be done.

>>> import mcoda
>>> with mcoda.Workspace.open_db(":memory:") as ws:
...     project = ws.projects.ensure(key="SHOP")
...     epic = ws.epics.create(project_id=project.id, key="SHOP-1", title="Checkout")
...     story = ws.stories.create(epic_id=epic.id, key="SHOP-1-S1", title="Pay")
...     task = ws.tasks.create(user_story_id=story.id, key="SHOP-1-S1-T1", title="Card", story_points=3)
...     recorded = ws.record_token_usage(task_id=task.id, agent_id="claude", tokens_prompt=1200)
...     moved = ws.record_status_transition("SHOP-1-S1-T1", "in_progress", agent_id="claude")
...     estimate = ws.estimate(sp_per_hour_all=6)
>>> moved.from_status, moved.to_status
('not_started', 'in_progress')
>>> estimate.backlog_totals.implementation.story_points
3.0

Results are objects with attributes; ``to_dict()`` gives them by the names that JSON has in all languages.
Errors are classes under ``McodaError``. docs/python.md is the guide.
"""

from ._agent import extract_usage, extract_usages
from ._agent_answers import ImportSummary, RecordedResponse, ResponseRecord, Skipped, TokenUsage
from ._answers import (
    Backfilled,
    CommandRun,
    Epic,
    Job,
    Project,
    Recorded,
    StatusEvent,
    Story,
    Task,
    TaskRun,
    TokenUsageRow,
    TokenUsageSummary,
    TokenUsageSummaryRow,
    Transition,
)
from ._backlog import Epics, Projects, Stories, Tasks
from ._errors import (
    BusyError,
    ClosedError,
    ConflictError,
    CorruptError,
    InternalError,
    InvalidInputError,
    McodaError,
    NotFoundError,
    StorageError,
    UnsupportedError,
)
from ._estimate import (
    Backlog,
    BacklogTotals,
    Completion,
    Completions,
    DurationsHours,
    Estimate,
    Etas,
    LaneWip,
    NextTransition,
    NextTransitions,
    Samples,
    Scope,
    StatusCounts,
    Velocity,
    Wip,
    WipItem,
)
from ._global import Global
from ._inspection import InspectedRun, JobInspection, TelemetryConfig
from ._mcoda import __version__
from ._render import (
    render_estimate,
    render_job_inspection,
    render_job_tokens,
    render_jobs,
    render_status_events,
    render_telemetry_config,
    render_tokens_table,
    render_velocity,
)
from ._runs import CommandRuns, Jobs, TaskRuns
from ._table import Table
from ._types import Body, Dimension, SqlParam, SqlValue, Synchronous, Time, VelocityMode
from ._workspace import Workspace

__all__ = [
    "Backfilled",
    "Backlog",
    "BacklogTotals",
    "Body",
    "BusyError",
    "ClosedError",
    "CommandRun",
    "CommandRuns",
    "Completion",
    "Completions",
    "ConflictError",
    "CorruptError",
    "Dimension",
    "DurationsHours",
    "Epic",
    "Epics",
    "Estimate",
    "Etas",
    "Global",
    "ImportSummary",
    "InspectedRun",
    "InternalError",
    "InvalidInputError",
    "Job",
    "JobInspection",
    "Jobs",
    "LaneWip",
    "McodaError",
    "NextTransition",
    "NextTransitions",
    "NotFoundError",
    "Project",
    "Projects",
    "Recorded",
    "RecordedResponse",
    "ResponseRecord",
    "Samples",
    "Scope",
    "Skipped",
    "SqlParam",
    "SqlValue",
    "StatusCounts",
    "StatusEvent",
    "StorageError",
    "Stories",
    "Story",
    "Synchronous",
    "Table",
    "Task",
    "TaskRun",
    "TaskRuns",
    "Tasks",
    "TelemetryConfig",
    "Time",
    "TokenUsage",
    "TokenUsageRow",
    "TokenUsageSummary",
    "TokenUsageSummaryRow",
    "Transition",
    "UnsupportedError",
    "Velocity",
    "VelocityMode",
    "Wip",
    "WipItem",
    "Workspace",
    "__version__",
    "extract_usage",
    "extract_usages",
    "render_estimate",
    "render_job_inspection",
    "render_job_tokens",
    "render_jobs",
    "render_status_events",
    "render_telemetry_config",
    "render_tokens_table",
    "render_velocity",
]
