//! Reading the log without its lock, and without changing anything.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::scan::{BUFFER, Scan, scan};
use super::state::Stamp;
use crate::error::{Error, Result};
use crate::paths;
use crate::sqlite::Watch;

/// What the log was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogState {
    Missing,
    Whole,
    /// It holds whole records, and lacks its end.
    Unfinished,
    /// Behind this many bytes stands what cannot be read.
    Damaged(u64),
    /// Somebody rewrote it meanwhile.
    Changing,
}

/// Reads the log at `path` and shows each element, with its id where it is a record, to `see`. Records may be appended
/// meanwhile; they may be shown or not.
pub(crate) fn look(path: &Path, mut see: impl FnMut(Option<&str>, &str)) -> Result<LogState> {
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
    let scanned = scan(reader, |found| see(found.id(), found.text));
    // What made it fail may be that the call is given up.
    watch.check()?;
    let found = match scanned.map_err(failed)? {
        Scan::Intact(_) => LogState::Whole,
        // An empty file holds no record, and the next one is appended to it.
        Scan::Blank | Scan::Unclosed { .. } => LogState::Unfinished,
        Scan::Damaged { end } => LogState::Damaged(end),
    };
    let has_changed = || stamp().map_or(true, |after| after != before);
    // An end that is torn may be that of an append under way. What was read of whole records holds all the same, but
    // where the file is another one.
    let is_replaced = stamp().map_or(true, |(_, id)| id != before.1);
    Ok(if is_replaced || found != LogState::Whole && has_changed() { LogState::Changing } else { found })
}

/// A file that is read no further when the call is given up.
struct Watched<'f> {
    file: &'f File,
    watch: &'f Watch,
}

impl Read for Watched<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        if self.watch.stopped().is_some() {
            return Err(io::Error::other("the call was given up"));
        }
        self.file.read(bytes)
    }
}
