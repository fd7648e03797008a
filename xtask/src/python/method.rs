//! A call as a method or a function.

use std::path::Path;

use mcoda_core::ErrorKind;
use mcoda_core::calls::{CALLS, Call, Owner, Param, ParamKind};
use mcoda_core::definition::{Definition, Field, Kind, Presence};

use super::docs::{ERRORS, docstring, in_one, lines_of, python, section};
use super::{WIDTH, types};
use crate::calls::{own_name, repeated_field, returner};
use crate::markdown::indented;

/// The parameter that every call of a database has in addition to its own.
const TIMEOUT: &str = "Seconds, above 0, after which a call that is waiting or only reading is cancelled \
                       (``CancelledError``). Absent: no limit.";

/// Where a call is defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the module.
    Module,
    /// In the class of a handle.
    Handle,
    /// In the class of a repository, which may have a method `list`.
    Repository,
}

/// The parts of a method.
pub struct Method<'a> {
    pub name: &'a str,
    pub place: Place,
    pub params: &'a [Param],
    /// The type that it returns, and the lines of its body.
    pub returns: String,
    pub body: Vec<String>,
    /// Paragraphs, and then lines of sections.
    pub doc: Vec<String>,
    pub raises: Vec<(String, String)>,
    /// The name of its example.
    pub example: &'a str,
}

impl Place {
    fn indentation(self) -> usize {
        if self == Self::Module { 0 } else { 4 }
    }

    fn list(self) -> &'static str {
        if self == Self::Repository { "builtins.list" } else { "list" }
    }

    fn native(self) -> &'static str {
        if self == Self::Module { "_mcoda" } else { "self._native" }
    }
}

/// The method of a call.
pub fn of_call(call: &'static Call, place: Place) -> String {
    let name = own_name(call.name);
    let mut doc = python(call.doc);
    if call.may_return_nothing {
        doc.push("None if there is no such entity.".to_owned());
    }
    let (returns, body) = returned(call, place);
    // A body of any other type is rejected with `InvalidInput`.
    let may_be_no_body = call.params.iter().any(|param| matches!(param.kind, ParamKind::Body));
    let raises = ERRORS
        .iter()
        .filter(|(kind, _)| call.errors.contains(kind) || may_be_no_body && *kind == ErrorKind::InvalidInput);
    let raises = raises.map(|(kind, text)| (format!("{kind:?}Error"), (*text).to_owned())).collect();
    Method { name, place, params: call.params, returns, body, doc, raises, example: call.name }.text()
}

