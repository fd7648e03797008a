//! The single rules of the lock layer, each of them shown to matter where it can be: without the layer the same
//! steps go wrong.
#![cfg(all(any(target_os = "linux", target_os = "android"), target_pointer_width = "64"))]

mod common;

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::*;
use mcoda_coexistence::{BUSY, Foreign};
use mcoda_core::{ErrorKind, Options, TokenUsage, Workspace};
use rusqlite::{Connection, OpenFlags};

#[test]
#[ignore = "the other tests run it, in processes of their own"]
fn other_process() {
    let Some((task, file)) = told_task() else { return };
    let file = &*file;
    match &*task {
        "count" => count(file),
        "try to write" => try_to_write(file),
        "read" => read(file),
        "close" => close_beside_a_transaction(file),
        "last close" => last_close(file),
        "many databases" => many_databases(file),
        "lock and die" => lock_and_die(file),
        "child" => child(file),
        "child's handles" => childs_handles(file),
        "record, fork and die" => record_fork_and_die(file),
        "fork while logging" => fork_while_logging(file),
        "fork among threads" => fork_among_threads(file),
        "refused" => refused(file),
        "late" => late(file),
        "other user" => other_user(file),
        other => panic!("{other}"),
    }
}

fn told(task: &str, file: &Path, locks: &str) -> String {
    let output = in_other_process(task, file, locks);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let line = text.lines().find_map(|line| Some(line.split_once("told ")?.1.to_owned()));
    line.unwrap_or_else(|| panic!("{text}"))
}

fn new_database(folder: &tempfile::TempDir, journal_mode: &str) -> PathBuf {
    let file = folder.path().join("mcoda.db");
    create(&file, journal_mode);
    file
}

/// What another process gets that wants to write right now.
fn try_to_write(file: &Path) {
    let mut connection = Connection::open(file).unwrap();
    connection.busy_timeout(Duration::ZERO).unwrap();
    let mut tally = Tally::default();
    transaction(&mut connection, "somebody", &mut tally);
    println!("\ntold {}", if tally.acknowledged == 1 { "written" } else { "busy" });
    drop(connection);
}

fn read(file: &Path) {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let rows: i64 = connection.query_row("SELECT count(*) FROM rows", [], |row| row.get(0)).unwrap();
    println!("\ntold {rows}");
}

#[test]
fn closing_our_connections_leaves_the_other_copys_locks_alone() {
    for mode in ["wal", "delete"] {
        let folder = tempfile::tempdir().unwrap();
        let file = new_database(&folder, mode);
        assert_eq!(told("close", &file, AS_SHIPPED), "busy busy busy busy", "{mode}");
        assert!(
            told("close", &file, OFF).contains("written"),
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
        found.push(told("try to write", file, AS_SHIPPED));
        let _ = other.execute("COMMIT");
    }
    println!("\ntold {}", found.join(" "));
}

#[test]
fn our_last_close_leaves_the_wal_of_a_live_foreign_connection() {
    let folder = tempfile::tempdir().unwrap();
    let file = new_database(&folder, "wal");
    assert_eq!(told("last close", &file, AS_SHIPPED), "200 rows, the same log, 200 elsewhere");
}

/// The host opens, reads and closes the file by itself meanwhile, which drops the other copy's locks.
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
    let elsewhere = told("read", file, AS_SHIPPED);
    println!(
        "\ntold {rows} rows, {} log, {elsewhere} elsewhere",
        if is_same { "the same" } else { "another" }
    );
}

#[test]
fn thousands_of_databases_beside_a_foreign_connection_do_not_use_up_the_descriptors() {
    let folder = tempfile::tempdir().unwrap();
    let file = new_database(&folder, "wal");
    let most: usize = told("many databases", &file, AS_SHIPPED).parse().unwrap();
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
        // With the other copy in it, too, before or after our close.
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
    println!("\ntold {most}");
}

#[test]
fn a_child_keeps_no_lock_of_a_parent_that_was_killed() {
    for mode in ["wal", "delete"] {
        let folder = tempfile::tempdir().unwrap();
        let file = new_database(&folder, mode);
        let output = in_other_process("lock and die", &file, AS_SHIPPED);
        assert!(!output.status.success(), "it kills itself");
        let text = String::from_utf8_lossy(&output.stdout);
        let child =
            text.lines().find_map(|line| Some(line.split_once("child ")?.1.to_owned())).expect("a child");
        let child: i32 = child.parse().unwrap();
        // SAFETY: system calls; 0 asks whether the process is there.
        assert_eq!(unsafe { libc::kill(child, 0) }, 0, "the child is alive, and idle");
        assert_eq!(told("try to write", &file, AS_SHIPPED), "written", "{mode}");
        // SAFETY: a system call.
        unsafe { libc::kill(child, libc::SIGKILL) };
    }
}

