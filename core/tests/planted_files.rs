//! Pipes, devices, links and planted files in place of this library's own: no call blocks, exhausts the memory or
//! writes through them.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use common::*;
use mcoda_core::{AgentContext, ErrorKind, Global, TokenUsage, Workspace};

const NOBODY: u32 = 65534;

fn pipe(path: &Path) {
    let _ = std::fs::remove_file(path);
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

/// Without the right to become another user, the test reports that clearly.
fn is_root(folder: &Path) -> bool {
    let file = folder.join("owner");
    std::fs::write(&file, "").unwrap();
    let is_root = chown(&file, Some(NOBODY), None).is_ok();
    std::fs::remove_file(&file).unwrap();
    if !is_root {
        eprintln!("NOT TESTED: only root can make files of other users");
    }
    is_root
}

fn record(workspace: &Workspace) -> bool {
    workspace.record_token_usage(&TokenUsage::default()).unwrap().logged
}

#[test]
fn a_pipe_in_the_place_of_a_file_is_refused_at_once() {
    let fixture = Fixture::new();
    drop(fixture.open());
    let folder = fixture.workspace_folder();
    for name in ["mcoda.db-journal", "mcoda.db-wal", "mcoda.db-shm", "workspace.json", "mcoda.db"] {
        let file = folder.join(name);
        let before = std::fs::read(&file).ok();
        pipe(&file);
        assert_refused(fixture.options().open(fixture.root()), ErrorKind::Storage, name);
        assert_refused(fixture.options().read_only(true).open(fixture.root()), ErrorKind::Storage, name);
        assert_refused(fixture.options().open_db(folder.join("mcoda.db")), ErrorKind::Storage, name);
        std::fs::remove_file(&file).unwrap();
        if let Some(before) = before {
            std::fs::write(&file, before).unwrap();
        }
    }
    let workspace = fixture.open();
    pipe(&folder.join("config.json"));
    assert_refused(workspace.telemetry_config(), ErrorKind::Storage, "config.json");
    assert_refused(workspace.opt_out(false), ErrorKind::Storage, "config.json");
    assert_refused(workspace.record_token_usage(&TokenUsage::default()), ErrorKind::Storage, "regular file");
    std::fs::remove_file(folder.join("config.json")).unwrap();
    for name in ["token_usage.json", "token_usage.json.lock"] {
        pipe(&folder.join(name));
        assert!(!record(&workspace), "{name}");
        std::fs::remove_file(folder.join(name)).unwrap();
    }
    assert!(record(&workspace));
    assert_eq!(fixture.log().len(), 3);
}

#[test]
fn an_agents_file_that_is_no_file_is_refused_at_once() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let file = fixture.home().join("responses.jsonl");
    pipe(&file);
    let device = Path::new("/dev/zero");
    for file in [&*file, device] {
        let read = workspace.record_agent_file(file, &AgentContext::default());
        assert_refused(read, ErrorKind::Storage, file.to_str().unwrap());
    }
}

#[test]
fn the_global_database_and_its_config_are_held_to_the_same() {
    let fixture = Fixture::new();
    let open = || fixture.options().open_global();
    drop::<Global>(open().unwrap());
    let folder = fixture.home().join(".mcoda");
    symlink("/dev/zero", folder.join("config.json")).unwrap();
    let workspace = fixture.open();
    assert_refused(workspace.telemetry_config(), ErrorKind::Storage, "config.json");
    std::fs::remove_file(folder.join("config.json")).unwrap();
    for mode in [0o777, 0o1777] {
        set_mode(&folder, mode);
        assert_refused(open(), ErrorKind::Storage, "chmod o-w");
        assert_refused(fixture.options().open(fixture.root()), ErrorKind::Storage, "chmod o-w");
        assert_refused(
            fixture.options().read_only(true).open(fixture.root()),
            ErrorKind::Storage,
            "chmod o-w",
        );
    }
    set_mode(&folder, 0o700);
    set_mode(&folder.join("workspaces"), 0o777);
    assert_refused(fixture.options().open(fixture.root()), ErrorKind::Storage, "workspaces");
    open().unwrap();
    std::fs::remove_file(folder.join("mcoda.db")).unwrap();
    pipe(&folder.join("mcoda.db"));
    assert_refused(open(), ErrorKind::Storage, "mcoda.db");
}

#[test]
fn a_config_file_without_end_is_refused_by_its_size() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let file = std::fs::File::create(fixture.workspace_folder().join("config.json")).unwrap();
    file.set_len(1 << 40).unwrap();
    assert_refused(workspace.telemetry_config(), ErrorKind::Storage, "16 MiB");
    // The largest file that is read.
    file.set_len(0).unwrap();
    let text = format!("{{}}{}", " ".repeat((16 << 20) - 2));
    std::fs::write(fixture.workspace_folder().join("config.json"), &text).unwrap();
    workspace.telemetry_config().unwrap();
    std::fs::write(fixture.workspace_folder().join("config.json"), text + " ").unwrap();
    assert_refused(workspace.telemetry_config(), ErrorKind::Storage, "16 MiB");
}

#[test]
fn a_folder_for_the_log_that_everybody_can_write_to_is_refused() {
    let fixture = Fixture::new();
    let logs = fixture.home().join("logs");
    std::fs::create_dir_all(&logs).unwrap();
    for mode in [0o777, 0o1777, 0o702] {
        set_mode(&logs, mode);
        let name = logs.to_str().unwrap();
        assert_refused(fixture.options().json_log_in(&logs).open(fixture.root()), ErrorKind::Storage, name);
        let file = fixture.home().join("x.db");
        assert_refused(fixture.options().json_log_in(&logs).open_db(file), ErrorKind::Storage, "chmod o-w");
    }
    assert_refused(fixture.options().json_log_in("/tmp").open(fixture.root()), ErrorKind::Storage, "/tmp");
    set_mode(&logs, 0o770);
    assert!(record(&fixture.options().json_log_in(&logs).open(fixture.root()).unwrap()));
}

