//! `mcodactl record --from`: responses of providers and agents.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use mcoda_core::{AgentContext, ImportSummary, Workspace};

use crate::failure::Failure;
use crate::flags::GlobalArgs;
use crate::open;
use crate::out::Output;

/// Shorter files are read before a progress bar would be noticed.
const LONG_FILE: u64 = 16 << 20;
const BUFFER: usize = 256 * 1024;

/// Records the usage in the file, and reports what was read and what was skipped, with the reasons.
pub fn run(
    file: &Path,
    global: &GlobalArgs,
    context: impl FnOnce(&Workspace) -> Result<AgentContext, Failure>,
) -> Result<Output, Failure> {
    let json = global.wants_json()?;
    // The input comes first: one that cannot be read must not leave an empty database.
    let (input, length) =
        input(file).map_err(|error| Failure::failed(format_args!("--from {}: {error}", file.display())))?;
    let workspace = open::workspace(global)?;
    let context = context(&workspace)?;
    let bar = bar(length, global.quiet);
    let progress = |bytes| bar.set_position(bytes);
    let summary = if file.as_os_str() == "-" {
        workspace.record_agent_stream(input, &context, progress)
    } else {
        // The engine uses the file's own time for lines without one.
        workspace.record_agent_file_with_progress(file, &context, progress)
    };
    bar.finish_and_clear();
    let summary = summary?;
    if is_all_skipped(&summary) {
        let skipped = reasons(&summary).join(", ");
        return Err(Failure::failed(format_args!(
            "--from {}: no usage was found: skipped {skipped}",
            file.display()
        )));
    }
    match (json, global.quiet) {
        (true, _) => Output::json(&summary),
        (false, true) => Ok(Output::Text(String::new())),
        // A database that is opened by its file has no JSON log that may need an update.
        (false, false) => Ok(Output::Text(in_words(&summary, global.db.is_none()))),
    }
}

fn input(file: &Path) -> std::io::Result<(Box<dyn BufRead>, u64)> {
    if file.as_os_str() == "-" {
        return Ok((Box::new(BufReader::with_capacity(BUFFER, std::io::stdin())), 0));
    }
    let file = File::open(file)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(std::io::Error::from(std::io::ErrorKind::IsADirectory));
    }
    Ok((Box::new(BufReader::with_capacity(BUFFER, file)), metadata.len()))
}

/// A progress bar for long files. indicatif draws it on terminals only.
fn bar(length: u64, is_quiet: bool) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {bytes} of {total_bytes}, {eta} left");
    match style {
        Ok(style) if length >= LONG_FILE && !is_quiet => ProgressBar::new(length).with_style(style),
        _ => ProgressBar::hidden(),
    }
}

/// Whether there was input, but none of it is usage.
fn is_all_skipped(summary: &ImportSummary) -> bool {
    let records = summary.recorded + summary.updated + summary.duplicates + summary.refused;
    records == 0 && !reasons(summary).is_empty()
}

/// What was skipped, and why.
fn reasons(summary: &ImportSummary) -> Vec<String> {
    let skipped = &summary.skipped;
    let why = [
        (skipped.without_usage, "without usage"),
        (skipped.damaged, "damaged"),
        (skipped.not_json, "no JSON"),
        (skipped.too_long, "longer than 64 MiB"),
    ];
    why.iter().filter(|(count, _)| *count > 0).map(|(count, why)| format!("{count} {why}")).collect()
}

fn in_words(summary: &ImportSummary, has_log: bool) -> String {
    let reasons = reasons(summary);
    let reasons = if reasons.is_empty() { "nothing".to_owned() } else { reasons.join(", ") };
    let mut text = format!(
        "Read:     {} lines, {} objects, {} bytes\nRecorded: {} new, {} updated, {} duplicates\nSkipped:  {reasons}\n",
        summary.lines, summary.objects, summary.bytes, summary.recorded, summary.updated, summary.duplicates,
    );
    if !summary.unread.is_empty() {
        text += &format!("Not read: {}\n", summary.unread.join(", "));
    }
    if summary.refused > 0 {
        text += &format!("Refused:  {}: the telemetry settings are strict\n", summary.refused);
    } else if has_log && !summary.logged {
        text += "The JSON log will be completed later\n";
    }
    text
}
