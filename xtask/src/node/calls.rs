//! The calls: as methods in JavaScript, and as their types.

use mcoda_core::calls::{CALLS, Call, Owner, Param, ParamKind};
use mcoda_core::definition::{Kind, camel_case};

use super::{WRITTEN, comment, types};
use crate::File;
use crate::calls::{asked, class_name, of_repository, own_name, repositories, returner};
use crate::markdown::indented;

/// Calls whose arguments or results JSON has no form for, or that are more than a call there.
const BY_HAND: [&str; 2] = ["query", "close"];

/// Functions that look at files, so they are made on a thread and promise their result.
const ON_A_THREAD: [&str; 1] = ["check_path"];

pub fn methods() -> File {
    let library: Vec<&Call> = of(Owner::Library).collect();
    let names: Vec<&str> = library.iter().map(|call| call.json).collect();
    let functions: String = library.iter().map(|call| function(call)).collect();
    let class = |name| {
        let methods: Vec<String> = of_repository(name).map(method).collect();
        format!("class {} extends Repository {{\n{}}}\n\n", class_name(name), methods.join("\n"))
    };
    let classes: String = repositories().into_iter().map(class).collect();
    let entry = |name| format!("  {}: {},\n", camel_case(name), class_name(name));
    let repositories: String = repositories().into_iter().map(entry).collect();
    let text = format!(
        "{WRITTEN}\n'use strict'

const argumentsOf = require('./arguments')
const {{ CALL, Repository, compute }} = require('./caller')
const {{ work }} = require('./dispatcher')

/** The calls of every database. */
const SessionCalls = (Base) =>
  class extends Base {{
{session}  }}

/** The calls of a workspace. */
const WorkspaceCalls = (Base) =>
  class extends Base {{
{workspace}  }}

{classes}/** The repositories of a workspace, by their names there. */
const repositories = {{
{repositories}}}

{functions}module.exports = {{
  SessionCalls,
  WorkspaceCalls,
  functions: {{ {functions_names} }},
  repositories,
}}
",
        session = indented(&direct(Owner::Session), 2),
        workspace = indented(&direct(Owner::Workspace), 2),
        functions_names = names.join(", "),
    );
    ("bindings-node/lib/methods.js", text)
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
    let mut parameters = parameters(call);
    parameters.push("options".to_owned());
    let made = format!("this[CALL]('{}', {}, options)", call.json, arguments(call));
    let body = match call.returns {
        Kind::Nothing => format!("await {made}"),
        _ => format!("return {made}"),
    };
    format!("  async {}({}) {{\n    {body}\n  }}\n", own_name(call.json), parameters.join(", "))
}

fn function(call: &Call) -> String {
    let name = call.json;
    if ON_A_THREAD.contains(&call.name) {
        let parameters = parameters(call).join(", ");
        let arguments = arguments(call);
        return format!(
            "async function {name}({parameters}, options) {{\n  return work('{name}', {arguments}, options)\n}}\n\n"
        );
    }
    format!(
        "function {name}({}) {{\n  return compute('{name}', {})\n}}\n\n",
        parameters(call).join(", "),
        arguments(call)
    )
}

fn arguments(call: &Call) -> String {
    if call.params.is_empty() {
        return "[]".to_owned();
    }
    format!("argumentsOf{}({})", member(call.json), parameters(call).join(", "))
}

/// How JavaScript reaches the member with this name.
fn member(name: &str) -> String {
    if name.contains('.') { format!("['{name}']") } else { format!(".{name}") }
}

/// What brings the arguments of each call to the engine.
pub fn encoders() -> File {
    let mut text = format!(
        "{WRITTEN}\n'use strict'

const {{ bodyText }} = require('./body')
const encode = require('./encode')
const {{ here }} = require('./environment')

/** The arguments of each call, as the engine reads them. */
const argumentsOf = {{
"
    );
    for call in CALLS.iter().filter(|call| !BY_HAND.contains(&call.name)) {
        let encoded: Vec<String> = call.params.iter().map(argument).collect();
        let name = if call.json.contains('.') { format!("'{}'", call.json) } else { call.json.to_owned() };
        text += &format!("  {name}: ({}) => [{}],\n", parameters(call).join(", "), encoded.join(", "));
    }
    text += "}\n\nmodule.exports = argumentsOf\n";
    ("bindings-node/lib/arguments.js", text)
}

/// What a parameter is called. The last one of every method is called `options`.
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
        (ParamKind::Text | ParamKind::Path, false) => format!("encode.text('{name}', {name})"),
        (ParamKind::Text | ParamKind::Path, true) => format!("encode.optionalText('{name}', {name})"),
        (ParamKind::Boolean, _) => format!("encode.optionalSwitch('{name}', {name})"),
        (ParamKind::Time, _) => format!("encode.optionalTime('{name}', {name})"),
        (ParamKind::Body, _) => format!("bodyText({name})"),
        // What is not told of the environment is that of this realm.
        (ParamKind::Record(definition), _)
            if definition.all_fields().any(|field| field.name == "environment") =>
        {
            format!("here('{}', {name})", definition.noun)
        }
        (ParamKind::Record(definition), _) => format!("encode.record('{}', {name})", definition.noun),
        (ParamKind::Records(definition, noun), _) => {
            format!("encode.records('{name}', {name}, '{noun}', '{}')", definition.noun)
        }
        (ParamKind::Calls, _) => format!("encode.calls('{name}', {name}, argumentsOf)"),
        (ParamKind::Json | ParamKind::SqlParams, _) => format!("encode.plain('{name}', {name})"),
    }
}