fn lock_and_die(file: &Path) {
    let mut own = ours(file, wait());
    own.run("BEGIN IMMEDIATE").unwrap();
    own.run(&insert("ours")).unwrap();
    // SAFETY: the child closes what its parent waits for and sleeps; the parent kills itself.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            for fd in 0..3 {
                libc::close(fd);
            }
            libc::sleep(60);
            libc::_exit(0);
        }
        println!("\nchild {child}");
        libc::kill(libc::getpid(), libc::SIGKILL);
    }
}

#[test]
fn a_child_is_kept_out_by_its_parents_locks_and_takes_none_away() {
    for mode in ["wal", "delete"] {
        let folder = tempfile::tempdir().unwrap();
        let file = new_database(&folder, mode);
        assert_eq!(told("child", &file, AS_SHIPPED), "busy, then written; busy elsewhere", "{mode}");
    }
}

/// A child that opens the database which its parent is writing to, through the same copy of SQLite.
fn child(file: &Path) {
    let mut own = ours(file, wait());
    own.run("BEGIN IMMEDIATE").unwrap();
    own.run(&insert("ours")).unwrap();
    let attempt = |wait: Duration| {
        in_child(|| {
            let mut tally = Tally::default();
            transaction(&mut ours(file, wait), "the child", &mut tally);
            tally.acknowledged as i32
        })
    };
    let first = attempt(Duration::ZERO);
    let elsewhere = told("try to write", file, AS_SHIPPED);
    own.run("COMMIT").unwrap();
    let second = attempt(Duration::ZERO);
    let mut tally = Tally::default();
    transaction(&mut own, "ours", &mut tally);
    assert_eq!(tally.acknowledged, 1);
    let rows: i64 = own.query_row("SELECT count(*) FROM rows", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 3);
    let word = |result: i32| if result == 1 { "written" } else { "busy" };
    println!("\ntold {}, then {}; {elsewhere} elsewhere", word(first), word(second));
}

/// Runs `work` in a forked child and returns what it answered.
fn in_child(work: impl FnOnce() -> i32) -> i32 {
    // SAFETY: no other thread of this process holds anything that the child needs.
    unsafe {
        let child = libc::fork();
        if child == 0 {
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or(99);
            libc::_exit(result);
        }
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
        assert!(libc::WIFEXITED(status), "{status}");
        libc::WEXITSTATUS(status)
    }
}

#[test]
fn a_childs_handles_answer_closed_and_new_ones_work() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    assert_eq!(told("child's handles", &file, AS_SHIPPED), "3 records, 3 in the log");
    assert_eq!(told("child's handles", &file, REFUSED), "6 records, 6 in the log");
}

fn childs_handles(file: &Path) {
    let options = || Workspace::options().json_log_in(file.parent().unwrap());
    let mut opened = Some(options().open_db(file).unwrap());
    opened.as_ref().unwrap().record_token_usage(&TokenUsage::default()).unwrap();
    // From now on there is a connection that reads, too.
    let asked = opened.as_ref().unwrap().token_usage(&Default::default()).unwrap().len();
    let result = in_child(|| {
        let handle = opened.take().unwrap();
        let error = handle.record_token_usage(&TokenUsage::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
        assert_eq!(handle.projects().list().unwrap_err().kind(), ErrorKind::Closed);
        handle.close().unwrap();
        drop(handle);
        let handle = options().open_db(file).unwrap();
        assert!(handle.record_token_usage(&TokenUsage::default()).unwrap().logged);
        0
    });
    assert_eq!(result, 0);
    assert_eq!(opened.as_ref().unwrap().token_usage(&Default::default()).unwrap().len(), asked + 1);
    assert!(file.with_file_name("mcoda.db-wal").exists(), "the parent is still in the database");
    let handle = options().open_db(file).unwrap();
    handle.record_token_usage(&TokenUsage::default()).unwrap();
    let records = handle.token_usage(&Default::default()).unwrap().len();
    let log = std::fs::read_to_string(file.with_file_name("token_usage.json")).unwrap();
    println!("\ntold {records} records, {} in the log", log.matches("\"id\":").count());
}

#[test]
fn a_child_of_a_killed_parent_holds_neither_the_database_nor_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    for round in 0..rounds(50) {
        let output = in_other_process("record, fork and die", &file, AS_SHIPPED);
        let text = String::from_utf8_lossy(&output.stdout);
        let child = text.lines().find_map(|line| line.strip_prefix("child ")?.trim().parse::<i32>().ok());
        let child = child.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
        let options =
            Workspace::options().json_log_in(folder.path()).busy_timeout(Duration::from_millis(500));
        let recorded =
            options.open_db(&file).and_then(|handle| handle.record_token_usage(&TokenUsage::default()));
        // SAFETY: a system call; the child is one of this test's, and idle.
        unsafe { libc::kill(child, libc::SIGKILL) };
        assert!(recorded.unwrap().logged, "round {round}");
    }
}

