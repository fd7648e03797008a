//! `mcodactl telemetry`

use mcoda_core::report::render_telemetry_config;

use crate::failure::Failure;
use crate::flags::{Format, GlobalArgs};
use crate::open;
use crate::out::{self, Output};

/// What to do about telemetry.
#[derive(Debug, clap::Subcommand)]
pub enum Telemetry {
    /// Show whether usage is recorded, and whether it may be exported
    Show,
    /// Disable remote export; local recording continues
    OptOut {
        /// Also stop recording in this workspace
        #[arg(long)]
        strict: bool,
    },
    /// Undo an opt-out, also a strict one
    OptIn,
}

impl Telemetry {
    /// Changes the settings of the workspace, or only shows them.
    pub fn run(&self, global: &GlobalArgs) -> Result<Output, Failure> {
        let format = global.format(&[Format::Table, Format::Json])?;
        let workspace = open::existing_workspace(global)?;
        let config = match self {
            Self::Show => workspace.telemetry_config(),
            Self::OptOut { strict } => workspace.opt_out(*strict),
            Self::OptIn => workspace.opt_in(),
        }?;
        match format {
            Format::Json => Output::json(&config),
            _ if global.quiet && !matches!(self, Self::Show) => Ok(Output::Text(String::new())),
            _ => Ok(Output::Text(render_telemetry_config(&config, out::width()))),
        }
    }
}
