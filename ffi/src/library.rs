//! Calls that need no database.

use mcoda_core::calls::{Reply, Target};
use serde_json::Value;

use crate::error::Result;

/// Makes a call that needs no database.
pub(crate) fn call(name: &str, arguments: &[Value]) -> Result<Reply> {
    Ok(Target::Library.call(name, arguments)?)
}
