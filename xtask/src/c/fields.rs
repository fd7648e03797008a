//! The handles that a caller fills in field by field: their fields with the numbers in the header, and their setters.
//!
//! A published field keeps its number, whatever its position in the definition; a new one gets the next number.

use mcoda_core::definition::{Bound, Definition, Field, Kind, Record};
use mcoda_core::{EstimateOptions, Options, TokenUsage, TransitionContext};

use super::{WRITTEN, formatted, in_c};
use crate::File;
use crate::markdown::paragraphs;

/// What programs rely on that were built before.
const PROMISED: &str = include_str!("../../../ffi/tests/abi_1.txt");

/// A handle: where it is written, and its names.
struct Handle {
    file: &'static str,
    record: &'static Definition,
    /// The type that reads it.
    read_by: &'static str,
    /// What an error calls a parameter of this type.
    parameter: &'static str,
    handle: &'static str,
    fields: &'static str,
    prefix: &'static str,
    /// What it is, after "Makes".
    what: &'static str,
}

const HANDLES: [Handle; 4] = [
    Handle {
        file: "ffi/src/options.rs",
        record: Options::DEFINITION,
        read_by: "Options",
        parameter: "options",
        handle: "mcoda_options",
        fields: "mcoda_option",
        prefix: "MCODA_OPTION",
        what: "options to open a database with",
    },
    Handle {
        file: "ffi/src/token_usage.rs",
        record: TokenUsage::DEFINITION,
        read_by: "TokenUsage",
        parameter: "usage",
        handle: "mcoda_token_usage",
        fields: "mcoda_token_usage_field",
        prefix: "MCODA_TOKEN_USAGE",
        what: "a record of what one agent call cost",
    },
    Handle {
        file: "ffi/src/transition_context.rs",
        record: TransitionContext::DEFINITION,
        read_by: "TransitionContext",
        parameter: "context",
        handle: "mcoda_transition_context",
        fields: "mcoda_transition_field",
        prefix: "MCODA_TRANSITION",
        what: "the circumstances of a transition",
    },
    Handle {
        file: "ffi/src/estimate_options.rs",
        record: EstimateOptions::DEFINITION,
        read_by: "EstimateOptions",
        parameter: "options",
        handle: "mcoda_estimate_options",
        fields: "mcoda_estimate_option",
        prefix: "MCODA_ESTIMATE",
        what: "options of a velocity, an estimate or a backfill",
    },
];

pub fn files() -> Vec<File> {
    HANDLES.iter().map(|handle| (handle.file, formatted(&handle.source()))).collect()
}

/// The setters, in the order of the header: the word in the setter's name, its type, what it is set to, and whether
/// the value can be NULL.
const SETTERS: [(&str, &str, &str); 5] = [
    (
        "text",
        "*const c_char",
        "text, which is copied; NULL makes it absent again. A time is RFC 3339 text with `Z` or an offset (`2026-03-20T12:00:00Z`)",
    ),
    ("int", "i64", "a whole number"),
    ("real", "f64", "a number"),
    ("bool", "bool", "true or false"),
    ("json", "*const c_char", "what a JSON text says, which is copied; NULL makes it absent again"),
];

impl Handle {
    fn source(&self) -> String {
        let Self { read_by, handle, fields, what, parameter, .. } = self;
        let variants: String = self.numbered().map(|(number, field)| self.variant(number, field)).collect();
        let names: String = self
            .numbered()
            .map(|(_, field)| format!("    ({} as i32, \"{}\"),\n", self.constant(field), field.json))
            .collect();
        let setters: String =
            SETTERS.iter().filter(|(word, ..)| self.has(word)).map(|setter| self.setter(setter)).collect();
        let capital = what[..1].to_uppercase() + &what[1..];
        format!(
            "{WRITTEN}\n
//! {capital}, field by field.

use std::ffi::c_char;

use mcoda_core::{read_by};

use crate::boundary::{{call, free, make}};
use crate::code::mcoda_code;
use crate::error::{{Result, mcoda_error}};
use crate::fields::Fields;
use crate::input::exclusive;

/// {capital}. What is not set is absent. The caller owns it and frees it with `{handle}_free`. One thread
/// at a time may use it; it may be used for any number of calls.
pub struct {handle}(pub(crate) Fields);

/// The fields of a `{handle}`. The numbers are stable, and new fields get new ones. The type behind
/// each is what its setter is called by: text, int, real, bool or json.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum {fields} {{
{variants}}}

use {fields}::*;

pub(crate) const FIELDS: &[(i32, &str)] = &[
{names}];

impl {handle} {{
    pub(crate) fn read(&self) -> Result<{read_by}> {{
        Ok({read_by}::from_json(&self.0.to_json())?)
    }}
}}

/// Makes {what}, with no field set. Threads: any. Frees: the caller, with `{handle}_free`.
#[unsafe(no_mangle)]
pub extern \"C\" fn {handle}_new() -> *mut {handle} {{
    make(|| {handle}(Fields::new(FIELDS)))
}}

/// Frees it; NULL is fine. Threads: any, once.
#[unsafe(no_mangle)]
pub unsafe extern \"C\" fn {handle}_free({parameter}: *mut {handle}) {{
    free({parameter});
}}
{setters}"
        )
    }

    /// The fields with their numbers, in the order of these.
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

    fn variant(&self, number: usize, field: &Field) -> String {
        let setters = setters_of(field).join(" or ");
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
        let comment = super::doc(&[format!("{setters}: {text}{bound}{words}")]);
        format!("{comment}{} = {number},\n", self.constant(field))
    }

    fn has(&self, word: &str) -> bool {
        self.record.all_fields().any(|field| setters_of(field).contains(&word))
    }

    fn setter(&self, (word, value, meaning): &(&str, &str, &str)) -> String {
        let Self { handle, fields, parameter, .. } = self;
        let refused = match *word {
            "text" => ", and for text that is not UTF-8",
            "json" => ", and for text that is no JSON",
            _ => "",
        };
        let comment = super::doc(&[
            format!("Sets a field, a `{fields}`, to {meaning}."),
            format!(
                "Errors: `MCODA_INVALID_INPUT` for a field that this version does not know{refused}; whether the \
                 value fits the field is checked by the call that uses it. Threads: one at a time."
            ),
        ]);
        format!(
            "
{comment}#[unsafe(no_mangle)]
pub unsafe extern \"C\" fn {handle}_set_{word}(
    {parameter}: *mut {handle},
    field: i32,
    value: {value},
    error: *mut *mut mcoda_error,
) -> mcoda_code {{
    call(error, || exclusive(\"{parameter}\", {parameter})?.0.set_{word}(field, value))
}}
"
        )
    }
}

/// By which setters a field may be set.
fn setters_of(field: &Field) -> Vec<&'static str> {
    match field.kind {
        Kind::Text | Kind::Time | Kind::Choice(..) => vec!["text"],
        Kind::Whole => vec!["int"],
        Kind::Number => vec!["real"],
        Kind::Boolean => vec!["bool"],
        Kind::LogPlace => vec!["bool", "text"],
        _ => vec!["json"],
    }
}
