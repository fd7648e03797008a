//! The classes of the records that calls return.

use mcoda_core::calls::{CALLS, Call};
use mcoda_core::definition::{Definition, Field, Kind};

use super::docs::{docstring, in_one, lines_of, python};
use super::{module, types};
use crate::markdown::indented;
use crate::{File, definitions};

pub fn files() -> Vec<File> {
    let records = all();
    let names: Vec<String> = records.iter().map(|record| record.name.to_owned()).collect();
    let body: String = records.iter().map(|record| class(record)).collect();
    let doc = "Results of calls.";
    vec![module("bindings-python/python/mcoda/_records.py", doc, &names, &body), choices()]
}

/// All records that have a class.
pub fn all() -> Vec<&'static Definition> {
    definitions::returned()
}

/// The call that formats the record for people, if there is one.
fn renderer(record: &Definition) -> Option<&'static str> {
    let name = format!("render_{}", snake_case(record.name));
    CALLS.iter().map(|call| call.name).find(|call| *call == name)
}

/// The call that returns the record with rows, and the record of these rows.
fn rows(record: &Definition) -> Option<(&'static str, &'static str)> {
    let returns = |call: &&Call| matches!(call.returns, Kind::Record(own) if own.name == record.name);
    CALLS.iter().find(returns).and_then(|call| Some((call.name, call.rows()?.name)))
}

fn class(record: &Definition) -> String {
    let mut doc = python(record.doc);
    let renderer = renderer(record);
    if renderer.is_some()
        && let Some(first) = doc.first_mut()
    {
        first.push_str(" ``str()`` of it is text for people.");
    }
    let base = definitions::base(record);
    let own: Vec<&Field> = record
        .all_fields()
        .filter(|field| !(field.is_flat && matches!(field.kind, Kind::Record(_))))
        .collect();
    let mut body = docstring(&lines_of(&doc, 4), 4) + "\n\n";
    if base.is_some() {
        let names: Vec<String> = own.iter().map(|field| format!("\"{}\",", field.name)).collect();
        body +=
            "# Not `slots=True`, of which mypy's stubtest expects the slots of the class above once more.\n";
        body += &format!("__slots__ = ({})\n\n", names.join(" "));
    }
    // A host's test that constructs a result may omit optional fields. Only the last fields can have defaults.
    let required = own.iter().rposition(|field| !field.is_left_out).map_or(0, |last| last + 1);
    let attributes = own.iter().enumerate().map(|(place, field)| attribute(field, place >= required));
    body += &attributes.collect::<String>();
    if let Some(renderer) = renderer {
        body += &format!("_render: ClassVar[str] = \"{renderer}\"\n");
    }
    let mut base_class =
        base.map_or(if renderer.is_some() { "Displayable" } else { "Result" }, |base| base.name).to_owned();
    if let Some((call, row)) = rows(record) {
        body += &format!("_call: ClassVar[str] = \"{call}\"\n_row: ClassVar[type[Result]] = {row}\n");
        base_class = format!("Tabular[{row}], {base_class}");
    }
    let slots = if base.is_some() { "" } else { "slots=True, " };
    let name = record.name;
    format!(
        "\n\n@dataclass(frozen=True, {slots}repr=False)\nclass {name}({base_class}):\n{}",
        indented(&body, 4)
    )
}

fn attribute(field: &Field, may_lack: bool) -> String {
    if let Kind::Group(names) = field.kind {
        let doc = docstring(&["The group's value, where grouped by it.".to_owned()], 4);
        return names.iter().map(|name| format!("{name}: str | None\n{doc}\n")).collect();
    }
    let doc = docstring(&lines_of(&[in_one(field.doc)], 4), 4);
    let default = match (may_lack, types::is_hashable(field.kind)) {
        (false, true) => "",
        (true, true) => " = None",
        (false, false) => " = field(hash=False)",
        (true, false) => " = field(default=None, hash=False)",
    };
    format!("{}: {}{default}\n{doc}\n", field.name, types::output(field))
}

fn choices() -> File {
    let choices = definitions::choices();
    let names: Vec<String> = choices.keys().map(|name| (*name).to_owned()).collect();
    let mut body = String::new();
    for (name, words) in choices {
        // stubtest does not recognise a single `Literal` of many words at run time.
        let words: Vec<String> = words.iter().map(|word| format!("    Literal[\"{word}\"],\n")).collect();
        body +=
            &format!("\n{name}: TypeAlias = Union[\n{}]\n\"\"\"One of these words.\"\"\"\n", words.concat());
    }
    module("bindings-python/python/mcoda/_choices.py", "The words that fields choose from.", &names, &body)
}

/// `token_usage` for `TokenUsage`.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}
