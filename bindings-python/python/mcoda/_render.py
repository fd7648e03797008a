"""The engine's tables for people, of answers that a program has as objects or as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar, Union

from . import _mcoda
from ._answers import Job, StatusEvent, TokenUsageRow, TokenUsageSummaryRow
from ._estimate import Estimate, Velocity
from ._inspection import JobInspection, TelemetryConfig
from ._result import Result
from ._types import Dimension

R = TypeVar("R", bound=Result)

OrJson: TypeAlias = Union[R, Mapping[str, Any]]
"""An answer, or its JSON: what ``to_dict()`` of it gives, in whatever language."""


def render_tokens_table(
    rows: Iterable[OrJson[TokenUsageSummaryRow]], group_by: Sequence[Dimension] | None = None
) -> str:
    """The rows of a summary as a table.

    Args:
        rows: The rows.
        group_by: What they are grouped by. Absent or empty: project, command and agent.

    >>> import mcoda
    >>> row = {"agent_id": "claude", "calls": 2, "tokens_total": 1500, "cost_estimate": 0.25}
    >>> mcoda.render_tokens_table([row], ["agent"]).splitlines()[2][:14]
    'claude | 2    '
    """
    return _mcoda.render_tokens_table(_json(rows), group_by)


def render_job_tokens(rows: Iterable[OrJson[TokenUsageRow]]) -> str:
    """Single agent calls as a table, one a line, as ``token_usage`` tells those of a job."""
    return _mcoda.render_job_tokens(_json(rows))


def render_jobs(jobs: Iterable[OrJson[Job]]) -> str:
    """Jobs as a table, one a line."""
    return _mcoda.render_jobs(_json(jobs))


def render_job_inspection(inspection: OrJson[JobInspection]) -> str:
    """A job for people: its state and progress, its task runs, and what it cost."""
    return _mcoda.render_job_inspection(_json(inspection))


def render_estimate(estimate: OrJson[Estimate]) -> str:
    """An estimate for people."""
    return _mcoda.render_estimate(_json(estimate))


def render_velocity(velocity: OrJson[Velocity]) -> str:
    """A velocity as a table."""
    return _mcoda.render_velocity(_json(velocity))


def render_status_events(events: Iterable[OrJson[StatusEvent]]) -> str:
    """Moves as a timeline, one a line."""
    return _mcoda.render_status_events(_json(events))


def render_telemetry_config(config: OrJson[TelemetryConfig]) -> str:
    """The settings of recording and export as a table."""
    return _mcoda.render_telemetry_config(_json(config))


def _json(answer: object) -> object:
    """What the engine reads; anything else as it is, for it to refuse."""
    if isinstance(answer, Result):
        return answer._given()
    if isinstance(answer, Iterable) and not isinstance(answer, (Mapping, str)):
        return [_json(one) for one in answer]
    return answer
