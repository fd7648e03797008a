//! Where the calls of a handle run: on its database, or within an open transaction.

use std::sync::Arc;

use rusqlite::Connection;

use super::database::Database;
use super::erased::erased;
use super::open_transaction::OpenTransaction;
use super::read_only_query::{Collect, SqlParams};
use crate::error::{Error, ErrorKind, Result};

/// Where the calls of a handle run: each in a transaction of its own, or all within one open transaction.
#[derive(Debug, Clone)]
pub(crate) enum Access {
    Own(Arc<Database>),
    Within(Arc<OpenTransaction>),
}

impl Access {
    pub(crate) fn database(&self) -> &Arc<Database> {
        match self {
            Self::Own(database) => database,
            Self::Within(transaction) => transaction.database(),
        }
    }

    /// Whether the calls run within an open transaction, of this library or of the host.
    pub(crate) fn is_within(&self) -> bool {
        match self {
            Self::Own(database) => database.has_host_transaction(),
            Self::Within(_) => true,
        }
    }

    /// Runs `work` on one consistent state of the database.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        erased(work, |work| match self {
            Self::Own(database) => database.read_erased(work),
            Self::Within(transaction) => transaction.read_erased(work),
        })
    }

    /// Runs `work` in a transaction: all of it happens or nothing.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        erased(work, |work| match self {
            Self::Own(database) => database.write_erased(work),
            Self::Within(transaction) => transaction.write_erased(work),
        })
    }

    /// Runs a read-only statement of the host.
    pub(crate) fn select<C: Collect>(&self, sql: &str, params: &SqlParams) -> Result<C::Collected> {
        match self {
            Self::Own(database) => database.select::<C>(sql, params),
            Self::Within(transaction) => transaction.select::<C>(sql, params),
        }
    }

    /// The database, for a call that is not possible within a transaction.
    pub(crate) fn outside(&self, call: &str) -> Result<&Arc<Database>> {
        match self {
            Self::Own(database) => Ok(database),
            Self::Within(_) => {
                let message = format!("{call} is not possible within a transaction: call it on the handle");
                Err(Error::new(ErrorKind::Unsupported, message))
            }
        }
    }
}
