//! Flags that several commands share.

use std::path::PathBuf;

use clap::ValueEnum;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use mcoda_core::{EstimateOptions, Timestamp, VelocityMode};
use serde_json::{Map, Value};

use crate::failure::Failure;

/// The options of every command.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// The database file; not together with --workspace
    #[arg(long, global = true, value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// The root folder of the project whose workspace is meant [default: the current folder]
    #[arg(long, global = true, value_name = "DIR")]
    pub workspace: Option<PathBuf>,
    /// The workspace's id [default: that of workspace.json, else the folder]
    #[arg(long, global = true, value_name = "ID")]
    pub workspace_id: Option<String>,
    /// A JSON file with velocity and telemetry settings that hold over those of the workspace and the user
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The present moment [default: the clock's]
    #[arg(long, global = true, value_name = "TIMESTAMP")]
    pub now: Option<Timestamp>,
    /// How to print the answer [default: table; export: jsonl]
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// The same as --format json
    #[arg(long, global = true)]
    json: bool,
    /// Do not report what was done; answers to questions, --json and errors are printed all the same
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Do not use colours, as where NO_COLOR is set or where the answer does not go to a terminal
    #[arg(long, global = true)]
    pub no_color: bool,
}

/// How an answer is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Table,
    /// One JSON value
    Json,
    /// Comma-separated values under a line of names
    Csv,
    /// One JSON object a line
    Jsonl,
}

impl Global {
    /// The format that was asked for among those that the command has; the first one where none was.
    pub fn format(&self, allowed: &[Format]) -> Result<Format, Failure> {
        let asked = match (self.format, self.json) {
            (Some(format), true) if format != Format::Json => {
                return Err(Failure::usage("--json and --format exclude each other: give one of them"));
            }
            (None, true) => Some(Format::Json),
            (format, _) => format,
        };
        match asked {
            None => allowed.first().copied().ok_or_else(|| Failure::usage("there is no format")),
            Some(format) if allowed.contains(&format) => Ok(format),
            Some(format) => {
                let names: Vec<&str> = allowed.iter().map(|format| format.name()).collect();
                let given = format.name();
                let message =
                    format!("--format {given} is not possible here; possible: {}", names.join(", "));
                Err(Failure::usage(&message))
            }
        }
    }

    /// Whether a command that does something reports it as JSON.
    pub fn wants_json(&self) -> Result<bool, Failure> {
        Ok(self.format(&[Format::Table, Format::Json])? == Format::Json)
    }
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
        }
    }
}

/// What a velocity or an estimate is asked about.
#[derive(Debug, clap::Args)]
pub struct Question {
    /// Only tasks of the project with this key
    #[arg(long, value_name = "KEY")]
    project: Option<String>,
    /// Only tasks of the epic with this key
    #[arg(long, value_name = "KEY")]
    epic: Option<String>,
    /// Only tasks of the user story with this key
    #[arg(long, value_name = "KEY")]
    story: Option<String>,
    /// Only tasks of this person; case does not matter
    #[arg(long, value_name = "NAME")]
    assignee: Option<String>,
    /// Story points per hour of every lane, in place of the config's
    #[arg(long, value_name = "SP", allow_negative_numbers = true)]
    sp_per_hour: Option<f64>,
    /// Story points per hour of the implementation, in place of the config's
    #[arg(long, value_name = "SP", allow_negative_numbers = true)]
    sp_per_hour_implementation: Option<f64>,
    /// Story points per hour of the review, in place of the config's
    #[arg(long, value_name = "SP", allow_negative_numbers = true)]
    sp_per_hour_review: Option<f64>,
    /// Story points per hour of QA, in place of the config's
    #[arg(long, value_name = "SP", allow_negative_numbers = true)]
    sp_per_hour_qa: Option<f64>,
    /// Where the velocity comes from: settings, history, or a blend of both
    #[arg(long, value_name = "MODE", default_value = VelocityMode::Empirical.name(), value_parser = mode())]
    velocity_mode: VelocityMode,
    /// How many of the newest samples of a lane make its velocity
    #[arg(long, value_name = "N", default_value_t = 50, allow_negative_numbers = true)]
    velocity_window: i64,
}

impl Question {
    /// The same in the engine's words.
    pub fn options(&self) -> EstimateOptions {
        EstimateOptions {
            project_key: self.project.clone(),
            epic_key: self.epic.clone(),
            story_key: self.story.clone(),
            assignee: self.assignee.clone(),
            mode: Some(self.velocity_mode),
            window_tasks: Some(self.velocity_window),
            sp_per_hour_all: self.sp_per_hour,
            sp_per_hour_implementation: self.sp_per_hour_implementation,
            sp_per_hour_review: self.sp_per_hour_review,
            sp_per_hour_qa: self.sp_per_hour_qa,
            now: None,
        }
    }
}

/// A JSON object as a flag's value.
#[derive(Debug, Clone)]
pub struct JsonObject(pub Map<String, Value>);

/// Reads a flag's value as a JSON object.
pub fn json_object(text: &str) -> Result<JsonObject, serde_json::Error> {
    serde_json::from_str(text).map(JsonObject)
}

fn mode() -> impl TypedValueParser<Value = VelocityMode> {
    let modes = [VelocityMode::Config, VelocityMode::Empirical, VelocityMode::Mixed];
    PossibleValuesParser::new(modes.map(VelocityMode::name)).try_map(|name| VelocityMode::from_name(&name))
}
