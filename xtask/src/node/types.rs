//! The TypeScript types of values.

use mcoda_core::definition::{Bound, Definition, Field, Kind};

use crate::definitions;

/// The type of a field that a caller passes.
pub fn input(field: &Field) -> String {
    match (field.kind, field.bound) {
        (_, Some(Bound::Span)) => "Bound".to_owned(),
        (Kind::Whole, Some(Bound::Count)) => "number | bigint".to_owned(),
        (kind, _) => input_kind(kind),
    }
}

fn input_kind(kind: Kind) -> String {
    match kind {
        Kind::Time => "Time".to_owned(),
        Kind::LogPlace => "boolean | string | URL".to_owned(),
        Kind::Object => "JsonObject".to_owned(),
        Kind::List(kind) => format!("readonly {}[]", input_kind(*kind)),
        other => output(other),
    }
}

/// The type of a value that a call returns.
pub fn output(kind: Kind) -> String {
    match kind {
        Kind::Text | Kind::Time | Kind::StoredTime | Kind::Group(_) => "string".to_owned(),
        Kind::Whole | Kind::Number => "number".to_owned(),
        Kind::Boolean => "boolean".to_owned(),
        Kind::Object => "Metadata".to_owned(),
        Kind::Named("Json") => "unknown".to_owned(),
        Kind::Choice(name, _) | Kind::Named(name) => name.to_owned(),
        Kind::LogPlace => "boolean | string".to_owned(),
        Kind::Sums => "{ [currency: string]: number }".to_owned(),
        Kind::Record(record) => output_name(record).to_owned(),
        Kind::List(kind) => format!("{}[]", output(*kind)),
        Kind::Nothing => "void".to_owned(),
    }
}

/// The name of the type of a returned record. A type that callers pass has the same name as its record.
pub fn output_name(record: &'static Definition) -> &'static str {
    match definitions::base(record) {
        // In the contract, the additional fields belong to the base.
        Some(base) => base.name,
        None if record.name == "TokenUsage" => "ExtractedUsage",
        None => record.name,
    }
}
