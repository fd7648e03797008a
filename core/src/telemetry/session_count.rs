//! The record of a session whose agent reports cumulative counts: the sum of its counts, minus the counts of the records
//! of its calls. It depends on what was reported, not on the order of the reports.

use mcoda_usage_reader::{ParsedUsage, Report, remainder, total_of_reports};
use rusqlite::Connection;

use super::reader;
use crate::error::{Error, ErrorKind, Result};
use crate::json;
use crate::repository::session_usage;

/// The effect of a reported count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    /// It changes the session's counts.
    New,
    /// It was known, or is older.
    Known,
}

/// Adds a count to those of its session.
pub(super) fn report(tx: &Connection, session: &str, report: &Report) -> Result<Change> {
    let known = reports(tx, session)?;
    let earlier = known.iter().find(|known| known.id == report.id);
    if earlier.is_some_and(|earlier| !report.goes_on_from(earlier)) {
        return Ok(Change::Known);
    }
    let report = &earlier.map_or_else(|| report.clone(), |earlier| report.clone().replacing(earlier));
    let is_same = known.contains(report);
    let json = json::text(report, false).map_err(not_json)?;
    session_usage::put_report(tx, session, &report.id, &json)?;
    Ok(if is_same { Change::Known } else { Change::New })
}

/// The usage of the session's record for each model: its counts, minus those of the calls that have records of their own.
pub(super) fn rest(tx: &Connection, session: &str) -> Result<Vec<ParsedUsage>> {
    let calls: Vec<ParsedUsage> = session_usage::calls(tx, session)?.iter().map(reader::parsed).collect();
    let mut reports = reports(tx, session)?;
    let all: Vec<ParsedUsage> = reports.iter().flat_map(|report| report.models.clone()).collect();
    reports.retain(|report| !report.gives_way || calls.is_empty());
    let mut rest = remainder(total_of_reports(&reports), &calls);
    // A model that has a record keeps it, without counts.
    for model in all {
        if !rest.iter().any(|one| one.model == model.model) {
            rest.push(model.emptied());
        }
    }
    Ok(rest)
}

/// The reported counts. An invalid entry, written by another program, is ignored.
fn reports(tx: &Connection, session: &str) -> Result<Vec<Report>> {
    let all = session_usage::reports(tx, session)?;
    Ok(all.iter().filter_map(|json| serde_json::from_str(json).ok()).collect())
}

fn not_json(error: serde_json::Error) -> Error {
    Error::new(ErrorKind::Internal, format!("cannot write a session's count as JSON: {error}"))
        .with_source(error)
}
