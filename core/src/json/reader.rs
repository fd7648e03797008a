//! Reading results from their JSON.
//!
//! serde_json reads a struct from an object or an array, and every struct would have code for both. A result is an object.

use std::slice;

use serde::Deserialize;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, Expected, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Number, Value, map};

type Result<T> = serde_json::Result<T>;

/// The result with this JSON.
pub(crate) fn read<'v, T: Deserialize<'v>>(value: &'v Value) -> Result<T> {
    T::deserialize(Reader(value))
}

#[derive(Clone, Copy)]
struct Reader<'v>(&'v Value);

impl Reader<'_> {
    #[cold]
    fn unsuitable(self, expected: &dyn Expected) -> Error {
        let found = match self.0 {
            Value::Null => Unexpected::Unit,
            Value::Bool(value) => Unexpected::Bool(*value),
            Value::Number(number) => match (number.as_i64(), number.as_f64()) {
                (Some(whole), _) => Unexpected::Signed(whole),
                (None, number) => Unexpected::Float(number.unwrap_or(f64::NAN)),
            },
            Value::String(text) => Unexpected::Str(text),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        };
        Error::invalid_type(found, expected)
    }
}

fn number<'v, V: Visitor<'v>>(number: &Number, visitor: V) -> Result<V::Value> {
    match (number.as_u64(), number.as_i64()) {
        (Some(positive), _) => visitor.visit_u64(positive),
        (None, Some(negative)) => visitor.visit_i64(negative),
        (None, None) => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
    }
}

macro_rules! numbers {
    ($($function:ident)+) => {$(
        fn $function<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value> {
            match self.0 {
                Value::Number(own) => number(own, visitor),
                _ => Err(self.unsuitable(&visitor)),
            }
        }
    )+};
}

macro_rules! texts {
    ($($function:ident)+) => {$(
        fn $function<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value> {
            match self.0 {
                Value::String(text) => visitor.visit_borrowed_str(text),
                _ => Err(self.unsuitable(&visitor)),
            }
        }
    )+};
}

impl<'v> Deserializer<'v> for Reader<'v> {
    type Error = Error;

    numbers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32
        deserialize_u64 deserialize_f32 deserialize_f64
    }

    texts! { deserialize_char deserialize_str deserialize_string deserialize_identifier }

    forward_to_deserialize_any! { <V: Visitor<'v>> i128 u128 bytes byte_buf unit unit_struct }

    fn deserialize_any<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(own) => number(own, visitor),
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(_) => self.deserialize_seq(visitor),
            Value::Object(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Value::Bool(value) => visitor.visit_bool(*value),
            _ => Err(self.unsuitable(&visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'v>>(self, _name: &'static str, visitor: V) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(Items(items.iter())),
            _ => Err(self.unsuitable(&visitor)),
        }
    }

    fn deserialize_tuple<V: Visitor<'v>>(self, _length: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'v>>(
        self,
        _name: &'static str,
        _length: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value> {
        match self.0 {
            Value::Object(fields) => visitor.visit_map(Entries { rest: fields.iter(), value: None }),
            _ => Err(self.unsuitable(&visitor)),
        }
    }

    fn deserialize_struct<V: Visitor<'v>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'v>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }
}

struct Items<'v>(slice::Iter<'v, Value>);

impl<'v> SeqAccess<'v> for Items<'v> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'v>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        self.0.next().map(|value| seed.deserialize(Reader(value))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Entries<'v> {
    rest: map::Iter<'v>,
    /// That of the name that was read last.
    value: Option<&'v Value>,
}

impl<'v> MapAccess<'v> for Entries<'v> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'v>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let Some((name, value)) = self.rest.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'v>>(&mut self, seed: T) -> Result<T::Value> {
        let value = self.value.take().ok_or_else(|| Error::custom("a value is read before its name"))?;
        seed.deserialize(Reader(value))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Map, json};

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Sample {
        text: String,
        nothing: Option<i64>,
        numbers: Vec<f64>,
        whole: (i64, u8),
        #[serde(default)]
        left_out: bool,
        kind: Kind,
        sums: BTreeMap<String, f64>,
        #[serde(flatten)]
        inner: Inner,
        metadata: Map<String, Value>,
        wrapped: Wrapped,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Inner {
        flat: bool,
        count: usize,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Unit,
        New(i64),
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Wrapped(String);

    fn sample() -> Value {
        json!({
            "text": "ä", "nothing": null, "numbers": [1, -2, 0.5], "whole": [-7, 255], "kind": "unit",
            "sums": {"a": 1}, "flat": true, "count": 3, "metadata": {"z": [1, {"a": null}], "b": 1.5},
            "unknown": [{"ignored": 1}], "wrapped": "w"
        })
    }

    #[test]
    fn a_result_is_the_one_that_serde_json_reads() {
        let mut value = sample();
        for kind in [json!("unit"), json!({"new": 7})] {
            value["kind"] = kind;
            assert_eq!(read::<Sample>(&value).unwrap(), Sample::deserialize(&value).unwrap());
        }
    }

    #[test]
    fn other_json_is_refused() {
        for (field, wrong) in [
            ("text", json!(1)),
            ("text", json!(null)),
            ("nothing", json!(1.5)),
            ("numbers", json!({"0": 1})),
            ("numbers", json!(["1"])),
            ("whole", json!([-7])),
            ("whole", json!([-7, 256])),
            ("left_out", json!("true")),
            ("kind", json!("other")),
            ("sums", json!([1])),
            ("count", json!(-1)),
            ("metadata", json!("{}")),
            ("wrapped", json!(["w"])),
        ] {
            let mut value = sample();
            value[field] = wrong;
            let error = read::<Sample>(&value).unwrap_err().to_string();
            assert!(Sample::deserialize(&value).is_err() && !error.is_empty(), "{field}: {error}");
        }
        assert!(read::<Inner>(&json!([true, 3])).is_err(), "a result is an object");
    }
}
