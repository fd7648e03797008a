//! `mcodactl record`

use std::io::Read;
use std::path::{Path, PathBuf};

use mcoda_core::report::printable;
use mcoda_core::{AgentContext, Recorded, TokenUsage, Workspace};
use serde_json::{Deserializer, Value};

use super::record_from;
use crate::failure::Failure;
use crate::flags::GlobalArgs;
use crate::open;
use crate::out::Output;
use crate::record_flags::RecordFlags;

/// The flags of `record`.
#[derive(Debug, clap::Args)]
pub struct Record {
    /// Read records from this file, or from standard input for "-": a JSON array, one object, or JSON lines;
    /// either all of them are recorded or none
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Read responses of providers and agents from this file, or from standard input for "-": response bodies,
    /// the events of a stream, or an agent's transcript, all in JSON; reading a file again adds no duplicates
    #[arg(long, value_name = "FILE", conflicts_with = "input")]
    from: Option<PathBuf>,
    /// With --from: compute the cost from a price table if the response does not report it
    #[arg(long, requires = "from")]
    compute_cost: bool,
    /// With --from: record cumulative counts of a session as the increase since its earlier records
    #[arg(long, requires = "from")]
    as_deltas: bool,
    #[command(flatten)]
    usage: RecordFlags,
}

impl Record {
    /// Records what the flags specify, or all records of the input in one transaction.
    pub fn run(&self, global: &GlobalArgs) -> Result<Output, Failure> {
        if let Some(file) = &self.from {
            return record_from::run(file, global, |workspace| self.context(workspace));
        }
        let json = global.wants_json()?;
        let (workspace, usages) = match (&self.input, self.usage.is_empty()) {
            // The input comes first: one that cannot be read must not leave an empty database.
            (Some(file), true) => {
                let usages = read(file)?;
                (open::workspace(global)?, usages)
            }
            (None, false) => {
                let workspace = open::workspace(global)?;
                let usage = self.usage.usage(&workspace)?;
                (workspace, vec![usage])
            }
            (Some(_), false) => {
                return Err(Failure::usage("give --input or the flags of one record, not both"));
            }
            (None, true) => {
                return Err(Failure::usage(
                    "nothing to record: give --input, --from, or flags such as --agent and --tokens-prompt",
                ));
            }
        };
        let recorded = workspace.record_token_usages(&usages)?;
        if json {
            return Output::json(&recorded);
        }
        if global.quiet {
            return Ok(Output::Text(String::new()));
        }
        // A database that is opened by its file has no JSON log.
        let has_log = global.db.is_none();
        let text = recorded
            .iter()
            .map(|one| format!("{} {}\n", printable(&one.id), outcome(one, has_log)))
            .collect();
        Ok(Output::Text(text))
    }
}

impl Record {
    /// The context that the flags specify for the responses in a file.
    fn context(&self, workspace: &Workspace) -> Result<AgentContext, Failure> {
        let context = self.usage.context(workspace)?;
        Ok(AgentContext { compute_cost: self.compute_cost, as_deltas: self.as_deltas, ..context })
    }
}

/// The records in a JSON file: top-level objects, and the elements of top-level arrays.
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
        Recorded { duplicate: true, .. } => "duplicate: was recorded already",
        Recorded { logged: false, .. } if has_log => {
            "recorded, not logged: the JSON log will be completed later"
        }
        _ => "recorded",
    }
}
