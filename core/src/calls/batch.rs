//! Batches: many calls in one transaction.

use serde_json::Value;

use super::Target;
use super::argument::Calls;
use crate::error::Result;

/// Makes the calls in one transaction: all of them or none. An error names the call.
pub(super) fn run(target: &Target<'_>, calls: &Calls) -> Result<Vec<Value>> {
    match target {
        Target::Workspace(workspace) => workspace.transaction(|tx| all(&Target::Workspace(tx), calls)),
        Target::Global(global) => global.transaction(|tx| all(&Target::Global(tx), calls)),
        // Without a database, the first call reports that it needs one.
        Target::Library => all(target, calls),
    }
}

fn all(target: &Target<'_>, Calls(calls): &Calls) -> Result<Vec<Value>> {
    let count = calls.len();
    let one = |(index, (name, arguments)): (usize, &(String, Vec<Value>))| {
        let reply = target.call(name, arguments);
        reply
            .map(|reply| reply.to_value())
            .map_err(|error| error.context(format_args!("call {} of {count} ({name})", index + 1)))
    };
    calls.iter().enumerate().map(one).collect()
}
