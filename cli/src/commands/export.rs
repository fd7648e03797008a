//! `mcodactl export`

use mcoda_core::TokenUsageRow;

use crate::csv;
use crate::failure::Failure;
use crate::flags::{Format, Global};
use crate::open;
use crate::out::Out;
use crate::usage_flags::UsageFlags;

/// The flags of `export`.
#[derive(Debug, clap::Args)]
pub struct Export {
    #[command(flatten)]
    usage: UsageFlags,
}

/// The fields of a row of token usage.
pub const USAGE_COLUMNS: [&str; 30] = [
    "id",
    "workspace_id",
    "agent_id",
    "model_name",
    "job_id",
    "command_run_id",
    "task_run_id",
    "task_id",
    "project_id",
    "epic_id",
    "user_story_id",
    "command_name",
    "action",
    "invocation_kind",
    "provider",
    "currency",
    "tokens_prompt",
    "tokens_completion",
    "tokens_total",
    "tokens_cached",
    "tokens_cache_read",
    "tokens_cache_write",
    "cost_estimate",
    "duration_seconds",
    "duration_ms",
    "started_at",
    "finished_at",
    "timestamp",
    "error_kind",
    "metadata",
];

/// How many rows are fetched and written at once.
const CHUNK: usize = 500;

impl Export {
    /// Writes every row that matches, in memory that does not grow with them.
    pub fn run(&self, global: &Global, out: &mut Out) -> Result<(), Failure> {
        let format = global.format(&[Format::Jsonl, Format::Csv])?;
        let workspace = open::existing_workspace(global)?;
        let mut cursor = workspace.token_usage_cursor(&self.usage.query())?;
        if format == Format::Csv {
            out.data(&csv::header(&USAGE_COLUMNS))?;
        }
        loop {
            let rows = cursor.next_chunk(CHUNK)?;
            if rows.is_empty() {
                return Ok(());
            }
            out.data(&if format == Format::Csv {
                csv::rows(&USAGE_COLUMNS, &rows)?
            } else {
                json_lines(&rows)?
            })?;
        }
    }
}

fn json_lines(rows: &[TokenUsageRow]) -> Result<String, Failure> {
    let mut text = String::new();
    for row in rows {
        text += &serde_json::to_string(row).map_err(Failure::failed)?;
        text.push('\n');
    }
    Ok(text)
}
