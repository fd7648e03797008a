//! Examines a database and the files beside it for everything that is wrong, or will be soon. Changes nothing.
//!
//! Each file here examines one subject. If something cannot be examined, that is a finding, too: nothing is considered
//! intact without having been examined.

mod checkup;
mod content;
mod disk;
mod files;
mod finding;
mod log;
mod neighbours;
mod processes;
mod rows;
mod settings;
mod subject;
mod wal;

pub use finding::{CheckOptions, CheckReport, Finding, Severity};
pub(crate) use subject::Subject;

use self::checkup::Checkup;
use crate::error::Result;
use crate::migration::DatabaseKind;

/// Runs all examinations. An error means that the call was cancelled, or that the handle is closed.
pub(crate) fn check(subject: &Subject<'_>, options: &CheckOptions) -> Result<CheckReport> {
    let mut checkup = Checkup::new(options.time_limit()?);
    if subject.is_in_memory() {
        checkup.examine("integrity", Severity::Error, || content::integrity(subject, options.is_full()))?;
    } else {
        checkup.examine("files", Severity::Error, || files::examine(subject))?;
        if !subject.is_there() {
            return Ok(report(checkup, subject, options, None));
        }
        checkup.examine("permissions", Severity::Warning, || files::permissions(subject))?;
        checkup.examine("disk", Severity::Warning, || disk::examine(subject))?;
        checkup.examine("settings", Severity::Warning, || settings::examine(subject))?;
        checkup.examine("otherSqlite", Severity::Warning, || neighbours::examine(subject))?;
        checkup.examine("writeAheadLog", Severity::Warning, || wal::examine(subject))?;
    }
    let schema = examine_content(&mut checkup, subject, options)?;
    Ok(report(checkup, subject, options, schema))
}

/// Examines the content of the database. Returns its schema version and kind, if these can be read.
fn examine_content(
    checkup: &mut Checkup,
    subject: &Subject<'_>,
    options: &CheckOptions,
) -> Result<Option<(i32, Option<DatabaseKind>)>> {
    let Some(schema) = checkup.find_out("schema", Severity::Error, || content::schema(subject))? else {
        return Ok(None);
    };
    if !subject.is_in_memory() {
        checkup.examine("integrity", Severity::Error, || content::integrity(subject, options.is_full()))?;
    }
    checkup.examine("foreignKeys", Severity::Warning, || content::foreign_keys(subject))?;
    // This build does not know which values of a newer schema are readable.
    if let Some(kind) = schema.kind.filter(|_| schema.is_known()) {
        checkup.examine("rows", Severity::Warning, || rows::unreadable(subject, kind))?;
        if kind == DatabaseKind::Workspace {
            checkup.examine("workspaceIds", Severity::Warning, || rows::workspace_ids(subject))?;
            if subject.log().is_some() && schema.is_current() {
                checkup.examine("jsonLog", Severity::Warning, || log::examine(subject))?;
            }
        }
    }
    Ok(Some((schema.version, schema.kind)))
}

fn report(
    checkup: Checkup,
    subject: &Subject<'_>,
    options: &CheckOptions,
    schema: Option<(i32, Option<DatabaseKind>)>,
) -> CheckReport {
    let (findings, checked) = checkup.end();
    let kind = schema.and_then(|(_, kind)| kind).or(subject.expected);
    CheckReport {
        database: subject.database.display().to_string(),
        kind: kind.map(|kind| kind.name().to_owned()),
        schema_version: schema.map(|(version, _)| version.into()),
        full: options.is_full(),
        ok: findings.iter().all(|finding| finding.severity != Severity::Error),
        checked,
        findings,
    }
}
