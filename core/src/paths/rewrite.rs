//! Changing one part of a JSON file that people and other programs write too.

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::json_file::{read_object, read_text};
use super::private::{create_folder, create_new_file};
use crate::error::{Error, ErrorKind, Result};
use crate::input::given;

/// A JSON object whose values stay as they are written: numbers that no type here holds, spaces, and names
/// that stand there twice.
#[derive(Debug, Default)]
struct Verbatim(Vec<(String, Box<RawValue>)>);

/// Changes fields of the object under `part` in the JSON object in `file`, to what `change` makes of it.
/// A file that is missing is created; one that is damaged, or whose part is no object, is an error and stays
/// as it is. Readers see the old file or the new one, never half of one.
pub(crate) fn rewrite_part(
    file: &Path,
    part: &str,
    change: impl FnOnce(&Map<String, Value>) -> Result<Vec<(&'static str, Value)>>,
) -> Result<()> {
    let whole = read_object(file)?.unwrap_or_default();
    let changes = match whole.get(part) {
        None | Some(Value::Null) => change(&Map::new()),
        Some(Value::Object(values)) => change(values),
        Some(other) => Err(Error::invalid(part, given(other), "an object")),
    };
    let changes = changes.map_err(|error| error.context(file.display()))?;
    let text = read_text(file)?.unwrap_or_else(|| "{}".to_owned());
    let mut object = Verbatim::read(text.trim_start_matches('\u{feff}'))?;
    let mut inner = match object.get(part).map(RawValue::get) {
        None | Some("null") => Verbatim::default(),
        Some(text) => Verbatim::read(text)?,
    };
    for (name, value) in changes {
        inner.set(name, value.to_string())?;
    }
    object.set(part, inner.text("  "))?;
    replace(file, &(object.text("") + "\n"))
}

impl Verbatim {
    fn read(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| internal(&error))
    }

    /// Of a name that stands there twice the last one counts.
    fn get(&self, name: &str) -> Option<&RawValue> {
        self.0.iter().rev().find(|(own, _)| own == name).map(|(_, value)| &**value)
    }

    fn set(&mut self, name: &str, json: String) -> Result<()> {
        let value = RawValue::from_string(json).map_err(|error| internal(&error))?;
        match self.0.iter_mut().rev().find(|(own, _)| own == name) {
            Some((_, own)) => *own = value,
            None => self.0.push((name.to_owned(), value)),
        }
        Ok(())
    }

    fn text(&self, indent: &str) -> String {
        if self.0.is_empty() {
            return "{}".to_owned();
        }
        let field = |(name, value): &(String, Box<RawValue>)| {
            format!("{indent}  {}: {}", Value::from(&**name), value.get())
        };
        let fields: Vec<String> = self.0.iter().map(field).collect();
        format!("{{\n{}\n{indent}}}", fields.join(",\n"))
    }
}

impl<'de> Deserialize<'de> for Verbatim {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Verbatim;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Verbatim, A::Error> {
                let mut object = Verbatim::default();
                while let Some(field) = fields.next_entry()? {
                    object.0.push(field);
                }
                Ok(object)
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

/// The text was read as an object before, so this does not happen.
fn internal(error: &serde_json::Error) -> Error {
    Error::new(ErrorKind::Internal, format!("a JSON file cannot be taken apart: {error}"))
}

/// Puts `text` in the place of what is in `file`, for its owner alone.
fn replace(file: &Path, text: &str) -> Result<()> {
    let failed = |error| Error::storage("write", file, error);
    // A file that is a link somewhere else stays one.
    let target = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    if let Some(folder) = target.parent() {
        create_folder(folder)?;
    }
    let (temporary, mut new) = new_file_beside(&target)?;
    let written = new.write_all(text.as_bytes()).and_then(|()| new.sync_all());
    drop(new);
    written.and_then(|()| std::fs::rename(&temporary, &target)).map_err(|error| {
        let _ = std::fs::remove_file(&temporary);
        failed(error)
    })
}

/// A file of its own for each writer, in any thread and process.
fn new_file_beside(target: &Path) -> Result<(PathBuf, File)> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    loop {
        let mut name = target.as_os_str().to_owned();
        name.push(format!(".{}-{}.tmp", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
        // One that is there was left by a process of this number that died.
        if let Some(file) = create_new_file(Path::new(&name))? {
            return Ok((name.into(), file));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(text: &str) -> Result<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.json");
        std::fs::write(&file, text).unwrap();
        let result = rewrite_part(&file, "telemetry", |_| Ok(vec![("strict", true.into())]));
        let now = std::fs::read_to_string(&file).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        if result.is_err() {
            assert_eq!(now, text, "a file that is refused stays as it is");
        }
        result.map(|()| now)
    }

    #[test]
    fn everything_else_stays_as_it_is_written() {
        let text = "\u{feff}{\"velocity\": {\"alpha\": 0.50, \"n\": 123456789012345678901234567890},\n  \"a\\u0062\": [ 1 ],\
                    \"telemetry\":{\"strict\":false, \"x\" : 1.10}, \"last\": null}";
        let now = rewritten(text).unwrap();
        for part in [
            r#""velocity": {"alpha": 0.50, "n": 123456789012345678901234567890}"#,
            r#""ab": [ 1 ]"#,
            r#""x": 1.10"#,
            r#""strict": true"#,
            r#""last": null"#,
        ] {
            assert!(now.contains(part), "{part}: {now}");
        }
        let places = ["velocity", "ab", "telemetry", "last"].map(|name| now.find(name).unwrap());
        assert!(places.is_sorted(), "{now}");
        assert_eq!(rewritten("{}").unwrap(), "{\n  \"telemetry\": {\n    \"strict\": true\n  }\n}\n");
        assert_eq!(rewritten("{\"telemetry\": null}").unwrap(), rewritten("{}").unwrap());
    }

    #[test]
    fn what_is_damaged_is_refused_and_kept() {
        for text in ["{\"telemetry\": {\"strict\": tr", "", "[]", "{\"telemetry\": true}", "{\"n\": 1e999}"] {
            assert!(rewritten(text).is_err(), "{text}");
        }
    }
}
