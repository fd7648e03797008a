//! All created files are private, whatever the process's umask.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::*;
use mcoda_core::{AgentContext, ErrorKind, TokenUsage};
use serde_json::json;

const FOLDER: &str = "MCODA_TEST_FOLDER";

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o7777
}

/// Everything in `folder` and below, including folders.
fn all_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(all_in(&path));
        }
        found.push(path);
    }
    found
}

/// The names of the existing files; asserts that nobody else can access them.
fn private_names(folder: &Path) -> BTreeSet<String> {
    let name = |path: PathBuf| {
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(&path), expected, "{}: {:o}", path.display(), mode(&path));
        path.file_name().unwrap().to_str().unwrap().to_owned()
    };
    all_in(folder).into_iter().map(name).collect()
}

#[test]
fn everything_that_is_created_is_private_whatever_the_umask() {
    for umask in ["000", "022", "077"] {
        let folder = tempfile::tempdir().unwrap();
        // The umask belongs to the whole process, so no other test may run in it.
        let test = in_other_process(&[]);
        let mut command = Command::new("sh");
        command.args(["-c", "umask $0; exec \"$@\"", umask]);
        command.arg(test.get_program()).args(test.get_args()).env(FOLDER, folder.path());
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{umask}: {text}{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
#[ignore = "the other tests run it, in processes of their own"]
#[allow(clippy::disallowed_methods, reason = "a child process gets its task through the environment")]
fn other_process() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let folder = Path::new(&folder);
    let (home, root) = (folder.join("home"), folder.join("shop"));
    let seen = workspace(&home, &root);
    for name in ["mcoda.db", "mcoda.db-wal", "mcoda.db-shm", "token_usage.json", "token_usage.json.lock"] {
        assert!(seen.contains(name), "{name} is not in {seen:?}");
    }
    global(&home);
    backup(&home, &root, folder);
    migrated_with_a_journal(folder);
    // The next writer finds an incomplete log that is world-readable, as an old program left it.
    set_aside(&home, &root);
    private_names(&home);
}

/// Opens, records, and changes the config file.
fn workspace(home: &Path, root: &Path) -> BTreeSet<String> {
    let workspace = options_in(home).open(root).unwrap();
    workspace.record_token_usage(&TokenUsage::default()).unwrap();
    let logs = home.join("deeper/logs");
    let elsewhere = options_in(home).json_log_in(&logs).open(root).unwrap();
    elsewhere.record_token_usage(&TokenUsage::default()).unwrap();
    assert_eq!((mode(&logs), mode(logs.parent().unwrap())), (0o700, 0o700));
    workspace.opt_out(false).unwrap();
    let names = private_names(home);
    assert!(names.contains("config.json"), "{names:?}");
    names
}

fn global(home: &Path) {
    let global = options_in(home).open_global().unwrap();
    let body = r#"{"usage": {"prompt_tokens": 1, "completion_tokens": 2}}"#;
    global.record_agent_response(body, &AgentContext::default()).unwrap();
    assert!(home.join(".mcoda/mcoda.db-wal").exists());
    private_names(home);
}

fn backup(home: &Path, root: &Path, folder: &Path) {
    let copies = folder.join("copies");
    std::fs::create_dir(&copies).unwrap();
    let workspace = options_in(home).open(root).unwrap();
    workspace.backup_to(copies.join("copy.db")).unwrap();
    assert_eq!(private_names(&copies), BTreeSet::from(["copy.db".to_owned()]));
    // Files derived from the copy are private, too.
    let copy = options_in(home).open_db(copies.join("copy.db")).unwrap();
    copy.record_token_usage(&TokenUsage::default()).unwrap();
    assert!(private_names(&copies).contains("copy.db-wal"));
}

/// The mode of a world-readable database is kept; files beside it are not more accessible than it is.
fn migrated_with_a_journal(folder: &Path) {
    let place = folder.join("old");
    std::fs::create_dir(&place).unwrap();
    let file = place.join("mcoda.db");
    raw(&file).execute_batch("CREATE TABLE notes (text)").unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o640)).unwrap();
    let workspace = options_in(folder).open_db(&file).unwrap();
    workspace.record_token_usage(&TokenUsage::default()).unwrap();
    for path in all_in(&place) {
        assert_eq!(mode(&path) & !0o640, 0, "{}: {:o}", path.display(), mode(&path));
    }
}

