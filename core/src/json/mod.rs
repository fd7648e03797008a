//! The JSON of results, through one serializer.
//!
//! Serde generates the code of a type anew for every serializer that the type is given to. All results go through this one,
//! which passes on what it is given: so the code of a type is in the library once, for its text, its text in pieces, and
//! its value.

#[cfg(feature = "report")]
mod reader;

use std::fmt::{self, Display, Write as _};
use std::io::Write;

use serde::Serialize;
use serde::ser::{self, Error as _};
use serde_json::{Error, Map, Number, Value};

#[cfg(feature = "report")]
pub(crate) use reader::read;

use crate::memory::{self, Growing};

type Result<T> = serde_json::Result<T>;

/// The name of a newtype struct whose value stands for NULL: it is null where the caller wants `null_as_absent`, and the value
/// elsewhere.
pub(crate) const NULL: &str = "mcoda::Null";

/// `value` as text. Fails with an error of input and output if there is not enough memory for it.
pub(crate) fn text(value: &dyn ToJson, null_as_absent: bool) -> Result<String> {
    pieces(value, usize::MAX, null_as_absent).map(|mut pieces| pieces.pop().unwrap_or_default())
}

/// `value` as text. An array is written as several arrays with its items in their order, each of which ends after the item
/// with which it reaches `bytes`; anything else is one piece.
pub(crate) fn pieces(value: &dyn ToJson, bytes: usize, null_as_absent: bool) -> Result<Vec<String>> {
    let current = Vec::with_capacity(128);
    let mut text = Text { done: Vec::new(), current, open: Vec::new(), bytes, null_as_absent };
    value.write_to(&mut text)?;
    text.done.push(text.current);
    text.done.into_iter().map(|piece| String::from_utf8(piece).map_err(Error::custom)).collect()
}

/// `value` as a value. A number that is infinite or NaN is null.
pub(crate) fn value(value: &dyn ToJson, null_as_absent: bool) -> Result<Value> {
    let mut tree = Tree { open: Vec::new(), done: Value::Null, null_as_absent };
    value.write_to(&mut tree)?;
    Ok(tree.done)
}

/// What can be written as JSON.
pub(crate) trait ToJson {
    fn write_to(&self, sink: &mut dyn Sink) -> Result<()>;
}

impl<T: Serialize + ?Sized> ToJson for T {
    fn write_to(&self, sink: &mut dyn Sink) -> Result<()> {
        self.serialize(Serializer { sink, is_key: false })
    }
}

/// Takes JSON, part by part.
pub(crate) trait Sink {
    fn scalar(&mut self, scalar: Scalar<'_>) -> Result<()>;
    fn begin(&mut self, container: Container) -> Result<()>;
    /// The name of the next value in the object.
    fn key(&mut self, key: &str) -> Result<()>;
    fn end(&mut self) -> Result<()>;
    /// Whether what stands for NULL is null.
    fn null_as_absent(&self) -> bool;
}

#[derive(Debug)]
pub(crate) enum Scalar<'a> {
    Null,
    Boolean(bool),
    Number(Number),
    Text(&'a str),
    /// Text that is written piece by piece, so that a long one is nowhere else in memory.
    Shown(fmt::Arguments<'a>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Container {
    Array,
    Object,
}

struct Text {
    done: Vec<Vec<u8>>,
    current: Vec<u8>,
    /// The containers that are open, each with whether it has an item.
    open: Vec<(Container, bool)>,
    bytes: usize,
    null_as_absent: bool,
}

/// Writes the inside of a string.
struct Escaped<'b> {
    bytes: &'b mut Vec<u8>,
    failed: Option<Error>,
}

impl Escaped<'_> {
    fn put(&mut self, piece: &str) -> Result<()> {
        if !piece.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
            return memory::append(self.bytes, piece.as_bytes()).map_err(Error::io);
        }
        let quoted = serde_json::to_vec(piece)?;
        memory::append(self.bytes, &quoted[1..quoted.len() - 1]).map_err(Error::io)
    }
}

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        self.put(piece).map_err(|error| {
            self.failed = Some(error);
            fmt::Error
        })
    }
}

