//! The single rules of the lock layer. Each is shown to matter if possible: without the layer the same steps fail.
#![cfg(all(any(target_os = "linux", target_os = "android"), target_pointer_width = "64"))]

mod common;

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use common::*;
use mcoda_coexistence::{BUSY, Foreign};
use mcoda_core::{ErrorKind, TokenUsage, Workspace};
use rusqlite::{Connection, OpenFlags};

#[test]
#[ignore = "the other tests run it, in processes of their own"]
fn other_process() {
    let Some((task, file)) = child_task() else { return };
    let file = &*file;
    match &*task {
        "count" => count(file),
        "try to write" => try_to_write(file),
        "read" => read(file),
        "close" => close_beside_a_transaction(file),
        "last close" => last_close(file),
        "many databases" => many_databases(file),
        "refused" => refused(file),
        "late" => late(file),
        "other user" => other_user(file),
        other => panic!("{other}"),
    }
}

fn read(file: &Path) {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let rows: i64 = connection.query_row("SELECT count(*) FROM rows", [], |row| row.get(0)).unwrap();
    println!("\ntask_result {rows}");
}

#[test]
fn closing_our_connections_leaves_the_other_copys_locks_alone() {
    for mode in ["wal", "delete"] {
        let folder = tempfile::tempdir().unwrap();
        let file = new_database(&folder, mode);
        assert_eq!(task_result("close", &file, AS_SHIPPED), "busy busy busy busy", "{mode}");
        assert!(
            task_result("close", &file, OFF).contains("written"),
            "{mode}: without its locks this should go wrong"
        );
    }
}

fn close_beside_a_transaction(file: &Path) {
    let ways: [fn(&Path); 4] = [
        |file| drop(ours(file, Duration::ZERO)),
        |file| {
            let connection = ours(file, Duration::ZERO);
            let _ = connection.query_row("SELECT count(*) FROM rows", [], |_| Ok(()));
        },
        |file| {
            drop(ours(Path::new(":memory:"), Duration::ZERO));
            let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY;
            let connection = Connection::open_with_flags(file, read_only).unwrap();
            let _ = connection.query_row("SELECT count(*) FROM rows", [], |_| Ok(()));
        },
        |file| drop(Workspace::options().read_only(true).open_db(file)),
    ];
    let mut found = Vec::new();
    for way in ways {
        let mut other = theirs(file, wait());
        other.execute("BEGIN IMMEDIATE").unwrap();
        other.execute(&insert("theirs")).unwrap();
        way(file);
        // Longer than a closed file is kept.
        std::thread::sleep(Duration::from_millis(1100));
        way(file);
        found.push(task_result("try to write", file, AS_SHIPPED));
        let _ = other.execute("COMMIT");
    }
    println!("\ntask_result {}", found.join(" "));
}

#[test]
fn our_last_close_leaves_the_wal_of_a_live_foreign_connection() {
    let folder = tempfile::tempdir().unwrap();
    let file = new_database(&folder, "wal");
    assert_eq!(task_result("last close", &file, AS_SHIPPED), "200 rows, the same log, 200 elsewhere");
}

/// The host opens, reads and closes the file directly in the meantime, which drops the other copy's locks.
fn last_close(file: &Path) {
    let log = file.with_file_name("mcoda.db-wal");
    let mut other = theirs(file, wait());
    let mut tally = Tally::default();
    transaction(&mut other, "theirs", &mut tally);
    let inode = log.metadata().unwrap().ino();
    for _ in 0..99 {
        let mut own = ours(file, wait());
        transaction(&mut own, "ours", &mut tally);
        std::fs::read(file).unwrap();
        drop(own);
        transaction(&mut other, "theirs", &mut tally);
        assert!(log.exists(), "the log was removed under a live connection");
    }
    let mut own = ours(file, wait());
    transaction(&mut own, "ours", &mut tally);
    assert_eq!(tally.acknowledged, 200, "{tally:?}");
    let is_same = log.metadata().unwrap().ino() == inode;
    let rows = other.number("SELECT count(*) FROM rows").unwrap();
    let elsewhere = task_result("read", file, AS_SHIPPED);
    println!(
        "\ntask_result {rows} rows, {} log, {elsewhere} elsewhere",
        if is_same { "the same" } else { "another" }
    );
}

#[test]
fn thousands_of_databases_beside_a_foreign_connection_do_not_use_up_the_descriptors() {
    let folder = tempfile::tempdir().unwrap();
    let file = new_database(&folder, "wal");
    let most: usize = task_result("many databases", &file, AS_SHIPPED).parse().unwrap();
    println!("at most {most} descriptors were open");
    assert!(most < 400, "{most} descriptors were open at once");
}

