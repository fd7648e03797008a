//! Values of empty columns that are found in a row's metadata.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// The names of the command in metadata; the first one with text counts.
pub(super) const COMMAND: [&str; 3] = ["commandName", "command_name", "command"];
/// The names of the action in metadata.
pub(super) const ACTION: [&str; 2] = ["action", "phase"];
/// The names of the error kind in metadata.
pub(super) const ERROR_KIND: [&str; 3] = ["error_kind", "errorKind", "error"];

/// Command, action and error kind in metadata; invalid metadata has none of them.
#[derive(Debug, Default)]
pub(super) struct MetadataFields {
    command: [Option<String>; COMMAND.len()],
    action: [Option<String>; ACTION.len()],
    error_kind: [Option<String>; ERROR_KIND.len()],
}

impl MetadataFields {
    /// Parses the text of a JSON object. Other fields are skipped: a scan of half a million rows must not build half a
    /// million objects.
    pub(super) fn read(metadata: &str) -> Self {
        Self::of(metadata).unwrap_or_default()
    }

    /// [`MetadataFields::read`]; `None` if the text is not a JSON object.
    pub(super) fn of(metadata: &str) -> Option<Self> {
        serde_json::from_str(metadata).ok()
    }

    pub(super) fn command(&mut self) -> Option<String> {
        first(&mut self.command)
    }

    pub(super) fn action(&mut self) -> Option<String> {
        first(&mut self.action)
    }

    #[cfg(any(feature = "arrow", test))]
    pub(super) fn error_kind(&mut self) -> Option<String> {
        first(&mut self.error_kind)
    }

    fn field_mut(&mut self, name: &str) -> Option<&mut Option<String>> {
        if let Some(place) = COMMAND.iter().position(|known| *known == name) {
            return self.command.get_mut(place);
        }
        if let Some(place) = ACTION.iter().position(|known| *known == name) {
            return self.action.get_mut(place);
        }
        ERROR_KIND.iter().position(|known| *known == name).and_then(|place| self.error_kind.get_mut(place))
    }
}

fn first(texts: &mut [Option<String>]) -> Option<String> {
    texts.iter_mut().filter_map(Option::take).find(|text| !text.is_empty())
}

impl<'de> Deserialize<'de> for MetadataFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = MetadataFields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<MetadataFields, A::Error> {
                let mut found = MetadataFields::default();
                while let Some(Scalar(name)) = fields.next_key::<Scalar>()? {
                    let Scalar(text) = fields.next_value()?;
                    if let Some(place) = name.as_deref().and_then(|name| found.field_mut(name)) {
                        // Of duplicate fields the last one counts, as in any JSON object.
                        *place = text;
                    }
                }
                Ok(found)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// A value of which only text matters. Other values are parsed by the same rules as a whole object, so that the same
/// input is invalid.
struct Scalar(Option<String>);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON value")
            }

            fn visit_str<E>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar(Some(text.to_owned())))
            }

            fn visit_unit<E>(self) -> Result<Scalar, E> {
                Ok(Scalar(None))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Scalar, E> {
                Ok(Scalar(None))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Scalar, E> {
                Ok(Scalar(None))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Scalar, E> {
                Ok(Scalar(None))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Scalar, E> {
                Ok(Scalar(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Scalar, A::Error> {
                while items.next_element::<Scalar>()?.is_some() {}
                Ok(Scalar(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Scalar, A::Error> {
                while fields.next_entry::<Scalar, Scalar>()?.is_some() {}
                Ok(Scalar(None))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::*;
    use crate::telemetry::query::row::first_text;

    /// The fields of the whole object.
    fn slowly(metadata: &str) -> [Option<String>; 3] {
        let object: Map<String, Value> = serde_json::from_str(metadata).unwrap_or_default();
        [first_text(&object, &COMMAND), first_text(&object, &ACTION), first_text(&object, &ERROR_KIND)]
    }

    #[test]
    fn the_same_fields_are_found_as_in_the_whole_object() {
        let deep = |levels: usize| {
            format!("{{\"x\": {}{}, \"command\": \"c\"}}", "[".repeat(levels), "]".repeat(levels))
        };
        for metadata in [
            r#"{"commandName":"a","command_name":"b","command":"c","action":"x","phase":"p"}"#,
            r#"{"command":"c","commandName":"","phase":"p","action":7}"#,
            r#"{"command":"c","command":null,"command_name":["b"]}"#,
            r#"{"command":null,"command":"c"}"#,
            r#"{"comm\u0061nd":"\u00e9\n","x":{"command":"inner"},"y":[1,-2.5,true,null,{"a":[]}]}"#,
            r#"{"command":"c","n":1e999}"#,
            r#"{"command":"c","n":"\ud800"}"#,
            r#"{"error":"timeout","error_kind":"","errorKind":3}"#,
            r#"{"command":"c"} x"#,
            r#"{"command":"c""#,
            "null",
            "[\"command\"]",
            "",
            &deep(100),
            &deep(200),
        ] {
            let mut fields = MetadataFields::read(metadata);
            assert_eq!(
                [fields.command(), fields.action(), fields.error_kind()],
                slowly(metadata),
                "{metadata}"
            );
        }
    }
}
