//! Values of empty columns that are found in a row's metadata.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// The names of the command in metadata; the first one with text counts.
pub(super) const COMMAND: [&str; 3] = ["commandName", "command_name", "command"];
/// The names of the action in metadata.
pub(super) const ACTION: [&str; 2] = ["action", "phase"];
/// The names of the error kind in metadata.
pub(super) const ERROR_KIND: [&str; 3] = ["error_kind", "errorKind", "error"];

/// Where the details of a call's usage are, and among them the session.
const NOTES: &str = "usage";
const SESSION: &str = "session";

/// Command, action, error kind and session in metadata; invalid metadata has none of them.
#[derive(Debug, Default)]
pub(super) struct MetadataFields {
    command: [Option<String>; COMMAND.len()],
    action: [Option<String>; ACTION.len()],
    error_kind: [Option<String>; ERROR_KIND.len()],
    session: Option<String>,
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

    pub(super) fn session(&mut self) -> Option<String> {
        self.session.take().filter(|text| !text.is_empty())
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
                while let Some(name) = fields.next_key::<Scanned>()? {
                    let Scanned { text, session } = fields.next_value()?;
                    let Some(name) = name.text else { continue };
                    // Of duplicate fields the last one counts, as in any JSON object.
                    if name == NOTES {
                        found.session = session;
                    } else if let Some(place) = found.field_mut(&name) {
                        *place = text;
                    }
                }
                Ok(found)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// A value of which only its text matters, or the session of an object. Everything is parsed by the same rules as a whole
/// object, so that the same input is invalid.
#[derive(Default)]
struct Scanned {
    text: Option<String>,
    session: Option<String>,
}

impl<'de> Deserialize<'de> for Scanned {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Scanned;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any JSON value")
            }

            fn visit_str<E>(self, text: &str) -> Result<Scanned, E> {
                Ok(Scanned { text: Some(text.to_owned()), session: None })
            }

            fn visit_unit<E>(self) -> Result<Scanned, E> {
                Ok(Scanned::default())
            }

            fn visit_bool<E>(self, _: bool) -> Result<Scanned, E> {
                Ok(Scanned::default())
            }

            fn visit_i64<E>(self, _: i64) -> Result<Scanned, E> {
                Ok(Scanned::default())
            }

            fn visit_u64<E>(self, _: u64) -> Result<Scanned, E> {
                Ok(Scanned::default())
            }

            fn visit_f64<E>(self, _: f64) -> Result<Scanned, E> {
                Ok(Scanned::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Scanned, A::Error> {
                while items.next_element::<Scanned>()?.is_some() {}
                Ok(Scanned::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Scanned, A::Error> {
                let mut session = None;
                while let Some((name, value)) = fields.next_entry::<Scanned, Scanned>()? {
                    if name.text.as_deref() == Some(SESSION) {
                        session = value.text;
                    }
                }
                Ok(Scanned { text: None, session })
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
    fn slowly(metadata: &str) -> [Option<String>; 4] {
        let object: Map<String, Value> = serde_json::from_str(metadata).unwrap_or_default();
        let session = object.get(NOTES).and_then(|notes| notes.get(SESSION)?.as_str());
        let session = session.filter(|text| !text.is_empty()).map(str::to_owned);
        [
            first_text(&object, &COMMAND),
            first_text(&object, &ACTION),
            first_text(&object, &ERROR_KIND),
            session,
        ]
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
            r#"{"usage":{"session":"s","models":{"session":"inner"}},"session":"outer","command":"c"}"#,
            r#"{"usage":{"session":"s","session":7}}"#,
            r#"{"usage":{"session":"s"},"usage":["session","t"]}"#,
            r#"{"usage":{"session":""},"x":{"usage":{"session":"deep"}}}"#,
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
            let found = [fields.command(), fields.action(), fields.error_kind(), fields.session()];
            assert_eq!(found, slowly(metadata), "{metadata}");
        }
    }
}
