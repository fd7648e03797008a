//! A fresh database is the data model.

use super::*;

/// The old databases of today were written from a list of their own, so this compares two descriptions
/// of the data model that know nothing of each other.
#[test]
fn a_new_database_has_the_schema_of_the_typescript_packages_plus_our_columns() {
    let place = empty();
    let mut fresh =
        without_our_indexes(shape(&open_and_migrate(&place.path, DatabaseKind::Workspace).unwrap()));
    let queue = fresh.remove("token_usage_log_queue").unwrap();
    assert!(queue[0].contains("usage_id") && queue[0].contains("TEXT"), "{queue:?}");
    leave_out_ours(&mut fresh, DatabaseKind::Workspace);
    assert_same_shape(&fresh, &shape(&raw(&copy_of("workspace_today").path)), "workspace");

    let place = empty();
    let mut fresh = shape(&open_and_migrate(&place.path, DatabaseKind::Global).unwrap());
    leave_out_ours(&mut fresh, DatabaseKind::Global);
    assert_same_shape(&fresh, &shape(&raw(&copy_of("global_today").path)), "global");
}

/// Takes out the columns that records have beyond the data model: the last ones, which old programs never name.
fn leave_out_ours(shape: &mut Shape, kind: DatabaseKind) {
    for table in kind.tables() {
        let Some(parts) = shape.get_mut(table.name) else { continue };
        let is_column = |part: &&String| part.starts_with("'column'");
        let mut last = parts.iter().filter(is_column).count();
        for column in table.added().collect::<Vec<_>>().iter().rev() {
            last -= 1;
            let (name, kind) = column.split_once(' ').unwrap();
            let ours = parts.remove(last);
            assert!(ours.starts_with(&format!("'column'|'{name}'|'{kind}'|Integer(0)")), "{ours}");
        }
    }
}

/// A new file gets the schema before SQLite opens it; an empty one, and one on a system that cannot do that, by a migration.
#[test]
fn a_new_file_and_an_empty_one_get_the_same_schema() {
    for kind in [DatabaseKind::Workspace, DatabaseKind::Global] {
        let whole = empty();
        std::fs::write(&whole.path, new_database(kind, now()).unwrap()).unwrap();
        let header = std::fs::read(&whole.path).unwrap();
        let (whole, migrated) = (open(&whole.path).unwrap(), open_and_migrate(&empty().path, kind).unwrap());
        let schema = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY rowid";
        assert_eq!(lines(&whole, schema), lines(&migrated, schema));
        for pragma in
            ["user_version", "journal_mode", "page_size", "encoding", "auto_vacuum", "application_id"]
        {
            let sql = format!("PRAGMA {pragma}");
            assert_eq!(lines(&whole, &sql), lines(&migrated, &sql), "{pragma}");
        }
        assert_eq!(header[18..20], [2, 2], "it has a write-ahead log before anybody opens it");
        assert_sound(&whole, "whole");
    }
}

#[test]
fn no_more_tables_than_the_data_model_has() {
    let workspace = Connection::open_in_memory().unwrap();
    migrate(&workspace, DatabaseKind::Workspace, now(), &options().wait_policy(&Watch::default())).unwrap();
    assert_eq!(table_names(&workspace).len(), 17);
    let global = Connection::open_in_memory().unwrap();
    migrate(&global, DatabaseKind::Global, now(), &options().wait_policy(&Watch::default())).unwrap();
    assert_eq!(table_names(&global).len(), 11);
}

#[test]
fn token_usage_gets_no_index() {
    let place = empty();
    let workspace = open_and_migrate(&place.path, DatabaseKind::Workspace).unwrap();
    let query = "SELECT count(*) FROM pragma_index_list('token_usage') WHERE origin = 'c'";
    assert_eq!(lines(&workspace, query), ["Integer(0)"]);
    let place = empty();
    let global = open_and_migrate(&place.path, DatabaseKind::Global).unwrap();
    assert_eq!(lines(&global, query), ["Integer(1)"], "the one of the data model");
}

#[test]
fn every_foreign_key_names_something_unique() {
    for kind in [DatabaseKind::Workspace, DatabaseKind::Global] {
        let place = empty();
        let connection = open_and_migrate(&place.path, kind).unwrap();
        // SQLite resolves a foreign key's target only when rows are changed: this checks all of them.
        for table in table_names(&connection) {
            connection.execute(&format!("DELETE FROM {table}"), []).unwrap();
        }
        assert_sound(&connection, &format!("{kind:?}"));
    }
}
