//! The calls whose rows can be requested as an Arrow IPC stream.

use mcoda_core::calls::{CALLS, Call, Owner, ParamKind};

use super::WRITTEN;
use crate::File;
use crate::calls::{class_name, own_name, repository};

/// The methods behind `arrow`, by the name of the call, and what encodes their arguments.
pub fn file() -> File {
    let rows = |owner| CALLS.iter().filter(move |call| call.owner == owner && only_returns_rows(call));
    let methods = |owner| rows(owner).map(method).collect::<String>();
    let all = || rows(Owner::Session).chain(rows(Owner::Workspace));
    let encoders: String = all().map(encoder).collect();
    let mut classes: Vec<String> = all().map(class).collect();
    classes.sort();
    classes.dedup();
    let text = format!(
        "{WRITTEN}
import argumentsOf from './arguments'
import type {{ {classes} }} from './calls'
import {{ queryArguments }} from './query'

/** The calls of every database that only read and return rows. */
export interface SessionRows {{
{session}}}

/** The calls of a workspace that only read and return rows. */
export interface WorkspaceRows extends SessionRows {{
{workspace}}}

/** Encodes the arguments of each of these calls. */
export const rowArguments = {{
{encoders}}}
",
        classes = classes.join(", "),
        session = methods(Owner::Session),
        workspace = methods(Owner::Workspace),
    );
    ("bindings-node/lib/row_calls.ts", text)
}

/// Calls that create or change something take records.
fn only_returns_rows(call: &Call) -> bool {
    let creates = call.params.iter().any(|param| matches!(param.kind, ParamKind::Records(..)));
    call.name == "query" || (call.rows().is_some() && !creates)
}

fn method(call: &Call) -> String {
    format!("  {}: {}['{}']\n", key(call), class(call), own_name(call.json))
}

/// The class that has the method.
fn class(call: &Call) -> String {
    match (repository(call), call.owner) {
        (Some(repository), _) => class_name(repository),
        (None, Owner::Workspace) => "WorkspaceCalls".to_owned(),
        (None, _) => "SessionCalls".to_owned(),
    }
}

fn encoder(call: &Call) -> String {
    let encode = match call.name {
        // Written by hand: JSON cannot represent every parameter.
        "query" => "queryArguments".to_owned(),
        _ if repository(call).is_some() => format!("argumentsOf['{}']", call.json),
        _ => format!("argumentsOf.{}", call.json),
    };
    format!("  {}: {encode},\n", key(call))
}

fn key(call: &Call) -> String {
    if repository(call).is_some() { format!("'{}'", call.json) } else { call.json.to_owned() }
}
