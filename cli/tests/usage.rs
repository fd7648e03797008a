//! The command line as such: exit codes, messages, and databases that cannot be used.

mod common;

use common::Sandbox;

#[test]
fn help_and_version_go_to_standard_output() {
    let sandbox = Sandbox::new();
    assert!(sandbox.text(&["--version"]).starts_with("mcodactl "));
    for args in [&["--help"][..], &["help"], &["record", "--help"], &["estimate", "-h"]] {
        let text = sandbox.text(args);
        assert!(
            text.contains("Usage: mcodactl") && text.contains("--db <FILE>") | text.contains("Commands:")
        );
        assert!(text.ends_with('\n') && !text.contains('\u{1b}'), "{text:?}");
    }
}

#[test]
fn an_invalid_command_line_is_one_line_and_exit_code_2() {
    let sandbox = Sandbox::new();
    for (args, part) in [
        (&[][..], "subcommand"),
        (&["estimat"], "unrecognized subcommand 'estimat'"),
        (&["estimate", "--projekt=P"], "--projekt"),
        (&["estimate", "P"], "unexpected argument 'P'"),
        (&["estimate", "--project"], "--project"),
        (&["transition", "T"], "<STATUS>"),
        (&["record"], "nothing to record"),
        (&["record", "--json"], "nothing to record"),
        (&["record", "--id=1", "--input=-"], "not both"),
        (&["record", "--tokens-prompt=1.5"], "--tokens-prompt"),
        (&["record", "--cost=much"], "--cost"),
        (&["record", "--metadata={"], "--metadata"),
        (&["record", "--metadata=[1]"], "--metadata"),
        (&["record", "--started-at=yesterday"], "RFC 3339"),
        (&["record", "--id=a", "--id=b"], "--id"),
        (&["init", "--db=a.db", "--workspace=."], "--db and --workspace"),
        (&["--db=a.db", "init", "--workspace=."], "--db and --workspace"),
        (&["--workspace", ".", "--db", "a.db", "init"], "--db and --workspace"),
    ] {
        let message = sandbox.run(args).failure(2);
        assert!(message.contains(part), "{message}");
        assert!(message.len() < 300, "{message}");
    }
    assert!(!sandbox.path("a.db").exists() && !sandbox.path(".mcoda").exists());
}

#[test]
fn global_flags_stand_before_or_after_the_command() {
    let sandbox = Sandbox::new();
    let before = sandbox.text(&["--db", "a.db", "--json", "--workspace-id=w", "init"]);
    let after = sandbox.text(&["init", "--db=a.db", "--json", "--workspace-id", "w"]);
    assert_eq!(before, after);
    assert!(sandbox.run(&["init", "--db=a.db", "--workspace-id= "]).failure(1).starts_with("workspaceId"));
}

#[test]
fn files_that_are_not_databases_are_refused_and_not_changed() {
    let sandbox = Sandbox::new();
    let text = "shopping list\n".repeat(100);
    let file = sandbox.write("list.txt", &text);
    let newer = rusqlite::Connection::open(sandbox.path("newer.db")).unwrap();
    newer.execute_batch("CREATE TABLE t (x); PRAGMA user_version = 99;").unwrap();
    drop(newer);
    for command in [&["init"][..], &["estimate"], &["record", "--id=a"], &["transition", "T", "done"]] {
        for (database, part) in [(".", "folder"), ("list.txt", "list.txt"), ("newer.db", "version 99")] {
            let message = sandbox.run(&[command, &["--db", database]].concat()).failure(1);
            assert!(message.contains(part), "{message}");
        }
    }
    assert_eq!(std::fs::read_to_string(file).unwrap(), text);
}

#[test]
fn a_given_config_file_must_exist_and_be_valid() {
    let sandbox = Sandbox::new();
    sandbox.write("damaged.json", "{\"velocity\":");
    sandbox.write("array.json", "[]");
    for config in ["missing.json", "damaged.json", "array.json", "."] {
        let message = sandbox.run(&["init", "--db=a.db", "--config", config]).failure(1);
        assert!(message.starts_with("--config") && message.contains(config), "{message}");
    }
    assert!(!sandbox.path("a.db").exists());
    sandbox.text(&["init", "--db=a.db"]);
    sandbox.write("wrong.json", r#"{"velocity": {"alpha": "high"}}"#);
    let message = sandbox.run(&["velocity", "--db=a.db", "--config=wrong.json"]).failure(1);
    assert!(message.contains("velocity.alpha"), "{message}");
}

#[test]
fn a_query_of_a_missing_database_creates_none() {
    let sandbox = Sandbox::new();
    for command in [&["estimate"][..], &["velocity"], &["transition", "T", "done"]] {
        let message = sandbox.run(&[command, &["--db=typo.db"]].concat()).failure(1);
        assert!(message.contains("typo.db") && message.contains("init"), "{message}");
        sandbox.run(&[command, &["--workspace=."]].concat()).failure(1);
    }
    assert!(!sandbox.path("typo.db").exists());
}

#[test]
fn a_workspace_is_the_folder_of_a_project() {
    let sandbox = Sandbox::new();
    sandbox.write("file", "");
    for root in ["--workspace=typo", "--workspace=file"] {
        let message = sandbox.run(&["record", "--id=a", root]).failure(1);
        assert!(message.contains("is not a folder"), "{message}");
    }
    assert!(!sandbox.path(".mcoda").exists());
}

#[test]
fn a_database_that_is_turned_off_is_an_error() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["estimate", "--db=a.db"]);
    command.env("MCODA_DISABLE_DB", "1");
    let message = common::finish(command).failure(1);
    assert!(message.contains("MCODA_DISABLE_DB"), "{message}");
}

#[test]
#[cfg(unix)]
fn a_closed_pipe_is_not_an_error() {
    let sandbox = Sandbox::new();
    let mut lines = String::new();
    for n in 0..20_000 {
        lines += &format!("{{\"id\": \"{n}\"}}\n");
    }
    let file = sandbox.write("usage.jsonl", &lines);
    let args = ["record", "--db=a.db", "--input", file.to_str().unwrap()];
    // Longer than what fits into a pipe, so that the program must notice.
    let mut child = sandbox.command(&args).spawn().unwrap();
    drop(child.stdout.take());
    let outcome = common::Outcome::new(child.wait_with_output().unwrap());
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    assert_eq!(sandbox.records(&sandbox.path("a.db")), 20_000);
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_cannot_be_written_is_an_error() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["init", "--db=a.db"]);
    command.stdout(std::fs::File::options().write(true).open("/dev/full").unwrap());
    assert!(common::finish(command).failure(1).contains("cannot write the output"));
}
