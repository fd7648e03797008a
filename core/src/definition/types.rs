//! The types that fields have: what kind of value each is, and how it is read from JSON.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{InputList, Kind, Presence, Record};
use crate::error::{Error, Result};
use crate::input::{given, whole};
use crate::time::{StoredTime, Timestamp};

/// A type that a field or a result may have.
pub(crate) trait Described {
    const KIND: Kind;
    const PRESENCE: Presence = Presence::Required;
}

/// A type that a field of an input may have.
pub(crate) trait FieldType: Sized {
    /// Reads the value of the field with this name.
    fn from_value(name: &str, value: &Value) -> Result<Self>;

    /// What the field is where it is absent.
    fn absent(name: &str) -> Result<Self>;
}

macro_rules! described {
    ($($type:ty: $kind:expr $(, $presence:ident)?;)+) => {$(
        impl Described for $type {
            const KIND: Kind = $kind;
            $(const PRESENCE: Presence = Presence::$presence;)?
        }
    )+};
}

described! {
    String: Kind::Text;
    i64: Kind::Whole;
    u64: Kind::Whole;
    f64: Kind::Number;
    bool: Kind::Boolean, Defaulted;
    Timestamp: Kind::Time;
    StoredTime: Kind::StoredTime;
    Map<String, Value>: Kind::Object, Defaulted;
    BTreeMap<String, f64>: Kind::Sums;
    Value: Kind::Named("Json");
    (): Kind::Nothing;
}

impl<T: Described> Described for Option<T> {
    const KIND: Kind = T::KIND;
    const PRESENCE: Presence = Presence::Optional;
}

impl<T: Described> Described for Vec<T> {
    const KIND: Kind = Kind::List(&T::KIND);
    const PRESENCE: Presence = Presence::Defaulted;
}

impl<R: Record> Described for R {
    const KIND: Kind = Kind::Record(R::DEFINITION);
}

impl<T: FieldType> FieldType for Option<T> {
    fn from_value(name: &str, value: &Value) -> Result<Self> {
        T::from_value(name, value).map(Some)
    }

    fn absent(_name: &str) -> Result<Self> {
        Ok(None)
    }
}

/// The types that JSON has values of: what is expected, how it is read, and what it is where it is absent.
macro_rules! plain {
    ($($type:ty: $expected:literal, $read:expr, $absent:expr;)+) => {$(
        impl FieldType for $type {
            fn from_value(name: &str, value: &Value) -> Result<Self> {
                let read: fn(&Value) -> Option<Self> = $read;
                read(value).ok_or_else(|| Error::invalid(name, given(value), $expected))
            }

            fn absent(name: &str) -> Result<Self> {
                let absent: Option<Self> = $absent;
                absent.ok_or_else(|| Error::invalid(name, "nothing", $expected))
            }
        }
    )+};
}

plain! {
    String: "text", |value| value.as_str().map(str::to_owned), None;
    i64: "a whole number up to 2^53-1", whole, None;
    f64: "a number", Value::as_f64, None;
    bool: "true or false", Value::as_bool, Some(false);
    Map<String, Value>: "an object", |value| value.as_object().cloned(), Some(Map::new());
    Vec<String>: "an array of texts", texts, Some(Vec::new());
}

/// A list of names; a single name may be given as it is.
pub(crate) fn one_or_many(field: &str, value: &Value) -> Result<Vec<String>> {
    match value {
        Value::String(name) => Ok(vec![name.clone()]),
        _ => FieldType::from_value(field, value),
    }
}

impl<T: InputList> FieldType for Vec<T> {
    fn from_value(_name: &str, value: &Value) -> Result<Self> {
        T::read_list(value)
    }

    fn absent(_name: &str) -> Result<Self> {
        Ok(Vec::new())
    }
}

fn texts(value: &Value) -> Option<Vec<String>> {
    value.as_array()?.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

impl FieldType for Timestamp {
    fn from_value(name: &str, value: &Value) -> Result<Self> {
        Self::read_field(name, &String::from_value(name, value)?)
    }

    fn absent(name: &str) -> Result<Self> {
        Err(Error::invalid(name, "nothing", "text"))
    }
}
