//! `mcodactl init`

use mcoda_core::report::printable;
use serde_json::json;

use crate::failure::Failure;
use crate::flags::GlobalArgs;
use crate::open;
use crate::out::Output;

/// Creates or migrates the database, and prints its path.
pub fn run(global: &GlobalArgs) -> Result<Output, Failure> {
    let json = global.wants_json()?;
    let workspace = open::workspace(global)?;
    let (database, id) = (workspace.database_path().display(), workspace.id());
    match (json, global.quiet) {
        (true, _) => Output::json(&json!({"databasePath": database.to_string(), "workspaceId": id})),
        (false, true) => Ok(Output::Text(String::new())),
        (false, false) => Ok(Output::Text(format!(
            "Database:  {}\nWorkspace: {}\n",
            printable(&database.to_string()),
            printable(id)
        ))),
    }
}
