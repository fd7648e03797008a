//! Forks: a child does not keep its parent's locks and handles, and can open the database itself.
#![cfg(all(any(target_os = "linux", target_os = "android"), target_pointer_width = "64"))]

mod common;

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::*;
use mcoda_core::{ErrorKind, Options, TokenUsage, Workspace};

#[test]
#[ignore = "the other tests run it, in processes of their own"]
fn other_process() {
    let Some((task, file)) = child_task() else { return };
    let file = &*file;
    match &*task {
        "try to write" => try_to_write(file),
        "lock and die" => lock_and_die(file),
        "child" => child(file),
        "child's handles" => childs_handles(file),
        "record, fork and die" => record_fork_and_die(file),
        "drop in a child" => drop_in_a_child(file),
        "fork while logging" => fork_while_logging(file),
        "fork among threads" => fork_among_threads(file),
        other => panic!("{other}"),
    }
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
        // SAFETY: system calls; 0 checks whether the process exists.
        assert_eq!(unsafe { libc::kill(child, 0) }, 0, "the child is alive, and idle");
        assert_eq!(task_result("try to write", &file, AS_SHIPPED), "written", "{mode}");
        // SAFETY: a system call.
        unsafe { libc::kill(child, libc::SIGKILL) };
    }
}

fn lock_and_die(file: &Path) {
    let mut own = ours(file, wait());
    own.run("BEGIN IMMEDIATE").unwrap();
    own.run(&insert("ours")).unwrap();
    // SAFETY: the child closes the pipe on which its parent waits, and sleeps; the parent kills itself.
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
fn a_child_respects_its_parents_locks_and_releases_none() {
    for mode in ["wal", "delete"] {
        let folder = tempfile::tempdir().unwrap();
        let file = new_database(&folder, mode);
        assert_eq!(task_result("child", &file, AS_SHIPPED), "busy, then written; busy elsewhere", "{mode}");
    }
}

/// A child that opens the database to which its parent is writing, through the same copy of SQLite.
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
    let elsewhere = task_result("try to write", file, AS_SHIPPED);
    own.run("COMMIT").unwrap();
    let second = attempt(Duration::ZERO);
    let mut tally = Tally::default();
    transaction(&mut own, "ours", &mut tally);
    assert_eq!(tally.acknowledged, 1);
    let rows: i64 = own.query_row("SELECT count(*) FROM rows", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 3);
    let word = |result: i32| if result == 1 { "written" } else { "busy" };
    println!("\ntask_result {}, then {}; {elsewhere} elsewhere", word(first), word(second));
}

/// Runs `work` in a forked child and returns its result.
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
fn inherited_handles_are_closed_in_a_child_and_new_ones_work() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    assert_eq!(task_result("child's handles", &file, AS_SHIPPED), "3 records, 3 in the log");
    assert_eq!(task_result("child's handles", &file, REFUSED), "6 records, 6 in the log");
}

fn childs_handles(file: &Path) {
    let options = || Workspace::options().json_log_in(file.parent().unwrap());
    let mut opened = Some(options().open_db(file).unwrap());
    opened.as_ref().unwrap().record_token_usage(&TokenUsage::default()).unwrap();
    // From here on there is a reading connection, too.
    let rows = opened.as_ref().unwrap().token_usage(&Default::default()).unwrap().len();
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
    assert_eq!(opened.as_ref().unwrap().token_usage(&Default::default()).unwrap().len(), rows + 1);
    assert!(file.with_file_name("mcoda.db-wal").exists(), "the parent is still in the database");
    let handle = options().open_db(file).unwrap();
    handle.record_token_usage(&TokenUsage::default()).unwrap();
    let records = handle.token_usage(&Default::default()).unwrap().len();
    let log = std::fs::read_to_string(file.with_file_name("token_usage.json")).unwrap();
    println!("\ntask_result {records} records, {} in the log", log.matches("\"id\":").count());
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
        // SAFETY: a system call; the child belongs to this test, and is idle.
        unsafe { libc::kill(child, libc::SIGKILL) };
        let recorded = recorded.unwrap();
        assert!(recorded.logged, "round {round}: {:?}", recorded.log_error);
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
    // SAFETY: the child prints its process id, closes the pipe on which its parent's parent waits, and sleeps; the
    // parent kills itself.
    unsafe {
        if libc::fork() == 0 {
            let task_result = format!("\nchild {}\n", libc::getpid());
            libc::write(1, task_result.as_ptr().cast(), task_result.len());
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
    assert_eq!(task_result("fork while logging", &file, AS_SHIPPED), "no child has it");
}

/// A lock that a parent takes through a descriptor that a child shares belongs to the child as well, and lives as long.
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
    println!("\ntask_result no child has it");
}

#[test]
fn a_child_can_open_a_database_even_if_its_parents_threads_were_in_a_call() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    assert_eq!(task_result("fork among threads", &file, AS_SHIPPED), "all children have recorded");
}

/// Threads open, record, query and close as fast as they can, so that most forks happen while one of them is inside
/// SQLite.
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
    println!("\ntask_result all children have recorded");
}

fn record_in_a_child(options: &Options, file: &Path, number: usize) -> i32 {
    // SAFETY: a system call; a child that hangs is killed.
    unsafe { libc::alarm(30) };
    let usage = TokenUsage { id: Some(number.to_string()), ..TokenUsage::default() };
    let recorded = options.clone().open_db(file).and_then(|handle| handle.record_token_usage(&usage));
    i32::from(!recorded.is_ok_and(|recorded| recorded.logged))
}

#[test]
fn a_child_that_drops_a_handle_closes_nothing_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    assert_eq!(task_result("drop in a child", &file, AS_SHIPPED), "its own files are open");
}

fn drop_in_a_child(file: &Path) {
    let handle = Workspace::options().json_log_in(file.parent().unwrap()).open_db(file).unwrap();
    assert!(handle.record_token_usage(&TokenUsage::default()).unwrap().logged);
    let mut handle = Some(handle);
    let failed = in_child(|| {
        // They get the descriptors of the log's files, which were closed here.
        let create = |number| File::create(file.with_file_name(format!("own-{number}"))).unwrap();
        let own: Vec<File> = (0..8).map(create).collect();
        let recorded = handle.take().unwrap().record_token_usage(&TokenUsage::default());
        let is_closed = recorded.is_err_and(|error| error.kind() == ErrorKind::Closed);
        i32::from(!is_closed || own.iter().any(|file| file.metadata().is_err()))
    });
    assert_eq!(failed, 0);
    println!("\ntask_result its own files are open");
}