impl Text {
    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        memory::append(&mut self.current, bytes).map_err(Error::io)
    }

    /// Writes what separates a value from the one before it.
    fn separate(&mut self) -> Result<()> {
        let is_outermost = self.open.len() == 1;
        let Some((Container::Array, has_item)) = self.open.last_mut() else { return Ok(()) };
        if !std::mem::replace(has_item, true) {
            return Ok(());
        }
        if is_outermost && self.current.len() >= self.bytes {
            self.put(b"]")?;
            let mut next = Vec::new();
            memory::reserve(&mut next, self.current.len()).map_err(|error| Error::io(error.into()))?;
            self.done.push(std::mem::replace(&mut self.current, next));
            self.put(b"[")
        } else {
            self.put(b",")
        }
    }

    fn shown(&mut self, text: fmt::Arguments<'_>) -> Result<()> {
        self.put(b"\"")?;
        let mut escaped = Escaped { bytes: &mut self.current, failed: None };
        if escaped.write_fmt(text).is_err() {
            return Err(escaped
                .failed
                .unwrap_or_else(|| Error::custom("a value could not be written as text")));
        }
        self.put(b"\"")
    }
}

impl Sink for Text {
    fn scalar(&mut self, scalar: Scalar<'_>) -> Result<()> {
        self.separate()?;
        match scalar {
            Scalar::Null => self.put(b"null"),
            Scalar::Boolean(true) => self.put(b"true"),
            Scalar::Boolean(false) => self.put(b"false"),
            Scalar::Number(number) => write!(Growing(&mut self.current), "{number}").map_err(Error::io),
            Scalar::Text(text) => serde_json::to_writer(Growing(&mut self.current), text),
            Scalar::Shown(text) => self.shown(text),
        }
    }

    fn begin(&mut self, container: Container) -> Result<()> {
        self.separate()?;
        self.open.push((container, false));
        self.put(if container == Container::Array { b"[" } else { b"{" })
    }

    fn key(&mut self, key: &str) -> Result<()> {
        if let Some((_, has_item)) = self.open.last_mut()
            && std::mem::replace(has_item, true)
        {
            self.put(b",")?;
        }
        serde_json::to_writer(Growing(&mut self.current), key)?;
        self.put(b":")
    }

    fn end(&mut self) -> Result<()> {
        match self.open.pop() {
            Some((Container::Array, _)) => self.put(b"]"),
            Some((Container::Object, _)) => self.put(b"}"),
            None => Ok(()),
        }
    }

    fn null_as_absent(&self) -> bool {
        self.null_as_absent
    }
}

struct Tree {
    /// The containers that are open; an object with the name of its next value.
    open: Vec<Open>,
    done: Value,
    null_as_absent: bool,
}

enum Open {
    Array(Vec<Value>),
    Object(Map<String, Value>, String),
}

impl Tree {
    fn put(&mut self, value: Value) {
        match self.open.last_mut() {
            None => self.done = value,
            Some(Open::Array(items)) => items.push(value),
            Some(Open::Object(fields, key)) => {
                fields.insert(std::mem::take(key), value);
            }
        }
    }
}

impl Sink for Tree {
    fn scalar(&mut self, scalar: Scalar<'_>) -> Result<()> {
        self.put(match scalar {
            Scalar::Null => Value::Null,
            Scalar::Boolean(value) => Value::Bool(value),
            Scalar::Number(number) => Value::Number(number),
            Scalar::Text(text) => Value::String(text.to_owned()),
            Scalar::Shown(text) => Value::String(text.to_string()),
        });
        Ok(())
    }

    fn begin(&mut self, container: Container) -> Result<()> {
        self.open.push(match container {
            Container::Array => Open::Array(Vec::new()),
            Container::Object => Open::Object(Map::new(), String::new()),
        });
        Ok(())
    }

    fn key(&mut self, name: &str) -> Result<()> {
        if let Some(Open::Object(_, key)) = self.open.last_mut() {
            name.clone_into(key);
        }
        Ok(())
    }

    fn end(&mut self) -> Result<()> {
        match self.open.pop() {
            Some(Open::Array(items)) => self.put(Value::Array(items)),
            Some(Open::Object(fields, _)) => self.put(Value::Object(fields)),
            None => {}
        }
        Ok(())
    }

    fn null_as_absent(&self) -> bool {
        self.null_as_absent
    }
}

/// Passes what serde gives it to the sink.
struct Serializer<'s> {
    sink: &'s mut dyn Sink,
    /// Whether it is given the name of a value.
    is_key: bool,
}

impl<'s> Serializer<'s> {
    fn scalar(self, scalar: Scalar<'_>) -> Result<()> {
        match (self.is_key, scalar) {
            (false, scalar) => self.sink.scalar(scalar),
            (true, Scalar::Text(text)) => self.sink.key(text),
            (true, Scalar::Number(number)) => self.sink.key(&number.to_string()),
            (true, Scalar::Shown(text)) => self.sink.key(&text.to_string()),
            (true, Scalar::Null | Scalar::Boolean(_)) => Err(Error::custom("a name must be text")),
        }
    }

    fn number(self, number: impl Into<Number>) -> Result<()> {
        self.scalar(Scalar::Number(number.into()))
    }