fn many_databases(file: &Path) {
    let limit = libc::rlimit { rlim_cur: 1024, rlim_max: 1024 };
    // SAFETY: a system call.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) }, 0);
    let mut other = theirs(file, wait());
    other.execute("BEGIN IMMEDIATE").unwrap();
    let mut most = 0;
    for number in 0..3000 {
        let path = file.with_file_name(format!("{number}.db"));
        let own = ours(&path, Duration::from_secs(10));
        own.execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)").unwrap();
        // While the other copy uses it, too, before or after our close.
        let mut beside = theirs(&path, Duration::from_secs(10));
        if number % 2 == 0 {
            drop(own);
            assert_eq!(beside.number("SELECT count(*) FROM t").unwrap(), 1);
        } else {
            assert_eq!(beside.number("SELECT count(*) FROM t").unwrap(), 1);
            drop(own);
        }
        drop(beside);
        drop(ours(file, Duration::ZERO));
        if number % 100 == 0 {
            most = most.max(std::fs::read_dir("/proc/self/fd").unwrap().count());
        }
    }
    other.execute("COMMIT").unwrap();
    println!("\ntask_result {most}");
}

#[test]
fn where_there_are_no_such_locks_writing_beside_another_copy_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    assert_eq!(task_result("refused", &file, REFUSED), "alone, refused, read, alone");
}

fn refused(file: &Path) {
    let handle = Workspace::open_db(file).unwrap();
    let second = Workspace::open_db(file).unwrap();
    let record = || handle.record_token_usage(&TokenUsage::default());
    record().unwrap();
    second.record_token_usage(&TokenUsage::default()).unwrap();
    drop(second);
    let other = Foreign::open(file, Duration::ZERO).unwrap();
    let error = record().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert!(
        error.message().contains("another copy of SQLite") && error.message().contains("mcoda.db"),
        "{error}"
    );
    assert_eq!(Workspace::open_db(file).unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(handle.token_usage(&Default::default()).unwrap().len(), 2);
    drop(other);
    record().unwrap();
    println!("\ntask_result alone, refused, read, alone");
}

#[test]
fn without_such_locks_this_copy_alone_loses_nothing() {
    for mode in ["wal", "delete"] {
        let folder = tempfile::tempdir().unwrap();
        let file = new_database(&folder, mode);
        hammer_file("late", &file, REFUSED).assert_nothing_lost(3000);
    }
}

#[test]
fn a_copy_that_was_in_use_before_the_locks_came_loses_nothing() {
    for mode in ["wal", "delete"] {
        let folder = tempfile::tempdir().unwrap();
        let file = new_database(&folder, mode);
        hammer_file("late", &file, AS_SHIPPED).assert_nothing_lost(3000);
    }
}

/// Connections from before the library installed its locks write beside later connections.
fn late(file: &Path) {
    let early = Connection::open(file).unwrap();
    early.busy_timeout(wait()).unwrap();
    early.execute_batch("PRAGMA synchronous=OFF").unwrap();
    let mut total = Tally::default();
    std::thread::scope(|scope| {
        let work = |mut connection: Connection, reopens: bool| {
            let mut tally = Tally::default();
            for number in 0..1000 {
                transaction(&mut connection, "ours", &mut tally);
                if reopens && number % 20 == 0 {
                    drop(connection);
                    connection = ours(file, wait());
                }
            }
            tally
        };
        let threads = [
            scope.spawn(move || work(early, false)),
            scope.spawn(move || work(ours(file, wait()), true)),
            scope.spawn(move || work(ours(file, wait()), false)),
        ];
        for thread in threads {
            total.add(thread.join().unwrap());
        }
    });
    total.print();
}

#[test]
fn a_parked_descriptor_opens_nothing_for_a_user_who_may_not() {
    // SAFETY: a system call.
    if unsafe { libc::geteuid() } != 0 {
        println!("only root can become another user: not tested");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = new_database(&folder, "wal");
    assert_eq!(task_result("other user", &file, AS_SHIPPED), "refused");
}

fn other_user(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(file, PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::set_permissions(file.parent().unwrap(), PermissionsExt::from_mode(0o755)).unwrap();
    let mut tally = Tally::default();
    transaction(&mut ours(file, wait()), "ours", &mut tally);
    // SAFETY: a system call.
    assert_eq!(unsafe { libc::seteuid(65534) }, 0);
    let opened = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY);
    println!("\ntask_result {}", if opened.is_err() { "refused" } else { "opened" });
}

#[test]
fn a_reader_without_a_timeout_is_not_disturbed_by_our_opens_and_closes() {
    let folder = tempfile::tempdir().unwrap();
    let file = new_database(&folder, "delete");
    let mut reader = theirs(&file, Duration::ZERO);
    let end = Instant::now() + Duration::from_millis(800);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while Instant::now() < end {
                let connection = ours(&file, Duration::ZERO);
                connection.query_row("SELECT count(*) FROM rows", [], |_| Ok(())).unwrap();
            }
        });
        while Instant::now() < end {
            assert_ne!(reader.number("SELECT count(*) FROM rows"), Err(BUSY));
        }
    });
}

#[test]
fn a_database_that_takes_the_place_of_a_deleted_one_is_another_one() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..50 {
        let file = new_database(&folder, if round % 2 == 0 { "wal" } else { "delete" });
        let mut tally = Tally::default();
        transaction(&mut ours(&file, wait()), "ours", &mut tally);
        transaction(&mut theirs(&file, wait()), "theirs", &mut tally);
        assert_eq!(tally.acknowledged, 2, "{tally:?}");
        std::fs::remove_file(&file).unwrap();
    }
}
