//! The calls as TypeScript methods.

use mcoda_core::calls::{CALLS, Call, OF_ONE_WORKSPACE, Owner, Param, ParamKind};
use mcoda_core::definition::{Kind, camel_case};

use super::{WRITTEN, comment, types};
use crate::File;
use crate::calls::{class_name, of_repository, own_name, repeated_field, repositories, returner};

/// Calls that are written by hand: their arguments or results cannot be JSON, or they do more than call the engine.
const BY_HAND: [&str; 2] = ["query", "close"];

/// Functions that read files, so they run on another thread and return a promise.
const ON_A_THREAD: [&str; 2] = ["check_path", "workspaces"];

/// The classes with the methods of sessions, workspaces and repositories.
pub fn classes() -> File {
    let class = |name| {
        let methods: Vec<String> = of_repository(name).map(method).collect();
        format!("export class {} extends Repository {{\n{}}}\n\n", class_name(name), methods.join("\n"))
    };
    let classes: String = repositories().into_iter().map(class).collect();
    let field = |name| format!("  readonly {0}: {1} = new {1}(this)\n", camel_case(name), class_name(name));
    let fields: String = repositories().into_iter().map(field).collect();
    let is_method = |call: &&Call| call.owner != Owner::Library;
    let text = format!(
        "{WRITTEN}
import argumentsOf from './arguments'
import {{ arrow }} from './arrow'
import {{ CALL }} from './internals'
{types}import type {{ WorkspaceRows }} from './row_calls'
import {{ Repository, Session }} from './session'

{classes}/** The calls of every database. */
export abstract class SessionCalls extends Session {{
{session}}}

/** The calls of a workspace. */
export abstract class WorkspaceCalls extends SessionCalls {{
{fields}
  /** As the method of every database, also for the calls of a workspace. */
  override async arrow<Name extends keyof WorkspaceRows>(
    call: Name,
    ...args: Parameters<WorkspaceRows[Name]>
  ): Promise<Uint8Array & OtherWorkspaces> {{
    return arrow(this, call, args)
  }}

{workspace}}}
",
        types = type_imports(is_method),
        session = direct(Owner::Session),
        workspace = direct(Owner::Workspace),
    );
    ("bindings-node/lib/calls.ts", text)
}

/// The functions of the package.
pub fn functions() -> File {
    let is_function = |call: &&Call| call.owner == Owner::Library;
    let text = format!(
        "{WRITTEN}
import argumentsOf from './arguments'
import {{ callSite }} from './call_site'
import {{ compute }} from './compute'
import {{ work }} from './dispatcher'
{types}
{functions}",
        types = type_imports(is_function),
        functions = of(Owner::Library).map(function).collect::<Vec<_>>().join("\n"),
    );
    ("bindings-node/lib/functions.ts", text)
}

fn of(owner: Owner) -> impl Iterator<Item = &'static Call> {
    crate::calls::of(owner).filter(|call| !BY_HAND.contains(&call.name))
}

fn direct(owner: Owner) -> String {
    of(owner).map(method).collect::<Vec<_>>().join("\n")
}

fn parameters(call: &Call) -> Vec<String> {
    call.params.iter().map(name_of).collect()
}

fn method(call: &Call) -> String {
    let mut parameters = parameter_types(call);
    parameters.push("options?: CallOptions | null".to_owned());
    let made = format!("this[CALL]('{}', {}, options)", call.json, arguments(call));
    let body = match call.returns {
        Kind::Nothing => format!("await {made}"),
        _ => format!("return {made}"),
    };
    let (doc, name) = (comment(call.doc, 2), own_name(call.json));
    format!(
        "{doc}  async {name}({}): Promise<{}> {{\n    {body}\n  }}\n",
        parameters.join(", "),
        result(call)
    )
}

