//! The types of Python that values have.

use std::collections::BTreeMap;

use mcoda_core::Options;
use mcoda_core::calls::{CALLS, ParamKind};
use mcoda_core::definition::{Bound, Definition, Field, Kind, Presence, Record};

/// The type of a field that a caller gives.
pub fn input(field: &Field) -> String {
    if field.bound == Some(Bound::Span) { "Bound".to_owned() } else { input_kind(field.kind) }
}

fn input_kind(kind: Kind) -> String {
    match kind {
        Kind::Text | Kind::Group(_) => "str".to_owned(),
        Kind::Whole => "int".to_owned(),
        Kind::Number => "float".to_owned(),
        Kind::Boolean => "bool".to_owned(),
        Kind::Time => "Time".to_owned(),
        Kind::Object => "Mapping[str, Any]".to_owned(),
        Kind::Choice(name, _) => name.to_owned(),
        Kind::LogPlace => "bool | StrPath".to_owned(),
        Kind::Sums => "Mapping[str, float]".to_owned(),
        Kind::Record(_) => "Fields".to_owned(),
        Kind::List(kind) => format!("Sequence[{}]", input_kind(*kind)),
        Kind::Named(_) => "Any".to_owned(),
        Kind::Nothing => "None".to_owned(),
    }
}

/// The type of a field of a record that a call returns.
pub fn output(field: &Field) -> String {
    let kind = output_kind(field.kind);
    if field.presence == Presence::Optional { format!("{kind} | None") } else { kind }
}

/// The type of a value that a call returns, other than the list that some return.
pub fn output_kind(kind: Kind) -> String {
    match kind {
        Kind::Text | Kind::Time | Kind::Group(_) => "str".to_owned(),
        Kind::Object => "dict[str, Any]".to_owned(),
        Kind::LogPlace => "bool | str".to_owned(),
        Kind::Sums => "dict[str, float]".to_owned(),
        Kind::Record(record) => record.name.to_owned(),
        Kind::List(kind) => format!("tuple[{}, ...]", output_kind(*kind)),
        Kind::Named("Json") => "Any".to_owned(),
        Kind::Named(name) => name.to_owned(),
        other => input_kind(other),
    }
}

/// All records that calls take or return, each once, those that others hold before them.
pub fn definitions() -> Vec<&'static Definition> {
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

/// The words that fields choose from, by the name of their type.
pub fn choices() -> BTreeMap<&'static str, &'static [&'static str]> {
    let kinds = definitions().into_iter().flat_map(Definition::all_fields).map(|field| field.kind);
    kinds.filter_map(choice).collect()
}

fn choice(kind: Kind) -> Option<(&'static str, &'static [&'static str])> {
    match kind {
        Kind::Choice(name, words) => Some((name, words)),
        Kind::List(kind) => choice(*kind),
        _ => None,
    }
}
