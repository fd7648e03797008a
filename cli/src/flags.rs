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
pub struct GlobalArgs {
    /// The database file; not together with --workspace
    #[arg(long, global = true, value_name = "FILE")]
    pub db: Option<PathBuf>,
    /// The root folder of the project [default: the current folder]
    #[arg(long, global = true, value_name = "DIR")]
    pub workspace: Option<PathBuf>,
    /// The workspace's id [default: that of workspace.json, else the folder, else the only one in the database]
    #[arg(long, global = true, value_name = "ID")]
    pub workspace_id: Option<String>,
    /// A JSON file with velocity and telemetry settings, which override those of the workspace and the user
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The current time [default: the clock's]
    #[arg(long, global = true, value_name = "TIMESTAMP")]
    pub now: Option<Timestamp>,
    /// The output format [default: table; export: jsonl]
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    format: Option<Format>,
    /// The same as --format json
    #[arg(long, global = true)]
    json: bool,
    /// Do not report what was done; query results, --json and errors are still printed
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Do not use colours (also off if NO_COLOR is set, or if the output is not a terminal)
    #[arg(long, global = true)]
    pub no_color: bool,
}

/// Output formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A text table
    Table,
    /// One JSON value
    Json,
    /// Comma-separated values with a header line
    Csv,
    /// JSON lines
    Jsonl,
}

impl GlobalArgs {
    /// The requested format, if the command supports it; by default the first one.
    pub fn format(&self, allowed: &[Format]) -> Result<Format, Failure> {
        let query = match (self.format, self.json) {
            (Some(format), true) if format != Format::Json => {
                return Err(Failure::usage("--json and --format exclude each other: give one of them"));
            }
            (None, true) => Some(Format::Json),
            (format, _) => format,
        };
        match query {
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

    /// Whether a command that changes something reports it as JSON.
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

/// The scope and settings of a velocity or an estimate.
#[derive(Debug, clap::Args)]
pub struct EstimateArgs {
    /// Only tasks of the project with this key
    #[arg(long, value_name = "KEY")]
    project: Option<String>,
    /// Only tasks of the epic with this key
    #[arg(long, value_name = "KEY")]
    epic: Option<String>,
    /// Only tasks of the user story with this key
    #[arg(long, value_name = "KEY")]
    story: Option<String>,
    /// Only tasks of this person; case is ignored
    #[arg(long, value_name = "NAME")]
    assignee: Option<String>,
    /// Story points per hour of every lane; overrides the settings
    #[arg(long, value_name = "SP", allow_negative_numbers = true)]
    sp_per_hour: Option<f64>,
    /// Story points per hour of the implementation; overrides the settings
    #[arg(long, value_name = "SP", allow_negative_numbers = true)]
    sp_per_hour_implementation: Option<f64>,
    /// Story points per hour of the review; overrides the settings
    #[arg(long, value_name = "SP", allow_negative_numbers = true)]
    sp_per_hour_review: Option<f64>,
    /// Story points per hour of QA; overrides the settings
    #[arg(long, value_name = "SP", allow_negative_numbers = true)]
    sp_per_hour_qa: Option<f64>,
    /// The source of the velocity: settings, history, or a mix of both
    #[arg(long, value_name = "MODE", default_value = VelocityMode::Empirical.name(), value_parser = mode())]
    velocity_mode: VelocityMode,
    /// The number of newest samples of a lane from which its velocity is computed
    #[arg(long, value_name = "N", default_value_t = 50, allow_negative_numbers = true)]
    velocity_window: i64,
}

/// How a forecast is made.
#[derive(Debug, clap::Args)]
pub struct ForecastArgs {
    /// Also show how probable it is that everything is completed by this time
    #[arg(long, value_name = "TIMESTAMP")]
    by: Option<Timestamp>,
    /// The number of trials
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    trials: Option<i64>,
    /// The seed of the trials
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    seed: Option<i64>,
    /// When work happens, as JSON: timeZone, hours ("09:00-17:00"), days (["mon"]), daysOff (["2026-12-25"])
    #[arg(long, value_name = "JSON", value_parser = json_object)]
    calendar: Option<JsonObject>,
}

impl ForecastArgs {
    /// Adds the forecast's options to those of the scope.
    pub fn add_to(&self, options: EstimateOptions) -> EstimateOptions {
        EstimateOptions {
            by: self.by,
            trials: self.trials,
            seed: self.seed,
            calendar: self.calendar.clone().map(|calendar| calendar.0),
            ..options
        }
    }
}

impl EstimateArgs {
    /// Converts the flags to the engine's options.
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
            ..EstimateOptions::default()
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
