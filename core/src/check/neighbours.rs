//! Other copies of SQLite in this process.

use super::finding::{EXAMPLES, Finding, Severity};
use super::subject::Subject;
use crate::error::Result;
use crate::sqlite::{Elsewhere, elsewhere};

/// Whether another copy of SQLite, or another part of this process, has the database open.
pub(super) fn examine(subject: &Subject<'_>) -> Result<Vec<Finding>> {
    let database = subject.database.display();
    Ok(match elsewhere(&subject.real()) {
        Elsewhere::Nobody => Vec::new(),
        Elsewhere::Apart(count) => vec![
            Finding::new(
                Severity::Info,
                "other_sqlite",
                database,
                "another copy of SQLite, or another part of this program, has the database open in this process",
                "nothing has to be done: the locks of this library hold beside it",
            )
            .counted(count as u64)
            .with_examples(libraries()),
        ],
        Elsewhere::Exposed(count) => vec![
            Finding::new(
                Severity::Error,
                "other_sqlite",
                database,
                "another copy of SQLite, or another part of this program, has the database open in this process, and no \
                 lock of this system keeps the two apart: records are refused",
                "close it there, or use one SQLite for both (crate feature `bundled` turned off)",
            )
            .counted(count as u64)
            .with_examples(libraries()),
        ],
        Elsewhere::Unknown => vec![Finding::new(
            Severity::Info,
            "not_examined",
            "otherSqlite",
            "whether another copy of SQLite in this process has the database open cannot be seen here",
            "mount /proc, where the system has it; with the SQLite of the system (crate feature `bundled` turned off), \
             nothing has to be done if all parts of the program use that one",
        )],
    })
}

/// The libraries of this process whose names suggest a copy of SQLite.
fn libraries() -> Vec<String> {
    let Ok(maps) = std::fs::read_to_string("/proc/self/maps") else { return Vec::new() };
    let mut names: Vec<String> = Vec::new();
    for path in maps.lines().filter_map(|line| line.find('/').map(|start| &line[start..])) {
        let is_sqlite = path.rsplit('/').next().is_some_and(|name| name.to_lowercase().contains("sqlite"));
        // A database with such a name may be mapped as well.
        if is_sqlite && path.contains(".so") && !names.iter().any(|known| known == path) {
            names.push(path.to_owned());
        }
    }
    names.truncate(EXAMPLES);
    names
}
