//! Rows as JSON, in chunks.

use rusqlite::types::ValueRef;
use rusqlite::{Row, ffi};
use serde::Serialize;

use super::HostResult;
use super::fault::{HostError, code};
use crate::memory::{self, Growing};
use crate::number::MAX_SAFE_INTEGER;

/// How integers are returned that a JavaScript number cannot represent exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Large {
    /// The call fails, and the error names the column.
    #[default]
    Refused,
    /// As decimal digits, in [`RowChunk::exact`].
    Exact,
}

/// Some rows of a result.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowChunk {
    /// An array with one object per row. Of two columns with the same name the last one wins. Empty if there are no rows.
    pub json: String,
    /// The values that JSON cannot represent, which are null there: an array of `[row, name, kind, value]`, with the kinds
    /// `integer` (digits), `real` (`Infinity`, `-Infinity`) and `blob` (the index in `blobs`). Empty if there are none.
    pub exact: String,
    /// The blobs.
    pub blobs: Vec<Vec<u8>>,
}

/// The size of a chunk, which JavaScript parses in one or two milliseconds.
const CHUNK_BYTES: usize = 128 << 10;

/// No JavaScript string is longer than 512 MiB.
const LONGEST: usize = (512 << 20) - 64;

/// Writes rows of one statement.
pub(super) struct RowWriter {
    /// What precedes each value: the name of its column as JSON.
    before: Vec<String>,
    names: Vec<String>,
    large: Large,
    rows: usize,
    bytes: usize,
    json: Vec<u8>,
    exact: Vec<u8>,
    blobs: Vec<Vec<u8>>,
}

impl RowWriter {
    /// A writer for rows like this one. A cached statement may be prepared again when it runs, so its columns are only
    /// known with the first row.
    pub(super) fn new(row: &Row<'_>, large: Large) -> HostResult<Self> {
        let statement = row.as_ref();
        let mut writer = Self {
            before: Vec::new(),
            names: Vec::new(),
            large,
            rows: 0,
            bytes: 0,
            json: Vec::new(),
            exact: Vec::new(),
            blobs: Vec::new(),
        };
        for place in 0..statement.column_count() {
            let name = json(statement.column_name(place)?)?;
            writer.before.push(format!("{}{name}:", if place == 0 { '{' } else { ',' }));
            writer.names.push(name);
        }
        Ok(writer)
    }

    pub(super) fn is_full(&self) -> bool {
        self.json.len() + self.exact.len() + self.bytes >= CHUNK_BYTES
    }

    /// Takes the rows written since the last call.
    pub(super) fn take(&mut self) -> RowChunk {
        let end = |text: &mut Vec<u8>| {
            if !text.is_empty() {
                text.push(b']');
            }
            String::from_utf8(std::mem::take(text)).unwrap_or_default()
        };
        (self.rows, self.bytes) = (0, 0);
        let (json, exact) = (end(&mut self.json), end(&mut self.exact));
        RowChunk { json, exact, blobs: std::mem::take(&mut self.blobs) }
    }

    pub(super) fn write(&mut self, row: &Row<'_>) -> HostResult<()> {
        self.json.push(if self.json.is_empty() { b'[' } else { b',' });
        for place in 0..self.before.len() {
            self.json.extend_from_slice(self.before[place].as_bytes());
            self.value(place, row.get_ref(place)?)?;
        }
        self.json.extend_from_slice(if self.before.is_empty() { b"{}" } else { b"}" });
        self.rows += 1;
        if self.json.len() > LONGEST {
            let text = "string or blob too big: a row of more than 512 MiB does not fit a JavaScript string";
            return Err(HostError::refused(code::TOOBIG, text));
        }
        Ok(())
    }

    fn value(&mut self, place: usize, value: ValueRef<'_>) -> HostResult<()> {
        match value {
            ValueRef::Null => self.json.extend_from_slice(b"null"),
            ValueRef::Integer(number) if number.unsigned_abs() > MAX_SAFE_INTEGER.unsigned_abs() => {
                self.large(place, number)?;
            }
            ValueRef::Integer(number) => write(&mut self.json, &number)?,
            ValueRef::Real(number) if number.is_finite() => write(&mut self.json, &number)?,
            ValueRef::Real(number) => {
                let text = if number > 0.0 { "Infinity" } else { "-Infinity" };
                self.exact(place, "real", &text)?;
            }
            ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => write(&mut self.json, text)?,
                Err(_) => write(&mut self.json, &*String::from_utf8_lossy(bytes))?,
            },
            ValueRef::Blob(bytes) => {
                self.exact(place, "blob", &self.blobs.len())?;
                self.bytes += bytes.len();
                let mut copy = Vec::new();
                memory::append(&mut copy, bytes).map_err(|_| out_of_memory())?;
                self.blobs.push(copy);
            }
        }
        Ok(())
    }

    fn large(&mut self, place: usize, number: i64) -> HostResult<()> {
        match self.large {
            Large::Exact => self.exact(place, "integer", &number.to_string()),
            Large::Refused => {
                let text = format!(
                    "column {}: {number} is beyond {MAX_SAFE_INTEGER}, and a JavaScript number would round it: open the \
                     database with largeIntegers \"bigint\", or CAST the column AS TEXT. The statement itself has run",
                    self.names[place]
                );
                Err(HostError::refused(code::RANGE, text))
            }
        }
    }

    /// Writes null, and the value to `exact`.
    fn exact(&mut self, place: usize, kind: &str, value: &impl Serialize) -> HostResult<()> {
        self.json.extend_from_slice(b"null");
        self.exact.push(if self.exact.is_empty() { b'[' } else { b',' });
        self.exact
            .extend_from_slice(format!("[{},{},{}", self.rows, self.names[place], json(kind)?).as_bytes());
        self.exact.push(b',');
        write(&mut self.exact, value)?;
        self.exact.push(b']');
        Ok(())
    }
}

fn write(into: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) -> HostResult<()> {
    serde_json::to_writer(Growing(into), value).map_err(|error| match error.io_error_kind() {
        Some(_) => out_of_memory(),
        None => HostError::internal(error.to_string()),
    })
}

fn out_of_memory() -> HostError {
    HostError::refused(ffi::SQLITE_NOMEM, "out of memory")
}

fn json(text: &str) -> HostResult<String> {
    serde_json::to_string(text).map_err(|error| HostError::internal(error.to_string()))
}
