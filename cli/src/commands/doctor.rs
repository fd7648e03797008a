//! `mcodactl doctor` and `mcodactl checkpoint`

use mcoda_core::report::{printable, render_check};
use mcoda_core::{CheckOptions, Workspace};
use serde_json::json;

use crate::failure::Failure;
use crate::flags::Global;
use crate::open;
use crate::out::{Answer, Out};

/// How thorough to be.
#[derive(Debug, clap::Args)]
pub struct Doctor {
    /// Compare each index with its table, too, which takes several times as long
    #[arg(long)]
    full: bool,
    /// Give up after this many seconds; what was not examined by then is an error or a warning
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    time_limit: Option<u32>,
}

impl Doctor {
    /// Prints what was found. Errors among it are the exit code's business.
    pub fn run(&self, global: &Global, out: &mut Out) -> Result<(), Failure> {
        let json = global.wants_json()?;
        open::one_place(global)?;
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
        out.answer(&if json { Answer::json(&report)? } else { Answer::Text(render_check(&report)) })?;
        if report.ok {
            return Ok(());
        }
        Err(Failure::failed(format_args!("{}: errors were found, see above", printable(&report.database))))
    }
}

/// Copies the write-ahead log into the database, and says how far that went.
pub fn checkpoint(global: &Global) -> Result<Answer, Failure> {
    let json = global.wants_json()?;
    let workspace = open::existing_workspace(global)?;
    let done = workspace.checkpoint()?;
    if json {
        return Answer::json(&json!(done));
    }
    if global.quiet {
        return Ok(Answer::Text(String::new()));
    }
    let rest = match (done.truncated, done.busy) {
        (true, _) => "the write-ahead log is empty",
        (false, true) => {
            "somebody who reads keeps the rest in the write-ahead log (mcodactl doctor says who)"
        }
        (false, false) => "the write-ahead log is not empty",
    };
    Ok(Answer::Text(format!("{} of {} pages are in the database: {rest}\n", done.checkpointed, done.frames)))
}
