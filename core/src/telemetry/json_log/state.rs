//! The state of the log in the lock file: whether the last holder finished, the file as it left it, and which logged records
//! are still queued in the database. After it follows which file was written to last, in case it is moved away.

use std::fs::{File, Metadata};
use std::io;
use std::time::UNIX_EPOCH;

use sha2::{Digest, Sha256};

use super::positioned::{read_at, write_at};
use crate::paths::FileId;

/// Every state has this length, so that a shorter one overwrites a longer one completely.
const LINE_LENGTH: usize = 128;
const FORMAT: &str = "mcoda-log-state-1";
const CONFIRMED: &str = "clean";
const UNCONFIRMED: &str = "unconfirmed";

/// The format if logged records are still queued. A build that does not know it takes it for the state of a holder that did
/// not finish, and reads the whole log.
const FORMAT_WITH_QUEUED: &str = "mcoda-log-state-2";
const LINE_LENGTH_WITH_QUEUED: usize = 256;

/// What precedes the device and inode of the file that was written to last. Builds that do not know it do not read so far.
const WRITTEN: &str = "mcoda-log-file-1";
const WRITTEN_LENGTH: usize = 64;

/// How many logged records may still be queued. The limit keeps the state short.
pub(crate) const MOST_QUEUED: usize = 4;

/// A file's length and modification time, which show whether another program wrote to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) length: u64,
    modified_nanos: u128,
}

impl Stamp {
    /// That of no file.
    const NONE: Self = Self { length: 0, modified_nanos: 0 };

    pub(super) fn of(metadata: &Metadata) -> io::Result<Self> {
        let modified_nanos =
            metadata.modified()?.duration_since(UNIX_EPOCH).map_or(0, |since_epoch| since_epoch.as_nanos());
        Ok(Self { length: metadata.len(), modified_nanos })
    }

    pub(super) fn modified_millis(self) -> i64 {
        i64::try_from(self.modified_nanos / 1_000_000).unwrap_or(i64::MAX)
    }
}

/// A record that was logged and is still queued in the database, even if the log was replaced since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Queued {
    /// Hashes of its id and of its entry, which may be of any length.
    pub(super) id: u64,
    pub(super) entry: u64,
}

impl Queued {
    pub(super) fn new(id: &str, entry: &str) -> Self {
        Self { id: hash(id), entry: hash(entry) }
    }
}

/// The same in every build and process; collisions are impractical, even deliberate ones.
fn hash(text: &str) -> u64 {
    let digest = Sha256::digest(text.as_bytes());
    digest.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}

/// The log as a holder left it that finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clean {
    /// Whether no record in the file is queued in the database, except those in `queued`.
    pub(super) is_confirmed: bool,
    pub(super) stamp: Stamp,
    /// [`super::scan::Tail::end`]
    pub(super) end: u64,
    /// [`super::scan::Tail::close`]
    pub(super) close: u64,
    /// At most [`MOST_QUEUED`].
    pub(super) queued: Vec<Queued>,
}

impl Clean {
    /// The state during a write after which the file may end where it ended before. It describes no file, but the records
    /// in `queued` stay known: the file that they are in may have been moved away.
    pub(super) fn unfinished(queued: Vec<Queued>) -> Self {
        Self { is_confirmed: false, stamp: Stamp::NONE, end: 0, close: 0, queued }
    }
}

/// What the lock file says.
#[derive(Debug, Default)]
pub(super) struct Recorded {
    /// `None` if nothing is known.
    pub(super) state: Option<Clean>,
    /// The file that was written to last.
    pub(super) written: Option<FileId>,
}

pub(super) fn read(lock_file: &File) -> io::Result<Recorded> {
    let bytes = read_at(lock_file, 0, LINE_LENGTH_WITH_QUEUED + WRITTEN_LENGTH)?;
    let (state, written) = bytes.split_at(bytes.len().min(LINE_LENGTH_WITH_QUEUED));
    let state = std::str::from_utf8(state).ok().and_then(parse);
    let written = std::str::from_utf8(written).ok().and_then(parse_written);
    Ok(Recorded { state, written })
}

pub(super) fn write(lock_file: &File, state: &Clean) -> io::Result<()> {
    let Clean { is_confirmed, stamp, end, close, queued } = state;
    let word = if *is_confirmed { CONFIRMED } else { UNCONFIRMED };
    let (format, length) = match queued[..] {
        [] => (FORMAT, LINE_LENGTH),
        [..] => (FORMAT_WITH_QUEUED, LINE_LENGTH_WITH_QUEUED),
    };
    let mut text = format!("{format} {word} {} {} {end} {close}", stamp.length, stamp.modified_nanos);
    for Queued { id, entry } in queued {
        text += &format!(" {id:016x}{entry:016x}");
    }
    let width = length - 1;
    write_at(lock_file, format!("{text:width$}\n").as_bytes(), 0)
}

/// Notes the file that is written to from now on.
pub(super) fn write_written(lock_file: &File, (device, inode): FileId) -> io::Result<()> {
    let width = WRITTEN_LENGTH - 1;
    let text = format!("{:width$}\n", format!("{WRITTEN} {device} {inode}"));
    write_at(lock_file, text.as_bytes(), LINE_LENGTH_WITH_QUEUED as u64)
}

