//! If the locks are unavailable, or their state is unknown, nothing is written.
#![cfg(all(target_os = "linux", target_pointer_width = "64"))]

mod common;

use std::ffi::CString;
use std::os::fd::{AsRawFd, IntoRawFd};
use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::*;
use mcoda_coexistence::Foreign;
use mcoda_core::{ErrorKind, SqlParams, SqlValue, TokenUsage, Workspace};
use rusqlite::Connection;

#[test]
#[ignore = "the other tests run it, in processes of their own"]
fn other_process() {
    let Some((task, file)) = child_task() else { return };
    let file = &*file;
    match &*task {
        "without proc" => without_proc(file),
        "unseen" => unseen(file),
        "others open" => others_open(file),
        "own open" => own_open(file),
        "late" => late(file),
        "close from" => close_from(file),
        "last close" => last_close(file),
        "write" => try_to_write(file),
        "deleted" => deleted(file),
        "mounted" => mounted(file),
        other => panic!("{other}"),
    }
}

fn passes(output: &Output) {
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
}

fn run(task: &str, locks: &str) {
    let folder = tempfile::tempdir().unwrap();
    passes(&in_other_process(task, &folder.path().join("mcoda.db"), locks));
}

fn record(handle: &Workspace) -> mcoda_core::Result<()> {
    handle.record_token_usage(&TokenUsage::default()).map(drop)
}

fn mount(source: &Path, target: &Path, kind: &str, flags: libc::c_ulong) {
    let text = |text: &Path| CString::new(text.to_str().unwrap()).unwrap();
    let (source, target, kind) = (text(source), text(target), CString::new(kind).unwrap());
    // SAFETY: a system call; the mounts are this process's own.
    let done =
        unsafe { libc::mount(source.as_ptr(), target.as_ptr(), kind.as_ptr(), flags, std::ptr::null()) };
    assert_eq!(done, 0, "{}", std::io::Error::last_os_error());
}

fn hide_proc() {
    mount(Path::new("none"), Path::new("/proc"), "tmpfs", 0);
    assert!(!Path::new("/proc/self/fd").exists());
}

#[test]
fn without_proc_the_locks_hold() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    if let Some(output) = in_own_mounts("without proc", &file, AS_SHIPPED) {
        passes(&output);
    }
}

/// The handle and the other copy race; connections of both are opened and closed.
fn without_proc(file: &Path) {
    const EACH: usize = 500;
    hide_proc();
    let handle = Workspace::open_db(file).unwrap();
    theirs(file, wait()).execute("CREATE TABLE theirs (a)").unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..EACH {
                record(&handle).unwrap();
                drop(ours(file, wait()));
            }
        });
        scope.spawn(|| {
            let mut other = theirs(file, wait());
            for number in 0..EACH {
                other.execute("BEGIN IMMEDIATE; INSERT INTO theirs VALUES (1)").unwrap();
                if number % 10 == 0 {
                    std::thread::sleep(Duration::from_millis(1));
                }
                other.execute("COMMIT").unwrap();
                if number % 20 == 0 {
                    other = theirs(file, wait());
                }
            }
        });
    });
    drop(handle);
    let connection = Connection::open(file).unwrap();
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() as usize;
    let whole: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    let kept = (count("SELECT count(*) FROM token_usage"), count("SELECT count(*) FROM theirs"));
    assert_eq!((kept, &*whole), ((EACH, EACH), "ok"));
}

#[test]
fn nothing_is_written_if_it_is_unknown_who_has_the_file_open() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    if let Some(output) = in_own_mounts("unseen", &file, REFUSED) {
        passes(&output);
    }
}

fn unseen(file: &Path) {
    let handle = Workspace::open_db(file).unwrap();
    record(&handle).unwrap();
    hide_proc();
    let refused = |error: mcoda_core::Error| {
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.message().contains("/proc") && error.message().contains("mcoda.db"), "{error}");
    };
    refused(record(&handle).unwrap_err());
    refused(Workspace::open_db(file).map(drop).unwrap_err());
    // A list that lacks a file known to be open counts as unknown.
    std::fs::create_dir_all("/proc/self/fd").unwrap();
    refused(record(&handle).unwrap_err());
    assert_eq!(handle.token_usage(&Default::default()).unwrap().len(), 1);
}

/// Runs the work while threads open and close databases, each its own one or all the same.
fn while_others_open(files: &[std::path::PathBuf], work: impl FnOnce()) {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for file in files {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let connection = ours(file, wait());
                    let _ = connection.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()));
                }
            });
        }
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        is_over.store(true, Ordering::Relaxed);
        done.unwrap();
    });
}

#[test]
fn writing_beside_another_copy_is_refused_while_threads_open_other_databases() {
    run("others open", REFUSED);
}

