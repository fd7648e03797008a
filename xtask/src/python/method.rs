//! A call as a method or a function.

use std::path::Path;

use mcoda_core::ErrorKind;
use mcoda_core::calls::{CALLS, Call, Param, ParamKind};
use mcoda_core::definition::{Definition, Field, Kind, Presence};

use super::docs::{ERRORS, docstring, in_one, lines_of, python, section};
use super::{WIDTH, indented, types};

/// Where a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the module.
    Module,
    /// In the class of a handle.
    Handle,
    /// In the class of a repository, which may have a method `list`.
    Repository,
}

/// What a method is made of.
pub struct Method<'a> {
    pub name: &'a str,
    pub place: Place,
    pub params: &'a [Param],
    /// What it returns: the type, and the lines of its body.
    pub returns: String,
    pub body: Vec<String>,
    /// Paragraphs, and then lines of sections.
    pub doc: Vec<String>,
    pub raises: Vec<(String, String)>,
    /// The name of its examples.
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
    let name = call.name.rsplit('.').next().unwrap_or(call.name);
    let mut doc = python(call.doc);
    if call.may_return_nothing {
        doc.push("None where there is none.".to_owned());
    }
    let (returns, body) = returned(call, place);
    // A value of another type than those is refused, whatever it holds.
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
        text += &indented(&self.keywords(), 4);
        text += &indented(&self.body.join("\n"), 4);
        indented(&text, self.place.indentation())
    }

    /// The record whose fields are keywords.
    fn record(&self) -> Option<(&Param, &'static Definition)> {
        self.params.iter().find_map(|param| match param.kind {
            ParamKind::Record(record) => Some((param, record)),
            _ => None,
        })
    }

    fn has_required_fields(&self) -> bool {
        self.record().is_some_and(|(param, record)| {
            !param.is_optional && record.all_fields().any(|field| field.presence == Presence::Required)
        })
    }

    /// What stands between `def` and the body. Where fields are required there are two more, which say that either
    /// the mapping is given or the fields are.
    fn signature(&self, is_given: Option<bool>) -> String {
        let mut parts: Vec<String> = Vec::new();
        if self.place != Place::Module {
            parts.push("self".to_owned());
        }
        let record = self.record();
        let is_first = record.is_some_and(|(param, _)| param.name == self.params[0].name);
        // What has a default comes behind what has none.
        let (others, last): (Vec<&Param>, Vec<&Param>) =
            self.params.iter().partition(|param| record.is_none_or(|(record, _)| record.name != param.name));
        for param in others.into_iter().chain(last) {
            match (param.kind, is_given) {
                (ParamKind::Record(_), Some(true)) => parts.push(format!("{}: Fields", param.name)),
                (ParamKind::Record(_), Some(false)) => (),
                _ => parts.push(self.param(param)),
            }
        }
        if is_first && !parts.is_empty() {
            parts.push("/".to_owned());
        }
        if let Some((_, record)) = record {
            parts.push("*".to_owned());
            parts.extend(record.all_fields().map(|field| keyword(field, is_given == Some(false))));
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
            ParamKind::Path => "StrPath".to_owned(),
            ParamKind::Boolean => return format!("{name}: bool = False"),
            ParamKind::Time => "Time".to_owned(),
            ParamKind::Body => "Body".to_owned(),
            ParamKind::SqlParams => "Sequence[SqlParam] | Mapping[str, SqlParam]".to_owned(),
            ParamKind::Json => json_type(self.params, param),
            ParamKind::Record(_) => return format!("{name}: Fields = NO_FIELDS"),
            ParamKind::Records(..) | ParamKind::Calls => "Iterable[Fields]".to_owned(),
        };
        if param.is_optional { format!("{name}: {type_} | None = None") } else { format!("{name}: {type_}") }
    }

    fn keywords(&self) -> String {
        let Some((_, record)) = self.record() else { return String::new() };
        let entry = |field: &Field| match field.kind {
            Kind::LogPlace => format!("    \"{0}\": folder({0}),\n", field.name),
            _ => format!("    \"{0}\": {0},\n", field.name),
        };
        format!("keywords = {{\n{}}}\n", record.all_fields().map(entry).collect::<String>())
    }

    fn docstring(&self) -> String {
        let indentation = self.place.indentation() + 4;
        let mut lines = lines_of(&self.doc, indentation);
        let mut entries = Vec::new();
        for param in self.params {
            entries.push((param.name.to_owned(), in_one(param.doc) + &form(param)));
        }
        if let Some((_, record)) = self.record() {
            entries.extend(record.all_fields().map(|field| (field.name.to_owned(), in_one(field.doc))));
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

/// What runs as a test in the docstring of the call.
fn example(call: &str) -> Option<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bindings-python/examples");
    std::fs::read_to_string(folder.join(format!("{call}.txt"))).ok()
}

/// What the docs of a parameter say about how its value looks in Python.
fn form(param: &Param) -> String {
    match param.kind {
        ParamKind::Record(_) => " A mapping of the fields below.".to_owned(),
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

/// What another call returned, or a field of what that one took.
fn json_type(params: &[Param], param: &Param) -> String {
    if let Some(call) = returner(param) {
        return match call.returns {
            Kind::List(kind) => format!("Iterable[OrJson[{}]]", types::output_kind(*kind)),
            kind => format!("OrJson[{}]", types::output_kind(kind)),
        };
    }
    let records = params.iter().filter_map(returner).flat_map(|call| call.params).filter_map(|param| {
        match param.kind {
            ParamKind::Record(record) => Some(record),
            _ => None,
        }
    });
    let field = records.flat_map(Definition::all_fields).find(|field| field.name == param.name);
    field.map_or("object".to_owned(), types::input)
}

/// The call that the docs of the parameter say it was returned by.
fn returner(param: &Param) -> Option<&'static Call> {
    let name = in_one(param.doc);
    let name = name.strip_prefix("What ``")?.split_once("`` returned.")?.0.to_owned();
    CALLS.iter().find(|call| call.name == name)
}

/// The type that the call returns, and what makes that of what the engine returns.
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
        Kind::List(Kind::Record(record))
            if record.fields.iter().any(|field| matches!(field.kind, Kind::Group(_))) =>
        {
            let summary = record.name.trim_end_matches("Row");
            let asked = call.params.iter().find(|param| matches!(param.kind, ParamKind::Record(_)));
            let asked = asked.map_or_else(String::new, |param| {
                format!("asked({}, \"group_by\", \"groupBy\", group_by)", param.name)
            });
            (
                summary.to_owned(),
                vec![
                    format!("rows = {made}"),
                    format!("return {summary}([{}._read(row) for row in rows], {asked})", record.name),
                ],
            )
        }
        Kind::List(Kind::Record(record)) => (
            format!("{}[{}]", place.list(), record.name),
            vec![format!("return [{}._read(row) for row in {made}]", record.name)],
        ),
        Kind::Named("Table") => ("Table".to_owned(), vec![format!("return Table(*{made})")]),
        Kind::Named(name) if name != "Json" => {
            (name.to_owned(), vec![format!("return {name}._read({made})")])
        }
        Kind::Nothing => ("None".to_owned(), vec![made]),
        Kind::List(kind) => plain(format!("{}[{}]", place.list(), types::output_kind(*kind)), &made),
        kind if call.may_return_nothing => plain(format!("{} | None", types::output_kind(kind)), &made),
        kind => plain(types::output_kind(kind), &made),
    }
}

fn plain(type_: String, made: &str) -> (String, Vec<String>) {
    let body = vec![format!("returned: {type_} = {made}"), "return returned".to_owned()];
    (type_, body)
}

/// The call as the native module makes it.
fn made(call: &Call, place: Place) -> String {
    let mut arguments: Vec<String> = call.params.iter().map(argument).collect();
    // What JSON has no form for, blobs for example, is a value of SQL all the same.
    let has_own_values = call.params.iter().any(|param| matches!(param.kind, ParamKind::SqlParams));
    if has_own_values {
        return format!("{}.{}({})", place.native(), call.name, arguments.join(", "));
    }
    arguments.insert(0, format!("\"{}\"", call.name));
    format!("{}.call({})", place.native(), arguments.join(", "))
}

fn argument(param: &Param) -> String {
    let name = param.name;
    match param.kind {
        ParamKind::Record(_) => format!("({name}, keywords)"),
        ParamKind::Records(..) | ParamKind::Calls => format!("as_list({name})"),
        ParamKind::Json => format!("as_json({name})"),
        _ => name.to_owned(),
    }
}
