//! The descriptors that the lock layer keeps: as many as were in use at the same time, and none long after that.
#![cfg(all(any(target_os = "linux", target_os = "android"), target_pointer_width = "64"))]

mod common;

use std::path::Path;
use std::time::Duration;

use common::*;
use mcoda_core::{TokenUsage, Workspace};
use rusqlite::{Connection, OpenFlags};

#[test]
#[ignore = "the other tests run it, in processes of their own"]
fn other_process() {
    let Some((task, file)) = child_task() else { return };
    let file = &*file;
    match &*task {
        "handle" => beside_a_handle(file),
        "readers" => beside_readers(file),
        "foreign" => beside_a_foreign_connection(file),
        "journal" => beside_a_transaction_with_a_journal(file),
        other => panic!("{other}"),
    }
}

fn run(task: &str, name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let output = in_other_process(task, &folder.path().join(name), AS_SHIPPED);
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
}

/// The descriptors of the database and of its side files.
fn of_database(file: &Path) -> Vec<String> {
    let folder = file.parent().unwrap().to_str().unwrap().to_owned();
    let links = std::fs::read_dir("/proc/self/fd").unwrap();
    let names = links.filter_map(|link| std::fs::read_link(link.ok()?.path()).ok());
    let mut found: Vec<_> =
        names.filter_map(|name| Some(name.to_str()?.strip_prefix(&folder)?.to_owned())).collect();
    found.sort();
    found
}

/// After everything is closed and a second has passed, the next call closes all of them.
fn assert_all_given_back(file: &Path) {
    std::thread::sleep(Duration::from_millis(1100));
    drop(ours(&file.with_file_name("another.db"), wait()));
    let left: Vec<_> = of_database(file).into_iter().filter(|name| !name.contains("another")).collect();
    assert!(left.is_empty(), "{left:?}");
}

fn open_record_close(file: &Path) {
    let handle = Workspace::options().json_log_in(file.parent().unwrap()).open_db(file).unwrap();
    handle.record_token_usage(&TokenUsage::default()).unwrap();
    handle.close().unwrap();
}

/// The descriptors of a checkpoint, which may run at any time: of the database and of its log.
const CHECKPOINT: usize = 2;

/// Runs the rounds, of which only the first ones may need additional descriptors.
fn rounds_need_no_more(count: usize, file: &Path, mut round: impl FnMut()) {
    for _ in 0..3 {
        round();
    }
    let before = of_database(file).len();
    for _ in 0..count {
        round();
    }
    let after = of_database(file).len();
    println!("\n{before} descriptors, after {count} rounds {after}");
    assert!(after <= before + CHECKPOINT, "{before} became {after}");
}

#[test]
fn a_handle_that_stays_open_lets_others_come_and_go_without_end() {
    run("handle", "mcoda.db");
    // The name does not show that this is not a journal.
    run("handle", "mcoda.db-wal");
}

fn beside_a_handle(file: &Path) {
    let handle = Workspace::options().json_log_in(file.parent().unwrap()).open_db(file).unwrap();
    rounds_need_no_more(1000, file, || open_record_close(file));
    assert_eq!(handle.token_usage(&Default::default()).unwrap().len(), 1003);
    handle.close().unwrap();
    assert_all_given_back(file);
}

#[test]
fn readers_come_and_go_beside_a_handle_without_end() {
    run("readers", "mcoda.db");
}

fn beside_readers(file: &Path) {
    let handle = Workspace::open_db(file).unwrap();
    rounds_need_no_more(300, file, || {
        let reader = Workspace::options().read_only(true).open_db(file).unwrap();
        assert_eq!(reader.token_usage(&Default::default()).unwrap().len(), 0);
        drop(reader);
        drop(Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap());
    });
    drop(handle);
    assert_all_given_back(file);
}

#[test]
fn handles_come_and_go_beside_a_foreign_connection_without_end() {
    run("foreign", "mcoda.db");
}

fn beside_a_foreign_connection(file: &Path) {
    open_record_close(file);
    let mut other = theirs(file, wait());
    rounds_need_no_more(300, file, || {
        open_record_close(file);
        other.execute("UPDATE token_usage SET agent_id = NULL").unwrap();
    });
    let handle = Workspace::open_db(file).unwrap();
    rounds_need_no_more(300, file, || {
        open_record_close(file);
        other.execute("UPDATE token_usage SET model_name = NULL WHERE rowid = 1").unwrap();
    });
    drop(handle);
    drop(other);
    assert_all_given_back(file);
}

#[test]
fn transactions_with_a_rollback_journal_do_not_pile_up_either() {
    run("journal", "mcoda.db");
}

fn beside_a_transaction_with_a_journal(file: &Path) {
    create(file, "persist");
    let own = ours(file, wait());
    let mut other = theirs(file, wait());
    rounds_need_no_more(300, file, || {
        let mut tally = Tally::default();
        let mut second = ours(file, wait());
        transaction(&mut second, "ours", &mut tally);
        transaction(&mut other, "theirs", &mut tally);
        assert_eq!(tally.acknowledged, 2, "{tally:?}");
        assert!(own.query_row("SELECT count(*) FROM rows", [], |row| row.get::<_, i64>(0)).unwrap() > 0);
    });
    drop((own, other));
    assert_all_given_back(file);
}
