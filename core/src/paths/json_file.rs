//! Small JSON files that people and other programs write too.

use std::io::ErrorKind as IoErrorKind;
use std::path::Path;

use serde_json::{Map, Value};

use crate::error::{Error, ErrorKind, Result};

/// The text of `file`, or `None` where there is no such file.
pub(crate) fn read_text(file: &Path) -> Result<Option<String>> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == IoErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == IoErrorKind::InvalidData => Err(damaged(file, "it is not UTF-8 text")),
        Err(error) => Err(Error::storage("read", file, error)),
    }
}

/// The JSON object in `file`, or `None` where there is no such file. A file that holds anything else
/// is never taken for an empty one.
pub(crate) fn read_object(file: &Path) -> Result<Option<Map<String, Value>>> {
    let Some(text) = read_text(file)? else { return Ok(None) };
    match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
        Ok(Value::Object(object)) => Ok(Some(object)),
        Ok(_) => Err(damaged(file, "it does not hold a JSON object")),
        Err(error) => Err(damaged(file, &format!("line {}, column {}", error.line(), error.column()))),
    }
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
}
