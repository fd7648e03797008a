//! The types of records: those that callers pass, and those that calls return.

use mcoda_core::calls::{CALLS, ParamKind};
use mcoda_core::definition::{Definition, Field, Kind, Presence, Record};
use mcoda_core::{Options, TokenUsage};

use super::contract::{Schema, schemas};
use super::{WRITTEN, comment, types};
use crate::{File, definitions};

pub fn file() -> File {
    let schema = schemas();
    let mut text = format!(
        "{WRITTEN}\n\nimport type {{ Metadata }} from './contract'\nimport type {{ Bound, JsonObject, Time }} from './inputs'\n\n"
    );
    for (name, words) in definitions::choices() {
        let words: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
        text += &format!("export type {name} = {}\n\n", words.join(" | "));
    }
    text += &given().into_iter().map(input).collect::<Vec<_>>().join("\n");
    text.push('\n');
    let returned = definitions::returned().into_iter().filter(|record| definitions::base(record).is_none());
    text +=
        &returned.map(|record| output(record, schema(record.name).as_ref())).collect::<Vec<_>>().join("\n");
    ("bindings-node/lib/records.ts", text)
}

/// The records that callers pass, and the records in them, each once.
fn given() -> Vec<&'static Definition> {
    let mut found = Vec::new();
    add_given(Options::DEFINITION, &mut found);
    for param in CALLS.iter().flat_map(|call| call.params) {
        if let ParamKind::Record(record) | ParamKind::Records(record, _) = param.kind {
            add_given(record, &mut found);
        }
    }
    found
}

fn add_given(record: &'static Definition, found: &mut Vec<&'static Definition>) {
    if found.iter().any(|other| other.name == record.name) {
        return;
    }
    found.push(record);
    for field in record.fields {
        let kind = if let Kind::List(kind) = field.kind { *kind } else { field.kind };
        if let Kind::Record(inner) = kind {
            add_given(inner, found);
        }
    }
}

fn input(record: &'static Definition) -> String {
    let base = record.base.map(|base| format!(" extends {}", base.name)).unwrap_or_default();
    let fields: String = record.fields.iter().map(input_field).collect();
    format!("{}export interface {}{base} {{\n{fields}}}\n", comment(record.doc, 0), record.name)
}

fn input_field(field: &Field) -> String {
    let kind = types::input(field);
    let doc = comment(field.doc, 2);
    let one = |name: &str, doc: &str| match field.presence {
        Presence::Required => format!("{doc}  {name}: {kind}\n"),
        _ => format!("{doc}  {name}?: {kind} | null | undefined\n"),
    };
    let alias = |alias: &&str| one(alias, &comment(&format!("Another name of `{}`.", field.json), 2));
    one(field.json, &doc) + &field.aliases.iter().map(alias).collect::<String>()
}

fn output(record: &'static Definition, schema: Option<&Schema>) -> String {
    let mut fields: String = record.all_fields().map(|field| output_field(record, field, schema)).collect();
    if let Some(schema) = schema {
        let known: Vec<&str> = record.all_fields().flat_map(names).collect();
        for (name, doc) in schema.more_texts(&known) {
            fields += &format!("{}  {name}?: string | null\n", comment(&doc, 2));
        }
    }
    let name = types::output_name(record);
    let doc = if record.name == TokenUsage::DEFINITION.name {
        "The usage of a response, as a record's fields. Null means \"not reported\". It can be recorded unchanged."
    } else {
        record.doc
    };
    format!("{}export interface {name} {{\n{fields}}}\n", comment(doc, 0))
}

/// The names that a field has in JSON.
fn names(field: &'static Field) -> Vec<&'static str> {
    match field.kind {
        Kind::Group(names) => names.to_vec(),
        _ => vec![field.json],
    }
}

fn output_field(record: &'static Definition, field: &'static Field, schema: Option<&Schema>) -> String {
    if let Kind::Group(names) = field.kind {
        let doc = comment("The group's value, if it is grouped by it.", 2);
        return names.iter().map(|name| format!("{doc}  {name}?: string | null\n")).collect();
    }
    let may_lack = field.is_left_out || schema.is_some_and(|schema| !schema.requires(field.json));
    let mark = if may_lack { "?" } else { "" };
    let is_null = field.presence == Presence::Optional && !field.is_left_out;
    let null = if is_null { " | null" } else { "" };
    // These records report stored values, so the documentation of absent input does not apply.
    let doc = if record.name == "TokenUsageRow" || record.name == "TokenUsage" {
        field.doc.split(" Absent:").next().unwrap_or_default()
    } else {
        field.doc
    };
    format!("{}  {}{mark}: {}{null}\n", comment(doc, 2), field.json, types::output(field.kind))
}
