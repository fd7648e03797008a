//! The handles that a caller fills in field by field: their fields with the numbers in the header, and their setters.
//!
//! Each type of value has its own enum, so that passing a field to the setter of another type or handle does not
//! compile. A field that programs rely on keeps its number, wherever it is in the definition; a new field gets the next
//! number.

use mcoda_core::definition::{Bound, Definition, Field, Kind, Record};
use mcoda_core::{
    EstimateOptions, NewEpic, NewProject, NewStory, NewTask, Options, TokenUsage, TransitionContext,
};

use super::{WRITTEN, formatted, in_c};
use crate::File;
use crate::markdown::paragraphs;

/// The declarations and numbers that compiled programs rely on.
const PROMISED: &str = include_str!("../../../ffi/tests/abi_1.txt");

/// A handle: the file that it is written to, and its names.
pub struct Handle {
    file: &'static str,
    record: &'static Definition,
    /// The type that reads the handle; `None` if it is passed on unchanged.
    read_by: Option<&'static str>,
    /// The name of a parameter of this type in errors.
    parameter: &'static str,
    pub handle: &'static str,
    prefix: &'static str,
    /// What the handle is, after "Makes".
    pub what: &'static str,
}

static HANDLES: [Handle; 8] = [
    Handle {
        file: "ffi/src/options.rs",
        record: Options::DEFINITION,
        read_by: Some("Options"),
        parameter: "options",
        handle: "mcoda_options",
        prefix: "MCODA_OPTION",
        what: "options to open a database with",
    },
    Handle {
        file: "ffi/src/token_usage.rs",
        record: TokenUsage::DEFINITION,
        read_by: Some("TokenUsage"),
        parameter: "usage",
        handle: "mcoda_token_usage",
        prefix: "MCODA_TOKEN_USAGE",
        what: "a record of what one agent call cost",
    },
    Handle {
        file: "ffi/src/transition_context.rs",
        record: TransitionContext::DEFINITION,
        read_by: Some("TransitionContext"),
        parameter: "context",
        handle: "mcoda_transition_context",
        prefix: "MCODA_TRANSITION",
        what: "the circumstances of a transition",
    },
    Handle {
        file: "ffi/src/estimate_options.rs",
        record: EstimateOptions::DEFINITION,
        read_by: Some("EstimateOptions"),
        parameter: "options",
        handle: "mcoda_estimate_options",
        prefix: "MCODA_ESTIMATE",
        what: "options of a velocity, an estimate or a backfill",
    },
    Handle {
        file: "ffi/src/new_project.rs",
        record: NewProject::DEFINITION,
        read_by: None,
        parameter: "project",
        handle: "mcoda_new_project",
        prefix: "MCODA_NEW_PROJECT",
        what: "a project that is to be created",
    },
    Handle {
        file: "ffi/src/new_epic.rs",
        record: NewEpic::DEFINITION,
        read_by: None,
        parameter: "epic",
        handle: "mcoda_new_epic",
        prefix: "MCODA_NEW_EPIC",
        what: "an epic that is to be created",
    },
    Handle {
        file: "ffi/src/new_story.rs",
        record: NewStory::DEFINITION,
        read_by: None,
        parameter: "story",
        handle: "mcoda_new_story",
        prefix: "MCODA_NEW_STORY",
        what: "a user story that is to be created",
    },
    Handle {
        file: "ffi/src/new_task.rs",
        record: NewTask::DEFINITION,
        read_by: None,
        parameter: "task",
        handle: "mcoda_new_task",
        prefix: "MCODA_NEW_TASK",
        what: "a task that is to be created",
    },
];

pub fn handles() -> impl Iterator<Item = &'static Handle> {
    HANDLES.iter()
}

pub fn files() -> Vec<File> {
    HANDLES.iter().map(|handle| (handle.file, formatted(&handle.source()))).collect()
}

/// A type of value that a field is set to, in the order of the header.
struct Setter {
    /// The word in the setter's name.
    word: &'static str,
    /// The variant of `fields::Type`.
    variant: &'static str,
    rust_type: &'static str,
    /// After "Sets a field to".
    meaning: &'static str,
    /// After "The fields … that".
    takes: &'static str,
}