fn others_open(file: &Path) {
    let handle = Workspace::open_db(file).unwrap();
    record(&handle).unwrap();
    let _other = Foreign::open(file, Duration::ZERO).unwrap();
    let files: Vec<_> = (0..3).map(|number| file.with_file_name(format!("{number}.db"))).collect();
    while_others_open(&files, || {
        let let_through = (0..3000).filter(|_| record(&handle).is_ok()).count();
        assert_eq!(let_through, 0, "of 3000 writes beside the other copy");
    });
}

#[test]
fn no_open_of_this_copy_is_taken_for_another_ones() {
    run("own open", REFUSED);
}

fn own_open(file: &Path) {
    let handle = Workspace::open_db(file).unwrap();
    while_others_open(&[file.to_owned(), file.to_owned(), file.with_file_name("other.db")], || {
        for _ in 0..1000 {
            record(&handle).unwrap();
        }
    });
}

#[test]
fn a_copy_that_was_in_use_before_the_locks_came_refuses_to_write_beside_another_one() {
    run("late", AS_SHIPPED);
}

fn late(file: &Path) {
    let early = Connection::open(file).unwrap();
    early.execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE early (a)").unwrap();
    let handle = Workspace::open_db(file).unwrap();
    record(&handle).unwrap();
    let other = Foreign::open(file, Duration::ZERO).unwrap();
    assert_eq!(record(&handle).unwrap_err().kind(), ErrorKind::Unsupported);
    drop(other);
    record(&handle).unwrap();
    early.execute_batch("INSERT INTO early VALUES (1)").unwrap();
}

#[test]
fn what_a_host_opens_under_the_numbers_of_closed_descriptors_is_never_touched() {
    run("close from", AS_SHIPPED);
}

/// A host that becomes a daemon closes all descriptors, and opens files of its own.
fn close_from(file: &Path) {
    let handle = Workspace::open_db(file).unwrap();
    record(&handle).unwrap();
    // Another copy holds locks, so closed descriptors are parked.
    let mut other = theirs(file, wait());
    other.execute("BEGIN IMMEDIATE").unwrap();
    drop(handle);
    std::mem::forget(other);
    for fd in 3..1024 {
        // SAFETY: nothing that is used afterwards has one of them.
        unsafe { libc::close(fd) };
    }
    let of_host: Vec<_> = (0..200)
        .map(|number| {
            let path = file.with_file_name(format!("{number}.txt"));
            std::fs::write(&path, "the host's").unwrap();
            let mut options = std::fs::OpenOptions::new();
            (options.read(true).write(true).open(&path).unwrap().into_raw_fd(), path)
        })
        .collect();
    for _ in 0..3 {
        let handle = Workspace::open_db(file).unwrap();
        record(&handle).unwrap();
        drop(handle);
        std::thread::sleep(Duration::from_millis(1100));
    }
    for (fd, path) in of_host {
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "the host's", "{fd}");
        let target = std::fs::read_link(format!("/proc/self/fd/{fd}")).unwrap();
        assert_eq!(target, path, "the descriptor was closed");
    }
    let connection = Connection::open(file).unwrap();
    let count: i64 = connection.query_row("SELECT count(*) FROM token_usage", [], |row| row.get(0)).unwrap();
    assert_eq!(count, 4);
}

/// The number of descriptors of the folder of `file` in this process.
fn descriptors_beside(file: &Path) -> usize {
    let links = std::fs::read_dir("/proc/self/fd").unwrap();
    let names = links.filter_map(|link| std::fs::read_link(link.ok()?.path()).ok());
    names.filter(|name| name.starts_with(file.parent().unwrap())).count()
}

#[test]
fn the_last_close_leaves_no_descriptor() {
    run("last close", AS_SHIPPED);
}

fn last_close(file: &Path) {
    let handles: Vec<_> = (0..40)
        .map(|number| {
            let handle = Workspace::open_db(file.with_file_name(format!("{number}.db"))).unwrap();
            record(&handle).unwrap();
            assert_eq!(handle.token_usage(&Default::default()).unwrap().len(), 1);
            handle
        })
        .collect();
    assert!(descriptors_beside(file) > 100);
    drop(handles);
    assert_eq!(descriptors_beside(file), 0);
    // A descriptor that another copy needs stays open until that copy has closed the file.
    let mut other = theirs(&file.with_file_name("7.db"), wait());
    other.execute("BEGIN IMMEDIATE").unwrap();
    let host = std::fs::File::open(file.with_file_name("7.db")).unwrap();
    drop(Workspace::open_db(file.with_file_name("8.db")).unwrap());
    drop(Workspace::options().read_only(true).open_db(file.with_file_name("7.db")));
    assert!(descriptors_beside(file) > 4, "{}", host.as_raw_fd());
    std::mem::forget(host);
    assert_eq!(task_result("write", &file.with_file_name("7.db"), AS_SHIPPED), "busy");
}

#[test]
fn a_handle_that_goes_on_gives_back_what_was_deleted() {
    run("deleted", AS_SHIPPED);
}

