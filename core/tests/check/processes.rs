//! The write-ahead log, who reads it, and who else has the database open.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use super::*;

#[test]
fn a_long_write_ahead_log_is_found() {
    let fixture = shop();
    let workspace = fixture.open();
    let wal = fixture.workspace_folder().join("mcoda.db-wal");
    // A part of the log that nobody has used yet. Nothing reads it.
    std::fs::OpenOptions::new().write(true).open(&wal).unwrap().set_len(200 << 20).unwrap();
    let report = workspace.check(&CheckOptions::default()).unwrap();
    let long = one(&report, "wal_long");
    assert_eq!((long.severity, report.ok), (Severity::Warning, true), "{report:?}");
    assert!(long.message.contains("200 MiB") && long.advice.contains("checkpoint"), "{report:?}");
    let done = workspace.checkpoint().unwrap();
    assert!(done.truncated && done.wal_bytes == 0, "{done:?}");
    assert_eq!(workspace.check(&CheckOptions::default()).unwrap().findings, []);
}

#[test]
#[ignore = "the other tests run it, in processes of their own"]
#[allow(clippy::disallowed_methods, reason = "a child process gets its task through the environment")]
fn other_process() {
    let Some(database) = std::env::var_os("MCODA_TEST_DATABASE") else { return };
    let connection = match std::env::var("MCODA_TEST_KIND").unwrap().as_str() {
        // Without this library's locks, as any other program.
        "foreign" => raw(Path::new(&database)),
        _ => {
            let workspace = Workspace::open_db(&database).unwrap();
            let rows = workspace.query(
                "WITH RECURSIVE n(i) AS (SELECT (SELECT count(*) FROM token_usage) UNION ALL SELECT i + 1 FROM n) \
                 SELECT i FROM n WHERE i < 0",
                &mcoda_core::SqlParams::default(),
            );
            panic!("it ended: {rows:?}");
        }
    };
    connection.execute_batch("BEGIN; SELECT count(*) FROM token_usage").unwrap();
    println!("READY");
    std::io::stdout().flush().unwrap();
    std::thread::sleep(Duration::from_secs(60));
}

/// Whoever reads an old state is named, with its process.
#[test]
fn a_reader_that_pins_the_write_ahead_log_is_named() {
    for kind in ["foreign", "own"] {
        let fixture = shop();
        let workspace = fixture.open();
        workspace.record_token_usage(&TokenUsage::default()).unwrap();
        let mut command = in_other_process(&[("MCODA_TEST_KIND", kind)]);
        let program = command.get_program().to_owned();
        command = {
            let mut other = std::process::Command::new(program);
            other.args(["processes::other_process", "--exact", "--ignored", "--nocapture"]);
            other.env("MCODA_TEST_KIND", kind).env("MCODA_TEST_DATABASE", fixture.database());
            other.stdout(Stdio::piped()).stderr(Stdio::null());
            other
        };
        let mut child = command.spawn().unwrap();
        if kind == "foreign" {
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            assert!(lines.map(Result::unwrap).any(|line| line.contains("READY")));
        }
        let named = |_: &i32| {
            workspace.record_token_usage(&TokenUsage::default()).unwrap();
            std::thread::sleep(Duration::from_millis(20));
            let report = workspace.check(&CheckOptions::default()).unwrap();
            report.findings.into_iter().find(|finding| finding.code == "wal_pinned")
        };
        let found = (0..500).find_map(|attempt| named(&attempt)).unwrap();
        assert_eq!(found.severity, Severity::Info, "{found:?}");
        assert!(found.subject.starts_with(&format!("{} ", child.id())), "{found:?}");
        assert!(
            found.message.contains("a process") && found.advice.contains("end the question"),
            "{found:?}"
        );
        // A checkpoint says that somebody is in the way, and copies what it can.
        let impatient =
            fixture.options().busy_timeout(Duration::from_millis(100)).open(fixture.root()).unwrap();
        let done = impatient.checkpoint().unwrap();
        assert!(done.busy && !done.truncated && done.checkpointed < done.frames, "{done:?}");
        child.kill().unwrap();
        child.wait().unwrap();
        let report = workspace.check(&CheckOptions::default()).unwrap();
        assert_eq!(report.findings, [], "{report:?}");
        let done = impatient.checkpoint().unwrap();
        assert!(!done.busy && done.truncated && done.checkpointed == done.frames, "{done:?}");
    }
}

/// A question of this process's is named as such.
#[test]
fn a_question_of_this_process_that_pins_the_log_is_named() {
    let fixture = shop();
    let workspace = fixture.open();
    workspace.record_token_usage(&TokenUsage::default()).unwrap();
    let asking = fixture.options().read_only(true).open(fixture.root()).unwrap();
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let endless = "WITH RECURSIVE n(i) AS (SELECT (SELECT count(*) FROM token_usage) UNION ALL \
                           SELECT i + 1 FROM n) SELECT i FROM n WHERE i < 0";
            let ended = asking.query(endless, &mcoda_core::SqlParams::default());
            assert_eq!(ended.unwrap_err().kind(), ErrorKind::Cancelled);
        });
        let named = |_: i32| {
            workspace.record_token_usage(&TokenUsage::default()).unwrap();
            let report = workspace.check(&CheckOptions::default()).unwrap();
            report.findings.into_iter().find(|finding| finding.code == "wal_pinned")
        };
        let found = (0..500).find_map(named);
        asking.interrupt();
        let found = found.unwrap();
        assert!(found.message.starts_with("this process"), "{found:?}");
        assert!(found.subject.starts_with(&format!("{} ", std::process::id())), "{found:?}");
    });
}

#[test]
fn another_copy_of_sqlite_in_this_process_is_found() {
    let fixture = shop();
    let workspace = fixture.open();
    // To the eyes of this library, whoever has the file open is another copy.
    let other = std::fs::File::open(fixture.database()).unwrap();
    let report = workspace.check(&CheckOptions::default()).unwrap();
    let found = one(&report, "other_sqlite");
    assert_eq!((found.severity, found.count), (Severity::Info, Some(1)), "{report:?}");
    assert_eq!(one(&checked(&fixture), "other_sqlite").count, Some(1));
    drop(other);
    assert_eq!(workspace.check(&CheckOptions::default()).unwrap().findings, []);
}

/// A process was killed: the log that it left is read, and neither copied nor removed.
#[test]
fn what_a_crash_left_is_checked_and_left_alone() {
    let (crashed, workspace, _) = fixture();
    workspace.record_token_usage(&usage(json!({"id": "a"}))).unwrap();
    let left = Fixture::new();
    let (from, to) = (crashed.home(), left.home());
    for path in all_in(&from) {
        let target = to.join(path.strip_prefix(&from).unwrap());
        if path.is_dir() {
            continue;
        }
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(&path, &target).unwrap();
        set_mode(&target, 0o600);
    }
    std::process::Command::new("chmod").args(["-R", "go-rwx"]).arg(&to).status().unwrap();
    age(&left);
    let folder = left.workspace_folder();
    assert!(folder.join("mcoda.db-wal").metadata().unwrap().len() > 0);
    let check = || {
        let before = everything(&left);
        let how = CheckOptions::default();
        // The project's root is part of the folder's name, so it is checked by its file.
        let report =
            left.options().workspace_id(workspace.id()).check_db(folder.join("mcoda.db"), &how).unwrap();
        assert_eq!(everything(&left), before);
        report
    };
    assert_eq!(check().findings, []);
    std::fs::remove_file(folder.join("mcoda.db-shm")).unwrap();
    assert_eq!(check().findings, []);
}