const SETTERS: [Setter; 5] = [
    Setter {
        word: "text",
        variant: "Text",
        rust_type: "*const c_char",
        meaning: "text, which is copied; NULL makes it absent. A time is RFC 3339 text with `Z` or an offset \
                  (`2026-03-20T12:00:00Z`)",
        takes: "text",
    },
    Setter {
        word: "int",
        variant: "Int",
        rust_type: "i64",
        meaning: "a whole number",
        takes: "a whole number",
    },
    Setter { word: "real", variant: "Real", rust_type: "f64", meaning: "a number", takes: "a number" },
    Setter {
        word: "bool",
        variant: "Bool",
        rust_type: "bool",
        meaning: "true or false",
        takes: "true or false",
    },
    Setter {
        word: "json",
        variant: "Json",
        rust_type: "*const c_char",
        meaning: "the value of a JSON text; NULL makes it absent",
        takes: "JSON",
    },
];

impl Handle {
    /// The name of its class in C++.
    pub fn cpp_name(&self) -> String {
        match self.handle {
            // In C++, `token_usage` is the name of the workspace's rows.
            "mcoda_token_usage" => "usage".to_owned(),
            other => other.trim_start_matches("mcoda_").to_owned(),
        }
    }

    /// The names of the setters of the handle.
    pub fn setters(&self) -> impl Iterator<Item = &'static str> {
        SETTERS.iter().filter(|setter| self.fields_of(setter).next().is_some()).map(|setter| setter.word)
    }

    /// The fields of a setter, with their constants.
    pub fn constants(&self, word: &str) -> impl Iterator<Item = (&'static Field, String)> {
        let setter = SETTERS.iter().find(|setter| setter.word == word);
        setter
            .into_iter()
            .flat_map(|setter| self.fields_of(setter))
            .map(|(_, field, constant)| (field, constant))
    }

    fn source(&self) -> String {
        let Self { read_by, handle, what, parameter, .. } = self;
        let used = || SETTERS.iter().filter(|setter| self.fields_of(setter).next().is_some());
        let enums: String = used().map(|setter| self.enumeration(setter)).collect();
        let table: String = used().map(|setter| self.rows(setter)).collect();
        let setters: String = used().map(|setter| self.setter(setter)).collect();
        let (import, error_import, reader) = match read_by {
            Some(read_by) => (
                format!("use mcoda_core::{read_by};\n\n"),
                "Result, mcoda_error",
                format!(
                    "
impl {handle} {{
    pub(crate) fn read(&self) -> Result<{read_by}> {{
        Ok({read_by}::from_json(self.0.json())?)
    }}
}}
"
                ),
            ),
            None => (String::new(), "mcoda_error", String::new()),
        };
        let capital = what[..1].to_uppercase() + &what[1..];
        let comment = super::doc(&[format!(
            "{capital}. A field that is not set is absent. The caller owns it and frees it with `{handle}_free`. One \
             thread at a time may use it; it may be used for any number of calls."
        )]);
        let made = super::doc(&[format!(
            "Makes {what}, with no field set. Threads: any. Frees: the caller, with `{handle}_free`."
        )]);
        format!(
            "{WRITTEN}\n
//! {capital}, field by field.

use std::ffi::c_char;

{import}use crate::boundary::{{call, free, make}};
use crate::code::mcoda_code;
use crate::error::{{{error_import}}};
use crate::fields::{{Field, Fields, Type}};
use crate::input::exclusive;

{comment}pub struct {handle}(pub(crate) Fields);

{enums}
pub(crate) const FIELDS: &[Field] = &[
{table}];

{reader}
{made}#[unsafe(no_mangle)]
pub extern \"C\" fn {handle}_new() -> *mut {handle} {{
    make(|| {handle}(Fields::new(FIELDS)))
}}

/// Frees it; NULL is allowed. Threads: any, once.
#[unsafe(no_mangle)]
pub unsafe extern \"C\" fn {handle}_free({parameter}: *mut {handle}) {{
    free({parameter});
}}