/// One thread records, and so holds the locks of the database and of the log most of the time.
fn record_fork_and_die(file: &Path) {
    let handle = Workspace::options().json_log_in(file.parent().unwrap()).open_db(file).unwrap();
    std::thread::spawn(move || {
        loop {
            handle.record_token_usage(&TokenUsage::default()).unwrap();
        }
    });
    std::thread::sleep(Duration::from_millis(u64::from(std::process::id() % 20)));
    // SAFETY: the child tells its number, closes what its parent's parent waits for and sleeps; the parent kills
    // itself.
    unsafe {
        if libc::fork() == 0 {
            let told = format!("\nchild {}\n", libc::getpid());
            libc::write(1, told.as_ptr().cast(), told.len());
            for fd in 0..3 {
                libc::close(fd);
            }
            libc::sleep(60);
            libc::_exit(0);
        }
        libc::kill(libc::getpid(), libc::SIGKILL);
    }
}

#[test]
fn no_child_has_the_logs_lock_file_whenever_it_was_forked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    assert_eq!(told("fork while logging", &file, AS_SHIPPED), "no child has it");
}

/// The lock that a parent takes through a descriptor that a child has, too, is the child's as well, and lives as long.
fn fork_while_logging(file: &Path) {
    let handle = Workspace::options().json_log_in(file.parent().unwrap()).open_db(file).unwrap();
    let is_over = AtomicBool::new(false);
    let has_it = || {
        let descriptors = std::fs::read_dir("/proc/self/fd").unwrap();
        let mut files = descriptors.filter_map(|fd| std::fs::read_link(fd.unwrap().path()).ok());
        i32::from(files.any(|path| path.ends_with("token_usage.json.lock")))
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                handle.record_token_usage(&TokenUsage::default()).unwrap();
            }
        });
        let having = (0..rounds(1000)).filter(|_| in_child(has_it) != 0).count();
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(having, 0, "so many children have it");
    });
    println!("\ntold no child has it");
}

#[test]
fn a_child_may_open_a_database_whatever_the_parents_threads_were_doing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    assert_eq!(told("fork among threads", &file, AS_SHIPPED), "all children have recorded");
}

/// Threads open, record, ask and close as fast as they can, so that most forks find one of them inside of SQLite.
fn fork_among_threads(file: &Path) {
    let options = || Workspace::options().json_log_in(file.parent().unwrap());
    drop(options().open_db(file).unwrap());
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for number in 0..3 {
            let (path, is_over) = (file.with_file_name(format!("{number}.db")), &is_over);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    let handle = Workspace::open_db(&path).unwrap();
                    handle.record_token_usage(&TokenUsage::default()).unwrap();
                    handle.projects().list().unwrap();
                }
            });
        }
        let hangs_or_fails = |number: &usize| {
            let result =
                std::panic::catch_unwind(|| in_child(|| record_in_a_child(&options(), file, *number)));
            !matches!(result, Ok(0))
        };
        let failed = (0..rounds(150)).find(hangs_or_fails);
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(failed, None, "this child did not record");
    });
    let recorded = options().open_db(file).unwrap().token_usage(&Default::default()).unwrap().len();
    assert_eq!(recorded, rounds(150));
    println!("\ntold all children have recorded");
}

fn record_in_a_child(options: &Options, file: &Path, number: usize) -> i32 {
    // SAFETY: a system call; a child that hangs is killed.
    unsafe { libc::alarm(30) };
    let usage = TokenUsage { id: Some(number.to_string()), ..TokenUsage::default() };
    let recorded = options.clone().open_db(file).and_then(|handle| handle.record_token_usage(&usage));
    i32::from(!recorded.is_ok_and(|recorded| recorded.logged))
}

#[test]
fn where_there_are_no_such_locks_writing_beside_another_copy_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    assert_eq!(told("refused", &file, REFUSED), "alone, refused, read, alone");
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
    println!("\ntold alone, refused, read, alone");
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

/// Connections from before the library put its locks in place write beside connections from after that.
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
    assert_eq!(told("other user", &file, AS_SHIPPED), "refused");
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
    println!("\ntold {}", if opened.is_err() { "refused" } else { "opened" });
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
