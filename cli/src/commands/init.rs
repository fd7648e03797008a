//! `mcodactl init`

use mcoda_core::report::printable;
use serde_json::json;

use crate::failure::Failure;
use crate::flags::Global;
use crate::open;
use crate::out::Answer;

/// Makes the database, or brings it up to date, and says where it is.
pub fn run(global: &Global) -> Result<Answer, Failure> {
    let json = global.wants_json()?;
    let workspace = open::workspace(global)?;
    let (database, id) = (workspace.database_path().display(), workspace.id());
    match (json, global.quiet) {
        (true, _) => Answer::json(&json!({"databasePath": database.to_string(), "workspaceId": id})),
        (false, true) => Ok(Answer::Text(String::new())),
        (false, false) => Ok(Answer::Text(format!(
            "Database:  {}\nWorkspace: {}\n",
            printable(&database.to_string()),
            printable(id)
        ))),
    }
}
