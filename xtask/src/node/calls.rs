//! The calls: as methods in JavaScript, and as their types.

use std::collections::BTreeMap;

use mcoda_core::calls::{CALLS, Call, Owner, Param, ParamKind};
use mcoda_core::definition::Kind;

use super::{WRITTEN, camel_case, comment, pascal_case, types};
use crate::File;

/// Calls whose arguments or results JSON has no form for, or that are more than a call there.
const BY_HAND: [&str; 2] = ["query", "close"];

/// Types that every language writes itself, by their names in the table.
const NAMED: [(&str, &str); 2] = [("Json", "unknown"), ("Table", "Row[]")];

pub fn methods() -> File {
    let library: Vec<&Call> = of(Owner::Library).collect();
    let names: Vec<String> = library.iter().map(|call| camel_case(call.name)).collect();
    let functions: String = library.iter().map(|call| function(call)).collect();
    let classes: String = repositories()
        .into_iter()
        .map(|(name, calls)| {
            let methods: Vec<String> = calls.iter().map(|call| method(call)).collect();
            format!("class {} extends Repository {{\n{}}}\n\n", pascal_case(name), methods.join("\n"))
        })
        .collect();
    let repositories: String = repositories()
        .keys()
        .map(|name| format!("  {}: {},\n", camel_case(name), pascal_case(name)))
        .collect();
    let text = format!(
        "{WRITTEN}\n'use strict'

const {{ bodyText }} = require('./body')
const {{ CALL, Repository, compute }} = require('./caller')
const encode = require('./encode')

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
        session = indented(&direct(Owner::Session)),
        workspace = indented(&direct(Owner::Workspace)),
        functions_names = names.join(", "),
    );
    ("bindings-node/lib/methods.js", text)
}

fn of(owner: Owner) -> impl Iterator<Item = &'static Call> {
    CALLS.iter().filter(move |call| call.owner == owner && !BY_HAND.contains(&call.name))
}

fn direct(owner: Owner) -> String {
    let methods: Vec<String> = of(owner).filter(|call| !call.name.contains('.')).map(method).collect();
    methods.join("\n")
}

/// The calls of each repository.
fn repositories() -> BTreeMap<&'static str, Vec<&'static Call>> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for call in of(Owner::Workspace) {
        if let Some((repository, _)) = call.name.split_once('.') {
            found.entry(repository).or_default().push(call);
        }
    }
    found
}

fn own_name(call: &Call) -> String {
    camel_case(call.name.rsplit('.').next().unwrap_or(call.name))
}

fn parameters(call: &Call) -> Vec<String> {
    call.params.iter().map(name_of).collect()
}

fn method(call: &Call) -> String {
    let mut parameters = parameters(call);
    parameters.push("options".to_owned());
    let arguments: Vec<String> = call.params.iter().map(argument).collect();
    let made = format!("this[CALL]('{}', [{}], options)", camel_case(call.name), arguments.join(", "));
    let body = match call.returns {
        Kind::Nothing => format!("await {made}"),
        _ => format!("return {made}"),
    };
    format!("  async {}({}) {{\n    {body}\n  }}\n", own_name(call), parameters.join(", "))
}

fn function(call: &Call) -> String {
    let name = camel_case(call.name);
    let arguments: Vec<String> = call.params.iter().map(argument).collect();
    format!(
        "function {name}({}) {{\n  return compute('{name}', [{}])\n}}\n\n",
        parameters(call).join(", "),
        arguments.join(", ")
    )
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
        (ParamKind::Record(definition), _) => format!("encode.record('{}', {name})", definition.noun),
        (ParamKind::Records(definition, noun), _) => {
            format!("encode.records('{name}', {name}, '{noun}', '{}')", definition.noun)
        }
        (ParamKind::Calls, _) => format!("encode.calls('{name}', {name})"),
        (ParamKind::Json | ParamKind::SqlParams, _) => format!("encode.plain('{name}', {name})"),
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") }).collect()
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
    for (name, calls) in repositories() {
        text += &format!("export interface {} {{\n", pascal_case(name));
        text += &calls.into_iter().map(declaration).collect::<String>();
        text += "}\n\n";
    }
    text += "/** The calls of a workspace. */\nexport interface WorkspaceCalls {\n";
    for name in repositories().keys() {
        text += &format!("  readonly {}: {}\n", camel_case(name), pascal_case(name));
    }
    text +=
        &of(Owner::Workspace).filter(|call| !call.name.contains('.')).map(declaration).collect::<String>();
    text += "}\n";
    for call in of(Owner::Library) {
        let parameters: Vec<String> = call.params.iter().map(parameter).collect();
        text += &format!(
            "\n{}export function {}({}): {}\n",
            comment(call.doc, 0),
            camel_case(call.name),
            parameters.join(", "),
            plain_result(call)
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
            if let Some(name) = rendered(param, call).and_then(named) {
                names.push(name);
            }
        }
        names.extend(named(call.returns));
    }
    names.push("Dimension".to_owned());
    names.sort();
    names.dedup();
    names
}

