//! A disk that is full, files that may not be written, folders that vanish.
#![cfg(unix)]

mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::*;
use mcoda_core::{ErrorKind, TokenUsage, Workspace};
use rusqlite::Connection;

#[test]
#[ignore = "the other tests run it, in processes of their own"]
fn other_process() {
    let Some((task, file)) = told_task() else { return };
    let file = &*file;
    match &*task {
        "full" => full(file),
        "read only" => read_only(file),
        other => panic!("{other}"),
    }
}

fn passes(task: &str, file: &Path) {
    let output = in_other_process(task, file, AS_SHIPPED);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
}

fn open(file: &Path) -> mcoda_core::Result<Workspace> {
    Workspace::options().json_log_in(file.parent().unwrap()).open_db(file)
}

/// The ids in the database and in the log.
fn kept(file: &Path) -> (BTreeSet<String>, Vec<String>) {
    let raw = Connection::open(file).unwrap();
    let whole: String = raw.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
    let mut statement = raw.prepare("SELECT id FROM token_usage").unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let text = std::fs::read_to_string(file.with_file_name("token_usage.json")).unwrap();
    // Each record is one line that begins with its id.
    let ids =
        text.lines().filter_map(|line| Some(line.strip_prefix("{\"id\":\"")?.split_once('"')?.0.to_owned()));
    assert!(text.trim_end().ends_with(']'), "the log is whole");
    (rows, ids.collect())
}

#[test]
fn a_full_disk_is_an_error_that_names_the_file_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    passes("full", &folder.path().join("mcoda.db"));
}

/// No file may grow beyond a limit, as where a disk is full.
fn full(file: &Path) {
    let handle = open(file).unwrap();
    // SAFETY: system calls of a process with one thread that matters.
    let limit = |bytes: u64| unsafe {
        libc::signal(libc::SIGXFSZ, libc::SIG_IGN);
        let limit = libc::rlimit { rlim_cur: bytes, rlim_max: libc::RLIM_INFINITY };
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &raw const limit), 0);
    };
    let mut acknowledged = BTreeSet::new();
    let mut refused = 0;
    for bytes in [600_000, 1 << 20, 1_200_000] {
        limit(bytes);
        for _ in 0..3000 {
            match handle.record_token_usage(&TokenUsage::default()) {
                Ok(recorded) => drop(acknowledged.insert(recorded.id)),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
                    assert!(error.message().contains("mcoda.db"), "{error}");
                    refused += 1;
                    if refused % 5 == 0 {
                        break;
                    }
                }
            }
        }
        // There is room again.
        limit(libc::RLIM_INFINITY);
        let recorded = handle.record_token_usage(&TokenUsage::default()).unwrap();
        assert!(recorded.logged);
        acknowledged.insert(recorded.id);
        let (rows, log) = kept(file);
        assert_eq!(rows, acknowledged, "what was refused is not there");
        assert_eq!(log.len(), rows.len());
        assert_eq!(log.into_iter().collect::<BTreeSet<_>>(), rows);
    }
    assert!(refused >= 5, "the disk was never full");
}

#[test]
fn files_and_folders_that_may_not_be_written_are_errors_that_name_them() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    open(&file).unwrap().record_token_usage(&TokenUsage::default()).unwrap();
    passes("read only", &file);
    let (rows, log) = kept(&file);
    assert_eq!((rows.len(), log.len()), (1, 1));
}

fn read_only(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let folder = file.parent().unwrap();
    let modes = |of_folder, of_file| {
        std::fs::set_permissions(file, PermissionsExt::from_mode(of_file)).unwrap();
        std::fs::set_permissions(folder, PermissionsExt::from_mode(of_folder)).unwrap();
    };
    // SAFETY: a system call. Root may write anywhere, so it becomes nobody for the attempts.
    let become_user = |id: u32| unsafe { libc::geteuid() == id || libc::seteuid(id) == 0 };
    // SAFETY: a system call.
    let me = unsafe { libc::geteuid() };
    let other = if me == 0 { 65534 } else { me };
    for (of_folder, of_file) in [(0o555, 0o444), (0o755, 0o444), (0o555, 0o644), (0o000, 0o600)] {
        modes(of_folder, of_file);
        assert!(become_user(other));
        let opened = open(file);
        let failed = opened.and_then(|handle| handle.record_token_usage(&TokenUsage::default()).map(drop));
        assert!(become_user(me));
        let error = failed.expect_err("it may not be written");
        assert_eq!(error.kind(), ErrorKind::Storage, "{of_folder:o} {of_file:o}: {error}");
        let path = folder.to_str().unwrap();
        assert!(error.message().contains(path), "{of_folder:o} {of_file:o}: {error}");
        modes(0o755, 0o600);
    }
}

#[test]
fn nothing_is_acknowledged_in_a_database_that_was_removed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sub/mcoda.db");
    let handle = open(&file).unwrap();
    handle.record_token_usage(&TokenUsage::default()).unwrap();
    std::fs::remove_dir_all(file.parent().unwrap()).unwrap();
    for _ in 0..2 {
        let error = handle.record_token_usage(&TokenUsage::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Storage, "{error}");
        assert!(error.message().contains(file.to_str().unwrap()), "{error}");
        // Another one in its place is another one.
        let _ = open(&file).unwrap();
    }
    let fresh = open(&file).unwrap();
    fresh.record_token_usage(&TokenUsage::default()).unwrap();
    assert_eq!(kept(&file).0.len(), 1);
}
