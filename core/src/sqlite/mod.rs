//! The embedded SQLite: opening a database file, transactions, and what its errors mean.

mod access;
mod backup;
mod begin;
mod cancel;
mod checkpoint;
mod connect;
mod database;
mod fault;
mod filesystem;
#[cfg(unix)]
mod fork;
#[cfg(all(unix, feature = "bundled"))]
mod locks;
#[cfg(not(all(unix, feature = "bundled")))]
mod locks {
    //! Windows locks belong to the handle, and one SQLite for the whole process keeps its own connections apart.
    use std::fs::File;
    use std::path::Path;

    use crate::error::Result;

    pub(super) fn install() {}

    pub(super) fn close_new(_file: File) {}

    pub(super) fn refuse_foreign(_path: &Path) -> Result<()> {
        Ok(())
    }
}
#[cfg(old_system_sqlite)]
mod old_system;
mod open_transaction;
mod readers;
pub(crate) mod row;
mod same_file;
mod select;
mod slot;

pub(crate) use access::Access;
pub use cancel::CancelToken;
pub use connect::Synchronous;
pub(crate) use connect::{Connect, IN_MEMORY, connect, schema_version};
pub(crate) use database::Database;
#[cfg(unix)]
pub(crate) use fork::ClosedInChildren;
pub(crate) use open_transaction::OpenTransaction;
pub use select::{SqlParams, SqlValue, Table};
