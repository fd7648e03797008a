//! Records, defined once: their fields with names, types, bounds, docs and columns.
//!
//! `record!` writes the struct of a record and its [`Definition`]. Reading JSON, reading and inserting
//! rows come out of it at compile time; what other languages repeat is written by `cargo xtask generate`.

pub(crate) mod check;
mod columns;
mod names;
mod record;
mod types;

pub(crate) use columns::{Column, ColumnIndices, Stored, insert_sql};
pub use names::camel_case;
pub(crate) use names::{camel_bytes, camel_length, is_same_name, is_snake_case, joined_bytes, text};
pub(crate) use record::{
    bound, camel_name, check_field, column_name, doc_text, is_flat, is_left_out, json_name, record,
    stored_name,
};
pub(crate) use types::{Described, FieldType};

/// A record: what it is called and what it holds.
#[derive(Debug)]
pub struct Definition {
    /// The name of its type, for example `NewTask`.
    pub name: &'static str,
    /// What errors call a value that is no such object, for example `task`.
    pub noun: &'static str,
    /// What it is, as Markdown.
    pub doc: &'static str,
    /// Whether JSON has its fields in snake_case. Otherwise they are in camelCase.
    pub is_snake_case: bool,
    /// A record whose fields it has, too, before its own.
    pub base: Option<&'static Definition>,
    /// Its fields, in their order.
    pub fields: &'static [Field],
}

/// A field of a record.
#[derive(Debug)]
pub struct Field {
    /// Its name in Rust, Python and SQL, for example `user_story_id`.
    pub name: &'static str,
    /// Its name in JSON, for example `userStoryId`.
    pub json: &'static str,
    /// Other names that JSON may give it.
    pub aliases: &'static [&'static str],
    /// What values it has.
    pub kind: Kind,
    /// Whether it may be absent.
    pub presence: Presence,
    /// What a value has to fulfil beyond its kind.
    pub bound: Option<Bound>,
    /// Whether JSON has the fields of this record in the place of it.
    pub is_flat: bool,
    /// Whether JSON does not have it where there is nothing to say.
    pub is_left_out: bool,
    /// What it is, as Markdown.
    pub doc: &'static str,
}

/// What values a field or a result has.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number.
    Whole,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A time: RFC 3339 text in JSON.
    Time,
    /// A time of a row: text in JSON, which another program may have written in any form.
    StoredTime,
    /// A JSON object.
    Object,
    /// One of these words; the type is called so.
    Choice(&'static str, &'static [&'static str]),
    /// Whether the JSON log is written, or the folder that it is written to.
    LogPlace,
    /// A sum for each name.
    Sums,
    /// Another record.
    Record(&'static Definition),
    /// The dimensions that a summary is grouped by: these fields, each of text or absent.
    Group(&'static [&'static str]),
    /// Any number of these.
    List(&'static Kind),
    /// A result whose type each language writes itself.
    Named(&'static str),
    /// Nothing.
    Nothing,
}

/// Whether a field may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is there.
    Required,
    /// It may be absent, or null.
    Optional,
    /// Where it is absent it is empty, or false.
    Defaulted,
}

/// What a value has to fulfil beyond its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Not blank.
    Id,
    /// One line of text that is not blank.
    Line,
    /// A whole number from 0 to 2^53 − 1.
    Count,
    /// Finite, 0 or more.
    Measure,
    /// Finite.
    Finite,
    /// 1 or more.
    Positive,
    /// An object of at most 100 levels and 32 MiB.
    Depth,
    /// The beginning or end of a range: a moment, or a span before now such as `7d`.
    Span,
}

/// A type that was defined by `record!`.
pub trait Record {
    /// Its definition.
    const DEFINITION: &'static Definition;
}

/// A record that callers give.
pub(crate) trait Input: Record + Sized {
    fn read(input: &serde_json::Value) -> crate::error::Result<Self>;
}

/// A record that callers give many of.
pub(crate) trait InputList: Input {
    /// What an error calls one of them.
    const NOUN: &'static str;

    fn read_list(input: &serde_json::Value) -> crate::error::Result<Vec<Self>>;
}

impl Definition {
    /// All fields: those of the base, then its own.
    pub fn all_fields(&self) -> impl Iterator<Item = &'static Field> {
        let base: &[Field] = self.base.map_or(&[], |base| base.fields);
        base.iter().chain(self.fields)
    }
}
