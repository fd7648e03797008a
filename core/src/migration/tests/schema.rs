//! A fresh database is the data model.

use super::*;

/// The old databases of today were written from a list of their own, so this compares two descriptions
/// of the data model that know nothing of each other.
#[test]
fn a_fresh_database_is_what_the_typescript_packages_make_and_ours_on_top() {
    let place = empty();
    let mut fresh = shape(&open_and_migrate(&place.path, Kind::Workspace).unwrap());
    let queue = fresh.remove("token_usage_log_queue").unwrap();
    assert!(queue[0].contains("usage_id") && queue[0].contains("TEXT"), "{queue:?}");
    let runs = fresh.get_mut("command_runs").unwrap();
    let ours = runs.iter().position(|part| part.contains("agent_ids_json")).unwrap();
    runs.remove(ours);
    assert_same_shape(&fresh, &shape(&raw(&copy_of("workspace_today").path)), "workspace");

    let place = empty();
    let fresh = shape(&open_and_migrate(&place.path, Kind::Global).unwrap());
    assert_same_shape(&fresh, &shape(&raw(&copy_of("global_today").path)), "global");
}

#[test]
fn no_more_tables_than_the_data_model_has() {
    let mut workspace = Connection::open_in_memory().unwrap();
    migrate(&mut workspace, Kind::Workspace, now()).unwrap();
    assert_eq!(table_names(&workspace).len(), 17);
    let mut global = Connection::open_in_memory().unwrap();
    migrate(&mut global, Kind::Global, now()).unwrap();
    assert_eq!(table_names(&global).len(), 11);
}

#[test]
fn token_usage_gets_no_index() {
    let place = empty();
    let workspace = open_and_migrate(&place.path, Kind::Workspace).unwrap();
    let query = "SELECT count(*) FROM pragma_index_list('token_usage') WHERE origin = 'c'";
    assert_eq!(lines(&workspace, query), ["Integer(0)"]);
    let place = empty();
    let global = open_and_migrate(&place.path, Kind::Global).unwrap();
    assert_eq!(lines(&global, query), ["Integer(1)"], "the one of the data model");
}

#[test]
fn every_foreign_key_names_something_unique() {
    for kind in [Kind::Workspace, Kind::Global] {
        let place = empty();
        let connection = open_and_migrate(&place.path, kind).unwrap();
        // SQLite looks at a foreign key's target only when rows are changed: this asks for all of them.
        for table in table_names(&connection) {
            connection.execute(&format!("DELETE FROM {table}"), []).unwrap();
        }
        assert_sound(&connection, &format!("{kind:?}"));
    }
}
