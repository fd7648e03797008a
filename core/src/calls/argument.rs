//! The arguments of a call, parsed from JSON.

use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::definition::{Definition, FieldType, Input, InputList, Record};
use crate::error::{Error, Result};
use crate::input::{given, kind_of};
use crate::sqlite::SqlParams;
use crate::status::{self, StatusWord};
use crate::telemetry::{Dimension, TokenUsageQuery, TokenUsageSummaryQuery};
use crate::time::Timestamp;

/// A parameter of a call.
#[derive(Debug)]
pub struct Param {
    /// Its name in Rust, Python and C, for example `error_summary`.
    pub name: &'static str,
    /// Its name in JSON and JavaScript, for example `errorSummary`.
    pub json: &'static str,
    /// Its kind.
    pub kind: ParamKind,
    /// Whether it may be omitted.
    pub is_optional: bool,
    /// Its documentation, as Markdown. Empty without the feature `docs`.
    pub doc: &'static str,
}

/// The kind of a parameter.
#[derive(Debug, Clone, Copy)]
pub enum ParamKind {
    /// Text.
    Text,
    /// Text, of which these words are known; the first item is the name of their type.
    Word(&'static str, &'static [&'static str]),
    /// The path of a file.
    Path,
    /// True or false.
    Boolean,
    /// A time.
    Time,
    /// A response of a provider or an agent: text, or JSON.
    Body,
    /// The parameters of an SQL statement.
    SqlParams,
    /// Any JSON, such as the result of another call.
    Json,
    /// A record.
    Record(&'static Definition),
    /// Many records; errors name an element by this noun.
    Records(&'static Definition, &'static str),
    /// The calls of a batch.
    Calls,
}

/// The type of a parameter.
pub(crate) trait Argument: Sized {
    const KIND: ParamKind;
    const IS_OPTIONAL: bool = false;

    /// Parses the argument; an omitted one is null.
    fn read(name: &str, value: &Value) -> Result<Self>;
}

/// A record, or an empty one if it is omitted.
pub(crate) struct OrEmpty<R>(pub(crate) R);

/// A response of a provider or an agent, as text.
pub(crate) struct Body(pub(crate) String);

/// Any JSON.
#[cfg(feature = "report")]
pub(crate) struct Json(pub(crate) Value);

/// The query of a summary.
pub(crate) struct Summary(pub(crate) TokenUsageQuery, pub(crate) Vec<Dimension>);

/// The calls of a batch.
pub(crate) struct Calls(pub(crate) Vec<(String, Vec<Value>)>);

impl Argument for String {
    const KIND: ParamKind = ParamKind::Text;

    fn read(name: &str, value: &Value) -> Result<Self> {
        if value.is_null() { Self::absent(name) } else { Self::from_value(name, value) }
    }
}

impl Argument for StatusWord {
    const KIND: ParamKind = ParamKind::Word("TaskStatus", status::NAMES);

    fn read(name: &str, value: &Value) -> Result<Self> {
        <String as Argument>::read(name, value).map(Self)
    }
}

impl Argument for PathBuf {
    const KIND: ParamKind = ParamKind::Path;

    fn read(name: &str, value: &Value) -> Result<Self> {
        <String as Argument>::read(name, value).map(Self::from)
    }
}

impl Argument for bool {
    const KIND: ParamKind = ParamKind::Boolean;
    const IS_OPTIONAL: bool = true;

    fn read(name: &str, value: &Value) -> Result<Self> {
        if value.is_null() { Ok(false) } else { Self::from_value(name, value) }
    }
}

impl Argument for Timestamp {
    const KIND: ParamKind = ParamKind::Time;

    fn read(name: &str, value: &Value) -> Result<Self> {
        Self::from_value(name, value)
    }
}

impl<A: Argument> Argument for Option<A> {
    const KIND: ParamKind = A::KIND;
    const IS_OPTIONAL: bool = true;

    fn read(name: &str, value: &Value) -> Result<Self> {
        if value.is_null() { Ok(None) } else { A::read(name, value).map(Some) }
    }
}

impl<R: Input> Argument for R {
    const KIND: ParamKind = ParamKind::Record(R::DEFINITION);

    fn read(_name: &str, value: &Value) -> Result<Self> {
        R::read(value)
    }
}

impl<R: Input> Argument for OrEmpty<R> {
    const KIND: ParamKind = ParamKind::Record(R::DEFINITION);
    const IS_OPTIONAL: bool = true;

    fn read(_name: &str, value: &Value) -> Result<Self> {
        if value.is_null() { R::read(&Value::Object(Map::new())).map(Self) } else { R::read(value).map(Self) }
    }
}

impl<R: InputList> Argument for Vec<R> {
    const KIND: ParamKind = ParamKind::Records(R::DEFINITION, R::NOUN);

    fn read(_name: &str, value: &Value) -> Result<Self> {
        R::read_list(value)
    }
}

impl Argument for Summary {
    const KIND: ParamKind = ParamKind::Record(TokenUsageSummaryQuery::DEFINITION);
    const IS_OPTIONAL: bool = true;

    fn read(_name: &str, value: &Value) -> Result<Self> {
        let empty = Value::Object(Map::new());
        let (query, group_by) =
            TokenUsageQuery::from_summary_json(if value.is_null() { &empty } else { value })?;
        Ok(Self(query, group_by))
    }
}

impl Argument for Body {
    const KIND: ParamKind = ParamKind::Body;

    fn read(name: &str, value: &Value) -> Result<Self> {
        match value {
            Value::String(text) => Ok(Self(text.clone())),
            Value::Array(_) | Value::Object(_) => Ok(Self(value.to_string())),
            other => Err(Error::invalid(name, given(other), "text, an object or an array")),
        }
    }
}

#[cfg(feature = "report")]
impl Argument for Json {
    const KIND: ParamKind = ParamKind::Json;

    fn read(_name: &str, value: &Value) -> Result<Self> {
        Ok(Self(value.clone()))
    }
}

impl Argument for SqlParams {
    const KIND: ParamKind = ParamKind::SqlParams;
    const IS_OPTIONAL: bool = true;

    fn read(_name: &str, value: &Value) -> Result<Self> {
        Self::from_json(value)
    }
}

impl Argument for Calls {
    const KIND: ParamKind = ParamKind::Calls;

    fn read(name: &str, value: &Value) -> Result<Self> {
        let Value::Array(calls) = value else {
            return Err(Error::invalid(name, kind_of(value), "an array of objects with call and args"));
        };
        let read = |(index, call): (usize, &Value)| {
            read_call(name, call)
                .map_err(|error| error.context(format_args!("call {} of {}", index + 1, calls.len())))
        };
        calls.iter().enumerate().map(read).collect::<Result<_>>().map(Self)
    }
}

fn read_call(name: &str, call: &Value) -> Result<(String, Vec<Value>)> {
    let allowed = "an object with call, the name of a call, and args, an array of its arguments";
    let Value::Object(fields) = call else { return Err(Error::invalid(name, kind_of(call), allowed)) };
    if let Some(unknown) = fields.keys().find(|field| !["call", "args"].contains(&field.as_str())) {
        return Err(Error::invalid(unknown, "an unknown field", "one of call, args"));
    }
    let Some(Value::String(called)) = fields.get("call") else {
        return Err(Error::invalid("call", fields.get("call").map_or("nothing".to_owned(), given), "text"));
    };
    match fields.get("args") {
        None | Some(Value::Null) => Ok((called.clone(), Vec::new())),
        Some(Value::Array(args)) => Ok((called.clone(), args.clone())),
        Some(other) => Err(Error::invalid("args", kind_of(other), "an array")),
    }
}
