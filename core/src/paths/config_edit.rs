//! Changing one part of a JSON file that people and other programs also edit.

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind as IoErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::json_file::{ObjectFile, read_file, read_text};
use super::location::beside;
use super::permissions::{create_folder, create_new_file, sync_folder};
use super::rewrite_lock::RewriteLock;
use crate::error::{Error, ErrorKind, Result};
use crate::input::given;

/// A JSON object whose values keep their text: numbers that no type here can represent, whitespace, and duplicate
/// names.
#[derive(Debug, Default)]
struct Verbatim(Vec<(String, Box<RawValue>)>);

/// How often another program may change the file during one edit.
const ATTEMPTS: usize = 20;

/// Changes fields of the object under `part` in the JSON object in `file`, as `change` specifies. A missing file is
/// created; if the user is root, it gets the owner of `like`. A damaged file, or one whose part is not an object, is an
/// error and stays as it is. Readers see either the old file or the new one.
///
/// Concurrent changes of other programs are kept: the edit is then repeated on the new content, including `change`.
/// `Conflict` if the file keeps changing. Only a change by a program other than this library in the moment of the
/// rename is not detected.
pub(crate) fn edit_part(
    file: &Path,
    like: Option<&Path>,
    part: &str,
    change: impl Fn(&Map<String, Value>) -> Result<Vec<(&'static str, Value)>>,
) -> Result<()> {
    edit(file, like, |before| {
        let changes = match before.and_then(|before| before.object.get(part)) {
            None | Some(Value::Null) => change(&Map::new()),
            Some(Value::Object(values)) => change(values),
            Some(other) => Err(Error::invalid(part, given(other), "an object")),
        };
        let changes = changes.map_err(|error| error.context(file.display()))?;
        let mut object = Verbatim::of(before)?;
        let mut inner = match object.get(part).map(RawValue::get) {
            None | Some("null") => Verbatim::default(),
            Some(text) => Verbatim::read(text)?,
        };
        inner.set_all(changes)?;
        object.set(part, inner.text("  "))?;
        Ok(object)
    })
}

/// Changes fields of the JSON object in `file`, as [`edit_part`] does those of a part.
pub(super) fn edit_fields(
    file: &Path,
    like: Option<&Path>,
    change: impl Fn(&Map<String, Value>) -> Result<Vec<(&'static str, Value)>>,
) -> Result<()> {
    edit(file, like, |before| {
        let mut object = Verbatim::of(before)?;
        object.set_all(change(before.map_or(&Map::new(), |before| &before.object))?)?;
        Ok(object)
    })
}

/// Creates `file` with the text of a JSON object; `false` if it exists.
pub(super) fn create_object(file: &Path, text: &str) -> Result<bool> {
    if file.exists() {
        return Ok(false);
    }
    replace(file, None, None, text)
}

/// Replaces the content of `file`, until nobody else has changed it meanwhile.
fn edit(
    file: &Path,
    like: Option<&Path>,
    changed: impl Fn(Option<&ObjectFile>) -> Result<Verbatim>,
) -> Result<()> {
    for _ in 0..ATTEMPTS {
        let lock = RewriteLock::wait(file);
        let before = read_file(file)?;
        if before.is_some() && lock.was_missing() {
            continue;
        }
        let text = changed(before.as_ref())?.text("") + "\n";
        if replace(file, like, before.as_ref().map(|before| &*before.text), &text)? {
            return Ok(());
        }
    }
    let message = format!("{} keeps changing: try again when no other program writes it", file.display());
    Err(Error::new(ErrorKind::Conflict, message))
}

impl Verbatim {
    /// The object of the file; a missing file has none.
    fn of(file: Option<&ObjectFile>) -> Result<Self> {
        Self::read(file.map_or("{}", |file| file.text.trim_start_matches('\u{feff}')))
    }

    fn read(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| internal(&error))
    }

    /// Of duplicate names, the last one counts.
    fn get(&self, name: &str) -> Option<&RawValue> {
        self.0.iter().rev().find(|(own, _)| own == name).map(|(_, value)| &**value)
    }

    fn set_all(&mut self, changes: Vec<(&'static str, Value)>) -> Result<()> {
        changes.into_iter().try_for_each(|(name, value)| self.set(name, value.to_string()))
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

/// Cannot happen: the text was parsed as an object before.
fn internal(error: &serde_json::Error) -> Error {
    Error::new(ErrorKind::Internal, format!("a JSON file cannot be parsed again: {error}"))
}

/// Replaces `before` by `text`, in a file that only its owner can access; `before` is `None` if there was no file.
/// Returns `false`, with nothing changed, if the content of the file has changed.
fn replace(file: &Path, like: Option<&Path>, before: Option<&str>, text: &str) -> Result<bool> {
    // A symbolic link remains one.
    let target = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    if let Some(folder) = target.parent() {
        create_folder(folder)?;
    }
    let (temporary, mut new) = new_file_beside(&target, like)?;
    let written = new.write_all(text.as_bytes()).and_then(|()| new.sync_all());
    drop(new);
    let written = written.map_err(|error| Error::storage("write", file, error));
    let replaced = written.and_then(|()| rename_into_place(&temporary, &target, before));
    if !matches!(replaced, Ok(true)) {
        let _ = std::fs::remove_file(&temporary);
        return replaced;
    }
    sync_folder(&target)?;
    Ok(true)
}

/// Renames the new file to the old one's name, if that is unchanged.
fn rename_into_place(new: &Path, target: &Path, before: Option<&str>) -> Result<bool> {
    // A damaged file is just being written.
    let now = match read_text(target) {
        Err(error) if error.kind() == ErrorKind::Corrupt => return Ok(false),
        now => now?,
    };
    if now.as_deref() != before {
        return Ok(false);
    }
    if before.is_none() {
        // A hard link does not replace an existing file; not every file system has them.
        match std::fs::hard_link(new, target) {
            Ok(()) => {
                let _ = std::fs::remove_file(new);
                return Ok(true);
            }
            // A dangling link is replaced.
            Err(error) if error.kind() == IoErrorKind::AlreadyExists && target.exists() => return Ok(false),
            Err(_) => {}
        }
    }
    std::fs::rename(new, target).map_err(|error| Error::storage("write", target, error))?;
    Ok(true)
}

/// A distinct file name for each writer, in every thread and process.
fn new_file_beside(target: &Path, like: Option<&Path>) -> Result<(PathBuf, File)> {
    let like = if target.exists() { Some(target) } else { like };
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    loop {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = beside(target, &format!(".{}-{number}.tmp", std::process::id()));
        // An existing one was left by a process with the same id that died.
        if let Some(file) = create_new_file(&name, like)? {
            return Ok((name, file));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn rewritten(text: &str) -> Result<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.json");
        std::fs::write(&file, text).unwrap();
        let result = edit_part(&file, None, "telemetry", |_| Ok(vec![("strict", true.into())]));
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
    fn invalid_json_is_refused() {
        for text in ["{\"telemetry\": {\"strict\": tr", "", "[]", "{\"telemetry\": true}", "{\"n\": 1e999}"] {
            assert!(rewritten(text).is_err(), "{text}");
        }
    }
    /// What another program does after the file was read for the first time.
    fn rewritten_while(file: &Path, other: impl Fn(usize)) -> Result<()> {
        let times = Cell::new(0);
        edit_part(file, None, "telemetry", |telemetry| {
            other(times.replace(times.get() + 1));
            Ok(vec![("strict", (!telemetry.contains_key("endpoint")).into())])
        })
    }

    #[test]
    fn concurrent_changes_of_another_program_are_kept_and_take_effect() {
        for before in [Some("{\"a\": 1}"), None] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("config.json");
            if let Some(text) = before {
                std::fs::write(&file, text).unwrap();
            }
            let theirs = "{\"b\": 2, \"telemetry\": {\"endpoint\": \"e\"}}";
            rewritten_while(&file, |time| {
                if time == 0 {
                    std::fs::write(&file, theirs).unwrap();
                }
            })
            .unwrap();
            let now: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
            let expected = serde_json::json!({"b": 2, "telemetry": {"endpoint": "e", "strict": false}});
            assert_eq!(now, expected, "{before:?}");
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        }
    }

    #[test]
    fn a_file_that_is_emptied_or_removed_during_the_edit_is_read_again() {
        for then in ["", "{\"a\"", "[]"] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("config.json");
            std::fs::write(&file, "{\"a\": 1}").unwrap();
            let result = rewritten_while(&file, |_| std::fs::write(&file, then).unwrap());
            assert_eq!(result.unwrap_err().kind(), ErrorKind::Corrupt, "{then:?}");
            assert_eq!(std::fs::read_to_string(&file).unwrap(), then);
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.json");
        std::fs::write(&file, "{\"a\": 1}").unwrap();
        rewritten_while(&file, |_| drop(std::fs::remove_file(&file))).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), rewritten("{}").unwrap());
    }

    #[test]
    fn a_file_that_keeps_changing_is_a_conflict_and_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.json");
        std::fs::write(&file, "{}").unwrap();
        let theirs = |time| format!("{{\"time\": {time}}}");
        let result = rewritten_while(&file, |time| std::fs::write(&file, theirs(time)).unwrap());
        assert_eq!(result.unwrap_err().kind(), ErrorKind::Conflict);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), theirs(ATTEMPTS - 1));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    #[cfg(unix)]
    fn no_choice_of_several_writers_is_lost() {
        const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("config.json");
            let file = &file;
            std::thread::scope(|scope| {
                for name in NAMES {
                    scope.spawn(move || {
                        edit_part(file, None, "telemetry", |_| Ok(vec![(name, true.into())])).unwrap();
                    });
                }
            });
            let now: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
            assert_eq!(now["telemetry"].as_object().unwrap().len(), NAMES.len(), "{now}");
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left beside it");
        }
    }
}