fn deleted(file: &Path) {
    let handle = Workspace::open_db(file).unwrap();
    let gone = file.with_file_name("gone.db");
    let other = Workspace::open_db(&gone).unwrap();
    record(&other).unwrap();
    drop(other);
    std::fs::remove_file(&gone).unwrap();
    std::thread::sleep(Duration::from_millis(1100));
    record(&handle).unwrap();
    let links = std::fs::read_dir("/proc/self/fd").unwrap();
    let names = links.filter_map(|link| std::fs::read_link(link.ok()?.path()).ok());
    let left: Vec<_> = names.filter(|name| name.to_string_lossy().contains("gone.db")).collect();
    assert!(left.is_empty(), "{left:?}");
}

fn is_refused_for_its_name(done: mcoda_core::Result<()>, says: &str, file: &Path) {
    let error = done.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    assert!(error.message().contains(says), "{error}");
    assert!(error.message().contains("folder that holds it"), "{error}");
    assert!(error.message().contains(file.to_str().unwrap()), "{error}");
}

fn reads_one(file: &Path) {
    let reader = Workspace::options().read_only(true).open_db(file).unwrap();
    let count = reader.query("SELECT count(*) FROM token_usage", &SqlParams::default()).unwrap();
    assert_eq!(count.rows, [[SqlValue::Integer(1)]]);
}

#[test]
fn a_file_with_two_names_is_read_and_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("mcoda.db"), folder.path().join("sub/link.db"));
    std::fs::create_dir(folder.path().join("sub")).unwrap();
    let handle = Workspace::open_db(&file).unwrap();
    record(&handle).unwrap();
    // While it is open.
    std::fs::hard_link(&file, &link).unwrap();
    is_refused_for_its_name(record(&handle), "2 names", &file);
    assert_eq!(handle.token_usage(&Default::default()).unwrap().len(), 1);
    drop(handle);
    // Before it is opened.
    for name in [&file, &link] {
        is_refused_for_its_name(Workspace::open_db(name).map(drop), "2 names", name);
        reads_one(name);
    }
    std::fs::remove_file(&link).unwrap();
    record(&Workspace::open_db(&file).unwrap()).unwrap();
    // SQLite resolves a symbolic link before it looks for the log.
    std::os::unix::fs::symlink(&file, &link).unwrap();
    record(&Workspace::open_db(&link).unwrap()).unwrap();
}

#[test]
fn a_file_that_is_mounted_by_itself_is_read_and_not_written() {
    let folder = tempfile::tempdir().unwrap();
    if let Some(output) = in_own_mounts("mounted", &folder.path().join("mcoda.db"), AS_SHIPPED) {
        passes(&output);
    }
}

fn mounted(file: &Path) {
    record(&Workspace::open_db(file).unwrap()).unwrap();
    let (inside, link) = (file.with_file_name("data/x.db"), file.with_file_name("link.db"));
    std::fs::create_dir(inside.parent().unwrap()).unwrap();
    std::fs::write(&inside, "").unwrap();
    mount(file, &inside, "none", libc::MS_BIND);
    std::os::unix::fs::symlink(&inside, &link).unwrap();
    for name in [&inside, &link] {
        is_refused_for_its_name(Workspace::open_db(name).map(drop), "is itself a mount", name);
        reads_one(name);
    }
    assert!(!file.with_file_name("data/x.db-wal").metadata().is_ok_and(|log| log.len() > 0));
    // A folder that is mounted has one log, whatever its name.
    let folder = file.with_file_name("whole");
    std::fs::create_dir(&folder).unwrap();
    mount(file.parent().unwrap(), &folder, "none", libc::MS_BIND);
    record(&Workspace::open_db(folder.join("mcoda.db")).unwrap()).unwrap();
    record(&Workspace::open_db(file).unwrap()).unwrap();
}

#[test]
fn nothing_is_acknowledged_when_the_log_or_its_index_is_removed_or_replaced() {
    for suffix in ["-wal", "-shm"] {
        for is_replaced in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("mcoda.db");
            let handle = Workspace::open_db(&file).unwrap();
            record(&handle).unwrap();
            let beside = folder.path().join(format!("mcoda.db{suffix}"));
            let kept = folder.path().join("kept");
            std::fs::rename(&beside, &kept).unwrap();
            if is_replaced {
                std::fs::copy(&kept, &beside).unwrap();
            }
            for _ in 0..2 {
                let error = record(&handle).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
                assert!(error.message().contains(beside.to_str().unwrap()), "{error}");
            }
            // The record is not found: it was not acknowledged.
            std::fs::rename(&kept, &beside).unwrap();
            record(&handle).unwrap();
            assert_eq!(handle.token_usage(&Default::default()).unwrap().len(), 2);
        }
    }
}

#[test]
fn a_transaction_is_not_committed_to_a_log_that_was_removed_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    let handle = Workspace::open_db(&file).unwrap();
    let transaction = handle.begin(None).unwrap();
    transaction.record_token_usage(&TokenUsage::default()).unwrap();
    std::fs::remove_file(folder.path().join("mcoda.db-wal")).unwrap();
    let error = transaction.commit().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
    assert!(error.message().contains("mcoda.db-wal"), "{error}");
}
