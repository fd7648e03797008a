//! The database itself: statements of the host, batches, backups, checks.

use std::path::PathBuf;

use crate::calls::argument::{Calls, OrEmpty};
use crate::calls::macros::calls;
use crate::calls::{Call, batch};
use crate::check::{CheckOptions, CheckReport};
use crate::session::TimeIndex;
use crate::sqlite::{Checkpoint, SqlParams, Table};

#[allow(unused_doc_comments, reason = "the docs of an entry become a part of it")]
pub(super) const CALLS: &[Call] = calls! {
    /// Runs one read-only SQL statement on a consistent state of the database, and returns an object for each row.
    Session "query"(
        /// The statement.
        sql: String,
        /// Values for `?` in order, or for `:name` by name.
        params: SqlParams,
    ) -> Table [InvalidInput] |session| session.query(&sql, &params);

    /// Makes calls in one transaction: all of them or none. Returns their results in order. An error names the call.
    /// The records are written to the JSON log after the commit, so `logged` is false.
    Batch "batch"(
        /// The calls, each an object with `call`, its name, and `args`, an array of its arguments.
        calls: Calls,
    ) -> batch::Results [InvalidInput, NotFound, Conflict] |target| batch::run(target, &calls);

    /// Copies the current state of the database into a new file that only its owner can access, and flushes it to the
    /// disk. Writing calls of the handle wait for it; queries, other handles and processes continue. Nothing is
    /// overwritten. `Conflict` if the path exists, or a side file of a former database of that name (`…-wal`);
    /// `InvalidInput` if the name is that of a side file, or of another file of this library beside the database.
    Session "backup_to"(
        /// The new file.
        path: PathBuf,
    ) -> () [InvalidInput, Conflict, Storage] |session| session.backup_to(path);

    /// Examines the database and what lies beside it for everything that is wrong or soon will be, each with what to do:
    /// whether it holds together, its schema and references, values that cannot be read, rows of other workspaces, the
    /// JSON log, permissions, links, the room on the disk, how long the write-ahead log is and who keeps it from being
    /// copied, and other copies of SQLite in this process. It only looks, and records go on meanwhile. What cannot be
    /// examined is a finding as well.
    Session "check"(
        /// How thorough. Absent: without comparing indexes with their tables, and without a time limit.
        options: OrEmpty<CheckOptions>,
    ) -> CheckReport [InvalidInput, Unsupported] |session| session.check(&options.0);

    /// Copies the write-ahead log into the database file and empties it. Somebody who reads an old state is waited for up
    /// to the busy timeout, while others write; where that was in vain, `busy` says so, and what could be copied was.
    Session "checkpoint"() -> Checkpoint [Storage, Unsupported] |session| session.checkpoint();

    /// Creates an index of the recorded usage by time, with which queries of a short time range read that range instead of
    /// all rows. It stays in the database, for every handle and process. Creating it takes about a second for each million
    /// rows, during which others cannot write. The queries of other programs do not use it.
    Session "create_time_index"() -> TimeIndex [Unsupported] |session| session.create_time_index();

    /// Closes the database after the running calls. Closing twice is not an error.
    Session "close"() -> () [] |session| session.close();
};
