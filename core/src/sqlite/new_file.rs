//! Creating a database file.
//!
//! A schema that is created in the file by SQLite costs five flushes of the disk: three to change the journal mode, two for the
//! first transaction in the log. A file that gets its name when it is complete costs one.

use std::path::Path;

use rusqlite::Connection;

use super::locks;
use crate::error::Result;
use crate::paths;

/// Makes the content of a new database file.
pub(crate) type NewContent<'c> = &'c dyn Fn() -> Result<Vec<u8>>;

/// The places in the header of a database file that say that it has a write-ahead log: 2 in both.
/// <https://sqlite.org/fileformat.html#file_format_version_numbers>
const JOURNAL_VERSIONS: std::ops::Range<usize> = 18..20;

/// The content of a database file with a write-ahead log that `fill` has filled.
pub(crate) fn database_content(fill: impl FnOnce(&Connection) -> Result<()>) -> Result<Vec<u8>> {
    locks::install();
    let mut connection = Connection::open_in_memory()?;
    let transaction = connection.unchecked_transaction()?;
    fill(&transaction)?;
    transaction.commit()?;
    let mut content = connection.serialize("main")?.to_vec();
    if let Some(versions) = content.get_mut(JOURNAL_VERSIONS) {
        versions.fill(2);
    }
    Ok(content)
}

/// Creates the file if it is missing: with this content if that is possible here, else empty.
pub(super) fn create_missing(path: &Path, content: Option<NewContent<'_>>) -> Result<()> {
    let whole = match content {
        Some(content) if is_unused(path) => paths::create_whole_file(path, &content()?),
        _ => None,
    };
    let new = match whole {
        Some(whole) => Some(whole),
        None => paths::create_new_file(path, None)?,
    };
    if let Some(new) = new {
        locks::close_new(new, path);
    }
    Ok(())
}

/// Whether neither the file is there nor a log or journal beside it, whose content SQLite would copy into a file that is not
/// empty.
fn is_unused(path: &Path) -> bool {
    paths::DATABASE_FILES.iter().all(|suffix| paths::beside(path, suffix).symlink_metadata().is_err())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    fn content() -> Result<Vec<u8>> {
        database_content(|connection| {
            Ok(connection.execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(1000000))")?)
        })
    }

    #[test]
    fn a_new_file_has_its_name_only_when_it_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let whole = content().unwrap();
        // Not every file system has files without a name.
        if paths::create_whole_file(&folder.path().join("tried"), &whole).is_none() {
            return;
        }
        for round in 0..20 {
            let path = folder.path().join(format!("{round}.db"));
            let is_over = AtomicBool::new(false);
            std::thread::scope(|scope| {
                let watch = scope.spawn(|| {
                    while !is_over.load(Ordering::Relaxed) {
                        if let Ok(file) = path.metadata() {
                            assert_eq!(file.len(), whole.len() as u64);
                        }
                    }
                });
                create_missing(&path, Some(&content)).unwrap();
                is_over.store(true, Ordering::Relaxed);
                watch.join().unwrap();
            });
        }
    }

    #[test]
    fn an_existing_file_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        std::fs::write(&path, "mine").unwrap();
        create_missing(&path, Some(&content)).unwrap();
        assert!(paths::create_whole_file(&path, b"another").is_none());
        assert_eq!(std::fs::read(&path).unwrap(), b"mine");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_beside_a_log_that_was_left_is_created_empty() {
        for suffix in ["-wal", "-journal", "-shm"] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("x.db");
            std::fs::write(paths::beside(&path, suffix), "left").unwrap();
            create_missing(&path, Some(&content)).unwrap();
            assert_eq!(path.metadata().unwrap().len(), 0, "{suffix}");
        }
    }

    #[test]
    fn a_new_database_has_a_write_ahead_log_and_is_intact() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db");
        create_missing(&path, Some(&content)).unwrap();
        let connection = Connection::open(&path).unwrap();
        let text = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(text("PRAGMA integrity_check"), "ok");
        assert_eq!(text("SELECT length(a) || '' FROM t"), "1000000");
        let is_whole = path.metadata().unwrap().len() > 1_000_000;
        assert!(!is_whole || text("PRAGMA journal_mode") == "wal");
    }
}
