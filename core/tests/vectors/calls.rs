//! The calls of the vectors by their names, over the Rust interface.

use std::path::Path;

use mcoda_core::{
    AgentContext, CommandRunEnd, EstimateOptions, Global, NewCommandRun, NewEpic, NewJob, NewProject,
    NewStory, NewTask, NewTaskRun, Options, Result, SqlParams, StatusEventsQuery, Timestamp, TokenUsage,
    TokenUsageQuery, TransitionContext, Workspace, extract_usage, extract_usages,
};
use serde::Serialize;
use serde_json::{Value, json};

const STATE: &str = include_str!("../../../tests/vectors/state.sql");
const STATE_GLOBAL: &str = include_str!("../../../tests/vectors/state_global.sql");

/// The handle that a case works on.
pub enum Handle {
    Workspace(Workspace),
    Global(Global),
}

impl Handle {
    pub fn open(kind: &Value, database: &Path, options: &Value) -> Self {
        let options = if options.is_null() { &json!({}) } else { options };
        let options = Options::from_json(options).unwrap();
        match kind.as_str() {
            None | Some("workspace") => Self::Workspace(options.open_db(database).unwrap()),
            Some("global") => Self::Global(options.open_global_db(database).unwrap()),
            Some(other) => panic!("there is no handle {other}"),
        }
    }

    /// Everything that a call could change; nothing where the handle is closed.
    pub fn state(&self) -> Option<Value> {
        let sql = match self {
            Self::Workspace(_) => STATE,
            Self::Global(_) => STATE_GLOBAL,
        };
        self.call("query", &[sql.into()]).ok()
    }

    pub fn call(&self, name: &str, arguments: &[Value]) -> Result<Value> {
        let arguments = Arguments(arguments);
        if let Some(answer) = without_handle(name, arguments) {
            return answer;
        }
        match self {
            Self::Workspace(workspace) => on_workspace(workspace, name, arguments),
            Self::Global(global) => on_global(global, name, arguments),
        }
    }
}

/// The arguments of a call; what is left out is an empty object or no text.
#[derive(Clone, Copy)]
struct Arguments<'a>(&'a [Value]);

impl<'a> Arguments<'a> {
    fn object(self, index: usize) -> Value {
        self.0.get(index).cloned().unwrap_or_else(|| json!({}))
    }

    fn text(self, index: usize) -> &'a str {
        self.0[index].as_str().unwrap()
    }

    fn optional_text(self, index: usize) -> Option<&'a str> {
        self.0.get(index).and_then(Value::as_str)
    }

    fn optional_bool(self, index: usize) -> bool {
        self.0.get(index).and_then(Value::as_bool).unwrap_or_default()
    }

    /// What a provider returned: text as it is, or JSON.
    fn body(self) -> String {
        self.0[0].as_str().map_or_else(|| self.0[0].to_string(), str::to_owned)
    }

    fn each<T>(self, read: impl Fn(&Value) -> Result<T>) -> Result<Vec<T>> {
        self.0[0].as_array().unwrap().iter().map(read).collect()
    }

    fn params(self) -> Result<SqlParams> {
        SqlParams::from_json(self.0.get(1).unwrap_or(&Value::Null))
    }
}

fn answer<T: Serialize>(result: Result<T>) -> Result<Value> {
    result.map(|answer| serde_json::to_value(answer).unwrap())
}

/// The calls that work on no database.
fn without_handle(name: &str, arguments: Arguments<'_>) -> Option<Result<Value>> {
    let (body, provider) = (|| arguments.body(), arguments.optional_text(1));
    match name {
        "extract_usage" => Some(answer(Ok(extract_usage(&body(), provider)))),
        "extract_usages" => Some(answer(Ok(extract_usages(&body(), provider)))),
        _ => None,
    }
}

fn on_global(global: &Global, name: &str, arguments: Arguments<'_>) -> Result<Value> {
    match name {
        "record_token_usage" => {
            answer(global.record_token_usage(&TokenUsage::from_json(&arguments.object(0))?))
        }
        "record_token_usages" => answer(global.record_token_usages(&arguments.each(TokenUsage::from_json)?)),
        "record_agent_response" => {
            let context = AgentContext::from_json(&arguments.object(1))?;
            answer(global.record_agent_response(&arguments.body(), &context))
        }
        "token_usage" => answer(global.token_usage(&TokenUsageQuery::from_json(&arguments.object(0))?)),
        "token_usage_summary" => {
            let (query, group_by) = TokenUsageQuery::from_summary_json(&arguments.object(0))?;
            answer(global.token_usage_summary(&query, &group_by))
        }
        "query" => answer(global.query(arguments.text(0), &arguments.params()?)),
        "backup_to" => answer(global.backup_to(arguments.text(0))),
        "close" => answer(global.close()),
        other => panic!("there is no call {other}"),
    }
}

