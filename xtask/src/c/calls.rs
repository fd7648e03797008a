//! The exports that take and return JSON: one for each call, and another one if the global database has the call, too.

use mcoda_core::calls::{CALLS, Call, Owner, Param, ParamKind};
use mcoda_core::definition::{Definition, Kind, Presence};

use super::{WRITTEN, doc, formatted, in_c};
use crate::File;
use crate::markdown::paragraphs;

/// Calls whose exports are written by hand, since they neither take nor return JSON.
const BY_HAND: [&str; 2] = ["close", "backup_to"];

/// Exports whose names differ from their calls, because compiled programs rely on them.
const NAMES: [(&str, &str); 2] = [("opt_out", "telemetry_opt_out"), ("opt_in", "telemetry_opt_in")];

/// A parameter whose name differs in the list of declarations that programs rely on.
const PARAMETERS: [(&str, &str, &str); 1] = [("tasks.get", "task", "id_or_key")];

/// The handle that an export takes.
#[derive(Clone, Copy, PartialEq)]
pub enum On {
    Nothing,
    Workspace,
    Global,
}

pub fn file() -> File {
    let exports: String = exports().map(|(call, on)| export(call, on)).collect();
    let source = format!(
        "{WRITTEN}\n
//! The calls that take and return JSON.

use std::ffi::c_char;

use crate::code::mcoda_code;
use crate::error::mcoda_error;
use crate::global::mcoda_global;
use crate::json_call::{{Given, On, write_json, write_text}};
use crate::string::mcoda_string;
use crate::workspace::mcoda_workspace;
{exports}"
    );
    ("ffi/src/calls.rs", formatted(&source))
}

/// Every export with its call, in the order of the call table.
pub fn exports() -> impl Iterator<Item = (&'static Call, On)> {
    let calls = CALLS.iter().filter(|call| !BY_HAND.contains(&call.name));
    calls.flat_map(|call| {
        let on: &[On] = match call.owner {
            Owner::Library => &[On::Nothing],
            Owner::Workspace => &[On::Workspace],
            Owner::Session => &[On::Workspace, On::Global],
        };
        on.iter().map(move |on| (call, *on))
    })
}

/// The name of an export.
pub fn name(call: &Call, on: On) -> String {
    let name = NAMES.iter().find(|(own, _)| *own == call.name).map_or(call.name, |(_, name)| name);
    let global = if on == On::Global { "global_" } else { "" };
    let json = if gives_text(call) { "" } else { "_json" };
    format!("mcoda_{global}{}{json}", name.replace('.', "_"))
}

/// Whether a call returns text for people, which is passed on unchanged.
pub fn gives_text(call: &Call) -> bool {
    matches!(call.returns, Kind::Text)
}

fn export(call: &Call, on: On) -> String {
    let (handle, target) = match on {
        On::Nothing => ("", "On::Nothing"),
        On::Workspace => ("workspace: *mut mcoda_workspace,\n", "On::Workspace(workspace)"),
        On::Global => ("global: *mut mcoda_global,\n", "On::Global(global)"),
    };
    let parameters: String =
        call.params.iter().map(|param| format!("{}: {},\n", c_name(call, param), c_type(param))).collect();
    let arguments: Vec<String> =
        call.params.iter().map(|param| argument(param, c_name(call, param))).collect();
    let (out, boundary) = if gives_text(call) { ("text", "write_text") } else { ("json", "write_json") };
    format!(
        "
{comment}#[unsafe(no_mangle)]
pub unsafe extern \"C\" fn {name}(
    {handle}{parameters}{out}: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {{
    {boundary}({target}, \"{call_name}\", &[{arguments}], {out}, error)
}}
",
        comment = doc(&comment(call, on, out)),
        name = name(call, on),
        call_name = call.name,
        arguments = arguments.join(", "),
    )
}

fn c_type(param: &Param) -> &'static str {
    if matches!(param.kind, ParamKind::Boolean) { "bool" } else { "*const c_char" }
}

pub fn c_name(call: &Call, param: &Param) -> &'static str {
    let named = PARAMETERS.iter().find(|(of, name, _)| *of == call.name && *name == param.name);
    named.map_or(param.name, |(_, _, name)| name)
}