/// Makes every field absent, so that the handle can be filled in anew. Threads: one at a time.
#[unsafe(no_mangle)]
pub unsafe extern \"C\" fn {handle}_clear({parameter}: *mut {handle}, error: *mut *mut mcoda_error) -> mcoda_code {{
    call(error, || {{
        exclusive(\"{parameter}\", {parameter})?.0.clear();
        Ok(())
    }})
}}
{setters}"
        )
    }

    /// The fields with their numbers, in numerical order.
    fn numbered(&self) -> impl Iterator<Item = (usize, &'static Field)> {
        let promised = |field: &Field| {
            let before = format!("{} = ", self.constant(field));
            PROMISED.lines().find_map(|line| line.strip_prefix(&before)?.parse::<usize>().ok())
        };
        let mut last = self.record.all_fields().filter_map(promised).max().unwrap_or(0);
        let mut number = |field| {
            promised(field).unwrap_or_else(|| {
                last += 1;
                last
            })
        };
        let mut fields: Vec<_> = self.record.all_fields().map(|field| (number(field), field)).collect();
        fields.sort_by_key(|(number, _)| *number);
        fields.into_iter()
    }

    fn constant(&self, field: &Field) -> String {
        format!("{}_{}", self.prefix, field.name.to_uppercase())
    }

    /// The fields that a setter sets, with their numbers and constants.
    fn fields_of(&self, setter: &Setter) -> impl Iterator<Item = (usize, &'static Field, String)> {
        self.numbered().filter_map(|(number, field)| {
            let suffix = setters_of(field).into_iter().find(|(word, _)| *word == setter.word)?.1;
            Some((number, field, format!("{}{suffix}", self.constant(field))))
        })
    }

    /// The name of the enum of the fields that a setter sets.
    fn enum_name(&self, setter: &Setter) -> String {
        format!("{}_{}_field", self.handle, setter.word)
    }

    fn enumeration(&self, setter: &Setter) -> String {
        let Self { handle, .. } = self;
        let Setter { word, takes, .. } = setter;
        let name = self.enum_name(setter);
        let variants: String = self
            .fields_of(setter)
            .map(|(number, field, constant)| variant(number, field, &constant))
            .collect();
        let comment = super::doc(&[format!(
            "The fields of a `{handle}` that `{handle}_set_{word}` sets to {takes}. The numbers are stable, and new \
             fields get new ones."
        )]);
        let number_comment = super::doc(&[format!(
            "The type of a parameter that the header declares as `{name}`. It is any number, since C does not check \
             that, and a newer program may know more fields."
        )]);
        format!(
            "
{comment}#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum {name} {{
{variants}}}

{number_comment}pub type {name}_number = i32;
"
        )
    }

    /// The lines of the table of fields.
    fn rows(&self, setter: &Setter) -> String {
        let (name, variant) = (self.enum_name(setter), setter.variant);
        let row = |(_, field, constant): (usize, &Field, String)| {
            format!("    ({name}::{constant} as i32, \"{}\", Type::{variant}),\n", field.json)
        };
        self.fields_of(setter).map(row).collect()
    }

    fn setter(&self, setter: &Setter) -> String {
        let Self { handle, parameter, .. } = self;
        let Setter { word, rust_type, meaning, .. } = setter;
        let name = self.enum_name(setter);
        let refused = match *word {
            "text" => ", and text that is not UTF-8",
            "json" => ", and text that is not JSON",
            _ => "",
        };
        let comment = super::doc(&[
            format!("Sets a field to {meaning}."),
            format!(
                "Errors: `MCODA_INVALID_INPUT` for a field that this version does not know or that has another \
                 type{refused}. The call that uses the handle checks whether the value is allowed. Threads: one at a \
                 time."
            ),
        ]);
        format!(
            "
{comment}#[unsafe(no_mangle)]
pub unsafe extern \"C\" fn {handle}_set_{word}(
    {parameter}: *mut {handle},
    field: {name}_number,
    value: {rust_type},
    error: *mut *mut mcoda_error,
) -> mcoda_code {{
    call(error, || exclusive(\"{parameter}\", {parameter})?.0.set_{word}(field, value))
}}
"
        )
    }
}

fn variant(number: usize, field: &Field, constant: &str) -> String {
    let bound = match field.bound {
        Some(Bound::Count) => " From 0 to 2^53 - 1.",
        Some(Bound::NonNegative) => " Finite, 0 or more.",
        Some(Bound::Finite) => " Finite.",
        Some(Bound::Positive) => " 1 or more.",
        _ => "",
    };
    let words = match field.kind {
        Kind::Choice(_, words) => format!(" One of {}.", words.join(", ")),
        _ => String::new(),
    };
    let text = in_c(&paragraphs(field.doc).join(" "));
    let comment = super::doc(&[format!("{text}{bound}{words}")]);
    format!("{comment}{constant} = {number},\n")
}

/// The setters of a field, each with a suffix for the field's constant: two enums in C cannot have a constant with the
/// same name.
fn setters_of(field: &Field) -> Vec<(&'static str, &'static str)> {
    match field.kind {
        Kind::Text | Kind::Time | Kind::Choice(..) => vec![("text", "")],
        Kind::Whole => vec![("int", "")],
        Kind::Number => vec![("real", "")],
        Kind::Boolean => vec![("bool", "")],
        Kind::LogPlace => vec![("bool", ""), ("text", "_FOLDER")],
        _ => vec![("json", "")],
    }
}
