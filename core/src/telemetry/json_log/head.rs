//! The id of an entry of the log, and whether it has a timestamp; nothing else of it is kept.

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The id and timestamp of an entry. If a field occurs several times, the last one counts.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) id: Option<String>,
    has_timestamp: bool,
}

impl Head {
    /// The head of an entry; `None` if it is not exactly one JSON object.
    pub(super) fn of(text: &str) -> Option<Self> {
        let mut json = serde_json::Deserializer::from_str(text);
        let head = HeadSeed { is_checked: true }.deserialize(&mut json).ok()?;
        json.end().ok().map(|()| head)
    }

    /// The head and length of the object at the start of `text`. The object is checked completely; nesting beyond
    /// serde_json's limit is an error, because other programs could not read it.
    pub(super) fn at_start(text: &[u8]) -> serde_json::Result<(Self, usize)> {
        let mut json = serde_json::Deserializer::from_slice(text);
        let head = HeadSeed { is_checked: false }.deserialize(&mut json)?;
        Ok((head, json.into_iter::<IgnoredAny>().byte_offset()))
    }

    /// Whether the entry is a record, not another object.
    pub(super) fn is_of_record(&self) -> bool {
        self.id.is_some() || self.has_timestamp
    }
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Key {
    Id,
    Timestamp,
    #[serde(other)]
    Other,
}

struct HeadSeed {
    is_checked: bool,
}

impl<'de> DeserializeSeed<'de> for HeadSeed {
    type Value = Head;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Head, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for HeadSeed {
    type Value = Head;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Head, A::Error> {
        let mut head = Head::default();
        while let Some(key) = map.next_key()? {
            match key {
                Key::Id => head.id = map.next_value_seed(ValueSeed { keep: true })?,
                Key::Timestamp => {
                    head.has_timestamp = map.next_value_seed(ValueSeed { keep: true })?.is_some()
                }
                Key::Other if self.is_checked => drop(map.next_value::<IgnoredAny>()?),
                Key::Other => drop(map.next_value_seed(ValueSeed { keep: false })?),
            }
        }
        Ok(head)
    }
}

/// Parses a value; with `keep`, returns it if it is text. Unlike [`IgnoredAny`], it checks that text is UTF-8, and
/// serde_json's limit of nesting applies.
#[derive(Clone, Copy)]
struct ValueSeed {
    keep: bool,
}

impl ValueSeed {
    const NOTHING: Self = Self { keep: false };
}

impl<'de> DeserializeSeed<'de> for ValueSeed {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValueSeed {
    type Value = Option<String>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.keep.then(|| text.to_owned()))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element_seed(Self::NOTHING)?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_key_seed(Self::NOTHING)?.is_some() {
            map.next_value_seed(Self::NOTHING)?;
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_id_counts_if_it_is_text() {
        for (text, id, is_record) in [
            (r#"{"id":"a","x":{"id":"b"}}"#, Some("a"), true),
            (r#"{"id":"a","id":"b"}"#, Some("b"), true),
            (r#"{"id":{"id":"a"},"timestamp":"t"}"#, None, true),
            (r#"{"id":[1,-2,3.5,true,null,{"a":"b"}]}"#, None, false),
            (r#"{"x":"id","timestamp":1}"#, None, false),
        ] {
            let head = Head::of(text).unwrap();
            assert_eq!((head.id.as_deref(), head.is_of_record()), (id, is_record), "{text}");
            let longer = format!("{text},]");
            assert_eq!(Head::at_start(longer.as_bytes()).unwrap(), (head, text.len()));
        }
        assert_eq!(Head::of("[1]"), None);
    }

    #[test]
    fn an_object_that_other_programs_could_not_read_is_not_a_record() {
        let deep = format!("{{\"id\":\"a\",\"x\":{}{}}}", "[".repeat(200), "]".repeat(200));
        assert!(Head::at_start(deep.as_bytes()).is_err());
        assert!(Head::at_start(b"{\"id\":\"a\",\"x\":\"\xff\"}").is_err());
        assert!(Head::at_start(b"{\"id\":\"a\"").unwrap_err().is_eof());
    }
}
