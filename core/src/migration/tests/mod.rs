//! Every database that shipped is opened here on every run. `tests/old_databases/make.py` wrote them.
#![allow(clippy::disallowed_methods, reason = "child processes get their task through the environment")]

mod concurrent;
mod convert;
mod killed;
mod old;
mod refused;
mod schema;
mod typescript;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, types::ValueRef};
use tempfile::TempDir;

use super::{DatabaseKind, VERSION, migrate, new_database};
use crate::error::Result;
use crate::sqlite::{ConnectOptions, Synchronous, Watch, connect};
use crate::time::Timestamp;

pub(super) use killed::after_a_change;

const WORKSPACES: &[&str] =
    &["workspace_today", "workspace_before_2026", "workspace_first", "workspace_updated_by_typescript"];
const GLOBALS: &[&str] = &["global_today", "global_before_2026", "global_early", "global_old_defaults"];
const PROTOTYPES: &[&str] = &["prototype_referring_to_id", "prototype_referring_to_name"];

fn all_old() -> impl Iterator<Item = &'static str> {
    [WORKSPACES, GLOBALS, PROTOTYPES].concat().into_iter()
}

fn kind_of(name: &str) -> DatabaseKind {
    if name.starts_with("workspace") { DatabaseKind::Workspace } else { DatabaseKind::Global }
}

fn now() -> Timestamp {
    "2026-03-20T12:00:00Z".parse().unwrap()
}

/// A copy of an old database, in a folder of its own.
struct Copy {
    folder: TempDir,
    path: PathBuf,
}

fn copy_of(name: &str) -> Copy {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/old_databases/{name}.db"));
    let copy = empty();
    std::fs::copy(from, &copy.path).unwrap();
    copy
}

/// A place for a database, without one.
fn empty() -> Copy {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mcoda.db");
    Copy { folder, path }
}

fn options() -> ConnectOptions {
    ConnectOptions {
        read_only: false,
        busy_timeout: Duration::from_secs(30),
        synchronous: Synchronous::Normal,
        newest_schema: VERSION,
    }
}

fn open(path: &Path) -> Result<Connection> {
    connect(path, &options())
}

fn open_and_migrate(path: &Path, kind: DatabaseKind) -> Result<Connection> {
    let connection = open(path)?;
    migrate(&connection, kind, now(), &options().wait_policy(&Watch::default()))?;
    Ok(connection)
}

/// A connection that knows nothing of us, as the TypeScript packages open one.
fn raw(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA foreign_keys = ON").unwrap();
    connection
}

fn lines(connection: &Connection, query: &str) -> Vec<String> {
    let mut statement = connection.prepare(query).unwrap_or_else(|error| panic!("{query}: {error}"));
    let width = statement.column_count();
    let rows = statement.query_map([], |row| {
        let cells = (0..width).map(|i| {
            Ok(match row.get_ref(i)? {
                ValueRef::Text(text) => format!("'{}'", String::from_utf8_lossy(text)),
                other => format!("{other:?}"),
            })
        });
        Ok(cells.collect::<rusqlite::Result<Vec<_>>>()?.join("|"))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

fn texts(connection: &Connection, query: &str) -> Vec<String> {
    let mut statement = connection.prepare(query).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn table_names(connection: &Connection) -> Vec<String> {
    texts(connection, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
}

fn column_names(connection: &Connection, table: &str) -> Vec<String> {
    texts(connection, &format!("SELECT name FROM pragma_table_xinfo('{table}') ORDER BY cid"))
}

/// All rows of these columns, in an order of their own, with the types of their values.
fn rows(connection: &Connection, table: &str, columns: &[String]) -> Vec<String> {
    let list: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
    let mut rows = lines(connection, &format!("SELECT {} FROM \"{table}\"", list.join(", ")));
    rows.sort();
    rows
}

/// What each table is made of: columns in order, foreign keys, indexes and what is unique.
fn shape(connection: &Connection) -> Shape {
    let describe = |table: String| {
        let mut parts = lines(
            connection,
            &format!(
                "SELECT 'column', name, type, \"notnull\", dflt_value, pk FROM pragma_table_xinfo('{table}')"
            ),
        );
        let mut others = lines(
            connection,
            &format!(
                "SELECT 'foreign key', \"from\", \"table\", \"to\", on_update, on_delete
                   FROM pragma_foreign_key_list('{table}')"
            ),
        );
        others.extend(lines(
            connection,
            &format!(
                "SELECT 'index', iif(l.origin = 'c', l.name, ''), l.\"unique\", l.origin, l.partial,
                        (SELECT group_concat(i.name) FROM pragma_index_info(l.name) AS i)
                   FROM pragma_index_list('{table}') AS l"
            ),
        ));
        others.sort();
        parts.append(&mut others);
        (table, parts)
    };
    table_names(connection).into_iter().map(describe).collect()
}

type Shape = BTreeMap<String, Vec<String>>;

/// The shape without the indexes that are no part of the schema's version.
fn without_our_indexes(mut shape: Shape) -> Shape {
    for parts in shape.values_mut() {
        parts.retain(|part| !part.contains("'libmcoda_"));
    }
    shape
}

fn assert_same_shape(found: &Shape, expected: &Shape, name: &str) {
    let tables = |shape: &Shape| shape.keys().cloned().collect::<Vec<_>>();
    assert_eq!(tables(found), tables(expected), "{name}");
    for (table, parts) in found {
        let only = |one: &[String], other: &[String]| -> Vec<String> {
            one.iter().filter(|part| !other.contains(part)).cloned().collect()
        };
        let (more, fewer) = (only(parts, &expected[table]), only(&expected[table], parts));
        assert_eq!((more, fewer), (vec![], vec![]), "{name}.{table}");
        assert_eq!(parts, &expected[table], "{name}.{table}: the order");
    }
}

fn assert_sound(connection: &Connection, name: &str) {
    assert_eq!(lines(connection, "PRAGMA foreign_key_check"), [""; 0], "{name}");
    assert_eq!(texts(connection, "PRAGMA integrity_check"), ["ok"], "{name}");
    let on: bool = connection.query_row("PRAGMA foreign_keys", [], |row| row.get(0)).unwrap();
    assert!(on, "{name}: foreign keys are on again");
}
