//! Projects that were moved, copied or renamed, and databases with several workspaces.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use std::path::Path;

use common::*;
use mcoda_core::calls::{OF_ONE_WORKSPACE, Target};
use mcoda_core::{
    CheckOptions, Environment, ErrorKind, NewCommandRun, NewJob, Options, Severity, TokenUsage,
    TokenUsageQuery, Workspace, workspaces,
};
use serde_json::{Value, json};

fn of(id: &str) -> TokenUsage {
    TokenUsage { workspace_id: Some(id.to_owned()), ..TokenUsage::default() }
}

fn count(workspace: &Workspace) -> usize {
    workspace.token_usage(&TokenUsageQuery::default()).unwrap().len()
}

/// A database in `folder` with a record of each of these workspaces, and the file's path.
fn database_of(fixture: &Fixture, folder: &str, ids: &[&str]) -> std::path::PathBuf {
    let folder = fixture.root().join(folder);
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("mcoda.db");
    let workspace = fixture.options().workspace_id("made").open_db(&file).unwrap();
    ids.iter().for_each(|id| drop(workspace.record_token_usage(&of(id)).unwrap()));
    file
}

/// What older versions left: the database of a root, whose rows have the root's path as id, and no `workspace.json`.
fn old_workspace(fixture: &Fixture, root: &Path) {
    let path = root.to_str().unwrap().to_owned();
    let workspace = fixture.options().workspace_id(path).open(root).unwrap();
    workspace.record_token_usage(&TokenUsage::default()).unwrap();
    let written = workspace.database_path().with_file_name("workspace.json");
    assert!(!written.exists(), "an id that is given is not written down");
}

fn id_in(folder: &Path) -> Option<Value> {
    let text = std::fs::read_to_string(folder.join("workspace.json")).ok()?;
    Some(serde_json::from_str::<Value>(&text).unwrap()["id"].clone())
}

/// What every binding says of an empty result.
fn others(workspace: &Workspace, call: &str) -> Vec<String> {
    let reply = Target::Workspace(workspace).call(call, &[]).unwrap();
    reply.other_workspaces().to_vec()
}

