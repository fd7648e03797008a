//! `mcodactl record`

use std::io::Read;
use std::path::{Path, PathBuf};

use mcoda_core::report::printable;
use mcoda_core::{AgentContext, Recorded, Timestamp, TokenUsage, Workspace};
use serde_json::{Deserializer, Value};

use super::record_from;
use crate::failure::Failure;
use crate::flags::{Global, JsonObject, json_object};
use crate::open;
use crate::out::Answer;

/// The flags of `record`.
#[derive(Debug, clap::Args)]
pub struct Record {
    /// Read records from this file, or from standard input for "-": a JSON array, one object, or one object
    /// a line; all of them are kept or none
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Read what providers and agents returned from this file, or from standard input for "-": response bodies,
    /// the events of a stream, or an agent's transcript, JSON each; reading it again adds nothing twice
    #[arg(long, value_name = "FILE", conflicts_with = "input")]
    from: Option<PathBuf>,
    /// With --from: compute the cost from a table of prices where the answer does not tell it
    #[arg(long, requires = "from")]
    compute_cost: bool,
    /// With --from: record of a session that counts up what came on top of what was recorded before
    #[arg(long, requires = "from")]
    as_deltas: bool,
    #[command(flatten)]
    usage: Option<Usage>,
}

const ONE_RECORD_ALONE: &str =
    "--from reads ids, tokens, costs and times from the answers: leave their flags out";

/// One record.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "One record")]
struct Usage {
    /// Its id: recording the same again adds nothing [default: a new one]
    #[arg(long)]
    id: Option<String>,
    /// The agent that called
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    /// The model that answered
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// The id of the job
    #[arg(long, value_name = "ID")]
    job: Option<String>,
    /// The id of the command run
    #[arg(long, value_name = "ID")]
    command_run: Option<String>,
    /// The id of the task run
    #[arg(long, value_name = "ID")]
    task_run: Option<String>,
    /// The id or key of the task
    #[arg(long, value_name = "TASK")]
    task: Option<String>,
    /// The id of the project
    #[arg(long, value_name = "ID")]
    project: Option<String>,
    /// The id of the epic
    #[arg(long, value_name = "ID")]
    epic: Option<String>,
    /// The id of the user story
    #[arg(long, value_name = "ID")]
    story: Option<String>,
    /// The command, for example work-on-tasks
    #[arg(long, value_name = "NAME")]
    command: Option<String>,
    /// The step of the command, for example plan
    #[arg(long, value_name = "NAME")]
    action: Option<String>,
    /// How the agent was called, for example chat
    #[arg(long, value_name = "NAME")]
    invocation_kind: Option<String>,
    /// Who provides the model
    #[arg(long, value_name = "NAME")]
    provider: Option<String>,
    /// The currency of the cost, for example USD
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// All input tokens, cached ones included
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    tokens_prompt: Option<i64>,
    /// All output tokens, reasoning included
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    tokens_completion: Option<i64>,
    /// The provider's own total [default: prompt + completion]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    tokens_total: Option<i64>,
    /// Input tokens that came from a cache
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    tokens_cached: Option<i64>,
    /// Input tokens that were read from a cache
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    tokens_cache_read: Option<i64>,
    /// Input tokens that were written to a cache
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    tokens_cache_write: Option<i64>,
    /// What the call cost
    #[arg(long, value_name = "AMOUNT", allow_negative_numbers = true)]
    cost: Option<f64>,
    /// How long the call took, in milliseconds
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    duration_ms: Option<f64>,
    /// How long the call took, in seconds
    #[arg(long, value_name = "S", allow_negative_numbers = true)]
    duration_seconds: Option<f64>,
    /// When the call began
    #[arg(long, value_name = "TIMESTAMP")]
    started_at: Option<Timestamp>,
    /// When the call ended
    #[arg(long, value_name = "TIMESTAMP")]
    finished_at: Option<Timestamp>,
    /// When the call counts [default: now]
    #[arg(long, value_name = "TIMESTAMP")]
    timestamp: Option<Timestamp>,
    /// Anything else
    #[arg(long, value_name = "JSON", value_parser = json_object)]
    metadata: Option<JsonObject>,
}

impl Record {
    /// Records what the flags tell, or all that the input holds in one transaction.
    pub fn run(&self, global: &Global) -> Result<Answer, Failure> {
        if let Some(file) = &self.from {
            return record_from::run(file, global, |workspace| self.context(workspace));
        }
        let json = global.wants_json()?;
        let (workspace, usages) = match (&self.input, &self.usage) {
            // The input comes first: one that cannot be read must not leave an empty database.
            (Some(file), None) => {
                let usages = read(file)?;
                (open::workspace(global)?, usages)
            }
            (None, Some(usage)) => {
                let workspace = open::workspace(global)?;
                let usage = usage.in_words_of_the_engine(&workspace)?;
                (workspace, vec![usage])
            }
            (Some(_), Some(_)) => {
                return Err(Failure::usage("give --input or the flags of one record, not both"));
            }
            (None, None) => {
                return Err(Failure::usage(
                    "nothing to record: give --input, --from, or flags such as --agent and --tokens-prompt",
                ));
            }
        };
        let recorded = workspace.record_token_usages(&usages)?;
        if json {
            return Answer::json(&recorded);
        }
        if global.quiet {
            return Ok(Answer::Text(String::new()));
        }
        // A database that is opened by its file has no JSON log that could be behind.
        let has_log = global.db.is_none();
        let text = recorded
            .iter()
            .map(|one| format!("{} {}\n", printable(&one.id), outcome(one, has_log)))
            .collect();
        Ok(Answer::Text(text))
    }
}

