//! Jobs, command runs and task runs.

use crate::calls::Call;
use crate::calls::macros::calls;
use crate::repository::{CommandRun, CommandRunEnd, Job, NewCommandRun, NewJob, NewTaskRun, TaskRun};
use crate::time::Timestamp;

#[allow(unused_doc_comments, reason = "the docs of an entry become a part of it")]
pub(super) const CALLS: &[Call] = calls! {
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
