//! A check finds each fault, says what to do, and changes nothing.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

#[path = "../common/mod.rs"]
mod common;

mod checkpoint;
mod content;
mod files;
mod json_log;
mod processes;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use common::*;
use mcoda_core::{
    CancelToken, CheckOptions, CheckReport, ErrorKind, Finding, Global, Severity, TokenUsage, Workspace,
};
use serde_json::json;

/// A workspace with a task and three records, two of them in the log, that was closed some time ago.
fn shop() -> Fixture {
    let (fixture, workspace, own) = fixture();
    own.task(&workspace, "T", 3.0);
    for id in ["a", "b", "c"] {
        workspace
            .record_token_usage(&usage(json!({"id": id, "tokensPrompt": 7, "costEstimate": 1})))
            .unwrap();
    }
    workspace.close().unwrap();
    age(&fixture);
    fixture
}

fn all_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(all_in(&path));
        }
        found.push(path);
    }
    found.sort();
    found
}

/// Makes it long ago that anything was written, so that nobody waits to see whether somebody goes on.
#[allow(clippy::disallowed_methods, reason = "the clock of the file system is the system's")]
fn age(fixture: &Fixture) {
    let long_ago = SystemTime::now() - Duration::from_secs(60);
    for path in all_in(&fixture.home()) {
        if path.metadata().is_ok_and(|file| file.is_file()) {
            std::fs::File::open(&path).unwrap().set_modified(long_ago).unwrap();
        }
    }
}

type State = BTreeMap<PathBuf, (u32, u64, i64, i64, u32, u64)>;

/// All files: modes, sizes, times of change, owners, contents.
fn everything(fixture: &Fixture) -> State {
    let state = |path: PathBuf| {
        let file = path.symlink_metadata().unwrap();
        let mut content = DefaultHasher::new();
        if file.is_file() {
            std::fs::read(&path).unwrap().hash(&mut content);
        }
        let times = (file.mtime(), file.mtime_nsec());
        (path, (file.mode(), file.len(), times.0, times.1, file.uid(), content.finish()))
    };
    all_in(&fixture.home()).into_iter().map(state).collect()
}

/// Checks the workspace without opening it, and that nothing changed.
#[track_caller]
fn checked(fixture: &Fixture) -> CheckReport {
    checked_with(fixture, &CheckOptions::default())
}

#[track_caller]
fn checked_with(fixture: &Fixture, how: &CheckOptions) -> CheckReport {
    let before = everything(fixture);
    let report = fixture.options().check(fixture.root(), how).unwrap();
    assert_eq!(everything(fixture), before, "the check changed something");
    for finding in &report.findings {
        assert!(
            !finding.advice.is_empty() && !finding.message.is_empty() && !finding.subject.is_empty(),
            "{finding:?}"
        );
        assert!(!finding.message.contains('\n'), "{finding:?}");
    }
    report
}

fn codes(report: &CheckReport) -> Vec<(&str, Severity)> {
    report.findings.iter().map(|finding| (finding.code.as_str(), finding.severity)).collect()
}

#[track_caller]
fn one<'r>(report: &'r CheckReport, code: &str) -> &'r Finding {
    let mut found = report.findings.iter().filter(|finding| finding.code == code);
    let one = found.next().unwrap_or_else(|| panic!("there is no {code} in {report:?}"));
    assert!(found.next().is_none(), "{code} comes twice in {report:?}");
    one
}

/// All examinations of a workspace.
const ALL: [&str; 12] = [
    "files",
    "permissions",
    "disk",
    "settings",
    "otherSqlite",
    "writeAheadLog",
    "schema",
    "integrity",
    "foreignKeys",
    "rows",
    "workspaceIds",
    "jsonLog",
];

#[test]
fn nothing_is_found_in_a_healthy_workspace() {
    let fixture = shop();
    for full in [None, Some(true)] {
        let how = CheckOptions { full, ..CheckOptions::default() };
        let report = checked_with(&fixture, &how);
        assert_eq!(report.findings, [], "{report:?}");
        assert!(report.ok && report.full == full.unwrap_or_default());
        assert_eq!(report.checked, ALL);
        assert_eq!((report.kind.as_deref(), report.schema_version), (Some("workspace"), Some(1)));
        assert_eq!(report.database, fixture.database().to_str().unwrap());
    }
}

#[test]
fn an_open_handle_is_checked_beside_its_records() {
    let fixture = shop();
    let workspace = fixture.open();
    let how = CheckOptions { full: Some(true), ..CheckOptions::default() };
    std::thread::scope(|threads| {
        threads.spawn(|| {
            for _ in 0..300 {
                assert!(workspace.record_token_usage(&TokenUsage::default()).unwrap().logged);
            }
        });
        for _ in 0..5 {
            let report = workspace.check(&how).unwrap();
            // A record that is just being logged waits for that.
            let found: Vec<_> = report
                .findings
                .iter()
                .filter(|found| !["log_waiting", "wal_pinned"].contains(&&*found.code))
                .collect();
            assert!(report.ok && found.is_empty(), "{report:?}");
            assert_eq!(report.checked, ALL);
        }
    });
    assert_eq!(workspace.check(&CheckOptions::default()).unwrap().findings, []);
    // Nobody has to open a file to check it, nor to close a handle first.
    assert_eq!(fixture.options().check(fixture.root(), &how).unwrap().findings, []);
}

