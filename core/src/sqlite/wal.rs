//! The state of a write-ahead log, read from its index without a connection.
//!
//! The index lies in the memory that all connections share, the file `-shm`. Its layout is a part of SQLite's file
//! format: <https://www.sqlite.org/walformat.html#walidxfmt>.

use std::io;
use std::path::Path;

use super::locks;

/// The bytes of `-shm` on which readers have their locks, one for each read mark.
pub(crate) const READ_LOCKS: std::ops::RangeInclusive<u64> = 123..=127;

/// How many read marks there are.
const MARKS: usize = 5;

/// Where the parts of the index stand.
const IS_INITIALIZED: usize = 12;
const PAGE_SIZE: usize = 14;
const LAST_FRAME: usize = 16;
const BACKFILLED: usize = 96;
const FIRST_MARK: usize = 100;
const LENGTH: usize = FIRST_MARK + 4 * MARKS;

/// What the index says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wal {
    /// How many pages are in the log.
    pub(crate) frames: u32,
    /// How many of them are in the database file already.
    pub(crate) backfilled: u32,
    /// The size of a page in bytes.
    pub(crate) page_size: u32,
    marks: [u32; MARKS],
}

impl Wal {
    /// Reads the index at `path`, while a program has the database open. `None` where it is not there or says nothing.
    pub(crate) fn read(path: &Path) -> io::Result<Option<Self>> {
        locks::install();
        let mut bytes = [0; LENGTH];
        match locks::read_start(path, &mut bytes) {
            Ok(LENGTH) => Ok(Self::of(&bytes)),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn of(bytes: &[u8; LENGTH]) -> Option<Self> {
        let number = |at: usize| {
            let mut number = [0; 4];
            number.copy_from_slice(&bytes[at..at + 4]);
            u32::from_ne_bytes(number)
        };
        let page_size = u32::from(u16::from_ne_bytes([bytes[PAGE_SIZE], bytes[PAGE_SIZE + 1]]));
        let mut marks = [0; MARKS];
        for (place, mark) in marks.iter_mut().enumerate() {
            *mark = number(FIRST_MARK + 4 * place);
        }
        // 65536 does not fit into two bytes and is written as 1.
        let page_size = if page_size == 1 { 65_536 } else { page_size };
        (bytes[IS_INITIALIZED] != 0).then_some(Self {
            frames: number(LAST_FRAME),
            backfilled: number(BACKFILLED),
            page_size,
            marks,
        })
    }

    /// How many pages are still to be copied into the database file.
    pub(crate) fn pending(&self) -> u32 {
        self.frames.saturating_sub(self.backfilled)
    }

    /// Whether somebody who has a lock on this byte reads a state that is older than the newest one.
    pub(crate) fn is_old(&self, byte: u64) -> bool {
        let place = usize::try_from(byte.saturating_sub(*READ_LOCKS.start())).unwrap_or(MARKS);
        // The first mark is that of readers of the database file alone.
        self.marks
            .get(place)
            .is_some_and(|mark| if place == 0 { self.frames > 0 } else { *mark < self.frames })
    }
}

#[cfg(test)]
#[cfg(feature = "bundled")]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn the_index_says_what_a_connection_says() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        locks::install();
        let writer = Connection::open(&file).unwrap();
        writer
            .execute_batch("PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE t (a)")
            .unwrap();
        let reader = Connection::open(&file).unwrap();
        reader.execute_batch("BEGIN; SELECT * FROM t").unwrap();
        for _ in 0..20 {
            writer.execute_batch("INSERT INTO t VALUES (zeroblob(4000))").unwrap();
        }
        let shm = crate::paths::beside(&file, "-shm");
        let checkpoint = |mode| {
            let sql = format!("PRAGMA wal_checkpoint({mode})");
            writer.query_row(&sql, [], |row| Ok((row.get::<_, u32>(1)?, row.get::<_, u32>(2)?))).unwrap()
        };
        let (frames, moved) = checkpoint("PASSIVE");
        let wal = Wal::read(&shm).unwrap().unwrap();
        assert_eq!((wal.frames, wal.backfilled, wal.page_size), (frames, moved, 4096));
        assert!(wal.pending() >= 20 && READ_LOCKS.into_iter().any(|byte| wal.is_old(byte)), "{wal:?}");
        reader.execute_batch("COMMIT").unwrap();
        checkpoint("PASSIVE");
        assert_eq!(Wal::read(&shm).unwrap().unwrap().pending(), 0);
        // Reading it has taken no lock away: the log is still in use.
        writer.execute_batch("INSERT INTO t VALUES (1)").unwrap();
        assert_eq!(reader.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0)).unwrap(), 21);
    }

    #[test]
    fn what_is_no_index_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db-shm");
        assert_eq!(Wal::read(&file).unwrap(), None);
        for content in [vec![], vec![1; 40], vec![0; 32_768]] {
            std::fs::write(&file, content).unwrap();
            assert_eq!(Wal::read(&file).unwrap(), None);
        }
    }
}
