//! `mcodactl export`

use mcoda_core::{StatusEvent, StatusEventsQuery, TokenUsageRow, Workspace};
use serde::Serialize;

use crate::csv;
use crate::failure::Failure;
use crate::flags::{Format, GlobalArgs};
use crate::open;
use crate::out::Out;
use crate::usage_flags::UsageFlags;

/// The flags of `export`.
#[derive(Debug, clap::Args)]
pub struct Export {
    /// Export the status changes of tasks instead of agent calls
    #[arg(long, conflicts_with_all = ["project", "epic", "agent", "model", "provider", "command", "job", "time_zone", "page", "page_size"])]
    moves: bool,
    #[command(flatten)]
    usage: UsageFlags,
}

/// How many rows are fetched and written at once.
const CHUNK: usize = 500;

impl Export {
    /// Writes everything that matches.
    pub fn run(&self, global: &GlobalArgs, out: &mut Out) -> Result<(), Failure> {
        let format = global.format(&[Format::Jsonl, Format::Csv])?;
        let workspace = open::existing_workspace(global)?;
        if self.moves { self.moves(&workspace, format, out) } else { self.calls(&workspace, format, out) }
    }

    /// Reads the rows in chunks.
    fn calls(&self, workspace: &Workspace, format: Format, out: &mut Out) -> Result<(), Failure> {
        let mut cursor = workspace.token_usage_cursor(&self.usage.query(workspace)?)?;
        let columns = csv::columns::<TokenUsageRow>();
        begin(format, &columns, out)?;
        let mut is_empty = true;
        loop {
            let rows = cursor.next_chunk(CHUNK)?;
            if rows.is_empty() {
                return if is_empty { open::note_other_workspaces(workspace) } else { Ok(()) };
            }
            is_empty = false;
            write(format, &columns, &rows, out)?;
        }
    }

    fn moves(&self, workspace: &Workspace, format: Format, out: &mut Out) -> Result<(), Failure> {
        let query = self.usage.query(workspace)?;
        let query = StatusEventsQuery {
            task: query.task_id,
            since: query.since,
            until: query.until,
            ..Default::default()
        };
        let events = workspace.status_events(&query)?;
        let columns = csv::columns::<StatusEvent>();
        begin(format, &columns, out)?;
        write(format, &columns, &events, out)
    }
}

fn begin(format: Format, columns: &[&str], out: &mut Out) -> Result<(), Failure> {
    if format == Format::Csv { out.data(&csv::header(columns)) } else { Ok(()) }
}

fn write<T: Serialize>(format: Format, columns: &[&str], rows: &[T], out: &mut Out) -> Result<(), Failure> {
    out.data(&if format == Format::Csv { csv::rows(columns, rows)? } else { json_lines(rows)? })
}

fn json_lines<T: Serialize>(rows: &[T]) -> Result<String, Failure> {
    let mut text = String::new();
    for row in rows {
        text += &serde_json::to_string(row).map_err(Failure::failed)?;
        text.push('\n');
    }
    Ok(text)
}