#[test]
fn the_global_database_is_checked_as_well() {
    let fixture = Fixture::new();
    let global = fixture.options().open_global().unwrap();
    global.record_token_usage(&TokenUsage::default()).unwrap();
    let report = global.check(&CheckOptions::default()).unwrap();
    assert_eq!((report.findings.len(), report.kind.as_deref()), (0, Some("global")), "{report:?}");
    assert!(!report.checked.contains(&"jsonLog".to_owned()));
    global.close().unwrap();
    age(&fixture);
    let report =
        fixture.options().check_db(fixture.home().join(".mcoda/mcoda.db"), &CheckOptions::default()).unwrap();
    assert_eq!((report.findings.len(), report.kind.as_deref()), (0, Some("global")), "{report:?}");
}

#[test]
fn a_database_in_memory_has_no_files_to_check() {
    let report = Workspace::open_db(":memory:").unwrap().check(&CheckOptions::default()).unwrap();
    assert_eq!((report.findings.len(), report.ok), (0, true), "{report:?}");
    assert_eq!(report.checked, ["integrity", "schema", "foreignKeys", "rows", "workspaceIds"]);
    assert!(Global::open_db(":memory:").unwrap().check(&CheckOptions::default()).unwrap().ok);
    let refused = Workspace::options().check_db(":memory:", &CheckOptions::default());
    assert_refused(refused, ErrorKind::InvalidInput, "path");
}

#[test]
fn what_is_not_examined_in_time_is_a_finding() {
    let fixture = shop();
    let workspace = fixture.open();
    // A reader that sees nothing else: the statement is stopped, and so are the examinations behind it.
    fixture.raw().execute_batch(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
         INSERT INTO token_usage (id, workspace_id, timestamp, metadata_json) SELECT 'n' || i, 'w', '2026-03-20T12:00:00.000Z', '{}' FROM n",
    ).unwrap();
    let how = CheckOptions { time_limit_ms: Some(30), ..CheckOptions::default() };
    let report = workspace.check(&how).unwrap();
    let late: Vec<_> = report.findings.iter().filter(|found| found.code == "not_examined").collect();
    assert!(!late.is_empty() && report.checked.len() < ALL.len(), "{report:?}");
    assert!(late.iter().all(|finding| finding.message.contains("30 ms")), "{report:?}");
    // What was not looked at is not taken for sound.
    let is_integrity_known = report.checked.contains(&"integrity".to_owned());
    assert_eq!(report.ok, is_integrity_known, "{report:?}");
    for limit in [0, -1] {
        let how = CheckOptions { time_limit_ms: Some(limit), ..CheckOptions::default() };
        assert_refused(workspace.check(&how), ErrorKind::InvalidInput, "timeLimitMs");
    }
}

#[test]
fn a_check_can_be_cancelled() {
    let fixture = shop();
    let workspace = fixture.open();
    let token = CancelToken::new();
    token.cancel();
    let how = CheckOptions { time_limit_ms: Some(60_000), ..CheckOptions::default() };
    for how in [CheckOptions::default(), how] {
        assert_refused(token.during(|| workspace.check(&how)), ErrorKind::Cancelled, "cancelled");
        let by_path = token.during(|| fixture.options().check(fixture.root(), &how));
        assert_refused(by_path, ErrorKind::Cancelled, "cancelled");
    }
    workspace.close().unwrap();
    assert_refused(workspace.check(&CheckOptions::default()), ErrorKind::Closed, "closed");
}

#[test]
fn a_transaction_is_not_checked() {
    let fixture = shop();
    let workspace = fixture.open();
    let refused = workspace.transaction(|tx| tx.check(&CheckOptions::default()));
    assert_refused(refused, ErrorKind::Unsupported, "check");
}

#[test]
fn a_database_that_the_environment_turned_off_is_checked_and_that_is_said() {
    let fixture = shop();
    let environment = mcoda_core::Environment { disable_db: true, ..fixture.environment() };
    let workspace = fixture.options().environment(environment.clone()).open(fixture.root()).unwrap();
    age(&fixture);
    for report in [
        workspace.check(&CheckOptions::default()).unwrap(),
        fixture.options().environment(environment).check(fixture.root(), &CheckOptions::default()).unwrap(),
    ] {
        assert_eq!(codes(&report), [("turned_off", Severity::Info)], "{report:?}");
        assert_eq!(report.checked, ALL);
    }
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}
