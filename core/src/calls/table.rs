//! The table of calls.

use std::path::PathBuf;

use serde_json::Value;

#[cfg(feature = "report")]
use super::argument::Json;
use super::argument::{Body, Calls, OrEmpty, Summary};
use super::macros::calls;
use super::{Call, batch};
use crate::check::{CheckOptions, CheckReport};
use crate::checking::{CheckPathOptions, check_path};
use crate::estimate::{
    Backfilled, Backtest, Estimate, EstimateOptions, FlowDay, LaneVisit, ThroughputDay, Velocity,
};
use crate::lifecycle::{StatusEventsQuery, TaskChanges, TaskTransition, Transition, TransitionContext};
use crate::locating::{FoundWorkspace, WorkspacesOptions, workspaces_by};
#[cfg(feature = "report")]
use crate::report;
use crate::repository::{
    CommandRun, CommandRunEnd, DeletedTask, Epic, Job, KnownWorkspace, NewCommandRun, NewEpic, NewJob,
    NewProject, NewStory, NewTask, NewTaskRun, Project, Relocated, StatusEvent, Story, Task, TaskFilter,
    TaskRun,
};
use crate::session::TimeIndex;
use crate::sqlite::{Checkpoint, SqlParams, Table};
use crate::status::StatusWord;
use crate::telemetry::{
    AgentContext, CallsOutside, Economics, EconomicsQuery, ImportSummary, JobInspection, Recorded,
    RecordedResponse, TelemetryConfig, TokenUsage, TokenUsageQuery, TokenUsageRow, TokenUsageSummaryRow,
    UsageRange, extract_usage, extract_usages,
};
use crate::time::Timestamp;