impl Method<'_> {
    pub fn text(&self) -> String {
        let mut text = String::new();
        if self.has_required_fields() {
            for is_given in [true, false] {
                text += &format!("@overload\n{} ...\n", self.signature(Some(is_given)));
            }
        }
        text += &self.signature(None);
        text += "\n";
        text += &indented(&self.docstring(), 4);
        if let Some((_, record)) = self.record() {
            text += &indented(&keywords(record.all_fields()), 4);
        }
        text += &indented(&self.body.join("\n"), 4);
        indented(&text, self.place.indentation())
    }

    /// The record whose fields are keywords: the first that the call takes.
    fn record(&self) -> Option<(usize, &'static Definition)> {
        self.params.iter().enumerate().find_map(|(index, param)| match param.kind {
            ParamKind::Record(record) => Some((index, record)),
            _ => None,
        })
    }

    /// Whether the fields may be passed instead of the mapping, and some of them are required.
    fn has_required_fields(&self) -> bool {
        self.record().is_some_and(|(index, record)| {
            !self.params[index].is_optional
                && self.is_last_that_is_required(index)
                && record.all_fields().any(|field| field.presence == Presence::Required)
        })
    }

    fn is_last_that_is_required(&self, index: usize) -> bool {
        self.params[index + 1..].iter().all(|param| param.is_optional)
    }

    /// The text between `def` and the body. If fields are required there are two overloads in addition: with the
    /// mapping, and with the fields.
    fn signature(&self, is_given: Option<bool>) -> String {
        let record = self.record();
        let has_no_mapping = is_given == Some(false);
        let (mut parts, mut keywords): (Vec<String>, Vec<String>) = Default::default();
        if self.place != Place::Module {
            parts.push("self".to_owned());
        }
        for (index, param) in self.params.iter().enumerate() {
            let Some((at, _)) = record.filter(|(at, _)| *at <= index) else {
                parts.push(self.param(param));
                continue;
            };
            if at < index {
                let others = if has_no_mapping { &mut keywords } else { &mut parts };
                others.push(self.param(param));
                continue;
            }
            if !has_no_mapping {
                let has_default = is_given.is_none() && self.is_last_that_is_required(index);
                let default = if has_default { " = NO_FIELDS" } else { "" };
                parts.push(format!("{}: Fields{default}", param.name));
            }
            if index == 0 && !parts.is_empty() {
                parts.push("/".to_owned());
            }
        }
        if let Some((_, record)) = record {
            parts.push("*".to_owned());
            parts.append(&mut keywords);
            parts.extend(record.all_fields().map(|field| keyword(field, has_no_mapping)));
        }
        if self.place != Place::Module {
            if record.is_none() {
                parts.push("*".to_owned());
            }
            parts.push("timeout: float | None = None".to_owned());
        }
        let (name, returns) = (self.name, &self.returns);
        let line = format!("def {name}({}) -> {returns}:", parts.join(", "));
        if record.is_none() && line.len() + self.place.indentation() <= WIDTH {
            return line;
        }
        let parts: Vec<String> = parts.iter().map(|part| format!("    {part},\n")).collect();
        format!("def {name}(\n{}) -> {returns}:", parts.concat())
    }

    fn param(&self, param: &Param) -> String {
        let name = param.name;
        let type_ = match param.kind {
            ParamKind::Text => "str".to_owned(),
            // Editors suggest the known words; other words are accepted.
            ParamKind::Word(name, _) => format!("{name} | str"),
            ParamKind::Path => "StrPath".to_owned(),
            ParamKind::Boolean => return format!("{name}: bool = False"),
            ParamKind::Time => "Time".to_owned(),
            ParamKind::Body => "Body".to_owned(),
            ParamKind::SqlParams => "Sequence[SqlParam] | Mapping[str, SqlParam]".to_owned(),
            ParamKind::Json => json_type(self.params, param),
            ParamKind::Record(_) if param.is_optional => return format!("{name}: Fields = NO_FIELDS"),
            ParamKind::Record(_) => "Fields".to_owned(),
            ParamKind::Records(..) | ParamKind::Calls => "Iterable[Fields]".to_owned(),
        };
        if param.is_optional { format!("{name}: {type_} | None = None") } else { format!("{name}: {type_}") }
    }

    fn docstring(&self) -> String {
        let indentation = self.place.indentation() + 4;
        let mut lines = lines_of(&self.doc, indentation);
        let mut entries = Vec::new();
        let record = self.record();
        for (index, param) in self.params.iter().enumerate() {
            let has_keywords = record.is_some_and(|(at, _)| at == index);
            entries.push((param.name.to_owned(), in_one(param.doc) + &form(param, has_keywords)));
        }
        if let Some((_, record)) = record {
            entries.extend(record.all_fields().map(|field| (field.name.to_owned(), in_one(field.doc))));
        }
        if self.place != Place::Module {
            entries.push(("timeout".to_owned(), TIMEOUT.to_owned()));
        }
        lines.extend(section("Args", &entries, indentation));
        lines.extend(section("Raises", &self.raises, indentation));
        if let Some(example) = example(self.example) {
            lines.push(String::new());
            lines.extend(example.lines().map(str::to_owned));
        }
        docstring(&lines, indentation)
    }
}

/// The fields by name, as the native module expects them.
pub fn keywords<'f>(fields: impl Iterator<Item = &'f Field>) -> String {
    let entry = |field: &Field| match field.kind {
        Kind::LogPlace => format!("    \"{0}\": as_folder({0}),\n", field.name),
        _ => format!("    \"{0}\": {0},\n", field.name),
    };
    format!("keywords = {{\n{}}}\n", fields.map(entry).collect::<String>())
}

/// The example in the docstring of the call, which also runs as a test.
fn example(call: &str) -> Option<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bindings-python/examples");
    std::fs::read_to_string(folder.join(format!("{call}.txt"))).ok()
}

/// The part of a parameter's documentation about the form of its value in Python.
fn form(param: &Param, has_keywords: bool) -> String {
    match param.kind {
        ParamKind::Record(_) if has_keywords => " A mapping of the fields below.".to_owned(),
        ParamKind::Record(_) => " A mapping of its fields.".to_owned(),
        ParamKind::Records(record, _) => {
            let takes_one = |call: &&Call| {
                call.params
                    .iter()
                    .any(|param| matches!(param.kind, ParamKind::Record(one) if one.name == record.name))
            };
            let fields = CALLS.iter().find(takes_one).map(|call| format!(" the fields of ``{}``", call.name));
            format!(" Each is a mapping of{}.", fields.unwrap_or_else(|| " fields".to_owned()))
        }
        ParamKind::Body => {
            " Text, UTF-8 bytes, a mapping, a list of mappings, or a model of pydantic.".to_owned()
        }
        _ => String::new(),
    }
}

fn keyword(field: &Field, is_alone: bool) -> String {
    let type_ = types::input(field);
    if is_alone && field.presence == Presence::Required {
        format!("{}: {type_}", field.name)
    } else {
        format!("{}: {type_} | None = None", field.name)
    }
}

