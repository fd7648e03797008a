//! Stores rows that were not requested yet, in memory up to a limit, and then in a file without a name.

use std::io::{self, Read, Seek, SeekFrom, Write};

use mcoda_core::host::{HostError, HostResult, RowChunk};
use tempfile::{SpooledTempFile, spooled_tempfile};

/// How many bytes are kept in memory.
const IN_MEMORY: usize = 8 << 20;

/// A queue of chunks.
pub(super) struct Spool {
    file: SpooledTempFile,
    written: u64,
    read: u64,
}

impl Spool {
    pub(super) fn new() -> Self {
        Self { file: spooled_tempfile(IN_MEMORY), written: 0, read: 0 }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.read == self.written
    }

    pub(super) fn write(&mut self, chunk: &RowChunk) -> HostResult<()> {
        self.append(chunk).map_err(|error| failed("written to", &error))
    }

    /// The next chunk, if any.
    pub(super) fn read(&mut self) -> HostResult<Option<RowChunk>> {
        if self.is_empty() {
            return Ok(None);
        }
        self.next().map(Some).map_err(|error| failed("read from", &error))
    }

    fn append(&mut self, chunk: &RowChunk) -> io::Result<()> {
        self.file.seek(SeekFrom::Start(self.written))?;
        let parts = [chunk.json.as_bytes(), chunk.exact.as_bytes()];
        let parts: Vec<&[u8]> = parts.into_iter().chain(chunk.blobs.iter().map(Vec::as_slice)).collect();
        self.file.write_all(&(parts.len() as u64).to_le_bytes())?;
        for part in parts {
            self.file.write_all(&(part.len() as u64).to_le_bytes())?;
            self.file.write_all(part)?;
        }
        self.written = self.file.stream_position()?;
        Ok(())
    }

    fn next(&mut self) -> io::Result<RowChunk> {
        self.file.seek(SeekFrom::Start(self.read))?;
        let count = self.number()?;
        let mut parts = (0..count).map(|_| self.part()).collect::<io::Result<Vec<_>>>()?.into_iter();
        let mut text = || String::from_utf8(parts.next().unwrap_or_default()).map_err(io::Error::other);
        let (json, exact) = (text()?, text()?);
        self.read = self.file.stream_position()?;
        Ok(RowChunk { json, exact, blobs: parts.collect() })
    }

    fn part(&mut self) -> io::Result<Vec<u8>> {
        let mut part = vec![0; usize::try_from(self.number()?).map_err(io::Error::other)?];
        self.file.read_exact(&mut part)?;
        Ok(part)
    }

    fn number(&mut self) -> io::Result<u64> {
        let mut number = [0; 8];
        self.file.read_exact(&mut number)?;
        Ok(u64::from_le_bytes(number))
    }
}

fn failed(what: &str, error: &io::Error) -> HostError {
    HostError::disk(format!("rows could not be {what} a temporary file: {error}"))
}
