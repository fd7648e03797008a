//! The switch that turns the locks off is in builds for tests alone.
#![cfg(all(target_os = "linux", target_pointer_width = "64", feature = "bundled"))]

use std::os::unix::fs::MetadataExt;
use std::process::Command;

use rusqlite::Connection;

const IN_CHILD: &str = "a_transaction_of_this_process";

/// Prints the kinds of locks that a transaction takes on its database, as the kernel lists them.
#[test]
#[ignore = "started by the test below, in a process of its own"]
fn a_transaction_of_this_process() {
    mcoda_sqlite_locks::install();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    let connection = Connection::open(&file).unwrap();
    connection.execute_batch("CREATE TABLE t (a); BEGIN IMMEDIATE; INSERT INTO t VALUES (1)").unwrap();
    let inode = format!(":{} ", std::fs::metadata(&file).unwrap().ino());
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    let own = locks.lines().filter(|line| line.contains(&inode));
    let kinds: Vec<&str> = own.filter_map(|line| line.split_whitespace().nth(1)).collect();
    println!("kinds: {kinds:?}");
}

fn kinds_of_locks(switch: Option<&str>) -> String {
    let mut child = Command::new(std::env::current_exe().expect("this program has a file"));
    child.args(["--exact", IN_CHILD, "--ignored", "--nocapture"]);
    match switch {
        Some(word) => child.env("MCODA_TEST_LOCKS", word),
        None => child.env_remove("MCODA_TEST_LOCKS"),
    };
    let output = child.output().expect("this program runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let kinds = text.lines().find_map(|line| line.split_once("kinds: "));
    kinds.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr))).1.to_owned()
}

#[test]
fn the_variable_is_ignored_by_builds_without_the_feature() {
    let locked = kinds_of_locks(None);
    assert!(locked.contains("OFDLCK") && !locked.contains("POSIX"), "{locked}");
    let has_switch = cfg!(feature = "test-switches");
    for word in ["off", "refused"] {
        let switched = kinds_of_locks(Some(word));
        assert_eq!(switched.contains("POSIX"), has_switch, "{word}: {switched}");
        assert_eq!(switched.contains("OFDLCK"), !has_switch, "{word}: {switched}");
    }
}
