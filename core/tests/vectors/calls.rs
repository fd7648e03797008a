//! The calls of the vectors, from the call table of all languages.

use std::path::Path;

use mcoda_core::calls::Target;
use mcoda_core::{Global, Options, Result, Workspace};
use serde_json::{Value, json};

const STATE: &str = include_str!("../../../tests/vectors/state.sql");
const STATE_GLOBAL: &str = include_str!("../../../tests/vectors/state_global.sql");

/// The handle of a case.
pub enum Handle {
    Workspace(Workspace),
    Global(Global),
}

impl Handle {
    pub fn open(kind: &Value, database: &Path, options: &Value) -> Self {
        let options = if options.is_null() { &json!({}) } else { options };
        let options = Options::from_json(options).unwrap();
        match kind.as_str() {
            None | Some("workspace") => Self::Workspace(options.open_db(database).unwrap()),
            Some("global") => Self::Global(options.open_global_db(database).unwrap()),
            Some(other) => panic!("there is no handle {other}"),
        }
    }

    /// Everything that a call could change; nothing if the handle is closed.
    pub fn state(&self) -> Option<Value> {
        let sql = match self {
            Self::Workspace(_) => STATE,
            Self::Global(_) => STATE_GLOBAL,
        };
        self.call("query", &[sql.into()]).ok()
    }

    pub fn call(&self, name: &str, arguments: &[Value]) -> Result<Value> {
        let target = match self {
            Self::Workspace(workspace) => Target::Workspace(workspace),
            Self::Global(global) => Target::Global(global),
        };
        Ok(target.call(name, arguments)?.to_value())
    }
}
