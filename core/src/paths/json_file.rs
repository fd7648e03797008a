//! Small JSON files that people and other programs also edit.

use std::fs::OpenOptions;
use std::io::{Error as IoError, ErrorKind as IoErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value};

use super::opened::{none_if_missing, open_own};
use crate::error::{Error, ErrorKind, Result};
use crate::time::{Backoff, Deadline};

/// Many programs truncate a file and then write it. A file that remains invalid for this long is damaged.
const SETTLES_WITHIN: Duration = Duration::from_millis(100);

/// No valid file is nearly as long; an endless one would fill the memory.
const LARGEST: u64 = 16 << 20;

/// The content of a file at one time.
#[derive(Debug)]
pub(super) struct ObjectFile {
    /// The text of the file.
    pub(super) text: String,
    pub(super) object: Map<String, Value>,
}

/// The JSON object in `file`, or `None` if there is no such file. A file with any other content is an error.
pub(crate) fn read_object(file: &Path) -> Result<Option<Map<String, Value>>> {
    Ok(read_file(file)?.map(|read| read.object))
}

/// [`read_object`], with the text of the file.
pub(super) fn read_file(file: &Path) -> Result<Option<ObjectFile>> {
    let (deadline, backoff) = (Deadline::of_wait(SETTLES_WITHIN), Backoff::new());
    loop {
        match read_now(file) {
            Err(error) if error.kind() == ErrorKind::Corrupt && !deadline.has_passed() => backoff.pause(),
            read => return read,
        }
    }
}

fn read_now(file: &Path) -> Result<Option<ObjectFile>> {
    let Some(text) = read_text(file)? else { return Ok(None) };
    match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
        Ok(Value::Object(object)) => Ok(Some(ObjectFile { text, object })),
        Ok(_) => Err(damaged(file, "it does not hold a JSON object")),
        Err(error) => Err(damaged(file, &format!("line {}, column {}", error.line(), error.column()))),
    }
}

/// The text of `file`, or `None` if there is no such file.
pub(super) fn read_text(file: &Path) -> Result<Option<String>> {
    let failed = |error: IoError| match error.kind() {
        IoErrorKind::InvalidData => damaged(file, "it is not UTF-8 text"),
        _ => Error::storage("read", file, error),
    };
    let opened = none_if_missing(open_own(file, OpenOptions::new().read(true))).map_err(failed)?;
    let Some(opened) = opened else { return Ok(None) };
    let mut text = String::new();
    let length = opened.take(LARGEST + 1).read_to_string(&mut text).map_err(failed)?;
    if length as u64 > LARGEST {
        let message = "it has more than 16 MiB, the most that such a file may have";
        return Err(failed(IoError::new(IoErrorKind::FileTooLarge, message)));
    }
    Ok(Some(text))
}

fn damaged(file: &Path, why: &str) -> Error {
    let message = format!("{} is damaged ({why}): repair it or move it away", file.display());
    Error::new(ErrorKind::Corrupt, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_file_is_an_error_not_an_empty_object() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.json");
        assert!(read_object(&file).unwrap().is_none());
        for text in ["{", "[]", "null", ""] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(read_object(&file).unwrap_err().kind(), ErrorKind::Corrupt, "{text:?}");
        }
        std::fs::write(&file, [0xff, 0xfe]).unwrap();
        assert_eq!(read_object(&file).unwrap_err().kind(), ErrorKind::Corrupt);
        std::fs::write(&file, "\u{feff}{\"a\": 1}").unwrap();
        assert_eq!(read_object(&file).unwrap().unwrap()["a"], 1);
    }
    #[test]
    fn a_file_that_is_being_written_is_read_when_it_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.json");
        for half in ["", "{\"a\": "] {
            std::fs::write(&file, half).unwrap();
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    std::thread::sleep(SETTLES_WITHIN / 10);
                    std::fs::write(&file, "{\"a\": 1}").unwrap();
                });
                assert_eq!(read_object(&file).unwrap().unwrap()["a"], 1, "{half:?}");
            });
        }
    }
}