/// All calls, in the order in which they are documented.
#[allow(unused_doc_comments, reason = "the docs of an entry become a part of it")]
pub static CALLS: &[Call] = calls! {
    /// Extracts the usage from a response of a provider or an agent, as one record: the sum of its calls. Unexpected
    /// content is never an error: impossible values are skipped, and a body without usage yields an empty record.
    Library "extract_usage"(
        /// A response body, its `usage` object, the events of a stream, or a transcript.
        body: Body,
        /// The provider, if the format alone does not determine the meaning of a number.
        provider: Option<String>,
    ) -> TokenUsage [] |_library| Ok(extract_usage(&body.0, provider.as_deref()));

    /// Extracts the usage from a response of a provider or an agent, one record per model, in the order in which the
    /// models first appear. Their sum is the result of `extract_usage`. Empty if no usage is reported.
    Library "extract_usages"(
        /// A response body, its `usage` object, the events of a stream, or a transcript.
        body: Body,
        /// The provider, if the format alone does not determine the meaning of a number.
        provider: Option<String>,
    ) -> Vec<TokenUsage> [] |_library| Ok(extract_usages(&body.0, provider.as_deref()));

    /// Examines a database by its path, without opening it, as `check` examines an open one: also one that is damaged, of
    /// a newer schema, or not there. Nothing is written, created or repaired, and nobody is locked out.
    Library "check_path"(
        /// The database file, or the root folder of a project.
        path: PathBuf,
        /// How thorough, and what belongs to the database.
        options: OrEmpty<CheckPathOptions>,
    ) -> CheckReport [InvalidInput, Storage] |_library| check_path(&path, options.0);

    /// Lists the workspaces in the user's global folder, `.mcoda/workspaces` in the home folder, with the root of the
    /// project, the id and the last use of each, the last used first. Nothing is written, and nobody is locked out.
    Library "workspaces"(
        /// Where to look. Absent: in the home folder of the process.
        options: OrEmpty<WorkspacesOptions>,
    ) -> Vec<FoundWorkspace> [InvalidInput, Storage] |_library| workspaces_by(options.0);

    #[cfg(feature = "report")]
    /// Renders a summary as a text table.
    Library "render_tokens_table"(
        /// The result of `token_usage_summary`.
        rows: Json,
        /// The dimensions that it was grouped by. Absent: the default.
        group_by: Option<Json>,
    ) -> String [InvalidInput] |_library| {
        let rows: Vec<TokenUsageSummaryRow> = report::read("rows", &rows.0)?;
        let group_by = group_by.map_or(Value::Null, |json| json.0);
        let (_, group_by) = TokenUsageQuery::from_summary_json(&serde_json::json!({ "groupBy": group_by }))?;
        Ok(report::render_tokens_table(&rows, &group_by, None))
    };

    #[cfg(feature = "report")]
    /// Renders single agent calls as a text table.
    Library "render_job_tokens"(
        /// The result of `token_usage`.
        rows: Json,
    ) -> String [InvalidInput] |_library| {
        let rows: Vec<TokenUsageRow> = report::read("rows", &rows.0)?;
        Ok(report::render_job_tokens(&rows, &crate::telemetry::BacklogKeys::default(), None))
    };

    #[cfg(feature = "report")]
    /// Renders jobs as a text table.
    Library "render_jobs"(
        /// The result of `jobs.list`.
        jobs: Json,
    ) -> String [InvalidInput] |_library| Ok(report::render_jobs(&report::read::<Vec<_>>("jobs", &jobs.0)?, None));

    #[cfg(feature = "report")]
    /// Renders a job with its runs and its usage as text.
    Library "render_job_inspection"(
        /// The result of `inspect_job`.
        inspection: Json,
    ) -> String [InvalidInput] |_library| {
        Ok(report::render_job_inspection(&report::read("inspection", &inspection.0)?, None))
    };

    #[cfg(feature = "report")]
    /// Renders an estimate as text.
    Library "render_estimate"(
        /// The result of `estimate`.
        estimate: Json,
    ) -> String [InvalidInput] |_library| report::render_estimate_json(&estimate.0);

    #[cfg(feature = "report")]
    /// Renders a velocity as text.
    Library "render_velocity"(
        /// The result of `velocity`.
        velocity: Json,
    ) -> String [InvalidInput] |_library| report::render_velocity_json(&velocity.0);

    #[cfg(feature = "report")]
    /// Renders what finished work costs as a text table.
    Library "render_economics"(
        /// The result of `economics`.
        economics: Json,
    ) -> String [InvalidInput] |_library| {
        Ok(report::render_economics(&report::read("economics", &economics.0)?, None))
    };

    #[cfg(feature = "report")]
    /// Renders status events as a text table.
    Library "render_status_events"(
        /// The result of `status_events`.
        events: Json,
    ) -> String [InvalidInput] |_library| {
        Ok(report::render_status_events(&report::read::<Vec<_>>("events", &events.0)?, None))
    };

    #[cfg(feature = "report")]
    /// Renders the telemetry settings as a text table.
    Library "render_telemetry_config"(
        /// The result of `telemetry_config`.
        config: Json,
    ) -> String [InvalidInput] |_library| {
        Ok(report::render_telemetry_config(&report::read("config", &config.0)?, None))
    };

    #[cfg(feature = "report")]
    /// What a check has found, for people.
    Library "render_check"(
        /// What `check` returned.
        report: Json,
    ) -> String [InvalidInput] |_library| Ok(report::render_check(&report::read("report", &report.0)?));

    /// Records the usage of one agent call: the row, the agent's attribution to its command run and job, and the entry
    /// in the JSON log.
    Session "record_token_usage"(
        /// The record.
        usage: TokenUsage,
    ) -> Recorded [InvalidInput, NotFound, Conflict] |session| session.record(usage);

    /// Records the usage of many calls in one transaction: all of them or none. An error names the record.
    Session "record_token_usages"(
        /// The records.
        usages: Vec<TokenUsage>,
    ) -> Vec<Recorded> [InvalidInput, NotFound, Conflict] |session| session.record_all(usages);

    /// Extracts the usage from a response of a provider or an agent, as `extract_usages` does, and records it: one
    /// record for each call and each model. A record's id is derived from the provider's id of the response or the
    /// session, so that a retry or a replay counts once; of two versions of one response the last wins. A body without
    /// usage records nothing and is not an error. A response without an id is a new one each time, unless the context
    /// has a `responseId`.
    Session "record_agent_response"(
        /// A response body, the events of a stream, or a transcript.
        body: Body,
        /// What the host knows about it.
        context: OrEmpty<AgentContext>,
    ) -> RecordedResponse [InvalidInput, NotFound] |session| session.record_agent_response(&body.0, &context.0);

    /// Extracts and records the usage in a file: responses, events of a stream, or an agent's transcript, of any
    /// length. A call without an id is identified by its text and the number of earlier occurrences of that text, so
    /// reading a file again, or one that has grown, adds no duplicates. Each thousand lines are one transaction: after
    /// an error, what was recorded before is kept, and reading the file again continues from there.
    Session "record_agent_file"(
        /// The file.
        path: PathBuf,
        /// What the host knows about it.
        context: OrEmpty<AgentContext>,
    ) -> ImportSummary [InvalidInput, NotFound, Storage] |session| session.record_agent_file(path, &context.0);

    /// Lists single agent calls in order of time.
    Session "token_usage"(
        /// Selects the calls. Absent: all.
        query: OrEmpty<TokenUsageQuery>,
    ) -> Vec<TokenUsageRow> [InvalidInput, NotFound] |session| session.token_usage(&query.0);

    /// Sums the usage of agent calls by groups, in the order in which the groups first appear in time. If `since` is
    /// absent, only the last 7 days are included.
    Session "token_usage_summary"(
        /// Selects the calls, and the dimensions to group by.
        query: Summary,
    ) -> Vec<TokenUsageSummaryRow> [InvalidInput, NotFound] |session| {
        session.token_usage_summary(&query.0, &query.1)
    };

    /// Returns the time range of a summary with this query: its first and last time, and the time from which spans count
    /// back. Reads no records.
    Session "token_usage_range"(
        /// The query of the summary.
        query: Summary,
    ) -> UsageRange [InvalidInput] |session| session.token_usage_range(&query.0);

    /// Counts the calls that a summary with this query leaves out because of its time range: those that match the rest of
    /// the query, and are before or after the range or have an invalid time. It reads them.
    Session "calls_outside"(
        /// The query of the summary.
        query: Summary,
    ) -> CallsOutside [InvalidInput, NotFound] |session| session.calls_outside(&query.0);

    /// Runs one read-only SQL statement on a consistent state of the database, and returns an object for each row.
    Session "query"(
        /// The statement.
        sql: String,
        /// Values for `?` in order, or for `:name` by name.
        params: SqlParams,
    ) -> Table [InvalidInput] |session| session.query(&sql, &params);

    /// Makes calls in one transaction: all of them or none. Returns their results in order. An error names the call.
    /// The records are written to the JSON log after the commit, so `logged` is false.
    Batch "batch"(
        /// The calls, each an object with `call`, its name, and `args`, an array of its arguments.
        calls: Calls,
    ) -> Vec<Value> [InvalidInput, NotFound, Conflict] |target| batch::run(target, &calls);

    /// Copies the current state of the database into a new file that only its owner can access, and flushes it to the
    /// disk. Writing calls of the handle wait for it; queries, other handles and processes continue. Nothing is
    /// overwritten. `Conflict` if the path exists, or a side file of a former database of that name (`…-wal`);
    /// `InvalidInput` if the name is that of a side file, or of another file of this library beside the database.
    Session "backup_to"(
        /// The new file.
        path: PathBuf,
    ) -> () [InvalidInput, Conflict, Storage] |session| session.backup_to(path);

    /// Examines the database and what lies beside it for everything that is wrong or soon will be, each with what to do:
    /// whether it holds together, its schema and references, values that cannot be read, rows of other workspaces, the
    /// JSON log, permissions, links, the room on the disk, how long the write-ahead log is and who keeps it from being
    /// copied, and other copies of SQLite in this process. It only looks, and records go on meanwhile. What cannot be
    /// examined is a finding as well.
    Session "check"(
        /// How thorough. Absent: without comparing indexes with their tables, and without a time limit.
        options: OrEmpty<CheckOptions>,
    ) -> CheckReport [InvalidInput, Unsupported] |session| session.check(&options.0);

    /// Copies the write-ahead log into the database file and empties it. Somebody who reads an old state is waited for up
    /// to the busy timeout, while others write; where that was in vain, `busy` says so, and what could be copied was.
    Session "checkpoint"() -> Checkpoint [Storage, Unsupported] |session| session.checkpoint();

    /// Creates an index of the recorded usage by time, with which queries of a short time range read that range instead of
    /// all rows. It stays in the database, for every handle and process. Creating it takes about a second for each million
    /// rows, during which others cannot write. The queries of other programs do not use it.
    Session "create_time_index"() -> TimeIndex [Unsupported] |session| session.create_time_index();

    /// Closes the database after the running calls. Closing twice is not an error.
    Session "close"() -> () [] |session| session.close();

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

    /// Returns the settings for recording and export that result from the config files, the environment and the options
    /// of the handle. The files are read again with every call.
    Workspace "telemetry_config"() -> TelemetryConfig [InvalidInput, Corrupt] |workspace| workspace.telemetry_config();

    /// Opts out of remote export, in the `config.json` beside the database. Nothing else in the file is changed, and a
    /// damaged file stays as it is. An existing strict opt-out remains in effect. Returns the new settings.
    Workspace "opt_out"(
        /// Whether to stop local recording as well.
        strict: bool,
    ) -> TelemetryConfig [InvalidInput, Corrupt, Storage, Unsupported] |workspace| workspace.opt_out(strict);

    /// Undoes an opt-out, including a strict one: records are kept, and may be exported. Returns the new settings.
    Workspace "opt_in"() -> TelemetryConfig [InvalidInput, Corrupt, Storage, Unsupported] |workspace| {
        workspace.opt_in()
    };

    /// Lists the workspaces whose rows are in the database, by id. Usually it is this one alone; several may share a
    /// database, and a project that was moved may have rows under two ids.
    Workspace "workspace_ids"() -> Vec<KnownWorkspace> [] |workspace| workspace.workspace_ids();

    /// Gives all rows of a workspace in this database another workspace id, in one transaction, and returns how many there
    /// were in each table. If `workspace.json` beside the database names the old id, it names the new one from then on. The
    /// JSON log `token_usage.json` is not changed: its entries keep the old id. `NotFound` for an old id of which the database
    /// has no rows, and for a new one that is neither the id of the handle nor in the database. `InvalidInput` if the old id
    /// is that of the handle: open it with the new id first.
    Workspace "relocate"(
        /// The id that the rows have.
        old_id: String,
        /// The id that they get.
        new_id: String,
    ) -> Relocated [InvalidInput, NotFound, Conflict, Unsupported] |workspace| {
        workspace.relocate(&old_id, &new_id)
    };

    /// Returns the project with this key, and creates it if there is none: any number of processes may call this at the
    /// same time, and all get the same project.
    Workspace "projects.ensure"(
        /// The project.
        project: NewProject,
    ) -> Project [InvalidInput] |workspace| workspace.projects().ensure(&project);

    /// Returns the project with this key.
    Workspace "projects.get"(
        /// The key.
        key: String,
    ) -> Option<Project> [] |workspace| workspace.projects().get(&key);

    /// Lists all projects, by key.
    Workspace "projects.list"() -> Vec<Project> [] |workspace| workspace.projects().list();

    /// Creates an epic. `NotFound` if its project is unknown, `Conflict` if the project has an epic with this key.
    Workspace "epics.create"(
        /// The epic.
        epic: NewEpic,
    ) -> Epic [InvalidInput, NotFound, Conflict] |workspace| workspace.epics().create(&epic);

    /// Creates many epics in one transaction: all or none. An error names the epic.
    Workspace "epics.create_many"(
        /// The epics.
        epics: Vec<NewEpic>,
    ) -> Vec<Epic> [InvalidInput, NotFound, Conflict] |workspace| workspace.epics().create_many(&epics);

    /// Returns the epic with this id.
    Workspace "epics.get"(
        /// The id.
        id: String,
    ) -> Option<Epic> [] |workspace| workspace.epics().get(&id);

    /// Lists the epics of a project, or of all projects, by key.
    Workspace "epics.list"(
        /// The project. Absent: all.
        project_id: Option<String>,
    ) -> Vec<Epic> [] |workspace| workspace.epics().list(project_id.as_deref());

    /// Creates a user story. `NotFound` if its epic is unknown, `Conflict` if the epic has a story with this key.
    Workspace "stories.create"(
        /// The user story.
        story: NewStory,
    ) -> Story [InvalidInput, NotFound, Conflict] |workspace| workspace.stories().create(&story);

    /// Creates many user stories in one transaction: all or none. An error names the story.
    Workspace "stories.create_many"(
        /// The user stories.
        stories: Vec<NewStory>,
    ) -> Vec<Story> [InvalidInput, NotFound, Conflict] |workspace| workspace.stories().create_many(&stories);

    /// Returns the user story with this id.
    Workspace "stories.get"(
        /// The id.
        id: String,
    ) -> Option<Story> [] |workspace| workspace.stories().get(&id);

    /// Lists the user stories of an epic, or of all epics, by key.
    Workspace "stories.list"(
        /// The epic. Absent: all.
        epic_id: Option<String>,
    ) -> Vec<Story> [] |workspace| workspace.stories().list(epic_id.as_deref());

    /// Creates a task. `NotFound` if its story is unknown, `Conflict` if the story has a task with this key.
    Workspace "tasks.create"(
        /// The task.
        task: NewTask,
    ) -> Task [InvalidInput, NotFound, Conflict] |workspace| workspace.tasks().create(&task);

    /// Creates many tasks in one transaction: all or none. An error names the task.
    Workspace "tasks.create_many"(
        /// The tasks.
        tasks: Vec<NewTask>,
    ) -> Vec<Task> [InvalidInput, NotFound, Conflict] |workspace| workspace.tasks().create_many(&tasks);

    /// Returns the task with this id or key. A key that several tasks have is `InvalidInput`, and the error lists them.
    Workspace "tasks.get"(
        /// The id or the key.
        task: String,
    ) -> Option<Task> [InvalidInput] |workspace| workspace.tasks().get(&task);

    /// Lists the tasks of a user story, or of all stories, by key.
    Workspace "tasks.list"(
        /// The user story. Absent: all.
        user_story_id: Option<String>,
    ) -> Vec<Task> [] |workspace| workspace.tasks().list(user_story_id.as_deref());

    /// Lists the tasks that match the filter, by key. `InvalidInput` for a key that several epics or stories have.
    Workspace "tasks.find"(
        /// Selects the tasks. Absent: all.
        filter: OrEmpty<TaskFilter>,
    ) -> Vec<Task> [InvalidInput, NotFound] |workspace| workspace.tasks().find(&filter.0);

    /// Changes fields of a task. Its status is changed by `record_status_transition` only. `Conflict` for a key that another
    /// task of the story has.
    Workspace "tasks.update"(
        /// The task, by id or key.
        task: String,
        /// The changes.
        changes: TaskChanges,
    ) -> Task [InvalidInput, NotFound, Conflict] |workspace| workspace.update_task(&task, &changes);

    /// Deletes a task with its status events, runs, comments and locks, in one transaction. Its usage is kept without the
    /// task: what it cost is still a part of every sum. The JSON log is not changed.
    Workspace "tasks.delete"(
        /// The task, by id or key.
        task: String,
    ) -> DeletedTask [InvalidInput, NotFound] |workspace| workspace.tasks().delete(&task);

    /// Creates a job.
    Workspace "jobs.create"(
        /// The job.
        job: NewJob,
    ) -> Job [InvalidInput] |workspace| workspace.jobs().create(&job);

    /// Returns the job with this id.
    Workspace "jobs.get"(
        /// The id.
        id: String,
    ) -> Option<Job> [] |workspace| workspace.jobs().get(&id);

    /// Lists the jobs of this workspace, newest first.
    Workspace "jobs.list"() -> Vec<Job> [] |workspace| workspace.jobs().list();

    /// Finishes a job.
    Workspace "jobs.finish"(
        /// The job.
        id: String,
        /// Its final state, for example `completed`.
        state: String,
        /// Why it failed, if it did.
        error_summary: Option<String>,
    ) -> Job [InvalidInput, NotFound] |workspace| workspace.jobs().finish(&id, &state, error_summary.as_deref());

    /// Begins a command run. `NotFound` if its job is unknown.
    Workspace "command_runs.create"(
        /// The command run.
        command_run: NewCommandRun,
    ) -> CommandRun [InvalidInput, NotFound] |workspace| workspace.command_runs().create(&command_run);

    /// Returns the command run with this id.
    Workspace "command_runs.get"(
        /// The id.
        id: String,
    ) -> Option<CommandRun> [] |workspace| workspace.command_runs().get(&id);

    /// Lists the command runs of this workspace, newest first.
    Workspace "command_runs.list"() -> Vec<CommandRun> [] |workspace| workspace.command_runs().list();

    /// Finishes a command run. Its duration is the time since it began.
    Workspace "command_runs.finish"(
        /// The command run.
        id: String,
        /// The result of the run.
        end: CommandRunEnd,
    ) -> CommandRun [InvalidInput, NotFound] |workspace| workspace.command_runs().finish(&id, &end);

    /// Begins a task run. `NotFound` if its task, job or command run is unknown.
    Workspace "task_runs.create"(
        /// The task run.
        task_run: NewTaskRun,
    ) -> TaskRun [InvalidInput, NotFound] |workspace| workspace.task_runs().create(&task_run);

    /// Returns the task run with this id.
    Workspace "task_runs.get"(
        /// The id.
        id: String,
    ) -> Option<TaskRun> [] |workspace| workspace.task_runs().get(&id);

    /// Lists the runs of a task, oldest first.
    Workspace "task_runs.list"(
        /// The task.
        task_id: String,
    ) -> Vec<TaskRun> [] |workspace| workspace.task_runs().list(&task_id);

    /// Finishes a task run.
    Workspace "task_runs.finish"(
        /// The task run.
        id: String,
        /// Its final status, for example `succeeded`.
        status: String,
        /// When it ended. Absent: now.
        finished_at: Option<Timestamp>,
    ) -> TaskRun [InvalidInput, NotFound] |workspace| workspace.task_runs().finish(&id, &status, finished_at);
};
