//! Databases on read-only media, and transient read errors.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Command;

use common::*;
use mcoda_core::{ErrorKind, SqlParams, TokenUsage, TokenUsageQuery, Workspace};
use serde_json::json;

const FOLDER: &str = "MCODA_TEST_FOLDER";
const EXPECTED: &str = "MCODA_TEST_EXPECTED";

/// Folders that are read-only for one process: a mount of the same file system, and a separate file system.
const MOUNTS: [&str; 2] = [
    "mount --bind $0 $0 && mount -o remount,bind,ro $0",
    "cp -a $0 $0.copy && mount -t tmpfs none $0 && cp -a $0.copy/. $0 && mount -o remount,ro $0",
];

/// Runs `other_process` with a read-only folder. Returns false if the system does not allow that.
fn on_read_only_media(folder: &Path, mount: &str, expected: &str) -> bool {
    let namespace = ["-m", "-rm"].into_iter().find(|flags| {
        let tried = format!("mount -t tmpfs none {}", folder.parent().unwrap().display());
        Command::new("unshare")
            .args([flags, "sh", "-c", &tried])
            .output()
            .is_ok_and(|run| run.status.success())
    });
    let Some(namespace) = namespace else {
        eprintln!("NOT TESTED: this system lets nobody mount a read-only file system here");
        return false;
    };
    let test = in_other_process(&[]);
    let mut command = Command::new("unshare");
    command.args([namespace, "sh", "-c"]).arg(format!("{mount} && exec \"$@\"")).arg(folder);
    command.arg(test.get_program()).args(test.get_args()).env(FOLDER, folder).env(EXPECTED, expected);
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{mount}: {text}{}", String::from_utf8_lossy(&output.stderr));
    true
}

#[test]
#[ignore = "the other tests run it, in processes of their own"]
#[allow(clippy::disallowed_methods, reason = "a child process gets its task through the environment")]
fn other_process() {
    let (Some(folder), Ok(expected)) = (std::env::var_os(FOLDER), std::env::var(EXPECTED)) else { return };
    let home = Path::new(&folder);
    assert!(std::fs::write(home.join("x"), "").is_err(), "it can be written to");
    let root = home.join("shop");
    if expected == "open" {
        assert_refused(options_in(home).read_only(true).open(&root), ErrorKind::Storage, "mcoda.db");
        return;
    }
    let workspace = options_in(home).read_only(true).open(&root).unwrap();
    for _ in 0..2 {
        assert_eq!(workspace.token_usage(&TokenUsageQuery::default()).unwrap().len(), 2);
    }
    workspace.query("SELECT count(*) FROM token_usage", &SqlParams::default()).unwrap();
    workspace.close().unwrap();
    options_in(home).read_only(true).open_global().unwrap();
    assert_refused(options_in(home).open(&root), ErrorKind::Storage, "mcoda.db");
}

fn recorded(fixture: &Fixture) -> Workspace {
    drop(fixture.options().open_global().unwrap());
    let workspace = fixture.options().open(fixture.home().join("shop")).unwrap();
    for _ in 0..2 {
        workspace.record_token_usage(&TokenUsage::default()).unwrap();
    }
    workspace
}

#[test]
fn a_database_that_was_closed_opens_on_media_that_cannot_be_written_to() {
    for mount in MOUNTS {
        let fixture = Fixture::new();
        recorded(&fixture).close().unwrap();
        on_read_only_media(&fixture.home(), mount, "closed");
    }
}

/// Records that are only in the log would be missing without notice.
#[test]
fn a_database_that_was_not_closed_is_refused_there() {
    let fixture = Fixture::new();
    let workspace = recorded(&fixture);
    let folder = fixture.workspace_folder();
    let kept = fixture.home().join("kept");
    std::fs::copy(folder.join("mcoda.db-wal"), &kept).unwrap();
    workspace.close().unwrap();
    std::fs::rename(&kept, folder.join("mcoda.db-wal")).unwrap();
    on_read_only_media(&fixture.home(), MOUNTS[0], "open");
}

#[test]
fn a_transient_read_error_is_not_reported_as_damage() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let many: Vec<TokenUsage> = (0..500).map(|number| usage(json!({"id": format!("r{number}")}))).collect();
    workspace.record_token_usages(&many).unwrap();
    workspace.close().unwrap();
    let workspace = fixture.options().read_only(true).open(fixture.root()).unwrap();
    // Nothing beyond the schema was read yet.
    let mut file = std::fs::File::options().read(true).write(true).open(fixture.database()).unwrap();
    let start = 4096 * 40;
    let mut right = Vec::new();
    file.seek(SeekFrom::Start(start)).unwrap();
    file.read_to_end(&mut right).unwrap();
    let write = |file: &mut std::fs::File, bytes: &[u8]| {
        file.seek(SeekFrom::Start(start)).unwrap();
        file.write_all(bytes).unwrap();
    };
    assert!(right.len() > 4096 * 10);
    write(&mut file, &vec![0; right.len()]);
    let count = || workspace.token_usage(&TokenUsageQuery::default()).map(|rows| rows.len());
    assert_refused(count(), ErrorKind::Corrupt, "restore a backup");
    write(&mut file, &right);
    assert_eq!(count().unwrap(), 500, "the pages that were read wrong are forgotten");
}