fn parse(text: &str) -> Option<Clean> {
    let length = if text.starts_with(FORMAT_WITH_QUEUED) { LINE_LENGTH_WITH_QUEUED } else { LINE_LENGTH };
    let line = text.get(..length)?.strip_suffix('\n')?;
    let mut words = line.split_ascii_whitespace();
    let mut next = || words.next();
    let has_queued = match next()? {
        FORMAT => false,
        FORMAT_WITH_QUEUED => true,
        _ => return None,
    };
    let is_confirmed = match next()? {
        CONFIRMED => true,
        UNCONFIRMED => false,
        _ => return None,
    };
    let stamp = Stamp { length: next()?.parse().ok()?, modified_nanos: next()?.parse().ok()? };
    let (end, close) = (next()?.parse().ok()?, next()?.parse().ok()?);
    let queued: Vec<Queued> = words.map(parse_queued).collect::<Option<_>>()?;
    (queued.is_empty() != has_queued).then_some(Clean { is_confirmed, stamp, end, close, queued })
}

fn parse_written(text: &str) -> Option<FileId> {
    let mut words = text.strip_suffix('\n')?.strip_prefix(WRITTEN)?.split_ascii_whitespace();
    let id = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    words.next().is_none().then_some(id)
}

fn parse_queued(word: &str) -> Option<Queued> {
    let hash = |digits: &str| u64::from_str_radix(digits, 16).ok();
    if word.len() != 32 {
        return None;
    }
    Some(Queued { id: hash(word.get(..16)?)?, entry: hash(word.get(16..)?)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_read_as_it_was_written() {
        let file = tempfile::tempfile().unwrap();
        assert_eq!(read(&file).unwrap().state, None);
        assert_eq!(read(&file).unwrap().written, None);
        let long = Clean {
            is_confirmed: false,
            stamp: Stamp { length: u64::MAX, modified_nanos: u128::from(u64::MAX) },
            end: u64::MAX,
            close: u64::MAX,
            queued: Vec::new(),
        };
        let short = Clean {
            is_confirmed: true,
            stamp: Stamp { length: 1, modified_nanos: 2 },
            end: 3,
            close: 4,
            queued: Vec::new(),
        };
        let queued = vec![Queued { id: 0, entry: u64::MAX }, Queued::new("a", "{}")];
        let most = vec![Queued { id: u64::MAX, entry: u64::MAX }; MOST_QUEUED];
        let with_queued = [
            Clean { queued: queued.clone(), ..short.clone() },
            Clean { queued: most, ..long.clone() },
            Clean { queued, ..long.clone() },
        ];
        let [one, most, another] = with_queued;
        let unfinished = Clean::unfinished(Vec::new());
        for state in [long, short.clone(), unfinished.clone(), one, most, short, another, unfinished] {
            write(&file, &state).unwrap();
            assert_eq!(read(&file).unwrap().state, Some(state));
            assert!(file.metadata().unwrap().len() <= LINE_LENGTH_WITH_QUEUED as u64);
        }
        for written in [(u64::MAX, u64::MAX), (1, 2)] {
            let before = read(&file).unwrap().state;
            write_written(&file, written).unwrap();
            let Recorded { state, written: read } = read(&file).unwrap();
            assert_eq!((state, read), (before, Some(written)));
        }
    }

    /// Builds from before the second format read this many bytes.
    #[test]
    fn an_older_build_takes_a_state_with_queued_records_for_an_unfinished_one() {
        let file = tempfile::tempfile().unwrap();
        let stamp = Stamp { length: 1, modified_nanos: 2 };
        let queued = vec![Queued::new("a", "{}")];
        write(&file, &Clean { is_confirmed: true, stamp, end: 3, close: 4, queued }).unwrap();
        let bytes = read_at(&file, 0, LINE_LENGTH).unwrap();
        assert!(!bytes.starts_with(FORMAT.as_bytes()) && !bytes.ends_with(b"\n"));
    }

    #[test]
    fn anything_else_is_not_a_state() {
        let line = |text: &str, length: usize| format!("{text:width$}\n", width = length - 1);
        let hashes = "00".repeat(16);
        for text in [
            "".to_owned(),
            "\n".to_owned(),
            line("mcoda-log-state-3 clean 1 2 3 4", LINE_LENGTH),
            line("mcoda-log-state-1 clean 1 2 3", LINE_LENGTH),
            line(&format!("mcoda-log-state-1 clean 1 2 3 4 {hashes}"), LINE_LENGTH),
            line("mcoda-log-state-2 clean 1 2 3 4", LINE_LENGTH_WITH_QUEUED),
            line("mcoda-log-state-2 clean 1 2 3 4 5", LINE_LENGTH_WITH_QUEUED),
            line(&format!("mcoda-log-state-2 clean 1 2 3 4 {hashes}"), LINE_LENGTH),
            "mcoda-log-state-1 clean 1 2 3 4".to_owned(),
            "\0\0\n".to_owned(),
        ] {
            assert_eq!(parse(&text), None, "{text:?}");
        }
        let line = line(&format!("mcoda-log-state-2 clean 1 2 3 4 {hashes}"), LINE_LENGTH_WITH_QUEUED);
        assert!(parse(&line).is_some());
    }
}
