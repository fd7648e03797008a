//! `mcodactl doctor` and `mcodactl checkpoint`

use mcoda_core::report::{printable, render_check};
use mcoda_core::{CheckOptions, Workspace};
use serde_json::json;

use crate::failure::Failure;
use crate::flags::GlobalArgs;
use crate::open;
use crate::out::{Out, Output};

/// How thorough to be.
#[derive(Debug, clap::Args)]
pub struct Doctor {
    /// Also compare each index with its table, which takes several times as long
    #[arg(long)]
    full: bool,
    /// Stop after this many seconds; what was not examined by then is an error or a warning
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    time_limit: Option<u32>,
}

impl Doctor {
    /// Prints the findings. Fails if one of them is an error.
    pub fn run(&self, global: &GlobalArgs, out: &mut Out) -> Result<(), Failure> {
        let json = global.wants_json()?;
        open::refuse_conflicting_flags(global)?;
        let mut options = Workspace::options();
        if let Some(id) = &global.workspace_id {
            options = options.workspace_id(id);
        }
        let how = CheckOptions {
            full: Some(self.full),
            time_limit_ms: self.time_limit.map(|seconds| i64::from(seconds) * 1000),
        };
        let report = match (&global.db, &global.workspace) {
            (Some(file), _) => options.check_db(file, &how)?,
            (None, Some(root)) => options.check(root, &how)?,
            (None, None) => options.check(".", &how)?,
        };
        out.print(&if json { Output::json(&report)? } else { Output::Text(render_check(&report)) })?;
        if report.ok {
            return Ok(());
        }
        Err(Failure::failed(format_args!("{}: errors were found, see above", printable(&report.database))))
    }
}

/// Copies the write-ahead log into the database, and reports how much was copied.
pub fn checkpoint(global: &GlobalArgs) -> Result<Output, Failure> {
    let json = global.wants_json()?;
    let workspace = open::existing_workspace(global)?;
    let done = workspace.checkpoint()?;
    if json {
        return Output::json(&json!(done));
    }
    if global.quiet {
        return Ok(Output::Text(String::new()));
    }
    let rest = match (done.truncated, done.busy) {
        (true, _) => "the write-ahead log is empty",
        (false, true) => {
            "a reader pins the rest of the write-ahead log (mcodactl doctor reports which process)"
        }
        (false, false) => "the write-ahead log is not empty",
    };
    Ok(Output::Text(format!("{} of {} pages are in the database: {rest}\n", done.checkpointed, done.frames)))
}