fn argument(param: &Param, name: &str) -> String {
    let read = match (param.kind, param.is_optional) {
        (ParamKind::Boolean, _) => return format!("Given::Boolean({name})"),
        (
            ParamKind::Text | ParamKind::Word(..) | ParamKind::Path | ParamKind::Time | ParamKind::Body,
            false,
        ) => "Text",
        (
            ParamKind::Text | ParamKind::Word(..) | ParamKind::Path | ParamKind::Time | ParamKind::Body,
            true,
        ) => "OptionalText",
        (_, false) => "Json",
        (_, true) => "OptionalJson",
    };
    format!("Given::{read}(\"{name}\", {name})")
}

/// The comment: what the call does, its parameters, its result, and the rules for errors, threads and memory.
fn comment(call: &Call, on: On, out: &str) -> Vec<String> {
    let mut texts: Vec<String> = paragraphs(call.doc).iter().map(|text| in_c(text)).collect();
    if on == On::Global {
        texts.push("On the user's global database, which has no backlog.".to_owned());
    }
    let mut parameters: Vec<String> =
        call.params.iter().map(|param| parameter(param, c_name(call, param))).collect();
    parameters.push(given(call, out));
    texts.push(parameters.join(" "));
    let mut codes: Vec<String> = call.errors.iter().map(|kind| format!("`MCODA_{}`", kind.name())).collect();
    codes.dedup();
    if on != On::Nothing {
        codes.extend(["`MCODA_BUSY`", "`MCODA_STORAGE`", "`MCODA_CLOSED`"].map(str::to_owned));
    } else if codes.is_empty() {
        codes.push("none of its own".to_owned());
    }
    codes.dedup();
    texts.push(format!(
        "Errors: {}. Threads: any. Frees: the caller, `{out}` with `mcoda_string_free`.",
        codes.join(", ")
    ));
    texts
}

fn parameter(param: &Param, name: &str) -> String {
    let what = lower_first(&in_c(&paragraphs(param.doc).join(" ")));
    let form = match param.kind {
        ParamKind::Text | ParamKind::Word(..) | ParamKind::Path | ParamKind::Body => "text".to_owned(),
        ParamKind::Boolean => "true or false".to_owned(),
        ParamKind::Time => "RFC 3339 text".to_owned(),
        ParamKind::SqlParams => "a JSON array or an object of names".to_owned(),
        ParamKind::Json => "JSON".to_owned(),
        ParamKind::Record(record) => object(record),
        ParamKind::Records(record, _) => format!("a JSON array, each item {}", object(record)),
        ParamKind::Calls => "a JSON array".to_owned(),
    };
    let null =
        if param.is_optional && !matches!(param.kind, ParamKind::Boolean) { ", may be NULL" } else { "" };
    format!("`{name}` ({form}{null}) is {what}")
}

/// A JSON object with the fields of a record, the required ones first.
fn object(record: &Definition) -> String {
    let named = |wanted: bool| {
        let fields = record.all_fields().filter(|field| (field.presence == Presence::Required) == wanted);
        fields.map(|field| format!("`{}`", field.json)).collect::<Vec<_>>().join(", ")
    };
    match (named(true), named(false)) {
        (required, optional) if required.is_empty() => format!("a JSON object of {optional}, all optional"),
        (required, optional) if optional.is_empty() => format!("a JSON object of {required}"),
        (required, optional) => format!("a JSON object of {required}, and optionally {optional}"),
    }
}

fn given(call: &Call, out: &str) -> String {
    if gives_text(call) {
        return format!("`{out}` receives it.");
    }
    let what = match call.returns {
        Kind::List(_) | Kind::Named("Table") => "an array".to_owned(),
        Kind::Record(record) => {
            let fields = record.all_fields().map(|field| format!("`{}`", field.json));
            format!("an object of {}", fields.collect::<Vec<_>>().join(", "))
        }
        _ => "what the OpenAPI contract describes".to_owned(),
    };
    let nothing = if call.may_return_nothing { ", or `null`" } else { "" };
    format!("`{out}` (may be NULL) receives {what}{nothing}.")
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(letters).collect()
}
