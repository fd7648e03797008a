//! Whether the JSON log has the same records as the database.

use std::path::Path;

use rusqlite::Connection;

use super::finding::{EXAMPLES, Finding, Severity};
use super::subject::Subject;
use crate::error::{Error, ErrorKind, Result};
use crate::repository::health::{self, RowSet};
use crate::repository::log_queue;
use crate::telemetry::{LogState, read_log_unlocked};

/// How often the log is read again if another program writes to it meanwhile.
const ATTEMPTS: usize = 3;

/// The maximum number of entries missing in the database for which it is checked whether they were recorded meanwhile.
const MOST_UNKNOWN: usize = 10_000;

/// The result of the comparison.
#[derive(Debug, Default)]
struct Comparison {
    state: Option<LogState>,
    /// Entries that the database did not have in the state that was read first.
    unknown: Sample<MOST_UNKNOWN>,
    differing: Sample<EXAMPLES>,
    repeated: Sample<EXAMPLES>,
    /// Elements that are not records.
    strange: u64,
    missing: Sample<EXAMPLES>,
    waiting: u64,
}

/// How many there are, and the first few of them.
#[derive(Debug, Default)]
struct Sample<const MOST: usize> {
    count: u64,
    first: Vec<String>,
}

impl<const MOST: usize> Sample<MOST> {
    fn add(&mut self, id: &str) {
        self.count += 1;
        if self.first.len() < MOST {
            self.first.push(id.to_owned());
        }
    }
}

/// Compares the log with the database, in nearly constant memory. It takes no lock, so that other calls can record
/// meanwhile.
pub(super) fn examine(subject: &Subject<'_>) -> Result<Vec<Finding>> {
    let Some(path) = subject.log() else { return Ok(Vec::new()) };
    for _ in 0..ATTEMPTS {
        // The database is read before the log: what is committed and not queued in this state is in the log by now.
        let mut found = subject.view.read(|connection| compare(connection, &path))?;
        if found.state == Some(LogState::Changing) {
            continue;
        }
        // Records that were added after that state are in the log correctly.
        let known = |connection: &Connection| {
            let mut known = 0;
            let mut left = Vec::new();
            for id in &found.unknown.first {
                if health::record_at(connection, id)?.is_some() {
                    known += 1;
                } else {
                    left.push(id.clone());
                }
            }
            Ok((known, left))
        };
        if found.unknown.count > 0 {
            let (known, left): (u64, _) = subject.view.read(known)?;
            found.unknown = Sample { count: found.unknown.count - known, first: left };
        }
        return Ok(findings(&found, &path));
    }
    let message = format!("{}: another program rewrites it all the time", path.display());
    Err(Error::new(ErrorKind::Busy, message))
}

fn compare(connection: &Connection, path: &Path) -> Result<Comparison> {
    let mut found = Comparison { waiting: log_queue::length(connection)?, ..Comparison::default() };
    let mut seen = RowSet::default();
    let mut failed = None;
    let state = read_log_unlocked(path, |id, text| {
        let entry = match id {
            Some(id) if failed.is_none() => compare_entry(connection, id, text, &mut seen, &mut found),
            Some(_) => Ok(()),
            None => {
                found.strange += 1;
                Ok(())
            }
        };
        failed = failed.take().or(entry.err());
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    found.state = Some(state);
    health::for_each_record(connection, |row, id| {
        if !seen.has(row) && !log_queue::has_any(connection, &[id])? {
            found.missing.add(id);
        }
        Ok(())
    })?;
    Ok(found)
}

fn compare_entry(
    connection: &Connection,
    id: &str,
    text: &str,
    seen: &mut RowSet,
    found: &mut Comparison,
) -> Result<()> {
    let Some((row, record)) = health::record_at(connection, id)? else {
        found.unknown.add(id);
        return Ok(());
    };
    let is_new = seen.add(row);
    if record.is_logged_as(text)? {
        if !is_new {
            found.repeated.add(id);
        } else if found.waiting > 0 && log_queue::has_any(connection, &[id])? {
            // The next call that records removes it from the queue.
            found.waiting -= 1;
        }
    } else if !log_queue::has_any(connection, &[id])? {
        found.differing.add(id);
    }
    Ok(())
}

fn findings(found: &Comparison, path: &Path) -> Vec<Finding> {
    let mut findings = of_state(found, path);
    let mut add = |code, severity, count: u64, first: &[String], message: &str, advice: &str| {
        if count > 0 {
            let finding = Finding::new(severity, code, path.display(), message, advice);
            let first: Vec<String> =
                first.iter().take(EXAMPLES).map(|id| crate::printable::printable(id)).collect();
            findings.push(finding.counted(count).with_examples(first));
        }
    };
    use Severity::{Info, Warning};
    add(
        "log_waiting",
        Info,
        found.waiting,
        &[],
        "records are committed and wait to be logged, or to be logged in a newer version",
        "nothing has to be done: the next record or opening with this log completes it; where the number stays, see \
         what logError says",
    );
    add(
        "log_lacks",
        Warning,
        found.missing.count,
        &found.missing.first,
        "records of the database are not in the log and do not wait to be",
        "the database has them, so nothing is lost. Another program rewrote the log, or they were recorded through a handle \
         without this log",
    );
    add(
        "log_alone",
        Warning,
        found.unknown.count,
        &found.unknown.first,
        "entries of the log have no record in the database",
        "they were made with the database turned off (MCODA_DISABLE_DB) or deleted from it, or an older backup was \
         restored: record them again under their ids where they are wanted",
    );
    add(
        "log_differs",
        Warning,
        found.differing.count,
        &found.differing.first,
        "entries of the log are not what the database has under their ids",
        "the database is the truth: another program changed either of them, relocate gave the records another workspace id, \
         or what they refer to was deleted",
    );
    add(
        "log_repeats",
        Info,
        found.repeated.count,
        &found.repeated.first,
        "the log has records more than once",
        "count them by their ids; the database has each once",
    );
    add(
        "log_strange",
        Info,
        found.strange,
        &[],
        "elements of the log are no records: they have no id",
        "nothing has to be done: they stay where they are",
    );
    findings
}

fn of_state(found: &Comparison, path: &Path) -> Vec<Finding> {
    let finding = |severity, code, message: String, advice| {
        vec![Finding::new(severity, code, path.display(), message, advice)]
    };
    match found.state {
        // A workspace without records has no log.
        None | Some(LogState::Complete | LogState::Missing | LogState::Changing) => Vec::new(),
        Some(LogState::Unfinished) => finding(
            Severity::Info,
            "log_unfinished",
            "the log does not end as a JSON array does".to_owned(),
            "nothing has to be done: the next record closes it",
        ),
        Some(LogState::Damaged(end)) => finding(
            Severity::Warning,
            "log_damaged",
            format!("the log is damaged behind byte {end}; what stands behind was not compared"),
            "the next record mends it, and what is cut off is kept beside it (token_usage.json.corrupt-…)",
        ),
    }
}
