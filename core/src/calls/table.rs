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
use crate::estimate::{Backfilled, Estimate, EstimateOptions, Velocity};
use crate::lifecycle::{StatusEventsQuery, Transition, TransitionContext};
#[cfg(feature = "report")]
use crate::report;
use crate::repository::{
    CommandRun, CommandRunEnd, Epic, Job, NewCommandRun, NewEpic, NewJob, NewProject, NewStory, NewTask,
    NewTaskRun, Project, StatusEvent, Story, Task, TaskRun,
};
use crate::sqlite::{Checkpoint, SqlParams, Table};
use crate::telemetry::{
    AgentContext, ImportSummary, JobInspection, Recorded, RecordedResponse, TelemetryConfig, TokenUsage,
    TokenUsageQuery, TokenUsageRow, TokenUsageSummaryRow, extract_usage, extract_usages,
};
use crate::time::Timestamp;

/// All calls, in the order in which they are documented.
#[allow(unused_doc_comments, reason = "the docs of an entry become a part of it")]
pub static CALLS: &[Call] = calls! {
    /// Reads what a provider or an agent returned for what it cost, as one record for the whole: the sum of its calls.
    /// Strange content is never an error: values that cannot be meant are passed over, and a body that reports no
    /// usage gives an empty record.
    Library "extract_usage"(
        /// A response body, its `usage` object, the events of a stream, or a transcript.
        body: Body,
        /// Who answered, where the shape does not say what a number means.
        provider: Option<String>,
    ) -> TokenUsage [] |_library| Ok(extract_usage(&body.0, provider.as_deref()));

    /// Reads what a provider or an agent returned for what it cost, one record a model, in the order in which these
    /// first appear. Their sums are what `extract_usage` returns. Empty where no usage is reported.
    Library "extract_usages"(
        /// A response body, its `usage` object, the events of a stream, or a transcript.
        body: Body,
        /// Who answered, where the shape does not say what a number means.
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

    #[cfg(feature = "report")]
    /// The table of a summary, for people.
    Library "render_tokens_table"(
        /// What `token_usage_summary` returned.
        rows: Json,
        /// The dimensions that it was grouped by. Absent: the default.
        group_by: Option<Json>,
    ) -> String [InvalidInput] |_library| {
        let rows: Vec<TokenUsageSummaryRow> = report::read("rows", &rows.0)?;
        let group_by = group_by.map_or(Value::Null, |json| json.0);
        let (_, group_by) = TokenUsageQuery::from_summary_json(&serde_json::json!({ "groupBy": group_by }))?;
        Ok(report::render_tokens_table(&rows, &group_by))
    };

    #[cfg(feature = "report")]
    /// The table of single agent calls, for people.
    Library "render_job_tokens"(
        /// What `token_usage` returned.
        rows: Json,
    ) -> String [InvalidInput] |_library| {
        Ok(report::render_job_tokens(&report::read::<Vec<_>>("rows", &rows.0)?))
    };

    #[cfg(feature = "report")]
    /// The table of jobs, for people.
    Library "render_jobs"(
        /// What `jobs.list` returned.
        jobs: Json,
    ) -> String [InvalidInput] |_library| Ok(report::render_jobs(&report::read::<Vec<_>>("jobs", &jobs.0)?));

    #[cfg(feature = "report")]
    /// A job with its runs and its cost, for people.
    Library "render_job_inspection"(
        /// What `inspect_job` returned.
        inspection: Json,
    ) -> String [InvalidInput] |_library| {
        Ok(report::render_job_inspection(&report::read("inspection", &inspection.0)?))
    };

    #[cfg(feature = "report")]
    /// An estimate, for people.
    Library "render_estimate"(
        /// What `estimate` returned.
        estimate: Json,
    ) -> String [InvalidInput] |_library| report::render_estimate_json(&estimate.0);

    #[cfg(feature = "report")]
    /// A velocity, for people.
    Library "render_velocity"(
        /// What `velocity` returned.
        velocity: Json,
    ) -> String [InvalidInput] |_library| report::render_velocity_json(&velocity.0);

    #[cfg(feature = "report")]
    /// The table of status events, for people.
    Library "render_status_events"(
        /// What `status_events` returned.
        events: Json,
    ) -> String [InvalidInput] |_library| {
        Ok(report::render_status_events(&report::read::<Vec<_>>("events", &events.0)?))
    };

    #[cfg(feature = "report")]
    /// The telemetry settings, for people.
    Library "render_telemetry_config"(
        /// What `telemetry_config` returned.
        config: Json,
    ) -> String [InvalidInput] |_library| {
        Ok(report::render_telemetry_config(&report::read("config", &config.0)?))
    };

    #[cfg(feature = "report")]
    /// What a check has found, for people.
    Library "render_check"(
        /// What `check` returned.
        report: Json,
    ) -> String [InvalidInput] |_library| Ok(report::render_check(&report::read("report", &report.0)?));

    /// Records what one agent call cost: the row, the agent's attribution to its command run and job, and the entry
    /// in the JSON log.
    Session "record_token_usage"(
        /// The record.
        usage: TokenUsage,
    ) -> Recorded [InvalidInput, NotFound, Conflict] |session| session.record_token_usage(&usage);

    /// Records many calls in one transaction: all of them or none. An error says which record it is about.
    Session "record_token_usages"(
        /// The records.
        usages: Vec<TokenUsage>,
    ) -> Vec<Recorded> [InvalidInput, NotFound, Conflict] |session| session.record_token_usages(&usages);

    /// Reads what came back from an agent, as `extract_usages` does, and records it: one record for each call and
    /// each model. A record's id is made of the provider's id of the response or the session, so that a retry or a
    /// replay counts once; of two versions of one response the last wins. A body that reports no usage becomes no
    /// record, and is no error. A response without an id is a new one each time, unless the context gives a
    /// `responseId`.
    Session "record_agent_response"(
        /// What came back: a response body, the events of a stream, or a transcript.
        body: Body,
        /// What the host knows about it.
        context: OrEmpty<AgentContext>,
    ) -> RecordedResponse [InvalidInput, NotFound] |session| session.record_agent_response(&body.0, &context.0);

    /// Records what a file holds: responses, events of a stream, or an agent's transcript, of any length. What has no
    /// id is known by its text and by how often it came before, so reading a file again, or one that has grown, adds
    /// nothing twice. Each thousand lines are one transaction: an error leaves what was recorded before, and reading
    /// the file again goes on from there.
    Session "record_agent_file"(
        /// The file.
        path: PathBuf,
        /// What the host knows about it.
        context: OrEmpty<AgentContext>,
    ) -> ImportSummary [InvalidInput, NotFound, Storage] |session| session.record_agent_file(path, &context.0);

    /// What single agent calls cost, in the order of time.
    Session "token_usage"(
        /// Which calls. Absent: all.
        query: OrEmpty<TokenUsageQuery>,
    ) -> Vec<TokenUsageRow> [InvalidInput, NotFound] |session| session.token_usage(&query.0);

    /// What agent calls cost, added up by groups in the order in which these first appear in time. Where `since` is
    /// absent, the last 7 days count.
    Session "token_usage_summary"(
        /// Which calls, and what to add them up by.
        query: Summary,
    ) -> Vec<TokenUsageSummaryRow> [InvalidInput, NotFound] |session| {
        session.token_usage_summary(&query.0, &query.1)
    };

    /// Runs one SQL statement that only reads, in one unchanging state of the database, and returns an object for each
    /// row.
    Session "query"(
        /// The statement.
        sql: String,
        /// Values for `?` in their order, or for `:name` by their names.
        params: SqlParams,
    ) -> Table [InvalidInput] |session| session.query(&sql, &params);

    /// Makes calls in one transaction: all of them happen or none. Returns what each returned, in their order. An
    /// error says which call it is about. What is recorded reaches the JSON log after the commit, so `logged` is false.
    Batch "batch"(
        /// The calls, each an object with `call`, its name, and `args`, an array of its arguments.
        calls: Calls,
    ) -> Vec<Value> [InvalidInput, NotFound, Conflict] |target| batch::run(target, &calls);

    /// Copies the database as it is now into a new file, for its owner alone, and onto the disk. Calls of the handle
    /// that write wait for that; questions, other handles and processes go on. Nothing is ever overwritten. `Conflict`
    /// where there is something at the path, or a file of a database that was there (`-wal` behind its name …);
    /// `InvalidInput` for the name of such a file, or of another one of this library's beside the database.
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

    /// Closes the database after the calls that are under way. Closing twice is not an error.
    Session "close"() -> () [] |session| session.close();

    /// Moves a task: its new status, its metadata and the event of the move, in one transaction. A task that has the
    /// status already gets no event.
    Workspace "record_status_transition"(
        /// The task, by id or key.
        task: String,
        /// Its new status, for example `in_progress`.
        to_status: String,
        /// The circumstances of the move.
        context: OrEmpty<TransitionContext>,
    ) -> Transition [InvalidInput, NotFound, Conflict] |workspace| {
        workspace.record_status_transition(&task, &to_status, &context.0)
    };

    /// The recorded moves of one task or of all tasks, in the order of time.
    Workspace "status_events"(
        /// Which moves. Absent: all.
        query: OrEmpty<StatusEventsQuery>,
    ) -> Vec<StatusEvent> [InvalidInput, NotFound] |workspace| workspace.status_events(&query.0);

    /// Writes the status events for good that a velocity with the same options infers from successful task runs. Doing
    /// it again adds nothing.
    Workspace "backfill_status_events"(
        /// As of `velocity`.
        options: OrEmpty<EstimateOptions>,
    ) -> Backfilled [InvalidInput, NotFound] |workspace| workspace.backfill_status_events(&options.0);

    /// How fast each lane works, in story points per hour. Writes nothing.
    Workspace "velocity"(
        /// What to look at, and how.
        options: OrEmpty<EstimateOptions>,
    ) -> Velocity [InvalidInput, NotFound] |workspace| workspace.velocity(&options.0);

    /// How much is left, how fast it goes and when it will be done. Writes nothing.
    Workspace "estimate"(
        /// What to look at, and how.
        options: OrEmpty<EstimateOptions>,
    ) -> Estimate [InvalidInput, NotFound] |workspace| workspace.estimate(&options.0);

    /// A job with its task runs and what it cost by command, agent and model, of all time.
    Workspace "inspect_job"(
        /// The job.
        job_id: String,
    ) -> JobInspection [NotFound] |workspace| workspace.inspect_job(&job_id);

    /// What the config files, the environment and the options of the handle say about recording and export. The files
    /// are read anew with every call.
    Workspace "telemetry_config"() -> TelemetryConfig [InvalidInput, Corrupt] |workspace| workspace.telemetry_config();

    /// Opts out of sending records away, in the `config.json` beside the database. Nothing else in the file changes,
    /// and one that is damaged stays as it is. A strict setting that holds already stays, too. Returns what holds now.
    Workspace "opt_out"(
        /// Whether nothing is to be recorded here either.
        strict: bool,
    ) -> TelemetryConfig [InvalidInput, Corrupt, Storage, Unsupported] |workspace| workspace.opt_out(strict);

    /// Takes an opting-out back, a strict one too: records are kept, and may be sent away. Returns what holds now.
    Workspace "opt_in"() -> TelemetryConfig [InvalidInput, Corrupt, Storage, Unsupported] |workspace| {
        workspace.opt_in()
    };

    /// The project with this key, which is made where there is none: any number of processes may call this at once
    /// and all get the same project.
    Workspace "projects.ensure"(
        /// The project.
        project: NewProject,
    ) -> Project [InvalidInput] |workspace| workspace.projects().ensure(&project);

    /// The project with this key.
    Workspace "projects.get"(
        /// The key.
        key: String,
    ) -> Option<Project> [] |workspace| workspace.projects().get(&key);

    /// All projects, by key.
    Workspace "projects.list"() -> Vec<Project> [] |workspace| workspace.projects().list();

    /// Makes an epic. `NotFound` without its project, `Conflict` where the project has an epic with this key.
    Workspace "epics.create"(
        /// The epic.
        epic: NewEpic,
    ) -> Epic [InvalidInput, NotFound, Conflict] |workspace| workspace.epics().create(&epic);

    /// The epic with this id.
    Workspace "epics.get"(
        /// The id.
        id: String,
    ) -> Option<Epic> [] |workspace| workspace.epics().get(&id);

    /// The epics of a project, or of all projects, by key.
    Workspace "epics.list"(
        /// The project. Absent: all.
        project_id: Option<String>,
    ) -> Vec<Epic> [] |workspace| workspace.epics().list(project_id.as_deref());

    /// Makes a user story. `NotFound` without its epic, `Conflict` where the epic has a story with this key.
    Workspace "stories.create"(
        /// The user story.
        story: NewStory,
    ) -> Story [InvalidInput, NotFound, Conflict] |workspace| workspace.stories().create(&story);

    /// The user story with this id.
    Workspace "stories.get"(
        /// The id.
        id: String,
    ) -> Option<Story> [] |workspace| workspace.stories().get(&id);

    /// The user stories of an epic, or of all epics, by key.
    Workspace "stories.list"(
        /// The epic. Absent: all.
        epic_id: Option<String>,
    ) -> Vec<Story> [] |workspace| workspace.stories().list(epic_id.as_deref());

    /// Makes a task. `NotFound` without its story, `Conflict` where the story has a task with this key.
    Workspace "tasks.create"(
        /// The task.
        task: NewTask,
    ) -> Task [InvalidInput, NotFound, Conflict] |workspace| workspace.tasks().create(&task);

    /// Makes many tasks in one transaction: all or none. An error says which task it is about.
    Workspace "tasks.create_many"(
        /// The tasks.
        tasks: Vec<NewTask>,
    ) -> Vec<Task> [InvalidInput, NotFound, Conflict] |workspace| workspace.tasks().create_many(&tasks);

    /// The task with this id or key. A key that several tasks have is `InvalidInput` and lists them.
    Workspace "tasks.get"(
        /// The id or the key.
        task: String,
    ) -> Option<Task> [InvalidInput] |workspace| workspace.tasks().get(&task);

    /// The tasks of a user story, or of all stories, by key.
    Workspace "tasks.list"(
        /// The user story. Absent: all.
        user_story_id: Option<String>,
    ) -> Vec<Task> [] |workspace| workspace.tasks().list(user_story_id.as_deref());

    /// Makes a job.
    Workspace "jobs.create"(
        /// The job.
        job: NewJob,
    ) -> Job [InvalidInput] |workspace| workspace.jobs().create(&job);

    /// The job with this id.
    Workspace "jobs.get"(
        /// The id.
        id: String,
    ) -> Option<Job> [] |workspace| workspace.jobs().get(&id);

    /// The jobs of this workspace, newest first.
    Workspace "jobs.list"() -> Vec<Job> [] |workspace| workspace.jobs().list();

    /// Ends a job.
    Workspace "jobs.finish"(
        /// The job.
        id: String,
        /// What became of it, for example `completed`.
        state: String,
        /// Why it failed, where it did.
        error_summary: Option<String>,
    ) -> Job [InvalidInput, NotFound] |workspace| workspace.jobs().finish(&id, &state, error_summary.as_deref());

    /// Begins a command run, with status `running`. `NotFound` where its job is unknown.
    Workspace "command_runs.create"(
        /// The command run.
        command_run: NewCommandRun,
    ) -> CommandRun [InvalidInput, NotFound] |workspace| workspace.command_runs().create(&command_run);

    /// The command run with this id.
    Workspace "command_runs.get"(
        /// The id.
        id: String,
    ) -> Option<CommandRun> [] |workspace| workspace.command_runs().get(&id);

    /// Ends a command run. Its duration is the time since it began.
    Workspace "command_runs.finish"(
        /// The command run.
        id: String,
        /// How it ended.
        end: CommandRunEnd,
    ) -> CommandRun [InvalidInput, NotFound] |workspace| workspace.command_runs().finish(&id, &end);

    /// Begins a task run, with status `running`. `NotFound` where its task, job or command run is unknown.
    Workspace "task_runs.create"(
        /// The task run.
        task_run: NewTaskRun,
    ) -> TaskRun [InvalidInput, NotFound] |workspace| workspace.task_runs().create(&task_run);

    /// The task run with this id.
    Workspace "task_runs.get"(
        /// The id.
        id: String,
    ) -> Option<TaskRun> [] |workspace| workspace.task_runs().get(&id);

    /// The runs on a task, oldest first.
    Workspace "task_runs.list"(
        /// The task.
        task_id: String,
    ) -> Vec<TaskRun> [] |workspace| workspace.task_runs().list(&task_id);

    /// Ends a task run.
    Workspace "task_runs.finish"(
        /// The task run.
        id: String,
        /// What became of it, for example `succeeded`.
        status: String,
        /// When it ended. Absent: now.
        finished_at: Option<Timestamp>,
    ) -> TaskRun [InvalidInput, NotFound] |workspace| workspace.task_runs().finish(&id, &status, finished_at);
};
