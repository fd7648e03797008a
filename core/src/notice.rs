//! What the library has to say that no result contains, as messages of the `log` crate.
//!
//! The targets are stable, and the C library derives its topics from them. A message names files, ids and models, and
//! contains nothing else of a record. It may be written while the library holds locks: a host's logger must not make calls.

/// Creating, migrating and waiting for databases.
pub(crate) const DATABASE: &str = "mcoda::database";
/// Repairing and completing the JSON log.
pub(crate) const JSON_LOG: &str = "mcoda::json_log";
/// Computing costs.
#[cfg(feature = "prices")]
pub(crate) const PRICES: &str = "mcoda::prices";
/// Which workspace a database belongs to.
pub(crate) const WORKSPACE: &str = "mcoda::workspace";

/// The file of a connection.
pub(crate) fn file_of(connection: &rusqlite::Connection) -> &str {
    connection.path().filter(|path| !path.is_empty()).unwrap_or("the database in memory")
}