/// A folder that a group can write to, with a victim's file beside it.
struct Shared {
    fixture: Fixture,
    workspace: Workspace,
    victim: PathBuf,
}

fn logging(fixture: &Fixture) -> Workspace {
    fixture.options().json_log_in(fixture.home().join("logs")).open(fixture.root()).unwrap()
}

const PRECIOUS: &str = "[]                precious";

impl Shared {
    fn new() -> Self {
        let fixture = Fixture::new();
        let logs = fixture.home().join("logs");
        std::fs::create_dir_all(&logs).unwrap();
        set_mode(&logs, 0o775);
        let workspace = logging(&fixture);
        let victim = fixture.home().join("victim");
        std::fs::write(&victim, PRECIOUS).unwrap();
        Self { fixture, workspace, victim }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.fixture.home().join("logs").join(name)
    }

    fn is_untouched(&self) -> bool {
        std::fs::read_to_string(&self.victim).unwrap() == PRECIOUS
    }
}

const LOG_FILES: [&str; 2] = ["token_usage.json", "token_usage.json.lock"];

#[test]
fn another_name_of_a_victims_file_is_not_written_to() {
    for name in LOG_FILES {
        let shared = Shared::new();
        std::fs::hard_link(&shared.victim, shared.file(name)).unwrap();
        assert!(!record(&shared.workspace), "{name}");
        assert!(shared.is_untouched(), "{name}");
        std::fs::remove_file(shared.file(name)).unwrap();
        assert!(record(&shared.workspace), "{name}");
    }
}

#[test]
fn a_link_that_another_user_made_is_not_followed() {
    for name in LOG_FILES {
        let shared = Shared::new();
        if !is_root(&shared.fixture.home()) {
            return;
        }
        // If the target is missing, a file would be created for another user.
        for target in [shared.victim.clone(), shared.fixture.home().join("missing")] {
            symlink(&target, shared.file(name)).unwrap();
            lchown(shared.file(name), Some(NOBODY), None).unwrap();
            assert!(!record(&shared.workspace), "{name}");
            assert!(shared.is_untouched(), "{name}");
            assert!(!shared.fixture.home().join("missing").exists(), "{name}");
            std::fs::remove_file(shared.file(name)).unwrap();
        }
        // A link of another user on the path, after a link of this user.
        let theirs = shared.file("theirs");
        symlink(&shared.victim, &theirs).unwrap();
        lchown(&theirs, Some(NOBODY), None).unwrap();
        symlink("theirs", shared.file(name)).unwrap();
        assert!(!record(&shared.workspace) && shared.is_untouched(), "{name}");
    }
}

#[test]
fn a_link_of_this_users_own_is_followed() {
    let shared = Shared::new();
    let place = shared.fixture.home().join("elsewhere.json");
    symlink("../hop", shared.file("token_usage.json")).unwrap();
    symlink("elsewhere.json", shared.fixture.home().join("hop")).unwrap();
    std::fs::write(&place, "[]").unwrap();
    let changed = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000_000);
    std::fs::File::options().append(true).open(&place).unwrap().set_modified(changed).unwrap();
    assert!(record(&shared.workspace));
    assert_eq!(read_log(&place).len(), 1);
}

#[test]
fn a_file_of_another_user_is_refused_where_others_can_write_and_taken_where_they_cannot() {
    let shared = Shared::new();
    if !is_root(&shared.fixture.home()) {
        return;
    }
    assert!(record(&shared.workspace));
    for name in LOG_FILES {
        chown(shared.file(name), Some(NOBODY), None).unwrap();
        // Another handle: this one has open files that were its own when it opened them.
        assert!(!record(&logging(&shared.fixture)), "{name}");
        set_mode(shared.file(name).parent().unwrap(), 0o755);
        assert!(record(&logging(&shared.fixture)), "{name}");
        set_mode(shared.file(name).parent().unwrap(), 0o775);
        chown(shared.file(name), Some(0), None).unwrap();
    }
    // The same for the files of a workspace.
    let folder = shared.fixture.workspace_folder();
    set_mode(&folder, 0o770);
    for name in ["mcoda.db", "workspace.json", "config.json"] {
        let file = folder.join(name);
        if !file.exists() {
            std::fs::write(&file, "{}").unwrap();
        }
        chown(&file, Some(NOBODY), None).unwrap();
        let opened = shared.fixture.options().open(shared.fixture.root());
        assert_refused(opened.and_then(|own| own.telemetry_config()), ErrorKind::Storage, name);
        chown(&file, Some(file.parent().unwrap().metadata().unwrap().uid()), None).unwrap();
    }
    shared.fixture.open().telemetry_config().unwrap();
}

#[test]
fn a_folder_that_is_a_link_of_another_user_is_refused() {
    let fixture = Fixture::new();
    let logs = fixture.home().join("logs");
    std::fs::create_dir_all(fixture.home().join("private")).unwrap();
    if !is_root(&fixture.home()) {
        return;
    }
    symlink("private", &logs).unwrap();
    assert!(record(&fixture.options().json_log_in(&logs).open(fixture.root()).unwrap()));
    lchown(&logs, Some(NOBODY), None).unwrap();
    assert_refused(fixture.options().json_log_in(&logs).open(fixture.root()), ErrorKind::Storage, "65534");
}