fn function(call: &Call) -> String {
    let (doc, name, returns) = (comment(call.doc, 0), call.json, result(call));
    if ON_A_THREAD.contains(&call.name) {
        let mut parameters = parameter_types(call);
        parameters.push("options?: CallOptions | null".to_owned());
        return format!(
            "{doc}export async function {name}({}): Promise<{returns}> {{\n  \
             return work('{name}', {}, options, callSite())\n}}\n",
            parameters.join(", "),
            arguments(call)
        );
    }
    format!(
        "{doc}export function {name}({}): {returns} {{\n  return compute('{name}', {})\n}}\n",
        parameter_types(call).join(", "),
        arguments(call)
    )
}

fn arguments(call: &Call) -> String {
    if call.params.is_empty() {
        return "[]".to_owned();
    }
    format!("argumentsOf{}({})", member(call.json), parameters(call).join(", "))
}

/// The JavaScript expression for the member with this name.
fn member(name: &str) -> String {
    if name.contains('.') { format!("['{name}']") } else { format!(".{name}") }
}

/// Encodes the arguments of each call for the engine.
pub fn encoders() -> File {
    let mut text = format!(
        "{WRITTEN}
import {{ bodyText }} from './body'
import * as encode from './encode'
import {{ encodeOptions }} from './environment'
import {{ path as encodePath }} from './path'

/** Encodes the arguments of each call for the engine. */
const argumentsOf = {{
"
    );
    for call in CALLS.iter().filter(|call| !BY_HAND.contains(&call.name)) {
        let encoded: Vec<String> = call.params.iter().map(argument).collect();
        let name = if call.json.contains('.') { format!("'{}'", call.json) } else { call.json.to_owned() };
        let unknown: Vec<String> = parameters(call).iter().map(|name| format!("{name}?: unknown")).collect();
        text += &format!("  {name}: ({}): unknown[] => [{}],\n", unknown.join(", "), encoded.join(", "));
    }
    text += "}\n\nexport default argumentsOf\n";
    ("bindings-node/lib/arguments.ts", text)
}

/// The name of a parameter. The last one of every method is called `options`.
fn name_of(param: &Param) -> String {
    match param.kind {
        ParamKind::Record(record) if param.json == "options" => {
            record.name[..1].to_lowercase() + &record.name[1..]
        }
        _ => param.json.to_owned(),
    }
}

fn argument(param: &Param) -> String {
    let name = &name_of(param);
    match (param.kind, param.is_optional) {
        (ParamKind::Text | ParamKind::Word(..), false) => format!("encode.text('{name}', {name})"),
        (ParamKind::Text | ParamKind::Word(..), true) => format!("encode.optionalText('{name}', {name})"),
        (ParamKind::Path, _) => format!("encodePath('{name}', {name})"),
        (ParamKind::Boolean, _) => format!("encode.optionalBoolean('{name}', {name})"),
        (ParamKind::Time, _) => format!("encode.optionalTime('{name}', {name})"),
        (ParamKind::Body, _) => format!("bodyText({name})"),
        // If the environment is absent, that of this JavaScript realm is used.
        (ParamKind::Record(definition), _)
            if definition.all_fields().any(|field| field.name == "environment") =>
        {
            format!("encodeOptions('{}', {name})", definition.noun)
        }
        (ParamKind::Record(definition), _) => format!("encode.record('{}', {name})", definition.noun),
        (ParamKind::Records(definition, noun), _) => {
            format!("encode.records('{name}', {name}, '{noun}', '{}')", definition.noun)
        }
        (ParamKind::Calls, _) => format!("encode.calls('{name}', {name}, argumentsOf)"),
        (ParamKind::Json | ParamKind::SqlParams, _) => format!("encode.plain('{name}', {name})"),
    }
}

/// The imports of the types that these calls mention.
fn type_imports(is_used: impl Fn(&&Call) -> bool) -> String {
    let calls: Vec<&Call> =
        CALLS.iter().filter(is_used).filter(|call| !BY_HAND.contains(&call.name)).collect();
    let types = calls.iter().flat_map(|call| [parameter_types(call).join(" "), result(call)]);
    let text = types.collect::<Vec<_>>().join(" ");
    let is_named = |name: &&&str| text.split(|c: char| !c.is_alphanumeric()).any(|word| word == **name);
    let named = |names: &[&str]| names.iter().filter(is_named).map(ToString::to_string).collect::<Vec<_>>();
    let mut inputs = named(&["AgentBody", "BatchCall", "Time"]);
    if calls.iter().any(|call| call.owner != Owner::Library || ON_A_THREAD.contains(&call.name)) {
        inputs.push("CallOptions".to_owned());
    }
    let contract = named(&["Complete", "Estimate", "Velocity"]);
    if text.contains("OtherWorkspaces") {
        inputs.push("OtherWorkspaces".to_owned());
    }
    [(contract, "contract"), (inputs, "inputs"), (record_names(&calls), "records")]
        .map(|(names, module)| format!("import type {{ {} }} from './{module}'\n", names.join(", ")))
        .concat()
}

/// The records and enumerations that these calls mention.
fn record_names(calls: &[&Call]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for call in calls {
        for param in call.params {
            if let ParamKind::Record(record) | ParamKind::Records(record, _) = param.kind {
                names.push(record.name.to_owned());
            }
            if let ParamKind::Word(name, _) = param.kind {
                names.push(name.to_owned());
            }
            names.extend(returner(param).and_then(|call| named(call.returns)));
            names.extend(repeated_field(call.params, param).and_then(|field| named(field.kind)));
        }
        names.extend(named(call.returns));
    }
    names.sort();
    names.dedup();
    names
}

fn named(kind: Kind) -> Option<String> {
    match kind {
        Kind::Record(record) => Some(types::output_name(record).to_owned()),
        Kind::Choice(name, _) => Some(name.to_owned()),
        Kind::List(kind) => named(*kind),
        _ => None,
    }
}

fn parameter_types(call: &Call) -> Vec<String> {
    call.params.iter().map(|param| parameter(call, param)).collect()
}

fn parameter(call: &Call, param: &Param) -> String {
    let kind = match param.kind {
        ParamKind::Text => "string".to_owned(),
        // Editors suggest the known words; other words are accepted.
        ParamKind::Word(name, _) => format!("{name} | (string & {{}})"),
        ParamKind::Path => "string | URL".to_owned(),
        ParamKind::Boolean => "boolean".to_owned(),
        ParamKind::Time => "Time".to_owned(),
        ParamKind::Body => "AgentBody".to_owned(),
        ParamKind::Record(record) => record.name.to_owned(),
        ParamKind::Records(record, _) => format!("Iterable<{}>", record.name),
        ParamKind::Calls => "Iterable<BatchCall>".to_owned(),
        ParamKind::Json | ParamKind::SqlParams => given(call, param),
    };
    if param.is_optional {
        format!("{}?: {kind} | null", name_of(param))
    } else {
        format!("{}: {kind}", name_of(param))
    }
}

/// The type of an argument that is the result of another call, or that repeats a field of its input.
fn given(call: &Call, param: &Param) -> String {
    match returner(param).map(|call| call.returns) {
        Some(Kind::List(kind)) => format!("readonly {}[]", types::output(*kind)),
        Some(kind) => types::output(kind),
        None => repeated_field(call.params, param).map_or("unknown".to_owned(), types::input),
    }
}

fn result(call: &Call) -> String {
    if call.owner == Owner::Library {
        return types::output(call.returns);
    }
    let whole = match call.returns {
        Kind::List(kind) => format!("{}[]", complete(*kind)),
        kind => complete(kind),
    };
    match call.may_return_nothing {
        true => format!("{whole} | null"),
        false if call.name == "batch" || OF_ONE_WORKSPACE.contains(&call.name) => {
            format!("{whole} & OtherWorkspaces")
        }
        false => whole,
    }
}

/// The library's own results have every field, while those of an older server may lack some.
fn complete(kind: Kind) -> String {
    let own = types::output(kind);
    let is_object = matches!(kind, Kind::Record(_) | Kind::Named(_)) && own != "unknown";
    if is_object { format!("Complete<{own}>") } else { own }
}