    fn begin(self, container: Container) -> Result<Parts<'s>> {
        if self.is_key {
            return Err(Error::custom("a name must be text"));
        }
        self.sink.begin(container)?;
        Ok(Parts { sink: self.sink, is_variant: false })
    }

    /// `{"variant": [` or `{"variant": {`.
    fn begin_variant(self, variant: &str, container: Container) -> Result<Parts<'s>> {
        let parts = self.begin(Container::Object)?;
        parts.sink.key(variant)?;
        parts.sink.begin(container)?;
        Ok(Parts { is_variant: true, ..parts })
    }
}

macro_rules! numbers {
    ($($function:ident($type:ty))+) => {$(
        fn $function(self, value: $type) -> Result<()> {
            self.number(value)
        }
    )+};
}

impl<'s> ser::Serializer for Serializer<'s> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Parts<'s>;
    type SerializeTuple = Parts<'s>;
    type SerializeTupleStruct = Parts<'s>;
    type SerializeTupleVariant = Parts<'s>;
    type SerializeMap = Parts<'s>;
    type SerializeStruct = Parts<'s>;
    type SerializeStructVariant = Parts<'s>;

    numbers! {
        serialize_i8(i8) serialize_i16(i16) serialize_i32(i32) serialize_i64(i64)
        serialize_u8(u8) serialize_u16(u16) serialize_u32(u32) serialize_u64(u64)
    }

    fn serialize_f32(self, value: f32) -> Result<()> {
        self.serialize_f64(f64::from(value))
    }

    fn serialize_f64(self, value: f64) -> Result<()> {
        self.scalar(Number::from_f64(value).map_or(Scalar::Null, Scalar::Number))
    }

    fn serialize_bool(self, value: bool) -> Result<()> {
        self.scalar(Scalar::Boolean(value))
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<()> {
        self.scalar(Scalar::Text(value))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<()> {
        self.scalar(Scalar::Shown(format_args!("{value}")))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        self.collect_seq(value)
    }

    fn serialize_none(self) -> Result<()> {
        self.scalar(Scalar::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<()> {
        self.scalar(Scalar::Null)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<()> {
        self.scalar(Scalar::Null)
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<()> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<()> {
        if name == NULL && self.sink.null_as_absent() {
            return self.scalar(Scalar::Null);
        }
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<()> {
        let parts = self.begin(Container::Object)?;
        parts.sink.key(variant)?;
        value.write_to(parts.sink)?;
        parts.sink.end()
    }

    fn serialize_seq(self, _length: Option<usize>) -> Result<Parts<'s>> {
        self.begin(Container::Array)
    }

    fn serialize_tuple(self, _length: usize) -> Result<Parts<'s>> {
        self.begin(Container::Array)
    }

    fn serialize_tuple_struct(self, _name: &'static str, _length: usize) -> Result<Parts<'s>> {
        self.begin(Container::Array)
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Parts<'s>> {
        self.begin_variant(variant, Container::Array)
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<Parts<'s>> {
        self.begin(Container::Object)
    }

    fn serialize_struct(self, _name: &'static str, _length: usize) -> Result<Parts<'s>> {
        self.begin(Container::Object)
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Parts<'s>> {
        self.begin_variant(variant, Container::Object)
    }
}

/// The parts of an array or object.
struct Parts<'s> {
    sink: &'s mut dyn Sink,
    /// Whether it is within an object that names the variant of an enum.
    is_variant: bool,
}

impl Parts<'_> {
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        value.write_to(self.sink)
    }

    fn field<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<()> {
        self.sink.key(key)?;
        value.write_to(self.sink)
    }

    fn end(self) -> Result<()> {
        self.sink.end()?;
        if self.is_variant { self.sink.end() } else { Ok(()) }
    }
}

macro_rules! parts {
    ($($trait:ident::$function:ident($($key:ident)?) = $own:ident)+) => {$(
        impl ser::$trait for Parts<'_> {
            type Ok = ();
            type Error = Error;

            fn $function<T: Serialize + ?Sized>(&mut self, $($key: &'static str,)? value: &T) -> Result<()> {
                self.$own($($key,)? value)
            }

            fn end(self) -> Result<()> {
                Parts::end(self)
            }
        }
    )+};
}

parts! {
    SerializeSeq::serialize_element() = item
    SerializeTuple::serialize_element() = item
    SerializeTupleStruct::serialize_field() = item
    SerializeTupleVariant::serialize_field() = item
    SerializeStruct::serialize_field(key) = field
    SerializeStructVariant::serialize_field(key) = field
}

impl ser::SerializeMap for Parts<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        key.serialize(Serializer { sink: self.sink, is_key: true })
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.item(value)
    }

    fn end(self) -> Result<()> {
        Parts::end(self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Sample {
        some_text: &'static str,
        nothing: Option<i64>,
        numbers: (i64, u64, f64, f32),
        #[serde(skip_serializing_if = "Option::is_none")]
        left_out: Option<bool>,
        kinds: Vec<Kind>,
        unit: (),
        letter: char,
        sums: BTreeMap<String, f64>,
        by_number: BTreeMap<u8, bool>,
        #[serde(flatten)]
        inner: Inner,
        metadata: Map<String, Value>,
    }

    #[derive(Serialize)]
    struct Inner {
        flat: bool,
        empty: [u8; 0],
    }

    #[derive(Serialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Unit,
        New(i64),
        Tuple(i64, &'static str),
        Fields { one: f64 },
    }

    fn sample() -> Sample {
        let metadata = json!({"z": [1, {"deep": [[], {}]}], "a": null, "e": 1e300, "whole": 2.0});
        Sample {
            some_text: "ä \"quoted\"\n\u{1}",
            nothing: None,
            numbers: (i64::MIN, u64::MAX, 0.1, 1.5),
            left_out: None,
            kinds: vec![Kind::Unit, Kind::New(1), Kind::Tuple(2, "t"), Kind::Fields { one: 1.0 }],
            unit: (),
            letter: 'ß',
            sums: BTreeMap::from([("b".into(), 1.0), ("a".into(), f64::NAN)]),
            by_number: BTreeMap::from([(7, true)]),
            inner: Inner { flat: true, empty: [] },
            metadata: metadata.as_object().cloned().unwrap(),
        }
    }

    #[test]
    fn text_and_value_are_those_of_serde_json() {
        assert_eq!(text(&sample(), false).unwrap(), serde_json::to_string(&sample()).unwrap());
        assert_eq!(value(&sample(), false).unwrap(), serde_json::to_value(sample()).unwrap());
        for simple in [json!(null), json!(1), json!("text"), json!([]), json!({}), json!([1, [2], {"a": 3}])]
        {
            assert_eq!(text(&simple, false).unwrap(), simple.to_string());
            assert_eq!(value(&simple, false).unwrap(), simple);
        }
    }

    #[test]
    fn text_that_is_written_in_pieces_is_that_of_serde_json() {
        struct Shown;
        impl Display for Shown {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "plain, \"quoted\" {}\n\\ ä\u{1}", 1.5)
            }
        }
        impl Serialize for Shown {
            fn serialize<S: ser::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        #[derive(PartialEq, Eq, PartialOrd, Ord)]
        struct Name;
        impl Serialize for Name {
            fn serialize<S: ser::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                Shown.serialize(serializer)
            }
        }
        let sample = (Shown, BTreeMap::from([(Name, vec![Shown, Shown])]));
        assert_eq!(text(&sample, false).unwrap(), serde_json::to_string(&sample).unwrap());
        assert_eq!(value(&sample, false).unwrap(), serde_json::to_value(&sample).unwrap());
    }

    #[test]
    fn a_name_that_is_not_text_is_refused() {
        assert!(text(&BTreeMap::from([(true, 1)]), false).is_err());
        assert!(value(&BTreeMap::from([(Vec::<u8>::new(), 1)]), false).is_err());
    }

    #[test]
    fn an_array_is_split_between_its_items() {
        let value = json!([1, [2, 3, 4, 5], {"a": [6, 7, 8]}, "nine, [ten]", "ä"]);
        for bytes in 1..60 {
            let pieces = pieces(&value, bytes, false).unwrap();
            let items: Vec<Value> =
                pieces.iter().flat_map(|piece| serde_json::from_str::<Vec<Value>>(piece).unwrap()).collect();
            assert_eq!(Value::from(items), value, "{bytes}: {pieces:?}");
        }
        assert_eq!(pieces(&value, 1, false).unwrap().len(), 5);
        assert_eq!(pieces(&value, 1000, false).unwrap(), [value.to_string()]);
    }

    #[test]
    fn a_piece_ends_with_the_item_that_reaches_its_size() {
        let items = vec!["x".repeat(98); 1000];
        let pieces = pieces(&items, 1000, false).unwrap();
        assert_eq!(pieces.len(), 100);
        assert!(pieces.iter().all(|piece| piece.len() <= 1110), "{:?}", pieces[0].len());
    }

    #[test]
    fn what_is_no_array_is_one_piece() {
        for value in [json!(null), json!({"a": [1, 2, 3]}), json!("text"), json!([])] {
            assert_eq!(pieces(&value, 1, false).unwrap(), [value.to_string()]);
        }
    }
}
