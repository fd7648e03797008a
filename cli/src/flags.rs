//! Flags that several commands share.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use mcoda_core::{EstimateOptions, Timestamp, VelocityMode};
use serde_json::{Map, Value};

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
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// Do not report what was done; answers to questions, --json and errors are printed all the same
    #[arg(long, short, global = true)]
    pub quiet: bool,
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