fn on_workspace(workspace: &Workspace, name: &str, arguments: Arguments<'_>) -> Result<Value> {
    match name {
        "record_token_usage" => {
            answer(workspace.record_token_usage(&TokenUsage::from_json(&arguments.object(0))?))
        }
        "record_token_usages" => {
            answer(workspace.record_token_usages(&arguments.each(TokenUsage::from_json)?))
        }
        "record_agent_response" => {
            let context = AgentContext::from_json(&arguments.object(1))?;
            answer(workspace.record_agent_response(&arguments.body(), &context))
        }
        "record_status_transition" => {
            let context = TransitionContext::from_json(&arguments.object(2))?;
            answer(workspace.record_status_transition(arguments.text(0), arguments.text(1), &context))
        }
        "status_events" => {
            answer(workspace.status_events(&StatusEventsQuery::from_json(&arguments.object(0))?))
        }
        "backfill_status_events" => {
            answer(workspace.backfill_status_events(&EstimateOptions::from_json(&arguments.object(0))?))
        }
        "token_usage" => answer(workspace.token_usage(&TokenUsageQuery::from_json(&arguments.object(0))?)),
        "token_usage_summary" => {
            let (query, group_by) = TokenUsageQuery::from_summary_json(&arguments.object(0))?;
            answer(workspace.token_usage_summary(&query, &group_by))
        }
        "velocity" => answer(workspace.velocity(&EstimateOptions::from_json(&arguments.object(0))?)),
        "estimate" => answer(workspace.estimate(&EstimateOptions::from_json(&arguments.object(0))?)),
        "inspect_job" => answer(workspace.inspect_job(arguments.text(0))),
        "telemetry_config" => answer(workspace.telemetry_config()),
        "opt_out" => answer(workspace.opt_out(arguments.optional_bool(0))),
        "opt_in" => answer(workspace.opt_in()),
        "query" => answer(workspace.query(arguments.text(0), &arguments.params()?)),
        "backup_to" => answer(workspace.backup_to(arguments.text(0))),
        "close" => answer(workspace.close()),
        _ => on_repositories(workspace, name, arguments),
    }
}

fn on_repositories(workspace: &Workspace, name: &str, arguments: Arguments<'_>) -> Result<Value> {
    match name {
        "projects.ensure" => {
            answer(workspace.projects().ensure(&NewProject::from_json(&arguments.object(0))?))
        }
        "projects.get" => answer(workspace.projects().get(arguments.text(0))),
        "projects.list" => answer(workspace.projects().list()),
        "epics.create" => answer(workspace.epics().create(&NewEpic::from_json(&arguments.object(0))?)),
        "epics.get" => answer(workspace.epics().get(arguments.text(0))),
        "epics.list" => answer(workspace.epics().list(arguments.optional_text(0))),
        "stories.create" => answer(workspace.stories().create(&NewStory::from_json(&arguments.object(0))?)),
        "stories.get" => answer(workspace.stories().get(arguments.text(0))),
        "stories.list" => answer(workspace.stories().list(arguments.optional_text(0))),
        "tasks.create" => answer(workspace.tasks().create(&NewTask::from_json(&arguments.object(0))?)),
        "tasks.create_many" => answer(workspace.tasks().create_many(&arguments.each(NewTask::from_json)?)),
        "tasks.get" => answer(workspace.tasks().get(arguments.text(0))),
        "tasks.list" => answer(workspace.tasks().list(arguments.optional_text(0))),
        "jobs.create" => answer(workspace.jobs().create(&NewJob::from_json(&arguments.object(0))?)),
        "jobs.get" => answer(workspace.jobs().get(arguments.text(0))),
        "jobs.list" => answer(workspace.jobs().list()),
        "jobs.finish" => {
            answer(workspace.jobs().finish(arguments.text(0), arguments.text(1), arguments.optional_text(2)))
        }
        "command_runs.create" => {
            answer(workspace.command_runs().create(&NewCommandRun::from_json(&arguments.object(0))?))
        }
        "command_runs.get" => answer(workspace.command_runs().get(arguments.text(0))),
        "command_runs.finish" => {
            let end = CommandRunEnd::from_json(&arguments.object(1))?;
            answer(workspace.command_runs().finish(arguments.text(0), &end))
        }
        "task_runs.create" => {
            answer(workspace.task_runs().create(&NewTaskRun::from_json(&arguments.object(0))?))
        }
        "task_runs.get" => answer(workspace.task_runs().get(arguments.text(0))),
        "task_runs.list" => answer(workspace.task_runs().list(arguments.text(0))),
        "task_runs.finish" => {
            let at = arguments.optional_text(2);
            let at = at.map(|text| Timestamp::read_field("finishedAt", text)).transpose()?;
            answer(workspace.task_runs().finish(arguments.text(0), arguments.text(1), at))
        }
        other => panic!("there is no call {other}"),
    }
}
