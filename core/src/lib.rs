//! The engine of libmcoda: records the usage of AI agents and the status of tasks in an SQLite database that belongs to
//! the project, and computes costs, velocity and estimates from it.
//!
//! Open a [`Workspace`], record with [`record_token_usage`](Session::record_token_usage) and
//! [`Workspace::record_status_transition`], and query with [`token_usage_summary`](Session::token_usage_summary) and
//! [`Workspace::estimate`]:
//!
//! ```
//! # fn main() -> mcoda_core::Result<()> {
//! use mcoda_core::{EstimateOptions, NewEpic, NewProject, NewStory, NewTask, TokenUsage, TransitionContext, Workspace};
//!
//! let workspace = Workspace::open_db(":memory:")?;
//! let project = workspace.projects().ensure(&NewProject { key: "SHOP".into(), ..Default::default() })?;
//! let epic = workspace.epics().create(&NewEpic {
//!     project_id: project.id,
//!     key: "SHOP-1".into(),
//!     title: "Checkout".into(),
//!     ..Default::default()
//! })?;
//! let story = workspace.stories().create(&NewStory {
//!     epic_id: epic.id,
//!     key: "SHOP-1-1".into(),
//!     title: "Pay by card".into(),
//!     ..Default::default()
//! })?;
//! let task = workspace.tasks().create(&NewTask {
//!     user_story_id: story.id,
//!     key: "SHOP-1-1-T1".into(),
//!     title: "Validate card numbers".into(),
//!     story_points: Some(3.0),
//!     ..Default::default()
//! })?;
//!
//! workspace.record_status_transition(&task.key, "in_progress", &TransitionContext::default())?;
//! workspace.record_token_usage(&TokenUsage {
//!     task_id: Some(task.id),
//!     agent_id: Some("claude".into()),
//!     tokens_prompt: Some(1200),
//!     tokens_completion: Some(340),
//!     ..Default::default()
//! })?;
//!
//! let estimate = workspace.estimate(&EstimateOptions { sp_per_hour_all: Some(6.0), ..Default::default() })?;
//! assert_eq!(estimate.backlog_totals.implementation.story_points, 3.0);
//! # Ok(())
//! # }
//! ```
//!
//! Threads may share a handle: writing calls run one after the other, queries run in parallel with them. All errors are
//! one [`Error`] with a [kind](ErrorKind) that has the same number in every language.
#![forbid(unsafe_code)]

mod boundary;
pub mod calls;
mod check;
mod checking;
pub mod definition;
mod error;
mod estimate;
mod global;
#[doc(hidden)]
pub mod host;
mod id;
mod input;
mod lifecycle;
mod migration;
mod natural_order;
mod number;
mod options;
mod paths;
mod printable;
#[cfg(feature = "report")]
pub mod report;
mod repository;
mod session;
mod sqlite;
mod status;
mod telemetry;
mod time;
mod transaction;
mod workspace;

pub use boundary::catch_panic;
pub use check::{CheckOptions, CheckReport, Finding, Severity};
pub use error::{Error, ErrorKind, Result};
pub use estimate::{
    AgingBands, Backfilled, Backlog, BacklogTotals, Backtest, BacktestHorizon, BacktestRow, BacktestScore,
    Baseline, Completion, Completions, CostToComplete, Coverage, DoneBy, DurationsHours, Estimate,
    EstimateOptions, Etas, FlowDay, Forecast, LaneTime, LaneVisit, Milestone, NextTransition,
    NextTransitions, PerLane, QuantileHours, QuantileTimes, Rework, Scope, Stalled, StatusCounts,
    ThroughputDay, TokensToComplete, Velocity, VelocityMode, Wip, WipItem,
};
pub use global::Global;
pub use id::IdSource;
pub use lifecycle::{StatusEventsQuery, Transition, TransitionContext};
pub use number::MAX_SAFE_INTEGER;
pub use options::Options;
pub use paths::Environment;
pub use repository::{
    CommandRun, CommandRunEnd, CommandRuns, Epic, Epics, Job, Jobs, NewCommandRun, NewEpic, NewJob,
    NewProject, NewStory, NewTask, NewTaskRun, Project, Projects, StatusEvent, Stories, Story, Task, TaskRun,
    TaskRuns, Tasks,
};
pub use session::Session;
pub use sqlite::{CancelToken, Checkpoint, SqlParams, SqlValue, Synchronous, Table};
pub use telemetry::{
    AgentContext, Dimension, Group, ImportSummary, InspectedRun, JobInspection, MAX_EXTRACT_BYTES,
    PriceOverride, Recorded, RecordedResponse, ResponseRecord, Skipped, TelemetryConfig, TokenUsage,
    TokenUsageCursor, TokenUsageQuery, TokenUsageRow, TokenUsageSummaryRow, extract_usage, extract_usages,
};
pub use time::{Clock, StoredTime, Timestamp};
pub use transaction::Transaction;
pub use workspace::Workspace;

/// Compiles or runs the examples of the pages.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
#[doc = include_str!("../../docs/usage.md")]
struct Pages;
