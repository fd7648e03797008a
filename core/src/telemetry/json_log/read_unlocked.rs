//! Reads the log without its lock, and without changing anything.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::scan::{BUFFER, Scan, scan};
use super::state::Stamp;
use crate::error::{Error, Result};
use crate::paths;
use crate::sqlite::Watch;

/// The state of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogState {
    Missing,
    Complete,
    /// Complete records, without the end of the array.
    Unfinished,
    /// Invalid text follows this many bytes.
    Damaged(u64),
    /// Another program rewrote it in the meantime.
    Changing,
}

/// Reads the log at `path` and calls `visit` for each element, with its id if it is a record. Records that are appended in
/// the meantime may be visited or not.
pub(crate) fn read_unlocked(path: &Path, mut visit: impl FnMut(Option<&str>, &str)) -> Result<LogState> {
    let opened = paths::none_if_missing(paths::open_regular(path, OpenOptions::new().read(true)));
    let Some(file) = opened.map_err(|error| Error::storage("open", path, error))? else {
        return Ok(LogState::Missing);
    };
    let stamp = || {
        let metadata = path.metadata()?;
        let id = paths::id_of(&metadata);
        Ok((Stamp::of(&metadata)?, id))
    };
    let failed = |error| Error::storage("read", path, error);
    let before: (Stamp, _) = stamp().map_err(failed)?;
    let watch = Watch::of_thread();
    let reader = BufReader::with_capacity(BUFFER, Watched { file: &file, watch: &watch });
    let scanned = scan(reader, |found| visit(found.id(), found.text));
    // It may have failed because the call was cancelled.
    watch.check()?;
    let found = match scanned.map_err(failed)? {
        Scan::Intact(_) => LogState::Complete,
        // An empty file has no record, and the next one is appended to it.
        Scan::Blank | Scan::Unclosed { .. } => LogState::Unfinished,
        Scan::Damaged { end } => LogState::Damaged(end),
    };
    let has_changed = || stamp().map_or(true, |after| after != before);
    // An incomplete end may be that of an append that is in progress. The complete records that were read are valid
    // nevertheless, unless the file was replaced.
    let is_replaced = stamp().map_or(true, |(_, id)| id != before.1);
    Ok(if is_replaced || found != LogState::Complete && has_changed() { LogState::Changing } else { found })
}

/// A file that is not read further when the call is cancelled.
struct Watched<'f> {
    file: &'f File,
    watch: &'f Watch,
}

impl Read for Watched<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.watch.stopped().is_some() {
            return Err(io::Error::other("the call was cancelled"));
        }
        self.file.read(bytes)
    }
}
