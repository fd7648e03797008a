//! The workspaces of a user, as a table.

use super::table::{Column, MISSING, Table};
use crate::locating::FoundWorkspace;

/// Workspaces as a table, one per line, in the given order: the root of the project, the id, the last use, and the folder.
/// A root that is no folder now is marked as gone. `width` is
/// that of the terminal, if the table is to fit one. Every line ends with `\n`.
#[must_use]
pub fn render_workspaces(workspaces: &[FoundWorkspace], width: Option<usize>) -> String {
    let mut table = Table::new([
        Column::text("ROOT"),
        Column::whole("ID"),
        Column::time("LAST USED"),
        Column::text("FOLDER").minor(1),
    ]);
    for workspace in workspaces {
        let missing = || MISSING.to_owned();
        let root = match (&workspace.root, workspace.root_exists) {
            (Some(root), Some(false)) => format!("{root} (gone)"),
            (Some(root), _) => root.clone(),
            (None, _) => missing(),
        };
        let id = match &workspace.problem {
            Some(problem) => format!("unknown: {problem}"),
            None => workspace.id.clone().unwrap_or_else(missing),
        };
        let last_used = workspace.last_used.map_or_else(missing, |time| time.to_string());
        table.row([root, id, last_used, workspace.folder.clone()]);
    }
    table.text(width)
}
