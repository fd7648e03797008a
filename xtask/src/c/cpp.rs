//! The C++ header: the parts that are derived from the definitions, inserted into its template.

use mcoda_core::calls::{Call, ParamKind};
use mcoda_core::definition::{Field, Kind};

use super::calls::{self, On};
use super::fields::{self, Handle};
use super::in_c;
use crate::File;
use crate::markdown::{paragraphs, wrapped};

const TEMPLATE: &str = include_str!("../../templates/mcoda.hpp");

/// The maximum line length of the header.
const WIDTH: usize = 116;

pub fn file() -> File {
    let records: String = fields::handles().map(class).collect();
    let calls = |wanted: On| -> String {
        let exports = calls::exports().filter(|(_, on)| *on == wanted);
        exports.map(|(call, on)| method(call, on)).collect()
    };
    let text = TEMPLATE
        .replace("@RECORDS@", &records)
        .replace("@WORKSPACE_CALLS@", &calls(On::Workspace))
        .replace("@GLOBAL_CALLS@", &calls(On::Global))
        .replace("@FUNCTIONS@", &calls(On::Nothing));
    ("include/mcoda.hpp", text)
}

/// The class of a handle that is filled in field by field.
fn class(handle: &Handle) -> String {
    let (c, name) = (handle.handle, handle.cpp_name());
    let capital = handle.what[..1].to_uppercase() + &handle.what[1..];
    let setters: String = handle.setters().map(|setter| fields_of(handle, &name, setter)).collect();
    format!(
        "
{comment}class {name} {{
public:
    {name}() : handle_({c}_new()) {{}}
{setters}
    /// Makes every field absent.
    {name} &clear()
    {{
        detail::call({c}_clear, handle_.get()).value();
        return *this;
    }}

    /// The handle of mcoda.h.
    {c} *handle() const noexcept {{ return handle_.get(); }}

private:
    template <typename Set, typename Field, typename Value> {name} &put(Set set, Field field, Value value)
    {{
        detail::call(set, handle_.get(), field, value).value();
        return *this;
    }}

    detail::owned<{c}, {c}_free> handle_;
}};
",
        comment = doc(
            &format!("{capital}. A field that is not set is absent; an empty optional sets nothing."),
            ""
        ),
    )
}

fn fields_of(handle: &Handle, class: &str, setter: &'static str) -> String {
    let mut text = String::new();
    for (field, constant) in handle.constants(setter) {
        let folder = if constant.ends_with("_FOLDER") { "_folder" } else { "" };
        let name = format!("set_{}{folder}", field.name);
        let function = format!("{}_set_{setter}", handle.handle);
        let (parameter, value) = match setter {
            "text" | "json" => ("const std::optional<std::string> &value", "value->c_str()"),
            "int" => ("std::optional<std::int64_t> value", "*value"),
            "real" => ("std::optional<double> value", "*value"),
            _ => ("std::optional<bool> value", "*value"),
        };
        let what = if setter == "json" { "JSON. " } else { "" };
        text += &format!("\n{}", doc(&format!("{what}{}", in_c(&paragraphs(field.doc).join(" "))), "    "));
        text += &format!(
            "    {class} &{name}({parameter})
    {{
        return value ? put({function}, {constant}, {value}) : *this;
    }}
"
        );
        if let Some((parameter, value)) = of_chrono(field, setter) {
            text += &format!(
                "    {class} &{name}({parameter} value)
    {{
        return put({function}, {constant}, {value});
    }}
"
            );
        }
    }
    text
}

/// The type of `std::chrono` that a field also accepts, and how it is passed.
fn of_chrono(field: &Field, setter: &str) -> Option<(&'static str, &'static str)> {
    match (setter, field.kind) {
        ("text", Kind::Time) => {
            Some(("std::chrono::system_clock::time_point", "detail::time(value).c_str()"))
        }
        ("real", _) if field.name.ends_with("_ms") => {
            Some(("std::chrono::duration<double, std::milli>", "value.count()"))
        }
        ("real", _) if field.name.ends_with("_seconds") => {
            Some(("std::chrono::duration<double>", "value.count()"))
        }
        ("int", _) if field.name.ends_with("_ms") => {
            Some(("std::chrono::milliseconds", "static_cast<std::int64_t>(value.count())"))
        }
        _ => None,
    }
}

/// A call that takes and returns JSON, or returns text.
fn method(call: &Call, on: On) -> String {
    let c = calls::name(call, on);
    let prefix = if on == On::Global { "mcoda_global_" } else { "mcoda_" };
    let name = c.strip_prefix(prefix).unwrap_or(&c);
    let (indent, keyword, handle) = match on {
        On::Nothing => ("", "inline ", None),
        On::Workspace | On::Global => ("    ", "", Some("handle_.get()".to_owned())),
    };
    let last_required = call.params.iter().rposition(|param| !param.is_optional).map_or(0, |last| last + 1);
    let mut parameters = Vec::new();
    let mut arguments: Vec<String> = handle.into_iter().collect();
    let mut names = Vec::new();
    for (index, param) in call.params.iter().enumerate() {
        let own = calls::c_name(call, param);
        names.push(own);
        let default = if index >= last_required { " = std::nullopt" } else { "" };
        if matches!(param.kind, ParamKind::Boolean) {
            parameters.push(format!("bool {own}"));
            arguments.push(own.to_owned());
        } else if param.is_optional {
            parameters.push(format!("const std::optional<std::string> &{own}{default}"));
            arguments.push(format!("detail::pointer({own})"));
        } else {
            parameters.push(format!("const std::string &{own}"));
            arguments.push(format!("{own}.c_str()"));
        }
    }
    let arguments: String = arguments.iter().map(|argument| format!(", {argument}")).collect();
    let (parameters, names) = (parameters.join(", "), names.join(", "));
    let what = in_c(&paragraphs(call.doc).first().cloned().unwrap_or_default());
    format!(
        "
{comment}{indent}{keyword}result<json> try_{name}({parameters})
{indent}{{
{indent}    return detail::reply({c}{arguments});
{indent}}}
{indent}{keyword}json {name}({parameters}) {{ return try_{name}({names}).value(); }}
",
        comment = doc(&format!("{what} See `{c}`."), indent),
    )
}

fn doc(text: &str, indent: &str) -> String {
    let lines = wrapped(text, WIDTH - indent.len() - 4);
    lines.iter().map(|line| format!("{indent}/// {line}\n")).collect()
}
