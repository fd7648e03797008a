//! The Python types of values.

use mcoda_core::definition::{Bound, Field, Kind, Presence};

/// The type of a field that a caller passes.
pub fn input(field: &Field) -> String {
    if field.bound == Some(Bound::Span) { "Bound".to_owned() } else { input_kind(field.kind) }
}

fn input_kind(kind: Kind) -> String {
    match kind {
        Kind::Text | Kind::StoredTime | Kind::Group(_) => "str".to_owned(),
        Kind::Whole => "int".to_owned(),
        Kind::Number => "float".to_owned(),
        Kind::Boolean => "bool".to_owned(),
        Kind::Time => "Time".to_owned(),
        Kind::Object => "Mapping[str, Any]".to_owned(),
        Kind::Choice(name, _) => name.to_owned(),
        Kind::LogPlace => "bool | StrPath".to_owned(),
        Kind::Sums => "Mapping[str, float]".to_owned(),
        Kind::Record(_) => "Fields".to_owned(),
        Kind::List(Kind::Choice(name, _)) => format!("{name} | Sequence[{name}]"),
        Kind::List(kind) => format!("Sequence[{}]", input_kind(*kind)),
        Kind::Named(_) => "Any".to_owned(),
        Kind::Nothing => "None".to_owned(),
    }
}

/// The type of a field of a record that a call returns. A time in a row may be text that is not a valid time.
pub fn output(field: &Field) -> String {
    let kind = output_kind(field.kind);
    let may_be_none = field.presence == Presence::Optional || matches!(field.kind, Kind::StoredTime);
    if may_be_none { format!("{kind} | None") } else { kind }
}

/// Whether the field's value is hashable in Python. A dict is not, and neither is JSON that may be one.
pub fn is_hashable(kind: Kind) -> bool {
    match kind {
        Kind::Object | Kind::Sums | Kind::Named("Json") => false,
        Kind::List(kind) => is_hashable(*kind),
        _ => true,
    }
}

/// The type of a value that a call returns. A list in a record is a tuple; `method` handles a call that returns a list.
pub fn output_kind(kind: Kind) -> String {
    match kind {
        Kind::Text | Kind::Group(_) => "str".to_owned(),
        Kind::Time | Kind::StoredTime => "datetime".to_owned(),
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