#[test]
fn the_only_id_in_the_file_is_used_for_reading_and_writing() {
    let fixture = Fixture::new();
    let file = database_of(&fixture, "a", &["/old/shop"]);
    let moved = fixture.options().open_db(&file).unwrap();
    assert_eq!((moved.id(), count(&moved)), ("/old/shop", 1));
    moved.record_token_usage(&TokenUsage::default()).unwrap();
    moved.jobs().create(&NewJob::new("work")).unwrap();
    let reader = fixture.options().read_only(true).open_db(&file).unwrap();
    assert_eq!((reader.id(), count(&reader)), ("/old/shop", 2));
    assert!(!file.with_file_name("workspace.json").exists(), "the folder may have other databases");
    // A given id is used as it is, and so is that of workspace.json.
    assert_eq!(fixture.options().workspace_id("given").open_db(&file).unwrap().id(), "given");
    std::fs::write(file.with_file_name("workspace.json"), r#"{"id": "foreign"}"#).unwrap();
    let foreign = fixture.options().open_db(&file).unwrap();
    assert_eq!((foreign.id(), count(&foreign)), ("foreign", 0));
    assert_eq!(others(&foreign, "token_usage"), ["/old/shop"]);
}

#[test]
fn the_folders_own_id_is_used_if_the_file_has_rows_of_it() {
    let fixture = Fixture::new();
    let own = fixture.root().join("a");
    let file = database_of(&fixture, "a", &["other", own.to_str().unwrap()]);
    let workspace = fixture.options().open_db(&file).unwrap();
    assert_eq!((workspace.id(), count(&workspace)), (own.to_str().unwrap(), 1));
    assert!(others(&workspace, "token_usage").is_empty());
}

#[test]
fn of_several_ids_none_is_guessed_and_the_empty_result_lists_them() {
    let fixture = Fixture::new();
    let file = database_of(&fixture, "a", &["one", "two"]);
    let workspace = fixture.options().open_db(&file).unwrap();
    assert_eq!(workspace.id(), fixture.root().join("a").to_str().unwrap());
    for call in OF_ONE_WORKSPACE {
        assert_eq!(others(&workspace, call), ["one", "two"], "{call}");
    }
    assert!(others(&workspace, "tasks.list").is_empty(), "tasks have no workspace id");
    let cursor = || workspace.token_usage_cursor(&TokenUsageQuery::default()).unwrap();
    assert_eq!(cursor().other_workspaces(), ["one", "two"]);
    let batch = |calls: &[&str]| {
        let calls: Vec<Value> = calls.iter().map(|call| json!({ "call": call })).collect();
        let reply = Target::Workspace(&workspace).call("batch", &[json!(calls)]).unwrap();
        assert_eq!(reply.to_value(), json!(vec![json!([]); calls.len()]));
        reply.other_workspaces().to_vec()
    };
    assert_eq!(batch(&["tasks.list", "token_usage"]), ["one", "two"]);
    assert!(batch(&["tasks.list"]).is_empty());
    workspace.record_token_usage(&TokenUsage::default()).unwrap();
    assert!(others(&workspace, "jobs.list").is_empty(), "the file has rows of this workspace now");
    let of_nobody = TokenUsageQuery { agent: Some("nobody".to_owned()), ..TokenUsageQuery::default() };
    assert!(workspace.token_usage_cursor(&of_nobody).unwrap().other_workspaces().is_empty());
}

#[test]
fn an_empty_file_is_not_of_another_workspace() {
    let fixture = Fixture::new();
    let file = database_of(&fixture, "a", &[]);
    let workspace = fixture.options().open_db(&file).unwrap();
    assert_eq!(workspace.id(), fixture.root().join("a").to_str().unwrap());
    assert!(others(&workspace, "token_usage").is_empty());
}

#[test]
fn ids_of_jobs_and_command_runs_count_as_well() {
    let fixture = Fixture::new();
    let file = fixture.root().join("mcoda.db");
    std::fs::create_dir_all(fixture.root()).unwrap();
    let of_jobs = fixture.options().workspace_id("jobs").open_db(&file).unwrap();
    of_jobs.jobs().create(&NewJob::new("work")).unwrap();
    assert_eq!(fixture.options().open_db(&file).unwrap().id(), "jobs");
    let of_runs = fixture.options().workspace_id("runs").open_db(&file).unwrap();
    of_runs.command_runs().create(&NewCommandRun::new("work-on-tasks")).unwrap();
    assert_eq!(fixture.options().open_db(&file).unwrap().id(), fixture.root().to_str().unwrap());
}

#[test]
fn a_new_workspace_gets_a_stable_id() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let written: Value = serde_json::from_str(
        &std::fs::read_to_string(fixture.workspace_folder().join("workspace.json")).unwrap(),
    )
    .unwrap();
    let root = fixture.root();
    assert_eq!(written["id"], workspace.id());
    assert_eq!(written["id"].as_str().unwrap().len(), 36, "a UUID, which the TypeScript packages keep");
    assert_eq!(written["name"], "shop");
    assert_eq!(written["createdAt"], noon().to_string());
    assert_eq!(written["legacyIds"], json!([root]));
    workspace.record_token_usage(&TokenUsage::default()).unwrap();
    assert_eq!(fixture.open().id(), workspace.id());
    // The folder is copied to another machine, or the project is renamed: the id goes with it.
    let copied = Fixture::new();
    let there = copied.open().database_path().parent().unwrap().to_owned();
    drop(workspace);
    for name in ["mcoda.db", "workspace.json"] {
        std::fs::copy(fixture.workspace_folder().join(name), there.join(name)).unwrap();
    }
    let moved = copied.open();
    assert_eq!((json!(moved.id()), count(&moved)), (written["id"].clone(), 1));
}

#[test]
fn an_existing_workspace_keeps_its_id() {
    let fixture = Fixture::new();
    old_workspace(&fixture, &fixture.root());
    let workspace = fixture.open();
    assert_eq!((workspace.id(), count(&workspace)), (fixture.root().to_str().unwrap(), 1));
    assert!(id_in(&fixture.workspace_folder()).is_none());
    // The TypeScript packages wrote the file first.
    let theirs = Fixture::new();
    let folder = theirs.open().database_path().parent().unwrap().to_owned();
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("workspace.json"), r#"{"id": "5f1c", "legacyIds": []}"#).unwrap();
    assert_eq!(theirs.open().id(), "5f1c");
    assert_eq!(
        std::fs::read_to_string(folder.join("workspace.json")).unwrap(),
        r#"{"id": "5f1c", "legacyIds": []}"#
    );
}