/// The type of a result of another call, or of a field that the other call took.
fn json_type(params: &[Param], param: &Param) -> String {
    if let Some(call) = returner(param) {
        return match call.returns {
            Kind::List(kind) => format!("Iterable[OrJson[{}]]", types::output_kind(*kind)),
            kind => format!("OrJson[{}]", types::output_kind(kind)),
        };
    }
    let field = repeated_field(params, param);
    field.map_or("object".to_owned(), types::input)
}

/// The type that the call returns, and the code that converts the engine's result to it.
fn returned(call: &Call, place: Place) -> (String, Vec<String>) {
    let made = made(call, place);
    match call.returns {
        Kind::Record(record) if call.may_return_nothing => (
            format!("{} | None", record.name),
            vec![
                format!("row = {made}"),
                format!("return None if row is None else {}._read(row)", record.name),
            ],
        ),
        Kind::Record(record) => {
            (record.name.to_owned(), vec![format!("return {}._read({made})", record.name)])
        }
        Kind::List(Kind::Record(record)) if is_question(call) => {
            let columns = made.replacen(".call(", ".columns(", 1);
            if !record.fields.iter().any(|field| matches!(field.kind, Kind::Group(_))) {
                let body = format!("return Table._of({columns}, {}, \"{}\")", record.name, call.name);
                return (format!("Table[{}]", record.name), vec![body]);
            }
            let summary = record.name.trim_end_matches("Row");
            let group_by = call.params.iter().find(|param| matches!(param.kind, ParamKind::Record(_)));
            let body = group_by.map_or_else(Vec::new, |param| {
                let name = param.name;
                vec![
                    format!("groups = list_argument({name}, \"group_by\", \"groupBy\", group_by)"),
                    format!("return self._summary({name}, keywords, groups, timeout)"),
                ]
            });
            (summary.to_owned(), body)
        }
        Kind::List(Kind::Record(record)) => (
            format!("{}[{}]", place.list(), record.name),
            vec![format!("return [{}._read(row) for row in {made}]", record.name)],
        ),
        Kind::Named("Table") => {
            ("Table[tuple[SqlValue, ...]]".to_owned(), vec![format!("return Table._of({made})")])
        }
        Kind::Named(name) if name != "Json" => {
            (name.to_owned(), vec![format!("return {name}._read({made})")])
        }
        Kind::Nothing => ("None".to_owned(), vec![made]),
        Kind::List(kind) => plain(format!("{}[{}]", place.list(), types::output_kind(*kind)), &made),
        kind if call.may_return_nothing => plain(format!("{} | None", types::output_kind(kind)), &made),
        kind => plain(types::output_kind(kind), &made),
    }
}

/// Whether the call asks for rows: neither a write of many records nor a function without a database.
fn is_question(call: &Call) -> bool {
    let takes_many = call.params.iter().any(|param| matches!(param.kind, ParamKind::Records(..)));
    call.owner != Owner::Library && !takes_many
}

fn plain(type_: String, made: &str) -> (String, Vec<String>) {
    let body = vec![format!("returned: {type_} = {made}"), "return returned".to_owned()];
    (type_, body)
}

/// The code that calls the native module.
fn made(call: &Call, place: Place) -> String {
    let first = call.params.iter().position(|param| matches!(param.kind, ParamKind::Record(_)));
    let of = |(index, param)| argument(param, first == Some(index));
    let mut arguments: Vec<String> = call.params.iter().enumerate().map(of).collect();
    // SQL has values that JSON cannot represent, for example blobs.
    let has_own_values = call.params.iter().any(|param| matches!(param.kind, ParamKind::SqlParams));
    if has_own_values {
        return format!("{}.{}({}, timeout=timeout)", place.native(), call.name, arguments.join(", "));
    }
    arguments.insert(0, format!("\"{}\"", call.name));
    if place != Place::Module {
        arguments.push("timeout=timeout".to_owned());
    }
    format!("{}.call({})", place.native(), arguments.join(", "))
}

fn argument(param: &Param, has_keywords: bool) -> String {
    let name = param.name;
    match param.kind {
        ParamKind::Record(_) if has_keywords => format!("({name}, keywords)"),
        ParamKind::Record(_) => format!("({name}, {{}})"),
        ParamKind::Records(..) | ParamKind::Calls => format!("as_list({name})"),
        ParamKind::Json => format!("as_json({name})"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_has_the_name_of_a_parameter_beside_it() {
        for call in CALLS {
            let record = call.params.iter().find_map(|param| match param.kind {
                ParamKind::Record(record) => Some(record),
                _ => None,
            });
            for field in record.iter().flat_map(|record| record.all_fields()) {
                let is_same = |param: &Param| param.name == field.name;
                assert!(
                    !call.params.iter().any(is_same),
                    "{}: Python cannot distinguish {}",
                    call.name,
                    field.name
                );
            }
        }
    }
}