fn set_aside(home: &Path, root: &Path) {
    let workspace = options_in(home).open(root).unwrap();
    let log = workspace.database_path().with_file_name("token_usage.json");
    std::fs::write(&log, r#"[{"id": "old", "timestamp": "2026-01-01"}, {"id": "to"#).unwrap();
    std::fs::set_permissions(&log, PermissionsExt::from_mode(0o644)).unwrap();
    let changed = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    std::fs::File::options().append(true).open(&log).unwrap().set_modified(changed).unwrap();
    assert!(workspace.record_token_usage(&usage(json!({"id": "new"}))).unwrap().logged);
    let aside = all_in(home).into_iter().find(|path| path.to_str().unwrap().contains(".corrupt-")).unwrap();
    assert_eq!(std::fs::read_to_string(&aside).unwrap(), r#", {"id": "to"#);
    assert_eq!(mode(&aside), 0o600);
    // It is the same file, with the same mode.
    assert_eq!(mode(&log), 0o644);
    std::fs::set_permissions(&log, PermissionsExt::from_mode(0o600)).unwrap();
}

#[test]
fn a_folder_that_everybody_can_write_to_is_refused_by_its_name() {
    let fixture = Fixture::new();
    drop(fixture.open());
    let folder = fixture.workspace_folder();
    let name = folder.to_str().unwrap().to_owned();
    for refused in [0o777, 0o1777, 0o702] {
        std::fs::set_permissions(&folder, PermissionsExt::from_mode(refused)).unwrap();
        assert_refused(fixture.options().open(fixture.root()), ErrorKind::Storage, &name);
        assert_refused(fixture.options().open(fixture.root()), ErrorKind::Storage, "chmod o-w");
    }
    std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o770)).unwrap();
    assert!(fixture.open().record_token_usage(&TokenUsage::default()).unwrap().logged);
}

/// Formerly, files that root created under `sudo` in a user's folder belonged to root, and the user could not continue.
#[test]
fn what_root_makes_in_a_users_folder_is_the_users() {
    use std::os::unix::fs::{MetadataExt, chown};
    const USER: (u32, u32) = (65533, 65532);

    let fixture = Fixture::new();
    std::fs::create_dir(fixture.home()).unwrap();
    if chown(fixture.home(), Some(USER.0), Some(USER.1)).is_err() {
        eprintln!("NOT TESTED: only root can make files of other users");
        return;
    }
    let owner = |path: &Path| path.metadata().map(|file| (file.uid(), file.gid())).unwrap();
    let seen = workspace(&fixture.home(), &fixture.root());
    for name in ["mcoda.db", "token_usage.json", "token_usage.json.lock", "config.json"] {
        assert!(seen.contains(name), "{name} is not in {seen:?}");
    }
    global(&fixture.home());
    set_aside(&fixture.home(), &fixture.root());
    // A second choice replaces the file.
    fixture.open().opt_in().unwrap();
    for path in all_in(&fixture.home()) {
        assert_eq!(owner(&path), USER, "{}", path.display());
    }
    // Files get the owner of the database, wherever they are.
    let (file, logs) = (fixture.home().join("own.db"), fixture.home().join("logs"));
    for folder in [&fixture.home(), &logs] {
        std::fs::create_dir_all(folder).unwrap();
        chown(folder, Some(0), Some(0)).unwrap();
    }
    drop(fixture.options().open_db(&file).unwrap());
    assert_eq!(owner(&file), (0, 0));
    chown(&file, Some(USER.0), Some(USER.1)).unwrap();
    let workspace = fixture.options().json_log_in(&logs).open_db(&file).unwrap();
    assert!(workspace.record_token_usage(&TokenUsage::default()).unwrap().logged);
    workspace.opt_out(false).unwrap();
    for path in all_in(&logs).into_iter().chain([fixture.home().join("config.json")]) {
        assert_eq!(owner(&path), USER, "{}", path.display());
    }
}
