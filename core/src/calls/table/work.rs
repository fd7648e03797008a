//! The work: statuses of tasks, velocity and estimates, and what finished work costs.

use crate::calls::Call;
use crate::calls::argument::OrEmpty;
use crate::calls::macros::calls;
use crate::estimate::{
    Backfilled, Backtest, Estimate, EstimateOptions, FlowDay, LaneVisit, ThroughputDay, Velocity,
};
use crate::lifecycle::{StatusEventsQuery, TaskTransition, Transition, TransitionContext};
use crate::repository::StatusEvent;
use crate::status::StatusWord;
use crate::telemetry::{Economics, EconomicsQuery, JobInspection};

#[allow(unused_doc_comments, reason = "the docs of an entry become a part of it")]
pub(super) const CALLS: &[Call] = calls! {
    /// Computes what finished work costs, by agent, model, lane, epic, project or week: the cost and the tokens per completed
    /// story point and task, the share of tasks that were sent back, and what was spent on rework, on abandoned tasks and on
    /// no task. Writes nothing.
    Workspace "economics"(
        /// Selects the calls, and the dimensions to group by. Absent: all of the workspace, by agent and model.
        query: OrEmpty<EconomicsQuery>,
    ) -> Economics [InvalidInput, NotFound] |workspace| workspace.economics(&query.0);

    /// Changes the status of a task: its status, its metadata and the status event, in one transaction. If the task
    /// already has the status, no event is written. An unknown status is refused, with the nearest known one in the
    /// message: known are those of the pipeline, and those that `statuses` in `config.json` names, each with the lane in
    /// which its tasks count: `implementation`, `review`, `qa` or `done`.
    Workspace "record_status_transition"(
        /// The task, by id or key.
        task: String,
        /// Its new status, for example `in_progress`.
        to_status: StatusWord,
        /// Details of the transition.
        context: OrEmpty<TransitionContext>,
    ) -> Transition [InvalidInput, NotFound, Conflict] |workspace| {
        workspace.record_status_transition(&task, &to_status.0, &context.0)
    };

    /// Changes the statuses of many tasks, in the given order and in one transaction: all of them or none. As a history may
    /// hold the statuses of other programs, any word is accepted. An error names the transition.
    Workspace "record_status_transitions"(
        /// The transitions.
        transitions: Vec<TaskTransition>,
    ) -> Vec<Transition> [InvalidInput, NotFound, Conflict] |workspace| {
        workspace.record_status_transitions(&transitions)
    };

    /// Lists the status events of one task or of all tasks, in order of time.
    Workspace "status_events"(
        /// Selects the events. Absent: all.
        query: OrEmpty<StatusEventsQuery>,
    ) -> Vec<StatusEvent> [InvalidInput, NotFound] |workspace| workspace.status_events(&query.0);

    /// Stores the status events that a velocity with the same options infers from successful task runs. Repeating it
    /// adds nothing.
    Workspace "backfill_status_events"(
        /// As for `velocity`.
        options: OrEmpty<EstimateOptions>,
    ) -> Backfilled [InvalidInput, NotFound] |workspace| workspace.backfill_status_events(&options.0);

    /// Computes the velocity of each lane, in story points per hour. Writes nothing.
    Workspace "velocity"(
        /// The scope and the settings.
        options: OrEmpty<EstimateOptions>,
    ) -> Velocity [InvalidInput, NotFound] |workspace| workspace.velocity(&options.0);

    /// Computes the remaining work, the velocity, and when the work will be done. Writes nothing.
    Workspace "estimate"(
        /// The scope and the settings.
        options: OrEmpty<EstimateOptions>,
    ) -> Estimate [InvalidInput, NotFound] |workspace| workspace.estimate(&options.0);

    /// Makes forecasts for earlier times, each right after a completion and by what was known then, and compares them
    /// with what happened: how often P50, P85 and P95 were not exceeded, and how far off they were, beside the throughput
    /// bootstrap and the contract's formula. Writes nothing.
    Workspace "backtest"(
        /// The scope and how to compute it, as for `estimate`.
        options: OrEmpty<EstimateOptions>,
    ) -> Backtest [InvalidInput, NotFound] |workspace| workspace.backtest(&options.0);

    /// The visits of tasks to lanes by the recorded transitions, in the order in which they began.
    Workspace "lane_visits"(
        /// The scope, as for `estimate`.
        options: OrEmpty<EstimateOptions>,
    ) -> Vec<LaneVisit> [InvalidInput, NotFound] |workspace| workspace.lane_visits(&options.0);

    /// How many tasks were in each lane at the end of each day in the calendar's time zone, from the day of the first
    /// transition to today: the rows of a cumulative flow diagram.
    Workspace "cumulative_flow"(
        /// The scope and the calendar, as for `estimate`.
        options: OrEmpty<EstimateOptions>,
    ) -> Vec<FlowDay> [InvalidInput, NotFound] |workspace| workspace.cumulative_flow(&options.0);

    /// What was completed on each day in the calendar's time zone, from the day of the first transition to today.
    Workspace "throughput"(
        /// The scope and the calendar, as for `estimate`.
        options: OrEmpty<EstimateOptions>,
    ) -> Vec<ThroughputDay> [InvalidInput, NotFound] |workspace| workspace.throughput(&options.0);

    /// Returns a job with its task runs and its total usage by command, agent and model.
    Workspace "inspect_job"(
        /// The job.
        job_id: String,
    ) -> JobInspection [NotFound] |workspace| workspace.inspect_job(&job_id);
};
