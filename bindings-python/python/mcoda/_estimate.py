"""The results of velocity and estimate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from ._choices import VelocityMode
from ._result import Displayable, Result


@dataclass(frozen=True, slots=True, repr=False)
class Samples(Result):
    """How many samples each lane had; 0 where its velocity is from the config."""

    implementation: int
    review: int
    qa: int


@dataclass(frozen=True, slots=True, repr=False)
class Velocity(Displayable):
    """The velocity of each lane. ``str()`` of it is text for people."""

    implementation_sp_per_hour: float
    """Story points that leave the implementation per hour of work on them."""
    review_sp_per_hour: float
    """Story points that leave the review per hour that they spend in it."""
    qa_sp_per_hour: float
    """Story points that leave QA per hour that they spend in it."""
    source: VelocityMode
    """The source of the numbers: ``config`` where no lane had history."""
    requested_mode: VelocityMode
    """The mode that the call asked for."""
    window_tasks: int
    """How many samples of a lane are used at most."""
    samples: Samples
    """How many samples each lane had."""
    _render: ClassVar[str] = "render_velocity"


@dataclass(frozen=True, slots=True, repr=False)
class Scope(Result):
    """The scope of an estimate, as the call gave it; None where it did not limit it."""

    workspace_id: str
    """The workspace."""
    project: str | None
    """The project's key."""
    epic: str | None
    """The epic's key."""
    story: str | None
    """The user story's key."""
    assignee: str | None
    """The person."""


@dataclass(frozen=True, slots=True, repr=False)
class Backlog(Result):
    """Tasks and their story points."""

    tasks: int
    """How many tasks."""
    story_points: float
    """The sum of their story points; a task without counts 0."""


@dataclass(frozen=True, slots=True, repr=False)
class BacklogTotals(Result):
    """The backlog, by the lane that each task needs next."""

    implementation: Backlog
    """Not started, in progress, sent back, and every status not named below."""
    review: Backlog
    """Ready to be reviewed."""
    qa: Backlog
    """Ready for QA."""
    done: Backlog
    """Completed or cancelled."""


@dataclass(frozen=True, slots=True, repr=False)
class DurationsHours(Result):
    """Hours of work left in each lane; None where a lane has work and no velocity."""

    implementation_hours: float | None
    """Story points to implement / velocity, less the hours already spent on tasks in progress."""
    review_hours: float | None
    """Story points to review / velocity."""
    qa_hours: float | None
    """Story points to test / velocity."""
    total_hours: float | None
    """The hours of the slowest lane for all work that still reaches it."""


@dataclass(frozen=True, slots=True, repr=False)
class Etas(Result):
    """When the last task is expected to reach each milestone; ``now`` where nothing is left, None where never."""

    ready_to_review_eta: datetime | None
    """Everything is implemented."""
    ready_to_qa_eta: datetime | None
    """Everything is reviewed."""
    complete_eta: datetime | None
    """Everything is completed."""


@dataclass(frozen=True, slots=True, repr=False)
class StatusCounts(Result):
    """How many tasks have each status. ``total`` counts all tasks, also cancelled ones."""

    total: int
    ready_to_code_review: int
    failed: int
    in_progress: int
    ready_to_qa: int
    completed: int


@dataclass(frozen=True, slots=True, repr=False)
class Completion(Result):
    """How many tasks have reached a milestone."""

    done: int
    """Tasks that have reached it."""
    total: int
    """All tasks."""
    percent: float
    """100 × done / total; 0 where there are no tasks."""


@dataclass(frozen=True, slots=True, repr=False)
class Completions(Result):
    """How many tasks have reached each milestone."""

    work_on_tasks: Completion
    """Implemented: ready for review, ready for QA, or completed."""
    ready_to_qa: Completion
    """Reviewed: ready for QA or completed."""
    done: Completion
    """Completed."""


@dataclass(frozen=True, slots=True, repr=False)
class WipItem(Result):
    """One task that is in a lane now."""

    task_id: str
    """The task."""
    task_key: str
    """Its key."""
    age_hours: float | None
    """Hours since it entered the lane; None where no event says."""
    age_percentile: float | None
    """The share, from 0 to 1, of the lane's finished visits that took no longer; None without history."""
    aging: bool
    """Whether the percentile is above 0.85."""


@dataclass(frozen=True, slots=True, repr=False)
class LaneWip(Result):
    """The tasks that are in one lane now."""

    tasks: int
    """How many."""
    aging: int
    """How many of them are older than 85 % of the lane's finished visits."""
    items: tuple[WipItem, ...]
    """Each of them, oldest first."""


@dataclass(frozen=True, slots=True, repr=False)
class Wip(Result):
    """The tasks that are in work now, by lanes."""

    implementation: LaneWip
    review: LaneWip
    qa: LaneWip


@dataclass(frozen=True, slots=True, repr=False)
class NextTransition(Result):
    """An expected move of one task."""

    task_id: str
    """The task."""
    task_key: str
    """Its key."""
    to: str
    """Its next status."""
    hours: float | None
    """Hours from now; None where its lane has no velocity."""
    at: datetime | None
    """The time; None where its lane has no velocity."""


@dataclass(frozen=True, slots=True, repr=False)
class NextTransitions(Result):
    """The next expected moves, and when."""

    ready_to_review: NextTransition | None
    """The task that is expected to be implemented first."""
    ready_to_qa: NextTransition | None
    """The task that is expected to be reviewed first."""
    complete: NextTransition | None
    """The task that is expected to be completed first."""
    tasks: tuple[NextTransition, ...]
    """The next move of every task that is in a lane now."""


@dataclass(frozen=True, slots=True, repr=False)
class Estimate(Displayable):
    """The work that is left, the velocity, and when it will be done. ``str()`` of it is text for people."""

    scope: Scope
    """The scope of the estimate."""
    now: datetime
    """The time that it starts from."""
    backlog_totals: BacklogTotals
    """The backlog by lanes."""
    effective_velocity: Velocity
    """The velocity that it uses."""
    durations_hours: DurationsHours
    """Hours of work left."""
    etas: Etas
    """When the last task reaches each milestone."""
    status_counts: StatusCounts
    """How many tasks have each status."""
    completion: Completions
    """How many tasks have reached each milestone."""
    wip: Wip
    """The tasks that are in a lane now, with their ages."""
    next_transitions: NextTransitions
    """The next expected moves."""
    _render: ClassVar[str] = "render_estimate"

    def __repr__(self) -> str:
        left, eta = self.durations_hours.total_hours, self.etas.complete_eta
        hours = "unknown" if left is None else f"{left:g}"
        complete = "never" if eta is None else eta.isoformat()
        counts = self.status_counts
        done = f"{counts.completed} of {counts.total} tasks completed"
        return f"<Estimate: {done}, hours left: {hours}, complete: {complete}>"
