//! The calls: arguments in the engine's words, the engine's answer as JSON.

use mcoda_core::{
    AgentContext, CommandRunEnd, ErrorKind, EstimateOptions, Global, NewCommandRun, NewEpic, NewJob,
    NewProject, NewStory, NewTask, NewTaskRun, Options, StatusEventsQuery, Timestamp, TokenUsage,
    TokenUsageCursor, TokenUsageQuery, TransitionContext, Workspace,
};
use serde_json::json as object;

use crate::answer::{Failure, Outcome, json};
use crate::arguments::Arguments;
use crate::table;

/// What a handle has open.
pub(crate) enum Engine {
    Workspace(Workspace),
    Global(Global),
}

impl Engine {
    pub(crate) fn open(name: &str, arguments: &Arguments) -> Result<Self, Failure> {
        let options = Options::from_json(&arguments.options(1))?;
        Ok(match name {
            "Workspace.open" => Self::Workspace(options.open(arguments.text(0)?)?),
            "Workspace.openDb" => Self::Workspace(options.open_db(arguments.text(0)?)?),
            "Global.open" => Self::Global(options.open_global()?),
            "Global.openDb" => Self::Global(options.open_global_db(arguments.text(0)?)?),
            _ => return Err(unknown(name)),
        })
    }

    /// What the handle says about itself without asking the database.
    pub(crate) fn about(&self) -> Outcome {
        let (id, path) = match self {
            Self::Workspace(workspace) => (Some(workspace.id()), workspace.database_path()),
            Self::Global(global) => (None, global.database_path()),
        };
        json(&object!({"id": id, "databasePath": path.to_string_lossy()}))
    }

    pub(crate) fn close(&self) -> mcoda_core::Result<()> {
        match self {
            Self::Workspace(workspace) => workspace.close(),
            Self::Global(global) => global.close(),
        }
    }

    pub(crate) fn token_usage_cursor(&self, query: &TokenUsageQuery) -> mcoda_core::Result<TokenUsageCursor> {
        match self {
            Self::Workspace(workspace) => workspace.token_usage_cursor(query),
            Self::Global(global) => global.token_usage_cursor(query),
        }
    }

    pub(crate) fn call(&self, name: &str, arguments: &Arguments) -> Outcome {
        match (self, name) {
            (_, "close") => json(&self.close()?),
            (Self::Workspace(workspace), name) if name.contains('.') => {
                repository(workspace, name, arguments)
            }
            (Self::Workspace(workspace), name) => of_workspace(workspace, name, arguments),
            (Self::Global(global), name) => of_global(global, name, arguments),
        }
    }
}

fn of_workspace(workspace: &Workspace, name: &str, arguments: &Arguments) -> Outcome {
    match name {
        "recordTokenUsage" => {
            json(&workspace.record_token_usage(&TokenUsage::from_json(arguments.value(0))?)?)
        }
        "recordTokenUsages" => {
            json(&workspace.record_token_usages(&TokenUsage::list_from_json(arguments.value(0))?)?)
        }
        "recordAgentResponse" => {
            json(&workspace.record_agent_response(arguments.text(0)?, &agent_context(arguments)?)?)
        }
        "recordAgentFile" => {
            json(&workspace.record_agent_file(arguments.text(0)?, &agent_context(arguments)?)?)
        }
        "recordStatusTransition" => {
            let context = TransitionContext::from_json(&arguments.options(2))?;
            json(&workspace.record_status_transition(arguments.text(0)?, arguments.text(1)?, &context)?)
        }
        "statusEvents" => {
            json(&workspace.status_events(&StatusEventsQuery::from_json(&arguments.options(0))?)?)
        }
        "backfillStatusEvents" => json(&workspace.backfill_status_events(&estimate_options(arguments)?)?),
        "tokenUsage" => json(&workspace.token_usage(&TokenUsageQuery::from_json(&arguments.options(0))?)?),
        "tokenUsageSummary" => {
            let (query, group_by) = TokenUsageQuery::from_summary_json(&arguments.options(0))?;
            json(&workspace.token_usage_summary(&query, &group_by)?)
        }
        "inspectJob" => json(&workspace.inspect_job(arguments.text(0)?)?),
        "telemetryConfig" => json(&workspace.telemetry_config()?),
        "optOut" => json(&workspace.opt_out(arguments.is_true(0))?),
        "optIn" => json(&workspace.opt_in()?),
        "velocity" => json(&workspace.velocity(&estimate_options(arguments)?)?),
        "estimate" => json(&workspace.estimate(&estimate_options(arguments)?)?),
        "query" => table::json(&workspace.query(arguments.text(0)?, &table::params(arguments)?)?),
        "backupTo" => json(&workspace.backup_to(arguments.text(0)?)?),
        _ => Err(unknown(name)),
    }
}

