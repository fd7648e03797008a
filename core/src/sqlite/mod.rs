//! The embedded SQLite: opening a database file, transactions, and what its errors mean.

mod backup;
mod begin;
mod cancel;
mod connect;
mod database;
mod fault;
mod filesystem;
mod locks;
mod select;

pub use cancel::CancelToken;
pub use connect::Synchronous;
pub(crate) use connect::{Connect, IN_MEMORY, connect, schema_version};
pub(crate) use database::Database;
pub use select::{SqlParams, SqlValue, Table};
