//! Making an array of a damaged file again, without losing anything that was in it.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Map, StreamDeserializer, Value};

use super::positioned::{read_at, write_at};
use super::scan::{Tail, is_blank};
use crate::error::{Error, ErrorKind, Result};
use crate::paths;
use crate::time::Timestamp;

/// Cuts the file off at `end`, the end of its last whole record (0: it is blank or no array at all), and closes the
/// array. Where `is_damaged`, what is cut off is kept in a file beside it first, and the whole records in it
/// are put back.
pub(super) fn repair(path: &Path, file: &File, end: u64, is_damaged: bool, now: Timestamp) -> Result<Tail> {
    let failed = |error| Error::storage("repair", path, error);
    let length = file.metadata().map_err(failed)?.len();
    let rest_length = usize::try_from(length.saturating_sub(end)).unwrap_or(usize::MAX);
    let rest = read_at(file, end, rest_length).map_err(failed)?;
    let mut text = Vec::new();
    let mut is_empty = true;
    if end == 0 {
        text.push(b'[');
    } else {
        is_empty = read_at(file, end - 1, 1).map_err(failed)? == b"[";
    }
    if is_damaged {
        set_aside(path, &rest, now)?;
        for record in salvage(&rest) {
            text.extend_from_slice(if is_empty { b"\n" } else { b",\n" });
            text.extend_from_slice(record);
            is_empty = false;
        }
    }
    let new_end = end + text.len() as u64;
    text.extend_from_slice(b"\n]");
    let new_length = end + text.len() as u64;
    // Blanks over all of the rest: were we to die before it is cut off, nobody would find the salvaged
    // records in it a second time.
    text.resize(text.len().max(rest.len()), b' ');
    write_at(file, &text, end).map_err(failed)?;
    file.set_len(new_length).map_err(failed)?;
    Ok(Tail { end: new_end, close: new_length - 1, is_empty })
}

/// The whole records in a damaged stretch of the file, in order. A record is an object with an `id` or a
/// `timestamp` that begins where an element may begin, or at the start of a line as this library and the
/// TypeScript packages (two blanks) write it. A line cannot begin within a string, and objects inside of
/// a record begin no line, or stand deeper than two blanks.
pub(super) fn salvage(damaged: &[u8]) -> Vec<&[u8]> {
    let mut records = Vec::new();
    let mut at = Some(0);
    while let Some(start) = at {
        let start = start + count_while(&damaged[start..], |byte| is_blank(byte) || byte == b',');
        at = match record_at(&damaged[start..]) {
            Some(length) => {
                records.push(&damaged[start..start + length]);
                Some(start + length)
            }
            None => next_line_with_record(damaged, start),
        };
    }
    records
}

/// The length of the record at the start of `text`.
fn record_at(text: &[u8]) -> Option<usize> {
    if text.first() != Some(&b'{') {
        return None;
    }
    let mut values: StreamDeserializer<'_, _, Map<String, Value>> =
        serde_json::Deserializer::from_slice(text).into_iter();
    let record = values.next()?.ok()?;
    let is_record = ["id", "timestamp"].iter().any(|key| record.get(*key).is_some_and(Value::is_string));
    is_record.then(|| values.byte_offset())
}

/// The next offset behind `from` at which a line begins with `{`.
fn next_line_with_record(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += count_while(text.get(at..)?, |byte| byte != b'\n') + 1;
        let line = text.get(at..)?;
        if line.starts_with(b"{") || line.starts_with(b"  {") {
            return Some(at);
        }
    }
}

fn count_while(bytes: &[u8], holds: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|byte| holds(**byte)).count()
}

/// Writes `bytes` to a new file beside `path`, down to the disk.
fn set_aside(path: &Path, bytes: &[u8], now: Timestamp) -> Result<()> {
    let (name, mut file) = new_file_beside(path, now)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    written.map_err(|error| {
        drop(file);
        // Half a copy is of no use, and the original is still whole.
        let _ = std::fs::remove_file(&name);
        Error::storage("write", &name, error)
    })
}

fn new_file_beside(path: &Path, now: Timestamp) -> Result<(PathBuf, File)> {
    // Windows allows no colons in names.
    let time = now.to_string().replace(':', "-");
    for attempt in 1..=1000 {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".corrupt-{time}"));
        if attempt > 1 {
            name.push(format!("-{attempt}"));
        }
        let name = PathBuf::from(name);
        if let Some(file) = paths::create_new_file(&name, Some(path))? {
            return Ok((name, file));
        }
    }
    let message = format!("{}: too many .corrupt files lie beside it; move them away", path.display());
    Err(Error::new(ErrorKind::Corrupt, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn salvaged(text: &str) -> Vec<&str> {
        salvage(text.as_bytes()).into_iter().map(|record| std::str::from_utf8(record).unwrap()).collect()
    }

    #[test]
    fn whole_records_are_found_behind_damage() {
        let (a, b) = (r#"{"id":"a","metadata":{"x":[{"id":"inner"}]}}"#, r#"{"id":"b"}"#);
        for text in [
            format!("{a}{b}"),
            format!(",\n{a},\n{b}\n]"),
            format!("\n]\0\0\0,\n{a}\n{b}"),
            format!(",\n{{\"id\":\"torn\",\"x\":\"y\n{a},\n\0\0\n  {b}"),
            format!(",\n{{\"id\":\"torn\",\"x\":[1,\n{a},\n{b}\n]"),
            format!("garbage {b}\n{a}\nx\n    {b}\n{b}"),
        ] {
            assert_eq!(salvaged(&text), [a, b], "{text:?}");
        }
    }

    #[test]
    fn what_only_looks_like_a_record_is_not_taken_for_one() {
        let texts =
            ["", "\n", "\n{", "{}", "\n{\"id\":1}", "\n  \"x\": {\"id\":\"x\"}", "x\n    {\"id\":\"x\"}"];
        for text in texts {
            assert!(salvaged(text).is_empty(), "{text:?}");
        }
    }
}
