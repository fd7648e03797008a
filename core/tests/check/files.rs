//! Faults of the files around the database.

use std::os::unix::fs::{chown, symlink};
use std::process::Command;

use super::*;

const NOBODY: u32 = 65534;

#[test]
fn a_workspace_that_is_not_there_is_found() {
    let fixture = Fixture::new();
    std::fs::create_dir(fixture.home()).unwrap();
    let report = checked(&fixture);
    assert_eq!(codes(&report), [("missing", Severity::Error)], "{report:?}");
    assert!(one(&report, "missing").advice.contains("init"), "{report:?}");
    assert_eq!((report.ok, report.checked.as_slice()), (false, &["files".to_owned()][..]));
    let nowhere = mcoda_core::Environment::default();
    let refused = Workspace::options().environment(nowhere).check(fixture.root(), &CheckOptions::default());
    assert_refused(refused, ErrorKind::Storage, "HOME");
}

#[test]
fn a_pipe_or_a_folder_in_the_place_of_a_file_is_found_at_once() {
    for name in ["mcoda.db", "mcoda.db-wal", "mcoda.db-journal", "token_usage.json", "workspace.json"] {
        let fixture = shop();
        let file = fixture.workspace_folder().join(name);
        let _ = std::fs::remove_file(&file);
        assert!(Command::new("mkfifo").arg(&file).status().unwrap().success());
        let report = checked(&fixture);
        let found = |finding: &&Finding| finding.subject.ends_with(name) || finding.message.contains(name);
        assert!(report.findings.iter().any(|finding| found(&finding)), "{name}: {report:?}");
        assert_eq!(report.ok, name == "token_usage.json", "{name}: {report:?}");
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        let report = checked(&fixture);
        assert!(report.findings.iter().any(|finding| found(&finding)), "{name}: {report:?}");
    }
}

#[test]
fn a_second_name_of_the_database_is_found() {
    let fixture = shop();
    std::fs::hard_link(fixture.database(), fixture.home().join("second.db")).unwrap();
    let report = checked(&fixture);
    assert_eq!(codes(&report), [("second_name", Severity::Error)], "{report:?}");
    assert!(one(&report, "second_name").message.contains("2 names"), "{report:?}");
    std::fs::remove_file(fixture.home().join("second.db")).unwrap();
    // A link of this user's is no second name.
    let moved = fixture.home().join("moved.db");
    std::fs::rename(fixture.database(), &moved).unwrap();
    symlink(&moved, fixture.workspace_folder().join("mcoda.db")).unwrap();
    assert_eq!(checked(&fixture).findings, []);
}

#[test]
fn a_folder_that_everybody_can_write_to_is_found() {
    let fixture = shop();
    set_mode(&fixture.workspace_folder(), 0o777);
    let report = checked(&fixture);
    let planted = report.findings.iter().filter(|finding| finding.code == "planted");
    assert!(planted.clone().any(|finding| finding.severity == Severity::Error), "{report:?}");
    assert!(one(&report, "folder_open").advice.contains("chmod o-w"), "{report:?}");
    assert!(!report.ok);
    // A database that is opened by its file may lie in such a folder, as `/tmp` is one.
    let copy = fixture.home().join("open");
    std::fs::create_dir(&copy).unwrap();
    set_mode(&copy, 0o1777);
    std::fs::copy(fixture.database(), copy.join("x.db")).unwrap();
    age(&fixture);
    let report =
        fixture.options().workspace_id("x").check_db(copy.join("x.db"), &CheckOptions::default()).unwrap();
    assert_eq!(one(&report, "folder_open").severity, Severity::Warning);
    assert!(report.ok, "{report:?}");
}

#[test]
fn modes_and_owners_are_found() {
    let fixture = shop();
    set_mode(&fixture.database(), 0o644);
    let report = checked(&fixture);
    let readable = one(&report, "readable_by_others");
    assert_eq!((readable.severity, readable.count, report.ok), (Severity::Info, Some(1), true), "{report:?}");
    set_mode(&fixture.database(), 0o620);
    assert_eq!(codes(&checked(&fixture)), [("writable_by_others", Severity::Warning)]);
    set_mode(&fixture.database(), 0o600);
    if chown(fixture.log_file(), Some(NOBODY), None).is_err() {
        eprintln!("NOT TESTED: only root can make files of other users");
        return;
    }
    let report = checked(&fixture);
    let other = one(&report, "other_owner");
    assert!(other.subject.ends_with("token_usage.json") && other.message.contains("65534"), "{report:?}");
}

#[test]
#[ignore = "the other tests run it, in processes of their own"]
#[allow(clippy::disallowed_methods, reason = "a child process gets its task through the environment")]
fn other_process() {
    let Some(home) = std::env::var_os("MCODA_TEST_FOLDER") else { return };
    let home = Path::new(&home);
    let report = options_in(home).check(home.join("shop"), &CheckOptions::default()).unwrap();
    println!("REPORT {}", serde_json::to_string(&report).unwrap());
}

/// As another user, in a process of its own.
#[test]
fn what_this_user_cannot_write_or_read_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path();
    if chown(home, Some(NOBODY), None).is_err() {
        eprintln!("NOT TESTED: only root can be another user");
        return;
    }
    drop(options_in(home).open(home.join("shop")).unwrap());
    let as_nobody = |expected: &str| {
        let test = in_other_process(&[]);
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--clear-groups"]).arg(test.get_program());
        command
            .args(["files::other_process", "--exact", "--ignored", "--nocapture"])
            .env("MCODA_TEST_FOLDER", home);
        let child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
        let reports = lines_of(child, "REPORT ");
        assert!(reports[0].contains(expected), "{expected}: {reports:?}");
    };
    // The test binary itself has to be reachable for that user.
    let reachable = Command::new("setpriv")
        .args(["--reuid=65534", "--clear-groups", "test", "-x"])
        .arg(std::env::current_exe().unwrap())
        .status();
    if !reachable.is_ok_and(|status| status.success()) {
        eprintln!("NOT TESTED: another user cannot run this test");
        return;
    }
    let run = |command: &mut Command| assert!(command.status().unwrap().success());
    run(Command::new("chown").args(["-R", "65534"]).arg(home.join(".mcoda")));
    run(Command::new("find")
        .arg(home)
        .args(["-name", "mcoda.db", "-exec", "chown", "0", "{}", "+", "-exec", "chmod", "644", "{}", "+"]));
    as_nobody("\"code\":\"not_writable\"");
    run(Command::new("find").arg(home).args(["-name", "mcoda.db", "-exec", "chmod", "600", "{}", "+"]));
    as_nobody("\"ok\":false");
}

#[test]
fn settings_that_cannot_be_read_are_found() {
    let fixture = shop();
    for name in ["config.json", "workspace.json"] {
        let file = fixture.workspace_folder().join(name);
        std::fs::write(&file, "{\"id\": ").unwrap();
        set_mode(&file, 0o600);
        let report = checked(&fixture);
        assert_eq!(codes(&report), [("damaged_settings", Severity::Error)], "{name}: {report:?}");
        assert!(one(&report, "damaged_settings").subject.ends_with(name));
        std::fs::remove_file(&file).unwrap();
    }
}