fn of_global(global: &Global, name: &str, arguments: &Arguments) -> Outcome {
    match name {
        "recordTokenUsage" => json(&global.record_token_usage(&TokenUsage::from_json(arguments.value(0))?)?),
        "recordTokenUsages" => {
            json(&global.record_token_usages(&TokenUsage::list_from_json(arguments.value(0))?)?)
        }
        "recordAgentResponse" => {
            json(&global.record_agent_response(arguments.text(0)?, &agent_context(arguments)?)?)
        }
        "recordAgentFile" => json(&global.record_agent_file(arguments.text(0)?, &agent_context(arguments)?)?),
        "tokenUsage" => json(&global.token_usage(&TokenUsageQuery::from_json(&arguments.options(0))?)?),
        "tokenUsageSummary" => {
            let (query, group_by) = TokenUsageQuery::from_summary_json(&arguments.options(0))?;
            json(&global.token_usage_summary(&query, &group_by)?)
        }
        "query" => table::json(&global.query(arguments.text(0)?, &table::params(arguments)?)?),
        "backupTo" => json(&global.backup_to(arguments.text(0)?)?),
        _ => Err(unknown(name)),
    }
}

fn repository(workspace: &Workspace, name: &str, arguments: &Arguments) -> Outcome {
    let id = || arguments.text(0);
    match name {
        "projects.ensure" => json(&workspace.projects().ensure(&NewProject::from_json(arguments.value(0))?)?),
        "projects.get" => json(&workspace.projects().get(id()?)?),
        "projects.list" => json(&workspace.projects().list()?),
        "epics.create" => json(&workspace.epics().create(&NewEpic::from_json(arguments.value(0))?)?),
        "epics.get" => json(&workspace.epics().get(id()?)?),
        "epics.list" => json(&workspace.epics().list(arguments.optional_text(0))?),
        "stories.create" => json(&workspace.stories().create(&NewStory::from_json(arguments.value(0))?)?),
        "stories.get" => json(&workspace.stories().get(id()?)?),
        "stories.list" => json(&workspace.stories().list(arguments.optional_text(0))?),
        "tasks.create" => json(&workspace.tasks().create(&NewTask::from_json(arguments.value(0))?)?),
        "tasks.createMany" => {
            json(&workspace.tasks().create_many(&NewTask::list_from_json(arguments.value(0))?)?)
        }
        "tasks.get" => json(&workspace.tasks().get(id()?)?),
        "tasks.list" => json(&workspace.tasks().list(arguments.optional_text(0))?),
        "jobs.create" => json(&workspace.jobs().create(&NewJob::from_json(arguments.value(0))?)?),
        "jobs.get" => json(&workspace.jobs().get(id()?)?),
        "jobs.list" => json(&workspace.jobs().list()?),
        "jobs.finish" => {
            json(&workspace.jobs().finish(id()?, arguments.text(1)?, arguments.optional_text(2))?)
        }
        "commandRuns.create" => {
            json(&workspace.command_runs().create(&NewCommandRun::from_json(arguments.value(0))?)?)
        }
        "commandRuns.get" => json(&workspace.command_runs().get(id()?)?),
        "commandRuns.finish" => {
            let end = CommandRunEnd::from_json(arguments.value(1))?;
            json(&workspace.command_runs().finish(id()?, &end)?)
        }
        "taskRuns.create" => {
            json(&workspace.task_runs().create(&NewTaskRun::from_json(arguments.value(0))?)?)
        }
        "taskRuns.get" => json(&workspace.task_runs().get(id()?)?),
        "taskRuns.list" => json(&workspace.task_runs().list(id()?)?),
        "taskRuns.finish" => {
            let at = arguments.optional_text(2).map(|text| Timestamp::read_field("finishedAt", text));
            json(&workspace.task_runs().finish(id()?, arguments.text(1)?, at.transpose()?)?)
        }
        _ => Err(unknown(name)),
    }
}

fn agent_context(arguments: &Arguments) -> Result<AgentContext, Failure> {
    Ok(AgentContext::from_json(&arguments.options(1))?)
}

fn estimate_options(arguments: &Arguments) -> Result<EstimateOptions, Failure> {
    Ok(EstimateOptions::from_json(&arguments.options(0))?)
}

pub(crate) fn unknown(name: &str) -> Failure {
    let message = format!("a fault of @mcoda/native, please report it: there is no call {name:?}");
    Failure::new(ErrorKind::Internal, message)
}
