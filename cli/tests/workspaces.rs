//! Projects that were moved.

mod common;

use common::Sandbox;
use serde_json::json;

/// A database with a record of each of these workspaces.
fn database_of(sandbox: &Sandbox, name: &str, ids: &[&str]) {
    for id in ids {
        sandbox.text(&["record", "--id", id, "--workspace-id", id, "--db", name]);
    }
}

#[test]
fn the_only_id_in_the_file_is_used() {
    let sandbox = Sandbox::new();
    database_of(&sandbox, "a.db", &["/old/shop"]);
    let outcome = sandbox.run(&["export", "--db=a.db"]);
    assert_eq!((outcome.code, outcome.stdout.lines().count(), &*outcome.stderr), (Some(0), 1, ""));
}

#[test]
fn an_empty_result_lists_the_other_workspaces() {
    let sandbox = Sandbox::new();
    database_of(&sandbox, "a.db", &["one", "two"]);
    for command in
        [&["tokens", "--since=all"][..], &["export"], &["economics"], &["job", "list"], &["tokens", "--json"]]
    {
        let outcome = sandbox.run(&[command, &["--db=a.db"]].concat());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
        for part in ["\"one\", \"two\"", "--workspace-id", "relocate"] {
            assert!(outcome.stderr.contains(part), "{}", outcome.stderr);
        }
    }
    let outcome = sandbox.run(&["export", "--db=a.db", "--workspace-id=one"]);
    assert_eq!((outcome.stdout.lines().count(), &*outcome.stderr), (1, ""));
}

#[test]
fn rows_are_relocated() {
    let sandbox = Sandbox::new();
    database_of(&sandbox, "a.db", &["one", "two"]);
    assert!(sandbox.run(&["relocate", "none", "--db=a.db"]).failure(1).contains("none"));
    assert!(sandbox.run(&["relocate", "one", "none", "--db=a.db"]).failure(1).contains("none"));
    let done = sandbox.json(&["relocate", "one", "--db=a.db", "--workspace-id=shop", "--json"]);
    assert_eq!(done, json!({"tokenUsage": 1, "jobs": 0, "commandRuns": 0, "workspaceFile": false}));
    let text = sandbox.text(&["relocate", "two", "shop", "--db=a.db", "--workspace-id=shop"]);
    assert!(text.starts_with("1 agent calls, 0 jobs and 0 command runs belong to shop now."), "{text}");
    assert_eq!(sandbox.text(&["export", "--db=a.db"]).lines().count(), 2);
}

#[test]
fn the_workspaces_of_the_global_folder_are_listed() {
    let sandbox = Sandbox::new();
    assert_eq!(sandbox.text(&["workspaces"]), "There is no workspace in the home folder.\n");
    for name in ["shop", "blog"] {
        std::fs::create_dir(sandbox.path(name)).unwrap();
        sandbox.text(&["init", "--workspace", name]);
    }
    std::fs::remove_dir(sandbox.path("blog")).unwrap();
    let found = sandbox.json(&["workspaces", "--json"]);
    assert_eq!(found.as_array().unwrap().len(), 2);
    let shop = sandbox.json(&["init", "--workspace", "shop", "--json"]);
    let of = |name: &str| {
        let root = sandbox.path(name).display().to_string();
        found.as_array().unwrap().iter().find(|one| one["root"] == root).unwrap().clone()
    };
    assert_eq!(of("shop")["id"], shop["workspaceId"]);
    assert_eq!((&of("shop")["rootExists"], &of("blog")["rootExists"]), (&json!(true), &json!(false)));
    let text = sandbox.text(&["workspaces"]);
    assert!(text.starts_with("ROOT") && text.contains("blog (gone)"), "{text}");
}
