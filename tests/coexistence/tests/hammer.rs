//! Two copies of SQLite in one process write into one database. Each test runs once more without the locks, and must
//! then detect losses: otherwise it would show nothing.
#![cfg(all(any(target_os = "linux", target_os = "android"), target_pointer_width = "64"))]

mod common;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::*;
use mcoda_coexistence::{Foreign, Second};
use mcoda_core::{TokenUsage, Workspace};
use rusqlite::Connection;

#[test]
#[ignore = "the other tests run it, in processes of their own"]
fn other_process() {
    let Some((task, file)) = child_task() else { return };
    let file = &*file;
    match &*task {
        "count" => count(file),
        "overlap" => overlap(file),
        "race" => race(file, false),
        "race with a reading host" => race(file, true),
        "two copies of ours" => two_of_ours(file),
        "workspace" => workspace(file),
        other => panic!("{other}"),
    }
}

#[test]
fn overlapping_transactions_lose_nothing_in_wal_mode() {
    hammer("overlap", "wal", AS_SHIPPED).assert_nothing_lost(rounds(20_000) as i64);
    let without = hammer("overlap", "wal", OFF);
    assert!(without.lost > 0, "without its locks this should have lost rows: {without:?}");
}

#[test]
fn overlapping_transactions_lose_nothing_with_a_rollback_journal() {
    hammer("overlap", "delete", AS_SHIPPED).assert_nothing_lost(rounds(20_000) as i64);
    hammer("overlap", "delete", OFF).assert_something_lost();
}

#[test]
fn racing_threads_lose_nothing_in_wal_mode() {
    hammer("race", "wal", AS_SHIPPED).assert_nothing_lost(rounds(20_000) as i64);
    hammer("race", "wal", OFF).assert_something_lost();
}

#[test]
fn racing_threads_lose_nothing_with_a_rollback_journal() {
    hammer("race", "delete", AS_SHIPPED).assert_nothing_lost(rounds(20_000) as i64);
    hammer("race", "delete", OFF).assert_something_lost();
}

#[test]
fn a_host_that_reads_the_file_itself_takes_nothing_away_in_wal_mode() {
    hammer("race with a reading host", "wal", AS_SHIPPED).assert_nothing_lost(rounds(20_000) as i64);
    hammer("race with a reading host", "wal", OFF).assert_something_lost();
}

#[test]
fn two_copies_of_this_library_lose_nothing_beside_another_copy() {
    for mode in ["wal", "delete"] {
        hammer("two copies of ours", mode, AS_SHIPPED).assert_nothing_lost(rounds(20_000) as i64);
        hammer("two copies of ours", mode, OFF).assert_something_lost();
    }
}

#[test]
fn workspaces_lose_nothing_beside_another_copy() {
    for locks in [AS_SHIPPED, OFF] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mcoda.db");
        drop(Workspace::open_db(&file).unwrap());
        let sql = "CREATE TABLE counter (n INTEGER NOT NULL); INSERT INTO counter VALUES (0);
                   CREATE VIEW rows AS SELECT * FROM token_usage;
                   CREATE TRIGGER counted AFTER INSERT ON token_usage BEGIN UPDATE counter SET n = n + 1; END";
        Connection::open(&file).unwrap().execute_batch(sql).unwrap();
        let outcome = hammer_file("workspace", &file, locks);
        if locks == OFF {
            outcome.assert_something_lost();
        } else {
            outcome.assert_nothing_lost(rounds(20_000) as i64);
        }
    }
}

/// Each side begins a transaction before the other one has committed, alternating.
fn overlap(file: &Path) {
    let mut tally = Tally::default();
    let (mut own, mut other) = (ours(file, Duration::ZERO), theirs(file, Duration::ZERO));
    for round in 0..rounds(10_000) {
        if round % 2 == 0 {
            overlapping(&mut own, &mut other, &mut tally);
        } else {
            overlapping(&mut other, &mut own, &mut tally);
        }
        transaction(&mut own, "ours", &mut tally);
        if round % 100 == 0 {
            // Other connections of both are opened and closed while both sides have a transaction or none.
            drop(theirs(file, wait()));
            drop(ours(file, wait()));
        }
    }
    tally.print();
}

fn overlapping(first: &mut impl Writer, second: &mut impl Writer, tally: &mut Tally) {
    let mut one = |connection: &mut dyn FnMut(&str) -> Result<(), i32>, sql: &str| match connection(sql) {
        Ok(()) => true,
        Err(code) => {
            tally.failed(code);
            false
        }
    };
    let mut first = |sql: &str| first.run(sql);
    let mut second = |sql: &str| second.run(sql);
    let begun = one(&mut first, "BEGIN IMMEDIATE") && one(&mut first, &insert("first"));
    // The second one must fail as busy.
    let both = one(&mut second, "BEGIN IMMEDIATE") && one(&mut second, &insert("second"));
    let mut committed = 0;
    if begun && one(&mut first, "COMMIT") {
        committed += 1;
    }
    if both && one(&mut second, "COMMIT") {
        committed += 1;
    }
    let _ = (first("ROLLBACK"), second("ROLLBACK"));
    tally.acknowledged += committed;
}

