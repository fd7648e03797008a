//! `mcodactl workspaces` and `mcodactl relocate`

use mcoda_core::report::{printable, render_workspaces};
use mcoda_core::{Environment, workspaces};

use crate::failure::Failure;
use crate::flags::{Format, GlobalArgs};
use crate::open;
use crate::out::{self, Output};

/// Lists the workspaces of the user.
pub fn list(global: &GlobalArgs) -> Result<Output, Failure> {
    let format = global.format(&[Format::Table, Format::Json])?;
    let found = workspaces(&Environment::of_process())?;
    match format {
        Format::Json => Output::json(&found),
        _ if found.is_empty() => Ok(Output::Text("There is no workspace in the home folder.\n".to_owned())),
        _ => Ok(Output::Text(render_workspaces(&found, out::width()))),
    }
}

/// The arguments of `relocate`.
#[derive(Debug, clap::Args)]
pub struct Relocate {
    /// The id that the rows have
    old: String,
    /// The id that they get [default: that of the workspace, or of --workspace-id]
    new: Option<String>,
}

impl Relocate {
    /// Gives rows another workspace id.
    pub fn run(&self, global: &GlobalArgs) -> Result<Output, Failure> {
        let json = global.wants_json()?;
        let workspace = open::existing_workspace(global)?;
        let new = self.new.as_deref().unwrap_or(workspace.id());
        let done = workspace.relocate(&self.old, new)?;
        match (json, global.quiet) {
            (true, _) => Output::json(&done),
            (false, true) => Ok(Output::Text(String::new())),
            (false, false) => Ok(Output::Text(format!(
                "{} agent calls, {} jobs and {} command runs belong to {} now. Entries of token_usage.json keep the \
                 old id.\n",
                done.token_usage,
                done.jobs,
                done.command_runs,
                printable(new)
            ))),
        }
    }
}
