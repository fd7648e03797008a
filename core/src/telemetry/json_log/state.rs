//! What the lock file says about the log: whether the last holder finished, and how it left the file.

use std::fs::{File, Metadata};
use std::io;
use std::time::UNIX_EPOCH;

use super::positioned::{read_at, write_at};

/// Every state has this length, so that a shorter one leaves nothing of a longer one behind.
const LINE_LENGTH: usize = 128;
const FORMAT: &str = "mcoda-log-state-1";
const CONFIRMED: &str = "clean";
const UNCONFIRMED: &str = "unconfirmed";

/// A file's length and the time of its last change: enough to see that somebody else wrote to it.
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

/// The log as a holder left it that finished its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clean {
    /// Whether the database knows of every record in the file that it is in it.
    pub(super) is_confirmed: bool,
    pub(super) stamp: Stamp,
    /// [`super::scan::Tail::end`]
    pub(super) end: u64,
    /// [`super::scan::Tail::close`]
    pub(super) close: u64,
}

/// `None` where the last holder did not finish, and where nothing is known.
pub(super) fn read(lock_file: &File) -> io::Result<Option<Clean>> {
    let bytes = read_at(lock_file, 0, LINE_LENGTH)?;
    Ok(std::str::from_utf8(&bytes).ok().and_then(parse))
}

/// `None` marks the log as being worked on.
pub(super) fn write(lock_file: &File, state: Option<&Clean>) -> io::Result<()> {
    let text = match state {
        Some(Clean { is_confirmed, stamp, end, close }) => {
            let word = if *is_confirmed { CONFIRMED } else { UNCONFIRMED };
            format!("{FORMAT} {word} {} {} {end} {close}", stamp.length, stamp.modified_nanos)
        }
        None => format!("{FORMAT} dirty"),
    };
    let width = LINE_LENGTH - 1;
    write_at(lock_file, format!("{text:width$}\n").as_bytes(), 0)
}

fn parse(line: &str) -> Option<Clean> {
    let words: Vec<&str> = line.strip_suffix('\n')?.split_ascii_whitespace().collect();
    let [FORMAT, word @ (CONFIRMED | UNCONFIRMED), length, modified, end, close] = words[..] else {
        return None;
    };
    Some(Clean {
        is_confirmed: word == CONFIRMED,
        stamp: Stamp { length: length.parse().ok()?, modified_nanos: modified.parse().ok()? },
        end: end.parse().ok()?,
        close: close.parse().ok()?,
    })
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
        };
        let short =
            Clean { is_confirmed: true, stamp: Stamp { length: 1, modified_nanos: 2 }, end: 3, close: 4 };
        for state in [Some(long), Some(short), None, Some(short)] {
            write(&file, state.as_ref()).unwrap();
            assert_eq!(read(&file).unwrap(), state);
            assert_eq!(file.metadata().unwrap().len(), LINE_LENGTH as u64);
        }
    }

    #[test]
    fn anything_else_says_nothing() {
        for text in
            ["", "\n", "mcoda-log-state-2 clean 1 2 3 4\n", "mcoda-log-state-1 clean 1 2 3 4", "\0\0\n"]
        {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
