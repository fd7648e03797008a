//! Several processes and threads that open one database at the same time.

use std::sync::Barrier;

use super::killed::migrate_in_a_process;
use super::*;

const ROUNDS: usize = 4;

#[test]
fn two_processes_migrate_one_old_database() {
    for name in ["workspace_first", "global_old_defaults", "prototype_referring_to_name"] {
        let expected = copy_of(name);
        let expected = shape(&open_and_migrate(&expected.path, kind_of(name)).unwrap());
        for _ in 0..ROUNDS {
            let copy = copy_of(name);
            let processes = [0, 1].map(|_| migrate_in_a_process(&copy.path, kind_of(name), 0));
            for process in processes {
                let output = process.wait_with_output().unwrap();
                assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stdout));
            }
            let connection = open_and_migrate(&copy.path, kind_of(name)).unwrap();
            assert_same_shape(&shape(&connection), &expected, name);
            assert_sound(&connection, name);
        }
    }
}

#[test]
fn several_connections_create_one_database() {
    for kind in [DatabaseKind::Workspace, DatabaseKind::Global] {
        for _ in 0..ROUNDS {
            let place = empty();
            let start = Barrier::new(4);
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        start.wait();
                        assert_sound(&open_and_migrate(&place.path, kind).unwrap(), "fresh");
                    });
                }
            });
        }
    }
}

#[test]
fn two_processes_create_one_database() {
    for _ in 0..ROUNDS {
        let place = empty();
        let processes = [0, 1].map(|_| migrate_in_a_process(&place.path, DatabaseKind::Workspace, 0));
        for process in processes {
            assert!(process.wait_with_output().unwrap().status.success());
        }
        assert_sound(&open_and_migrate(&place.path, DatabaseKind::Workspace).unwrap(), "fresh");
    }
}

#[test]
fn an_up_to_date_database_opens_while_another_process_writes() {
    let place = empty();
    let writer = open_and_migrate(&place.path, DatabaseKind::Workspace).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let before = std::time::Instant::now();
    open_and_migrate(&place.path, DatabaseKind::Workspace).unwrap();
    assert!(before.elapsed() < Duration::from_secs(5), "it did not wait for the lock");
}
