//! The SQLite layer: opening a database file, transactions, and error mapping.

mod access;
mod backup;
mod cancel;
mod checkpoint;
mod connect;
mod database;
mod database_file;
mod erased;
mod error_mapping;
mod file_aliases;
mod filesystem;
pub(crate) mod host;
mod immutable;
mod locks;
mod new_file;
mod open_transaction;
mod read_only_query;
mod readers;
pub(crate) mod row;
mod transfer;
mod view;
mod wal;
mod write_transaction;
mod writer;

pub(crate) use access::Access;
pub use cancel::CancelToken;
pub(crate) use cancel::Watch;
pub use connect::Synchronous;
pub(crate) use connect::{ConnectOptions, IN_MEMORY, connect, connect_or_create, schema_version};
pub(crate) use database::Database;
pub(crate) use error_mapping::is_corruption;
pub(crate) use file_aliases::refuse_aliases;
pub(crate) use filesystem::refuse_network;
pub(crate) use locks::{Elsewhere, elsewhere, is_locked};
pub(crate) use new_file::database_content;
pub use open_transaction::EndReason;
pub(crate) use open_transaction::OpenTransaction;
use read_only_query::Bound;
pub(crate) use read_only_query::TableCollector;
#[cfg(feature = "arrow")]
pub(crate) use read_only_query::{Budget, Collect};
pub use read_only_query::{SqlParams, SqlValue, Table};
pub use transfer::Checkpoint;
pub(crate) use view::{FileView, View};
pub(crate) use wal::{READ_LOCKS, Wal};
pub(crate) use write_transaction::{WaitPolicy, begin_write};