pub fn declarations() -> File {
    let mut text = format!(
        "{WRITTEN}\n
import type {{ Complete, Estimate, Velocity }} from './contract'
import type {{ AgentBody, CallOptions, OneCall, Time }} from './inputs'
import type {{ {} }} from './records'

",
        record_names().join(", ")
    );
    text += "/** The calls of every database. */\nexport interface SessionCalls {\n";
    text += &of(Owner::Session).map(declaration).collect::<String>();
    text += "}\n\n";
    for name in repositories() {
        text += &format!("export interface {} {{\n", class_name(name));
        text += &of_repository(name).map(declaration).collect::<String>();
        text += "}\n\n";
    }
    text += "/** The calls of a workspace. */\nexport interface WorkspaceCalls {\n";
    for name in repositories() {
        text += &format!("  readonly {}: {}\n", camel_case(name), class_name(name));
    }
    text += &of(Owner::Workspace).map(declaration).collect::<String>();
    text += "}\n";
    for call in of(Owner::Library) {
        let mut parameters = parameter_types(call);
        let mut returns = types::output(call.returns);
        if ON_A_THREAD.contains(&call.name) {
            parameters.push("options?: CallOptions".to_owned());
            returns = format!("Promise<{}>", result(call));
        }
        text += &format!(
            "\n{}export function {}({}): {returns}\n",
            comment(call.doc, 0),
            call.json,
            parameters.join(", "),
        );
    }
    ("bindings-node/lib/calls.d.ts", text)
}

/// The records and words that the declarations name.
fn record_names() -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for call in CALLS.iter().filter(|call| !BY_HAND.contains(&call.name)) {
        for param in call.params {
            if let ParamKind::Record(record) | ParamKind::Records(record, _) = param.kind {
                names.push(record.name.to_owned());
            }
            names.extend(returner(param).and_then(|call| named(call.returns)));
            names.extend(asked(call.params, param).and_then(|field| named(field.kind)));
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

fn declaration(call: &Call) -> String {
    let mut parameters = parameter_types(call);
    parameters.push("options?: CallOptions".to_owned());
    format!(
        "{}  {}({}): Promise<{}>\n",
        comment(call.doc, 2),
        own_name(call.json),
        parameters.join(", "),
        result(call)
    )
}

fn parameter_types(call: &Call) -> Vec<String> {
    call.params.iter().map(|param| parameter(call, param)).collect()
}

fn parameter(call: &Call, param: &Param) -> String {
    let kind = match param.kind {
        ParamKind::Text | ParamKind::Path => "string".to_owned(),
        ParamKind::Boolean => "boolean".to_owned(),
        ParamKind::Time => "Time".to_owned(),
        ParamKind::Body => "AgentBody".to_owned(),
        ParamKind::Record(record) => record.name.to_owned(),
        ParamKind::Records(record, _) => format!("Iterable<{}>", record.name),
        ParamKind::Calls => "Iterable<OneCall>".to_owned(),
        ParamKind::Json | ParamKind::SqlParams => given(call, param),
    };
    match (param.kind, param.is_optional) {
        (_, false) => format!("{}: {kind}", name_of(param)),
        // A record that is left out is empty, which null does not say.
        (ParamKind::Record(_), true) => format!("{}?: {kind}", name_of(param)),
        (_, true) => format!("{}?: {kind} | null", name_of(param)),
    }
}

/// The type of an argument that is what another call returned, or repeats what that one was asked.
fn given(call: &Call, param: &Param) -> String {
    match returner(param).map(|call| call.returns) {
        Some(Kind::List(kind)) => format!("readonly {}[]", types::output(*kind)),
        Some(kind) => types::output(kind),
        None => asked(call.params, param).map_or("unknown".to_owned(), types::input),
    }
}

fn result(call: &Call) -> String {
    let whole = match call.returns {
        Kind::List(kind) => format!("{}[]", complete(*kind)),
        kind => complete(kind),
    };
    if call.may_return_nothing { format!("{whole} | null") } else { whole }
}

/// What the library itself returns has every field, which a server that is older may lack.
fn complete(kind: Kind) -> String {
    let own = types::output(kind);
    let is_object = matches!(kind, Kind::Record(_) | Kind::Named(_)) && own != "unknown";
    if is_object { format!("Complete<{own}>") } else { own }
}
