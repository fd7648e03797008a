//! Rows that cannot be read, and rows that queries do not return.

use std::collections::BTreeSet;

use super::finding::{EXAMPLES, Finding, Severity};
use super::subject::Subject;
use crate::error::Result;
use crate::migration::{self, DatabaseKind};
use crate::repository::health::{self, Workspaces};

/// Values that are read as absent because they are invalid.
pub(super) fn unreadable(subject: &Subject<'_>, kind: DatabaseKind) -> Result<Vec<Finding>> {
    let found = subject.view.read(|connection| {
        let mut found = Vec::new();
        for (table, columns) in migration::columns(connection, kind)? {
            found.extend(health::unreadable(connection, table, &columns, EXAMPLES)?);
        }
        Ok(found)
    })?;
    let finding = |one: health::Unreadable| {
        Finding::new(
            Severity::Warning,
            "unreadable_value",
            format!("{}.{}", one.table, one.column),
            format!(
                "values of {}.{} are not {}, and are read as absent",
                one.table, one.column, one.expected
            ),
            "another program wrote them: correct them there, or in SQL; nothing else of the rows is lost",
        )
        .counted(one.count)
        .with_examples(one.rows)
    };
    Ok(found.into_iter().map(finding).collect())
}

/// Rows of other workspaces, which no query of this one returns.
pub(super) fn workspace_ids(subject: &Subject<'_>) -> Result<Vec<Finding>> {
    let Some(own) = subject.workspace_id else { return Ok(Vec::new()) };
    let found = subject.view.read(health::workspaces)?;
    if subject.is_default_id && is_moved(&found, own) {
        return Ok(Vec::new());
    }
    Ok(found.into_iter().filter_map(|found| of_table(found, own)).collect())
}

/// Whether all rows belong to one other workspace, whose id opening the database uses.
fn is_moved(found: &[Workspaces], own: &str) -> bool {
    let ids: BTreeSet<&str> = found.iter().flat_map(|of| of.ids.keys()).flatten().map(|id| &**id).collect();
    ids.len() == 1 && !ids.contains(own) && found.iter().all(|of| of.further == 0)
}

fn of_table(found: Workspaces, own: &str) -> Option<Finding> {
    let others = found.ids.iter().filter(|(id, _)| id.as_deref() != Some(own));
    let count = found.further + others.clone().map(|(_, count)| count).sum::<u64>();
    if count == 0 {
        return None;
    }
    let shown = |(id, count): (&Option<String>, &u64)| match id {
        Some(id) => format!("{} ({count})", crate::printable::printable(id)),
        None => format!("none ({count})"),
    };
    let finding = Finding::new(
        Severity::Warning,
        "other_workspace",
        found.table,
        format!(
            "rows of {} belong to other workspaces than {:?}, and no question of this one sees them",
            found.table,
            crate::printable::printable(own)
        ),
        "where the project was moved, give them its id with relocate, or open it with their id as workspaceId",
    );
    Some(finding.counted(count).with_examples(others.take(EXAMPLES).map(shown).collect()))
}
