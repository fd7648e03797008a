//! The embedded SQLite: opening a database file, transactions, and what its errors mean.

mod access;
mod at_rest;
mod backup;
mod begin;
mod cancel;
mod checkpoint;
mod connect;
mod database;
mod fault;
mod filesystem;
pub(crate) mod host;
mod locks;
mod one_name;
mod open_transaction;
mod readers;
pub(crate) mod row;
mod same_file;
mod select;
mod slot;

pub(crate) use access::Access;
pub(crate) use begin::{Patience, begin};
pub use cancel::CancelToken;
pub(crate) use cancel::Watch;
pub use connect::Synchronous;
pub(crate) use connect::{Connect, IN_MEMORY, connect, schema_version};
pub(crate) use database::Database;
pub(crate) use fault::says_damaged;
pub(crate) use open_transaction::OpenTransaction;
pub use open_transaction::Why;
pub use select::{SqlParams, SqlValue, Table};
