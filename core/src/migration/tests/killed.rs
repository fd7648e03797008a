//! A process that dies half-way leaves a database that the next one finishes.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

const DATABASE: &str = "MCODA_TEST_DATABASE";
const KIND: &str = "MCODA_TEST_KIND";
const WAIT_AFTER: &str = "MCODA_TEST_WAIT_AFTER";
const WAITING: &str = "waiting to be killed";

/// The number of changes that this process still makes before it waits; 0 means no limit.
static CHANGES_LEFT: AtomicUsize = AtomicUsize::new(0);

pub(in crate::migration) fn after_a_change() {
    if CHANGES_LEFT.load(Ordering::Relaxed) > 0 && CHANGES_LEFT.fetch_sub(1, Ordering::Relaxed) == 1 {
        println!("{WAITING}");
        std::io::stdout().flush().unwrap();
        std::thread::sleep(Duration::from_secs(60));
    }
}

/// Not a test by itself: what the other tests run as a process of its own.
#[test]
fn child() {
    let Ok(path) = std::env::var(DATABASE) else { return };
    let kind =
        if std::env::var(KIND).unwrap() == "Global" { DatabaseKind::Global } else { DatabaseKind::Workspace };
    CHANGES_LEFT.store(std::env::var(WAIT_AFTER).unwrap().parse().unwrap(), Ordering::Relaxed);
    open_and_migrate(Path::new(&path), kind).unwrap();
}

/// Starts a process that migrates the database and, unless 0, waits inside of the transaction after so
/// many changes.
pub(super) fn migrate_in_a_process(path: &Path, kind: DatabaseKind, wait_after: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "migration::tests::killed::child", "--nocapture", "--test-threads=1"])
        .env(DATABASE, path)
        .env(KIND, format!("{kind:?}"))
        .env(WAIT_AFTER, wait_after.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Whether the process was still at work when it was killed.
fn kill_when_it_waits(mut child: Child) -> bool {
    let output = BufReader::new(child.stdout.take().unwrap());
    let waits = output.lines().any(|line| line.unwrap().contains(WAITING));
    if waits {
        child.kill().unwrap();
    }
    assert_eq!(child.wait().unwrap().success(), !waits);
    waits
}

fn killed_after_every_change(name: &str) {
    let kind = kind_of(name);
    let old = copy_of(name);
    let old_shape = shape(&raw(&old.path));
    let new = open_and_migrate(&old.path, kind).unwrap();
    let tables = table_names(&new);
    let content = |connection: &Connection| -> Vec<Vec<String>> {
        tables.iter().map(|table| rows(connection, table, &column_names(connection, table))).collect()
    };
    let (new_shape, new_content) = (shape(&new), content(&new));
    let mut changes = 0;
    loop {
        let copy = copy_of(name);
        let was_killed = kill_when_it_waits(migrate_in_a_process(&copy.path, kind, changes + 1));
        if !was_killed {
            break;
        }
        changes += 1;
        let moment = format!("{name}, killed after {changes} changes");
        let left = shape(&raw(&copy.path));
        // The indexes follow in a transaction of their own, once the schema is the new one.
        let expected = if left == old_shape { left.clone() } else { without_our_indexes(new_shape.clone()) };
        assert_same_shape(&left, &expected, &moment);
        let finished = open_and_migrate(&copy.path, kind).unwrap();
        assert_same_shape(&shape(&finished), &new_shape, &moment);
        assert_eq!(content(&finished), new_content, "{moment}");
        assert_sound(&finished, name);
    }
    assert!(changes > 5, "{name}: {changes} changes");
}

#[cfg(unix)] // elsewhere the file of a killed process may stay locked for a moment
mod after_every_change {
    #[test]
    fn of_the_first_workspace() {
        super::killed_after_every_change("workspace_first");
    }

    #[test]
    fn of_old_defaults() {
        super::killed_after_every_change("global_old_defaults");
    }

    #[test]
    fn of_the_prototype() {
        super::killed_after_every_change("prototype_referring_to_name");
    }
}