impl Record {
    /// What the flags tell about the answers in a file.
    fn context(&self, workspace: &Workspace) -> Result<AgentContext, Failure> {
        let told = match &self.usage {
            Some(usage) if usage.tells_numbers() => return Err(Failure::usage(ONE_RECORD_ALONE)),
            Some(usage) => usage.in_words_of_the_engine(workspace)?,
            None => TokenUsage::default(),
        };
        Ok(AgentContext {
            provider: told.provider,
            agent_id: told.agent_id,
            model_name: told.model_name,
            job_id: told.job_id,
            command_run_id: told.command_run_id,
            task_run_id: told.task_run_id,
            task_id: told.task_id,
            project_id: told.project_id,
            epic_id: told.epic_id,
            user_story_id: told.user_story_id,
            command_name: told.command_name,
            action: told.action,
            invocation_kind: told.invocation_kind,
            metadata: told.metadata,
            compute_cost: self.compute_cost,
            as_deltas: self.as_deltas,
            ..AgentContext::default()
        })
    }
}

impl Usage {
    /// Whether it tells what an answer tells itself.
    fn tells_numbers(&self) -> bool {
        let tokens = [
            self.tokens_prompt,
            self.tokens_completion,
            self.tokens_total,
            self.tokens_cached,
            self.tokens_cache_read,
            self.tokens_cache_write,
        ];
        let measures = [self.cost, self.duration_ms, self.duration_seconds];
        let times = [self.started_at, self.finished_at, self.timestamp];
        self.id.is_some()
            || self.currency.is_some()
            || tokens.iter().any(Option::is_some)
            || measures.iter().any(Option::is_some)
            || times.iter().any(Option::is_some)
    }

    fn in_words_of_the_engine(&self, workspace: &Workspace) -> Result<TokenUsage, Failure> {
        Ok(TokenUsage {
            id: self.id.clone(),
            workspace_id: None,
            agent_id: self.agent.clone(),
            model_name: self.model.clone(),
            job_id: self.job.clone(),
            command_run_id: self.command_run.clone(),
            task_run_id: self.task_run.clone(),
            task_id: self.task.as_deref().map(|task| task_id(workspace, task)).transpose()?,
            project_id: self.project.clone(),
            epic_id: self.epic.clone(),
            user_story_id: self.story.clone(),
            command_name: self.command.clone(),
            action: self.action.clone(),
            invocation_kind: self.invocation_kind.clone(),
            provider: self.provider.clone(),
            currency: self.currency.clone(),
            tokens_prompt: self.tokens_prompt,
            tokens_completion: self.tokens_completion,
            tokens_total: self.tokens_total,
            tokens_cached: self.tokens_cached,
            tokens_cache_read: self.tokens_cache_read,
            tokens_cache_write: self.tokens_cache_write,
            cost_estimate: self.cost,
            duration_seconds: self.duration_seconds,
            duration_ms: self.duration_ms,
            started_at: self.started_at,
            finished_at: self.finished_at,
            timestamp: self.timestamp,
            metadata: self.metadata.clone().map(|object| object.0),
        })
    }
}

/// The id of the task with this id or key; an unknown one is left for the engine to refuse.
fn task_id(workspace: &Workspace, task: &str) -> Result<String, Failure> {
    Ok(workspace.tasks().get(task)?.map_or_else(|| task.to_owned(), |found| found.id))
}

/// The records in a file of JSON: the elements of arrays, and the objects beside them.
fn read(file: &Path) -> Result<Vec<TokenUsage>, Failure> {
    let refused =
        |why: &dyn std::fmt::Display| Failure::failed(format_args!("--input {}: {why}", file.display()));
    let text = text_of(file).map_err(|error| refused(&error))?;
    let mut records = Vec::new();
    for value in Deserializer::from_str(text.trim_start_matches('\u{feff}')).into_iter() {
        match value.map_err(|error| refused(&format_args!("the JSON cannot be read: {error}")))? {
            Value::Array(values) => records.extend(values),
            value => records.push(value),
        }
    }
    let usage = |(number, record)| {
        let refused = |error| refused(&format_args!("record {number} of {}: {error}", records.len()));
        TokenUsage::from_json(record).map_err(refused)
    };
    (1..).zip(&records).map(usage).collect()
}

fn text_of(file: &Path) -> std::io::Result<String> {
    if file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().lock().read_to_string(&mut text)?;
        return Ok(text);
    }
    std::fs::read_to_string(file)
}

fn outcome(one: &Recorded, has_log: bool) -> &'static str {
    match one {
        Recorded { recorded: false, .. } => "not recorded: the telemetry settings are strict",
        Recorded { duplicate: true, .. } => "duplicate: was there already",
        Recorded { logged: false, .. } if has_log => "recorded, not logged: the JSON log follows later",
        _ => "recorded",
    }
}
