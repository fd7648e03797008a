//! `mcodactl init`

use serde_json::json;

use crate::failure::Failure;
use crate::flags::Global;
use crate::open;

/// Makes the database, or brings it up to date, and says where it is.
pub fn run(global: &Global) -> Result<String, Failure> {
    let workspace = open::workspace(global)?;
    let (database, id) = (workspace.database_path().display(), workspace.id());
    match (global.json, global.quiet) {
        (true, _) => super::json(&json!({"databasePath": database.to_string(), "workspaceId": id})),
        (false, true) => Ok(String::new()),
        (false, false) => Ok(format!("Database:  {database}\nWorkspace: {id}\n")),
    }
}
