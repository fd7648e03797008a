//! Records, defined once: their fields with names, types, bounds, documentation and columns.
//!
//! `record!` generates the struct of a record and its [`Definition`]. Parsing JSON, and reading and inserting rows, are
//! derived at compile time; `cargo xtask generate` writes the code of the bindings.

pub(crate) mod check;
mod columns;
mod names;
mod record;
mod types;

pub(crate) use columns::{Column, ColumnIndices, NULL, Stored, insert_sql};
pub use names::camel_case;
pub(crate) use names::{camel_bytes, camel_length, is_same_name, is_snake_case, joined_bytes, text};
pub(crate) use record::{
    bound, camel_name, check_field, column_name, constructor, doc_text, documentation, is_flat, is_left_out,
    json_name, record, stored_name,
};
pub(crate) use types::{Described, FieldType, one_or_many};

/// A record: its name and its fields.
#[derive(Debug)]
pub struct Definition {
    /// The name of its type, for example `NewTask`.
    pub name: &'static str,
    /// The noun for errors about a value that is not such an object, for example `task`.
    pub noun: &'static str,
    /// Its documentation, as Markdown. Empty without the feature `docs`.
    pub doc: &'static str,
    /// Whether its JSON fields are in snake_case. Otherwise they are in camelCase.
    pub is_snake_case: bool,
    /// A record whose fields come before its own.
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
    /// Aliases in JSON.
    pub aliases: &'static [&'static str],
    /// The kind of its values.
    pub kind: Kind,
    /// Whether it may be absent.
    pub presence: Presence,
    /// The bound of its values.
    pub bound: Option<Bound>,
    /// Whether the fields of this record are flattened into the enclosing JSON object.
    pub is_flat: bool,
    /// Whether JSON omits it if it is absent.
    pub is_left_out: bool,
    /// Its documentation, as Markdown. Empty without the feature `docs`.
    pub doc: &'static str,
}

/// The kind of the values of a field or a result.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Text.
    Text,
    /// An integer.
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
    /// One of these names; the first item is the name of the type.
    Choice(&'static str, &'static [&'static str]),
    /// Whether the JSON log is written, or the folder in which it is written.
    LogPlace,
    /// A sum for each name.
    Sums,
    /// Another record.
    Record(&'static Definition),
    /// The dimensions by which a summary is grouped: these fields, each of text or absent.
    Group(&'static [&'static str]),
    /// A list of these.
    List(&'static Kind),
    /// A result whose type is written by hand in each language.
    Named(&'static str),
    /// Nothing.
    Nothing,
}

/// Whether a field may be absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// It is required.
    Required,
    /// It may be absent, or null.
    Optional,
    /// If absent, it is empty or false.
    Defaulted,
}

/// The bound of a field's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// Not blank.
    Id,
    /// One line of text that is not blank.
    SingleLine,
    /// A whole number from 0 to 2^53 − 1.
    Count,
    /// Finite, 0 or more.
    NonNegative,
    /// Finite.
    Finite,
    /// 1 or more.
    Positive,
    /// An object of at most 100 levels and 32 MiB.
    Depth,
    /// The beginning or end of a time range: a time, or a time span before now such as `7d`.
    Span,
    /// A day, `2026-03-20`.
    Day,
}

/// A type that is defined by `record!`.
pub trait Record {
    /// Its definition.
    const DEFINITION: &'static Definition;
}

/// A record that callers pass.
pub(crate) trait Input: Record + Sized {
    fn read(input: &serde_json::Value) -> crate::error::Result<Self>;
}

/// A record that callers pass in lists.
pub(crate) trait InputList: Input {
    /// The noun for one of them in errors.
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
