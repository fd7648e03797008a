//! Opening the workspace that the global flags specify.

use std::path::Path;

use mcoda_core::{Clock, Workspace};
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::flags::GlobalArgs;
use crate::out::print_note;

/// Opens the workspace, and creates it if it is missing.
pub fn workspace(global: &GlobalArgs) -> Result<Workspace, Failure> {
    open(global, false)
}

/// Opens an existing workspace: creating one would hide a misspelt path.
pub fn existing_workspace(global: &GlobalArgs) -> Result<Workspace, Failure> {
    open(global, true)
}

/// Refuses flags that conflict.
pub fn refuse_conflicting_flags(global: &GlobalArgs) -> Result<(), Failure> {
    if global.db.is_some() && global.workspace.is_some() {
        return Err(Failure::usage("--db and --workspace exclude each other: give one of them"));
    }
    if let Some(root) = global.workspace.as_deref().filter(|root| !root.is_dir()) {
        return Err(Failure::failed(format_args!("--workspace: {} is not a folder", root.display())));
    }
    Ok(())
}

/// Says on stderr why a query has no result, if the database has rows of other workspaces only: the project was moved, or
/// is opened with another id than before.
pub fn note_other_workspaces(workspace: &Workspace) -> Result<(), Failure> {
    const SHOWN: usize = 5;
    let others = workspace.unseen_workspaces()?;
    if others.is_empty() {
        return Ok(());
    }
    let more =
        if others.len() > SHOWN { format!(" and {} more", others.len() - SHOWN) } else { String::new() };
    let shown = others.iter().take(SHOWN).map(|id| format!("{id:?}")).collect::<Vec<_>>().join(", ");
    print_note(&format!(
        "the database has no rows of the workspace {:?}, but of {shown}{more}: give --workspace-id, or see `mcodactl \
         relocate --help`",
        workspace.id()
    ));
    Ok(())
}

fn open(global: &GlobalArgs, existing_only: bool) -> Result<Workspace, Failure> {
    refuse_conflicting_flags(global)?;
    let mut options = Workspace::options().existing_only(existing_only);
    if let Some(id) = &global.workspace_id {
        options = options.workspace_id(id);
    }
    if let Some(file) = &global.config {
        options = options.config(config(file)?);
    }
    if let Some(now) = global.now {
        options = options.clock(Clock::fixed(now));
    }
    let opened = match (&global.db, &global.workspace) {
        (Some(file), _) => options.open_db(file),
        (None, Some(root)) => options.open(root),
        (None, None) => options.open("."),
    }?;
    for advice in opened.left_behind() {
        print_note(&format!("a new workspace was created, but {advice}"));
    }
    Ok(opened)
}

/// A missing file is an error, since it was named explicitly.
fn config(file: &Path) -> Result<Map<String, Value>, Failure> {
    let refused =
        |why: String| Failure::failed(format_args!("--config: cannot read {}: {why}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| refused(error.to_string()))?;
    serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| refused(format!("it must hold a JSON object: {error}")))
}
