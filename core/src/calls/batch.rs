//! Batches: many calls in one transaction.

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::Target;
use super::argument::Calls;
use crate::definition::{Described, Kind, Presence};
use crate::error::Result;

/// The results of the calls; as JSON, the list of them.
pub(super) struct Results {
    values: Vec<Value>,
    /// Whether one is empty because the database has rows of other workspaces only.
    pub(super) names_others: bool,
}

impl Described for Results {
    const KIND: Kind = <Vec<Value> as Described>::KIND;
    const PRESENCE: Presence = <Vec<Value> as Described>::PRESENCE;
}

impl Serialize for Results {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.values.serialize(serializer)
    }
}

/// Makes the calls in one transaction: all of them or none. An error names the call.
pub(super) fn run(target: &Target<'_>, calls: &Calls) -> Result<Results> {
    match target {
        Target::Workspace(workspace) => workspace.transaction(|tx| all(&Target::Workspace(tx), calls)),
        Target::Global(global) => global.transaction(|tx| all(&Target::Global(tx), calls)),
        // Without a database, the first call reports that it needs one.
        Target::Library => all(target, calls),
    }
}

fn all(target: &Target<'_>, Calls(calls): &Calls) -> Result<Results> {
    let count = calls.len();
    let mut results = Results { values: Vec::with_capacity(count), names_others: false };
    for (index, (name, arguments)) in calls.iter().enumerate() {
        let reply = target
            .call(name, arguments)
            .map_err(|error| error.context(format_args!("call {} of {count} ({name})", index + 1)))?;
        results.names_others |= !reply.other_workspaces().is_empty();
        results.values.push(reply.to_value());
    }
    Ok(results)
}
