//! The state of the log in the lock file: whether the last holder finished, the file as it left it, and which logged records
//! are still queued in the database.

use std::fs::{File, Metadata};
use std::io;
use std::time::UNIX_EPOCH;

use sha2::{Digest, Sha256};

use super::positioned::{read_at, write_at};

/// Every state has this length, so that a shorter one overwrites a longer one completely.
const LINE_LENGTH: usize = 128;
const FORMAT: &str = "mcoda-log-state-1";
const CONFIRMED: &str = "clean";
const UNCONFIRMED: &str = "unconfirmed";

/// The format if logged records are still queued. A build that does not know it takes it for the state of a holder that did
/// not finish, and reads the whole log.
const FORMAT_WITH_QUEUED: &str = "mcoda-log-state-2";
const LINE_LENGTH_WITH_QUEUED: usize = 256;

/// How many logged records may still be queued. The limit keeps the state short.
pub(crate) const MOST_QUEUED: usize = 4;

/// A file's length and modification time, which show whether another program wrote to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) length: u64,
    modified_nanos: u128,
}

impl Stamp {
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

/// `None` if the last holder did not finish, or if nothing is known.
pub(super) fn read(lock_file: &File) -> io::Result<Option<Clean>> {
    let bytes = read_at(lock_file, 0, LINE_LENGTH_WITH_QUEUED)?;
    Ok(std::str::from_utf8(&bytes).ok().and_then(parse))
}

/// `None` marks the log as dirty.
pub(super) fn write(lock_file: &File, state: Option<&Clean>) -> io::Result<()> {
    let (text, length) = match state {
        Some(Clean { is_confirmed, stamp, end, close, queued }) => {
            let word = if *is_confirmed { CONFIRMED } else { UNCONFIRMED };
            let (format, length) = match queued[..] {
                [] => (FORMAT, LINE_LENGTH),
                [..] => (FORMAT_WITH_QUEUED, LINE_LENGTH_WITH_QUEUED),
            };
            let mut text = format!("{format} {word} {} {} {end} {close}", stamp.length, stamp.modified_nanos);
            for Queued { id, entry } in queued {
                text += &format!(" {id:016x}{entry:016x}");
            }
            (text, length)
        }
        None => (format!("{FORMAT} dirty"), LINE_LENGTH),
    };
    let width = length - 1;
    write_at(lock_file, format!("{text:width$}\n").as_bytes(), 0)
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
        assert_eq!(read(&file).unwrap(), None);
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
        let [one, most, another] = with_queued.map(Some);
        for state in [Some(long), Some(short.clone()), None, one, most, Some(short), another, None] {
            write(&file, state.as_ref()).unwrap();
            assert_eq!(read(&file).unwrap(), state);
            assert!(file.metadata().unwrap().len() <= LINE_LENGTH_WITH_QUEUED as u64);
        }
    }

    /// Builds from before the second format read this many bytes.
    #[test]
    fn an_older_build_takes_a_state_with_queued_records_for_an_unfinished_one() {
        let file = tempfile::tempfile().unwrap();
        let stamp = Stamp { length: 1, modified_nanos: 2 };
        let queued = vec![Queued::new("a", "{}")];
        write(&file, Some(&Clean { is_confirmed: true, stamp, end: 3, close: 4, queued })).unwrap();
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
