//! The embedded SQLite: opening a database file, transactions, and what its errors mean.

mod connect;
mod database;
mod fault;
mod filesystem;

pub use connect::Synchronous;
pub(crate) use connect::{Connect, IN_MEMORY, connect, schema_version};
pub(crate) use database::Database;
