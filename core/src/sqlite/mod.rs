//! The SQLite layer: opening a database file, transactions, and error mapping.

mod access;
mod backup;
mod cancel;
mod checkpoint;
mod connect;
mod database;
mod database_file;
mod error_mapping;
mod file_aliases;
mod filesystem;
mod immutable;
mod locks;
mod open_transaction;
mod read_only_query;
mod readers;
pub(crate) mod row;
mod write_transaction;
mod writer;

pub(crate) use access::Access;
pub use cancel::CancelToken;
pub(crate) use cancel::Watch;
pub use connect::Synchronous;
pub(crate) use connect::{ConnectOptions, IN_MEMORY, connect, schema_version};
pub(crate) use database::Database;
pub(crate) use error_mapping::is_corruption;
pub use open_transaction::EndReason;
pub(crate) use open_transaction::OpenTransaction;
pub use read_only_query::{SqlParams, SqlValue, Table};
pub(crate) use write_transaction::{WaitPolicy, begin_write};
