//! The records and enumerations of the calls.

use std::collections::BTreeMap;

use mcoda_core::Options;
use mcoda_core::calls::{CALLS, ParamKind};
use mcoda_core::definition::{Definition, Kind, Record};

/// All records that calls take or return, each once, after the records that they contain.
pub fn all() -> Vec<&'static Definition> {
    let mut found = Vec::new();
    for call in CALLS {
        for param in call.params {
            if let ParamKind::Record(record) | ParamKind::Records(record, _) = param.kind {
                add(record, &mut found);
            }
        }
        add_of(call.returns, &mut found);
    }
    add(Options::DEFINITION, &mut found);
    found
}

/// The records that calls return.
pub fn returned() -> Vec<&'static Definition> {
    let mut found = Vec::new();
    for call in CALLS {
        add_of(call.returns, &mut found);
    }
    found
}

fn add(record: &'static Definition, found: &mut Vec<&'static Definition>) {
    if found.iter().any(|other| other.name == record.name) {
        return;
    }
    for field in record.all_fields() {
        add_of(field.kind, found);
    }
    found.push(record);
}

fn add_of(kind: Kind, found: &mut Vec<&'static Definition>) {
    match kind {
        Kind::Record(record) => add(record, found),
        Kind::List(kind) => add_of(*kind, found),
        _ => (),
    }
}

/// The record whose fields are flattened into this one.
pub fn base(record: &Definition) -> Option<&'static Definition> {
    record.fields.iter().find_map(|field| match field.kind {
        Kind::Record(base) if field.is_flat => Some(base),
        _ => None,
    })
}

/// The enumerations of fields, by the names of their types.
pub fn choices() -> BTreeMap<&'static str, &'static [&'static str]> {
    let kinds = all().into_iter().flat_map(Definition::all_fields).map(|field| field.kind);
    let words = CALLS.iter().flat_map(|call| call.params).filter_map(|param| match param.kind {
        ParamKind::Word(name, words) => Some((name, words)),
        _ => None,
    });
    kinds.filter_map(choice).chain(words).collect()
}

fn choice(kind: Kind) -> Option<(&'static str, &'static [&'static str])> {
    match kind {
        Kind::Choice(name, words) => Some((name, words)),
        Kind::List(kind) => choice(*kind),
        _ => None,
    }
}