#[test]
fn the_id_of_a_moved_workspace_is_written_down() {
    let fixture = Fixture::new();
    old_workspace(&fixture, &fixture.root());
    let new_root = fixture.root().with_file_name("store");
    let old_folder = fixture.workspace_folder();
    drop(fixture.options().open(&new_root).unwrap());
    let new_folder = std::fs::read_dir(old_folder.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|folder| *folder != old_folder)
        .unwrap();
    std::fs::remove_dir_all(&new_folder).unwrap();
    std::fs::rename(&old_folder, &new_folder).unwrap();
    let reader = fixture.options().read_only(true).open(&new_root).unwrap();
    assert_eq!((reader.id(), count(&reader)), (fixture.root().to_str().unwrap(), 1));
    assert!(id_in(&new_folder).is_none(), "a handle that only reads writes nothing");
    let moved = fixture.options().open(&new_root).unwrap();
    assert_eq!((moved.id(), count(&moved)), (fixture.root().to_str().unwrap(), 1));
    assert_eq!(id_in(&new_folder), Some(json!(fixture.root())));
    // Whoever records under the path of the new root does not take the history away.
    moved.record_token_usage(&of(new_root.to_str().unwrap())).unwrap();
    assert_eq!(count(&fixture.options().open(&new_root).unwrap()), 1);
}