fn named(kind: Kind) -> Option<String> {
    match kind {
        Kind::Record(record) => Some(types::output_name(record).to_owned()),
        Kind::List(kind) => named(*kind),
        _ => None,
    }
}

fn declaration(call: &Call) -> String {
    let mut parameters: Vec<String> = call.params.iter().map(parameter).collect();
    parameters.push("options?: CallOptions".to_owned());
    format!(
        "{}  {}({}): Promise<{}>\n",
        comment(call.doc, 2),
        own_name(call),
        parameters.join(", "),
        result(call)
    )
}

fn parameter(param: &Param) -> String {
    let kind = match param.kind {
        ParamKind::Text | ParamKind::Path => "string".to_owned(),
        ParamKind::Boolean => "boolean".to_owned(),
        ParamKind::Time => "Time".to_owned(),
        ParamKind::Body => "AgentBody".to_owned(),
        ParamKind::Record(record) => record.name.to_owned(),
        ParamKind::Records(record, _) => format!("Iterable<{}>", record.name),
        ParamKind::Calls => "Iterable<OneCall>".to_owned(),
        ParamKind::Json | ParamKind::SqlParams => given(param),
    };
    match (param.kind, param.is_optional) {
        (_, false) => format!("{}: {kind}", name_of(param)),
        // A record that is left out is empty, which null does not say.
        (ParamKind::Record(_), true) => format!("{}?: {kind}", name_of(param)),
        (_, true) => format!("{}?: {kind} | null", name_of(param)),
    }
}

/// The type of an argument that is what another call returned, which its docs name.
fn given(param: &Param) -> String {
    if param.name == "group_by" {
        return "readonly Dimension[]".to_owned();
    }
    let of = CALLS.iter().find(|call| param.doc.contains(&format!("`{}`", call.name)));
    of.map_or("unknown".to_owned(), |call| match call.returns {
        Kind::List(kind) => format!("readonly {}[]", types::output(*kind)),
        kind => types::output(kind),
    })
}

/// What an argument of a call that renders is.
fn rendered(param: &Param, _call: &Call) -> Option<Kind> {
    let of = CALLS.iter().find(|call| param.doc.contains(&format!("What `{}` returned", call.name)))?;
    Some(of.returns)
}

fn plain_result(call: &Call) -> String {
    let (kind, list) = match call.returns {
        Kind::List(kind) => (*kind, "[]"),
        kind => (kind, ""),
    };
    let own = match kind {
        Kind::Named(name) => {
            NAMED.iter().find(|(own, _)| *own == name).map_or(name, |(_, type_)| type_).to_owned()
        }
        kind => types::output(kind),
    };
    format!("{own}{list}")
}

/// What the library itself returns has every field, which a server that is older may lack.
fn result(call: &Call) -> String {
    let plain = plain_result(call);
    let (own, list) = plain.strip_suffix("[]").map_or((&*plain, ""), |own| (own, "[]"));
    let is_object = matches!(call.returns, Kind::Record(_) | Kind::List(Kind::Record(_)) | Kind::Named(_));
    let whole = if is_object { format!("Complete<{own}>{list}") } else { plain.clone() };
    if call.may_return_nothing { format!("{whole} | null") } else { whole }
}
