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
//! let project = workspace.projects().ensure(&NewProject::new("SHOP"))?;
//! let epic = workspace.epics().create(&NewEpic::new(project.id, "SHOP-1", "Checkout"))?;
//! let story = workspace.stories().create(&NewStory::new(epic.id, "SHOP-1-1", "Pay by card"))?;
//! let task = workspace.tasks().create(&NewTask {
//!     story_points: Some(3.0),
//!     ..NewTask::new(story.id, "SHOP-1-1-T1", "Validate card numbers")
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
//!
//! # Messages
//!
//! What happens that no result contains is written to the [`log`](https://docs.rs/log) crate: a database that was migrated, a
//! log that was repaired, a model without a price. The targets are `mcoda::database`, `mcoda::json_log`, `mcoda::prices` and
//! `mcoda::workspace`. A logger may be called while the library holds a lock, and must not make calls.
//!
//! # Types
//!
//! - **Inputs** ([`TokenUsage`], [`NewTask`], [`EstimateOptions`] …) get new fields in minor versions. Begin with `new`,
//!   which takes the required fields, or with `default`, and end a literal with `..`, as above.
//! - **Results** and most enums are `#[non_exhaustive]`, for the same reason.
//! - **Times** are [`Timestamp`]s in inputs and computed results. A time that is read from a row is a [`StoredTime`],
//!   because another program may have stored text that is not a time. `since` and `until` are text, because they may be
//!   spans such as `7d`.
//! - **Statuses** are text, because hosts add some of their own. [`TaskStatus`] names those of the pipeline, and is taken
//!   wherever a status is.
//! - **Ids** are text, because hosts and other programs choose their form, and most calls take an id or a key.
//! - **JSON** (metadata, settings) is serde_json's. Its feature `preserve_order` is on, because metadata keeps the order of
//!   its fields. Features apply to a whole program, so a `Map` of the host keeps its order, too.
#![forbid(unsafe_code)]

mod at_once;
mod boundary;
#[doc(hidden)]
pub mod calls;
mod check;
mod checking;
#[cfg(feature = "arrow")]
mod columns;
#[doc(hidden)]
pub mod definition;
mod error;
mod estimate;
mod global;
#[doc(hidden)]
pub mod host;
mod id;
mod input;
mod json;
mod lifecycle;
mod locating;
#[doc(hidden)]
pub mod memory;
mod migration;
mod natural_order;
mod notice;
mod nullable;
mod number;
mod options;
mod paths;
mod printable;
#[cfg(feature = "report")]
pub mod report;
mod repository;
mod session;
mod sorting;
mod sqlite;
mod status;
mod telemetry;
mod time;
mod transaction;
mod workspace;

#[doc(hidden)]
pub use at_once::at_once;
#[doc(hidden)]
pub use boundary::catch_panic;
pub use check::{CheckOptions, CheckReport, Finding, Severity};
#[cfg(feature = "arrow")]
pub use columns::{Columns, RecordColumns, SqlColumns};
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
pub use lifecycle::{StatusEventsQuery, TaskChanges, TaskTransition, Transition, TransitionContext};
pub use locating::{FoundWorkspace, workspaces};
pub use nullable::Nullable;
pub use number::MAX_SAFE_INTEGER;
pub use options::Options;
pub use paths::Environment;
pub use repository::{
    CommandRun, CommandRunEnd, CommandRuns, DeletedTask, Epic, Epics, Job, Jobs, KnownWorkspace,
    NewCommandRun, NewEpic, NewJob, NewProject, NewStory, NewTask, NewTaskRun, Project, Projects, Relocated,
    StatusEvent, Stories, Story, Task, TaskFilter, TaskRun, TaskRuns, Tasks,
};
pub use session::{Session, TimeIndex};
pub use sqlite::{CancelToken, Checkpoint, SqlParams, SqlValue, Synchronous, Table};
pub use status::TaskStatus;
pub use telemetry::{
    AgentContext, BacklogKeys, CallsOutside, Dimension, Economics, EconomicsDimension, EconomicsQuery,
    EconomicsReport, EconomicsRow, Group, ImportSummary, InspectedRun, JobInspection, JobReport,
    MAX_EXTRACT_BYTES, PriceOverride, Recorded, RecordedResponse, ReportPeriod, ResponseReader,
    ResponseRecord, Skipped, Spread, TelemetryConfig, TokenUsage, TokenUsageCursor, TokenUsageQuery,
    TokenUsageReport, TokenUsageRow, TokenUsageSummaryRow, UsageRange, extract_usage, extract_usages,
};
pub use time::{Clock, StoredTime, Timestamp};
pub use transaction::Transaction;
pub use workspace::Workspace;

/// Compiles or runs the examples of the pages.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
#[doc = include_str!("../../docs/usage.md")]
struct Pages;