/// The names of the folders in `.mcoda/workspaces`, without the hash of the path.
fn folders(fixture: &Fixture) -> Vec<String> {
    let entries = std::fs::read_dir(fixture.home().join(".mcoda/workspaces")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.map(|name| name.rsplit_once('-').unwrap().0.to_owned()).collect();
    names.sort();
    names
}

/// A project with a record, whose folder has this new name since.
fn renamed(fixture: &Fixture, name: &str) -> std::path::PathBuf {
    std::fs::create_dir_all(fixture.root()).unwrap();
    let workspace = fixture.open();
    workspace.record_token_usage(&TokenUsage::default()).unwrap();
    workspace.close().unwrap();
    let root = fixture.root().with_file_name(name);
    std::fs::rename(fixture.root(), &root).unwrap();
    root
}

#[test]
fn a_project_that_was_renamed_keeps_its_workspace() {
    let fixture = Fixture::new();
    let id = id_in_new(&fixture);
    let root = renamed(&fixture, "store");
    // It is there for those who only read or want no new one, too, and for a check.
    let report = fixture.options().check(&root, &CheckOptions::default()).unwrap();
    assert!(report.ok, "{:?}", report.findings);
    let reader = fixture.options().read_only(true).open(&root).unwrap();
    assert_eq!((json!(reader.id()), count(&reader)), (id.clone(), 1));
    assert_eq!(folders(&fixture), ["shop"], "a handle that only reads renames nothing");
    drop(reader);
    let moved = fixture.options().existing_only(true).open(&root).unwrap();
    assert_eq!((json!(moved.id()), count(&moved)), (id.clone(), 1));
    moved.record_token_usage(&TokenUsage::default()).unwrap();
    drop(moved);
    // The reader left a file that is there while somebody has the database open.
    drop(fixture.options().open(&root).unwrap());
    assert_eq!(folders(&fixture), ["store"]);
    let found = workspaces(&fixture.environment()).unwrap();
    assert_eq!((found[0].root.as_deref(), found[0].root_exists), (root.to_str(), Some(true)));
    // Whoever begins at the old path has a workspace of his own, and so has who comes back to it.
    std::fs::create_dir_all(fixture.root()).unwrap();
    let other = fixture.open();
    assert_eq!(count(&other), 0);
    assert_ne!(json!(other.id()), id);
    drop(other);
    std::fs::remove_dir(fixture.root()).unwrap();
    std::fs::rename(&root, fixture.root()).unwrap();
    assert_eq!(count(&fixture.open()), 0);
    // And back to a path without one.
    let again = fixture.root().with_file_name("again");
    std::fs::rename(fixture.root(), &again).unwrap();
    let newest = fixture.options().open(&again).unwrap();
    assert_eq!((json!(newest.id()), count(&newest)), (id, 2));
}

/// The id of a new workspace at the root.
fn id_in_new(fixture: &Fixture) -> Value {
    std::fs::create_dir_all(fixture.root()).unwrap();
    json!(fixture.open().id())
}

#[test]
fn a_workspace_that_is_open_stays_where_it_is() {
    let fixture = Fixture::new();
    std::fs::create_dir_all(fixture.root()).unwrap();
    let before = fixture.open();
    before.record_token_usage(&TokenUsage::default()).unwrap();
    let root = fixture.root().with_file_name("store");
    std::fs::rename(fixture.root(), &root).unwrap();
    let after = fixture.options().open(&root).unwrap();
    assert_eq!((after.id(), count(&after)), (before.id(), 1));
    after.record_token_usage(&TokenUsage::default()).unwrap();
    before.record_token_usage(&TokenUsage::default()).unwrap();
    assert_eq!((&*folders(&fixture), count(&after)), (&["shop".to_owned()][..], 3));
    drop((before, after));
    assert_eq!(count(&fixture.options().open(&root).unwrap()), 3);
    assert_eq!(folders(&fixture), ["store"]);
}

#[test]
fn a_folder_that_is_not_the_one_that_was_renamed_begins_anew() {
    let fixture = Fixture::new();
    id_in_new(&fixture);
    // A copy beside it, while the project is there.
    let copy = fixture.root().with_file_name("copy");
    std::fs::create_dir_all(&copy).unwrap();
    assert_eq!(count(&fixture.options().open(&copy).unwrap()), 0);
    // A new folder, which may have the inode of the one that is gone.
    std::fs::remove_dir_all(fixture.root()).unwrap();
    let new = fixture.root().with_file_name("new");
    std::fs::create_dir_all(&new).unwrap();
    fixture.options().open(&new).unwrap();
    assert_eq!(folders(&fixture), ["copy", "new", "shop"]);
}

#[test]
fn a_new_workspace_names_those_of_projects_of_its_name_that_are_gone() {
    let fixture = Fixture::new();
    // As an older version left it: nothing says what became of the root.
    old_workspace(&fixture, &fixture.root());
    let [gone, folder] = [fixture.root(), fixture.workspace_folder()].map(|path| format!("{path:?}"));
    let empty = fixture.root().with_file_name("empty").join("shop");
    drop(fixture.options().open(&empty).unwrap());
    let root = fixture.root().with_file_name("elsewhere").join("shop");
    let missing = fixture.options().existing_only(true).open(&root).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    for part in ["there is no database", &gone, &folder] {
        assert!(missing.message().contains(part), "{missing}");
    }
    let new = fixture.options().open(&root).unwrap();
    let [advice] = new.left_behind() else { panic!("{:?}", new.left_behind()) };
    assert!(advice.contains(&gone) && advice.contains(&folder), "{advice}");
    assert!(advice.contains(&format!("{:?}", new.database_path().parent().unwrap())), "{advice}");
    // It is said once, of roots that are gone, and of the same name.
    assert!(fixture.options().open(&root).unwrap().left_behind().is_empty());
    let other = fixture.root().with_file_name("other");
    assert!(fixture.options().open(&other).unwrap().left_behind().is_empty());
    std::fs::create_dir_all(fixture.root()).unwrap();
    let third = fixture.root().with_file_name("third").join("shop");
    assert!(fixture.options().open(&third).unwrap().left_behind().is_empty());
}

#[test]
fn threads_that_open_a_renamed_project_all_have_its_history() {
    for round in 0..10 {
        let fixture = Fixture::new();
        let root = &renamed(&fixture, "store");
        let start = std::sync::Barrier::new(4);
        let counts = std::thread::scope(|scope| {
            let open = || {
                start.wait();
                count(&fixture.options().open(root).unwrap())
            };
            let all: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(counts, [1; 4], "round {round}");
        assert_eq!(count(&fixture.options().open(root).unwrap()), 1, "round {round}");
    }
}

#[test]
fn two_copies_of_a_project_have_their_own_history_from_then_on() {
    let fixture = Fixture::new();
    let file = database_of(&fixture, "a", &["/srv/shop"]);
    let copy = fixture.root().join("b");
    std::fs::create_dir_all(&copy).unwrap();
    std::fs::copy(&file, copy.join("mcoda.db")).unwrap();
    let [one, other] = [&file, &copy.join("mcoda.db")].map(|file| fixture.options().open_db(file).unwrap());
    assert_eq!([one.id(), other.id()], ["/srv/shop"; 2]);
    one.record_token_usage(&TokenUsage::default()).unwrap();
    assert_eq!([count(&one), count(&other)], [2, 1]);
}

#[test]
fn a_root_behind_a_link_is_a_workspace_of_its_own() {
    let fixture = Fixture::new();
    std::fs::create_dir_all(fixture.root()).unwrap();
    let link = fixture.root().with_file_name("link");
    std::os::unix::fs::symlink(fixture.root(), &link).unwrap();
    let ids = [fixture.root(), link].map(|root| fixture.options().open(root).unwrap().id().to_owned());
    assert_ne!(ids[0], ids[1], "as for the TypeScript packages, the path decides");
}

#[test]
fn threads_that_open_a_new_workspace_all_get_its_id() {
    for round in 0..10 {
        let fixture = Fixture::new();
        let start = std::sync::Barrier::new(4);
        let ids = std::thread::scope(|scope| {
            let open = || {
                start.wait();
                let workspace = fixture.open();
                workspace.record_token_usage(&TokenUsage::default()).unwrap();
                workspace.id().to_owned()
            };
            let all: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
            all.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
        });
        assert!(ids.iter().all(|id| *id == ids[0]), "round {round}: {ids:?}");
        assert_eq!(count(&fixture.open()), 4, "round {round}");
    }
}

#[test]
fn relocating_gives_all_rows_of_an_id_to_another() {
    let fixture = Fixture::new();
    let file = database_of(&fixture, "a", &["old", "old", "other"]);
    let old = fixture.options().workspace_id("old").open_db(&file).unwrap();
    old.jobs().create(&NewJob::new("work")).unwrap();
    old.command_runs().create(&NewCommandRun::new("work-on-tasks")).unwrap();
    let new = fixture.options().workspace_id("new").open_db(&file).unwrap();
    let done = json!(new.relocate("old", "new").unwrap());
    assert_eq!(done, json!({"tokenUsage": 2, "jobs": 1, "commandRuns": 1, "workspaceFile": false}));
    assert_eq!((count(&new), new.jobs().list().unwrap().len()), (2, 1));
    let known = json!(new.workspace_ids().unwrap());
    let expected = json!([
        {"id": "new", "own": true, "tokenUsage": 2, "jobs": 1, "commandRuns": 1},
        {"id": "other", "own": false, "tokenUsage": 1, "jobs": 0, "commandRuns": 0}
    ]);
    assert_eq!(known, expected);
    // The handle with the old id sees that its rows are gone.
    assert_eq!(others(&old, "token_usage"), ["new", "other"]);
}

#[test]
fn relocating_refuses_ids_that_the_file_does_not_know() {
    let fixture = Fixture::new();
    let file = database_of(&fixture, "a", &["old", "other"]);
    let new = fixture.options().workspace_id("new").open_db(&file).unwrap();
    let before = dump(&file);
    assert_refused(new.relocate("odl", "new"), ErrorKind::NotFound, "odl");
    assert_refused(new.relocate("old", "nwe"), ErrorKind::NotFound, "nwe");
    assert_refused(new.relocate("new", "old"), ErrorKind::InvalidInput, "old");
    assert_refused(new.relocate("old", "old"), ErrorKind::InvalidInput, "new");
    assert_refused(new.relocate("old", " "), ErrorKind::InvalidInput, "new");
    assert_refused(new.transaction(|tx| tx.relocate("old", "new")), ErrorKind::Unsupported, "relocate");
    assert_eq!(dump(&file), before);
    let reader = fixture.options().workspace_id("new").read_only(true).open_db(&file).unwrap();
    assert_refused(reader.relocate("old", "new"), ErrorKind::Storage, "");
    assert_eq!(dump(&file), before);
}

#[test]
fn relocating_writes_workspace_json_and_leaves_the_log() {
    let fixture = Fixture::new();
    let first = fixture.open();
    first.record_token_usage(&TokenUsage::default()).unwrap();
    let id = first.id().to_owned();
    drop(first);
    let log = std::fs::read_to_string(fixture.log_file()).unwrap();
    let named = fixture.options().workspace_id("shop").open(fixture.root()).unwrap();
    assert_eq!(json!(named.relocate(&id, "shop").unwrap())["workspaceFile"], true);
    assert_eq!(id_in(&fixture.workspace_folder()), Some(json!("shop")));
    let again = fixture.open();
    assert_eq!((again.id(), count(&again)), ("shop", 1));
    again.record_token_usage(&TokenUsage::default()).unwrap();
    let grown = fixture.log();
    assert!(log.contains(&id));
    assert_eq!([&grown[0]["workspaceId"], &grown[1]["workspaceId"]], [&json!(id), &json!("shop")]);
    let report = again.check(&CheckOptions::default()).unwrap();
    // The database is the truth; that the log has the old id is said and not repaired.
    // With a SQLite of the system, who else has the file open cannot be seen, which is said as information.
    let faults = report.findings.iter().filter(|finding| finding.severity != Severity::Info);
    assert_eq!(faults.map(|finding| &*finding.code).collect::<Vec<_>>(), ["log_differs"]);
}

#[test]
fn relocating_is_all_or_nothing() {
    let fixture = Fixture::new();
    let file = database_of(&fixture, "a", &["old"]);
    let new = fixture.options().workspace_id("new").open_db(&file).unwrap();
    fixture
        .options()
        .workspace_id("old")
        .open_db(&file)
        .unwrap()
        .jobs()
        .create(&NewJob::new("work"))
        .unwrap();
    raw(&file)
        .execute_batch(
            "CREATE TRIGGER keep BEFORE UPDATE OF workspace_id ON token_usage BEGIN SELECT RAISE(IGNORE); END",
        )
        .unwrap();
    let before = dump(&file);
    assert_refused(new.relocate("old", "new"), ErrorKind::Conflict, "token_usage");
    assert_eq!(dump(&file), before);
}

#[test]
fn a_check_of_a_moved_database_does_not_report_its_rows() {
    let fixture = Fixture::new();
    let moved = database_of(&fixture, "a", &["/old/shop"]);
    let shared = database_of(&fixture, "b", &["one", "two"]);
    let codes = |file: &Path, options: Options| -> Vec<String> {
        let report = options.check_db(file, &CheckOptions::default()).unwrap();
        report.findings.into_iter().map(|finding| finding.code).collect()
    };
    assert!(!codes(&moved, fixture.options()).contains(&"other_workspace".to_owned()));
    assert!(codes(&moved, fixture.options().workspace_id("x")).contains(&"other_workspace".to_owned()));
    assert!(codes(&shared, fixture.options()).contains(&"other_workspace".to_owned()));
}

#[test]
fn the_workspaces_of_the_global_folder_are_listed() {
    let fixture = Fixture::new();
    assert!(workspaces(&fixture.environment()).unwrap().is_empty());
    let roots = ["shop", "old", "moved"].map(|name| fixture.root().with_file_name(name));
    std::fs::create_dir_all(&roots[0]).unwrap();
    let shop = fixture.options().open(&roots[0]).unwrap();
    old_workspace(&fixture, &roots[1]);
    old_workspace(&fixture, &roots[2]);
    let folder = fixture.home().join(".mcoda/workspaces");
    let of = |name: &str| {
        let found = workspaces(&fixture.environment()).unwrap();
        found
            .into_iter()
            .find(|one| Path::new(&one.folder).file_name().unwrap().to_str().unwrap().starts_with(name))
    };
    let moved = std::path::PathBuf::from(of("moved-").unwrap().folder);
    std::fs::rename(moved, folder.join("renamed-0123456789ab")).unwrap();
    std::fs::create_dir(folder.join("broken-0123456789ab")).unwrap();
    std::fs::write(folder.join("broken-0123456789ab/workspace.json"), "{").unwrap();

    let new = of("shop-").unwrap();
    assert_eq!((new.id.as_deref(), new.root.as_deref()), (Some(shop.id()), roots[0].to_str()));
    assert_eq!((new.root_exists, new.last_used.is_some(), new.problem), (Some(true), true, None));
    let old = of("old-").unwrap();
    assert_eq!((old.id.as_deref(), old.root.as_deref()), (roots[1].to_str(), roots[1].to_str()));
    assert_eq!(old.root_exists, Some(false));
    let renamed = of("renamed-").unwrap();
    assert_eq!((renamed.id.as_deref(), renamed.root, renamed.root_exists), (roots[2].to_str(), None, None));
    let broken = of("broken-").unwrap();
    assert!(broken.id.is_none() && broken.problem.unwrap().contains("workspace.json"));
    let none = workspaces(&Environment::default());
    assert_refused(none, ErrorKind::Storage, "HOME");
}
