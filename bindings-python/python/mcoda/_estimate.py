"""The results of velocity and estimate."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from ._choices import VelocityMode
from ._records import QuantileHours
from ._result import Displayable, Result

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from ._dataclass import dataclass


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
class AgingBands(Result):
    """Ages, in hours, from which a task is older than a share of the visits; None where too few have ended."""

    p50: float | None
    p70: float | None
    p85: float | None
    p95: float | None


@dataclass(frozen=True, slots=True, repr=False)
class LaneTime(Result):
    """How long tasks spend in one lane, in hours; None where too few visits have ended."""

    p50: float | None
    """Half of the visits end within these hours."""
    p85: float | None
    """85 % of the visits end within these hours."""
    p95: float | None
    """95 % of the visits end within these hours."""
    visits: int
    """The number of visits, open ones included."""
    open: int
    """The number of open visits."""
    bands: AgingBands
    """The ages that separate the bands of a chart of work in progress."""


@dataclass(frozen=True, slots=True, repr=False)
class LaneTimes(Result):
    """How long tasks spend in each lane."""

    implementation: LaneTime
    review: LaneTime
    qa: LaneTime


@dataclass(frozen=True, slots=True, repr=False)
class QuantileTimes(Result):
    """Times by probability; None beyond the year 9999."""

    p10: datetime | None
    p50: datetime | None
    p80: datetime | None
    p85: datetime | None
    p95: datetime | None


@dataclass(frozen=True, slots=True, repr=False)
class Milestone(Result):
    """When a milestone is reached, by probability."""

    hours: QuantileHours
    """Hours from now."""
    at: QuantileTimes
    """The same as times."""


@dataclass(frozen=True, slots=True, repr=False)
class DoneBy(Result):
    """The probability that everything is completed by a time."""

    at: datetime
    """The time."""
    probability: float
    """From 0 to 1; show more than 0.95 as "> 95 %"."""


@dataclass(frozen=True, slots=True, repr=False)
class LaneShares(Result):
    """The share of trials in which each lane was the bottleneck."""

    implementation: float
    review: float
    qa: float


@dataclass(frozen=True, slots=True, repr=False)
class Rework(Result):
    """How often tasks are implemented again."""

    passes_per_task: float
    """The expected number of times that a task is implemented."""


@dataclass(frozen=True, slots=True, repr=False)
class CostToComplete(Result):
    """What completing the open tasks still costs."""

    currency: str | None
    """The currency; None if records name none."""
    p50: float
    """With a probability of one half it costs no more."""
    p85: float
    """With a probability of 85 % it costs no more."""


@dataclass(frozen=True, slots=True, repr=False)
class TokensToComplete(Result):
    """The tokens that completing the open tasks still takes."""

    p50: float
    """With a probability of one half it takes no more."""
    p85: float
    """With a probability of 85 % it takes no more."""


@dataclass(frozen=True, slots=True, repr=False)
class Baseline(Result):
    """The throughput bootstrap's forecast."""

    complete: Milestone
    """When everything is completed."""


@dataclass(frozen=True, slots=True, repr=False)
class Stalled(Result):
    """No task has moved for longer than ever before."""

    hours: float
    """Working hours since the newest transition."""
    longest_before: float
    """The longest pause before, in working hours."""


@dataclass(frozen=True, slots=True, repr=False)
class Forecast(Result):
    """When the milestones are reached, and how sure that is."""

    basis: str
    """``history``, or ``prior`` below 5 completed tasks."""
    model: str
    """``flow``, ``throughput`` or ``schedule``."""
    samples: int
    """The number of completed tasks behind it."""
    trials: int
    """The number of trials made."""
    seed: int
    """The seed of the trials."""
    ready_to_review: Milestone | None
    """When everything is implemented; None if it cannot be said."""
    ready_to_qa: Milestone | None
    """When everything is reviewed; None if it cannot be said."""
    complete: Milestone | None
    """When everything is completed; None if it cannot be said."""
    reason: str | None
    """Why the milestones are None."""
    done_by: DoneBy | None
    """The probability that everything is completed by the time of the option ``by``."""
    bottleneck: LaneShares | None
    """The share of trials in which each lane was the bottleneck."""
    rework: Rework | None
    """How often tasks are implemented again."""
    cost: CostToComplete | None
    """What completing the open tasks still costs."""
    tokens: TokensToComplete | None
    """The tokens that completing the open tasks still takes."""
    baseline: Baseline | None
    """The throughput bootstrap alone."""
    stalled: Stalled | None
    """Present if no task has moved for longer than ever before."""
    tasks_per_job: int | None
    """The number of waiting tasks that were simulated as one; None if each was simulated by itself."""


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
    lane_times: LaneTimes
    """How long tasks spend in each lane."""
    forecast: Forecast | None
    """When the milestones are reached, and how sure that is; None if it was not asked for."""
    _render: ClassVar[str] = "render_estimate"