/// Threads of both copies write as fast as they can while connections are opened and closed and children are forked.
fn race(file: &Path, host_reads: bool) {
    let each = rounds(6_000) as i64;
    let is_over = AtomicBool::new(false);
    let anchor = host_reads.then(|| ours(file, wait()));
    let mut total = Tally::default();
    std::thread::scope(|scope| {
        let disturbers = [
            scope.spawn(|| until(&is_over, fork)),
            scope.spawn(|| {
                until(&is_over, || {
                    let _ = theirs(file, wait()).number("SELECT count(*) FROM counter");
                })
            }),
            scope.spawn(|| {
                until(&is_over, || {
                    if host_reads {
                        drop(std::fs::read(file))
                    }
                })
            }),
        ];
        let writers = [
            scope.spawn(|| write(each, 50, "ours", || ours(file, wait()))),
            scope.spawn(|| write(each, usize::MAX, "ours too", || ours(file, wait()))),
            scope.spawn(|| write(each, 200, "theirs", || theirs(file, wait()))),
            scope.spawn(|| write(each, usize::MAX, "theirs too", || theirs(file, wait()))),
        ];
        for writer in writers {
            total.add(writer.join().unwrap());
        }
        is_over.store(true, Ordering::Relaxed);
        disturbers.into_iter().for_each(|one| one.join().unwrap());
    });
    drop(anchor);
    total.print();
}

/// This library, a second copy of it with an SQLite and a lock layer of its own, and another SQLite.
fn two_of_ours(file: &Path) {
    let each = rounds(7_000) as i64;
    let mut total = Tally::default();
    std::thread::scope(|scope| {
        let writers = [
            scope.spawn(|| write(each, 50, "ours", || ours(file, wait()))),
            scope.spawn(|| write(each, 50, "second", || Second::open(file, wait()))),
            scope.spawn(|| write(each, 200, "theirs", || theirs(file, wait()))),
        ];
        for writer in writers {
            total.add(writer.join().unwrap());
        }
    });
    total.print();
}

/// Writes until this many were acknowledged, and regularly opens a new connection.
fn write<C: Writer>(each: i64, reopen_after: usize, name: &str, open: impl Fn() -> C) -> Tally {
    let mut tally = Tally::default();
    let mut connection = open();
    let mut attempts = 0;
    while tally.acknowledged < each
        && tally.errors.values().sum::<u64>() < 1000
        && attempts < 20 * each as usize
    {
        attempts += 1;
        transaction(&mut connection, name, &mut tally);
        if attempts % reopen_after == 0 {
            drop(connection);
            connection = open();
        }
    }
    tally
}

fn until(is_over: &AtomicBool, mut work: impl FnMut()) {
    while !is_over.load(Ordering::Relaxed) {
        work();
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A child that does nothing, lives briefly and ends without exit handlers.
fn fork() {
    // SAFETY: the child makes two system calls and ends.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            libc::usleep(5_000);
            libc::_exit(0);
        }
        libc::waitpid(child, std::ptr::null_mut(), 0);
    }
}

/// The library's own handles record, beside writers of the other copy.
fn workspace(file: &Path) {
    let each = rounds(5_000);
    let handle = Workspace::open_db(file).unwrap();
    let is_over = AtomicBool::new(false);
    let mut total = Tally::default();
    std::thread::scope(|scope| {
        let disturbers = [
            scope.spawn(|| until(&is_over, fork)),
            scope.spawn(|| until(&is_over, || drop(std::fs::read(file)))),
            scope.spawn(|| until(&is_over, || drop(Workspace::open_db(file)))),
        ];
        let record = || {
            let mut tally = Tally::default();
            for _ in 0..each {
                match handle.record_token_usage(&TokenUsage::default()) {
                    Ok(_) => tally.acknowledged += 1,
                    Err(error) => {
                        eprintln!("{error}");
                        tally.failed(1);
                    }
                }
            }
            tally
        };
        let insert = |name: &'static str| {
            let mut tally = Tally::default();
            let mut connection: Foreign = theirs(file, wait());
            for number in 0..each {
                let sql = format!(
                    "BEGIN IMMEDIATE;
                     INSERT INTO token_usage (id, workspace_id, timestamp) VALUES ('{name} {number}', 'w', 't');
                     COMMIT"
                );
                match connection.execute(&sql) {
                    Ok(()) => tally.acknowledged += 1,
                    Err(code) => {
                        tally.failed(code);
                        let _ = connection.execute("ROLLBACK");
                    }
                }
            }
            tally
        };
        let writers = [
            scope.spawn(record),
            scope.spawn(record),
            scope.spawn(move || insert("a")),
            scope.spawn(move || insert("b")),
        ];
        for writer in writers {
            total.add(writer.join().unwrap());
        }
        is_over.store(true, Ordering::Relaxed);
        disturbers.into_iter().for_each(|one| one.join().unwrap());
    });
    total.print();
}
