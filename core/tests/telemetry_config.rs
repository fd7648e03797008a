//! Opting out of telemetry and in again, through the public API.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

mod common;

use common::{Fixture, assert_refused, object};
use mcoda_core::{Environment, ErrorKind, TokenUsage, Workspace};
use serde_json::{Value, json};

fn read(file: &std::path::Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn everything_is_enabled_by_default() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let config = serde_json::to_value(workspace.telemetry_config().unwrap()).unwrap();
    let file = fixture.workspace_folder().join("config.json");
    let expected = json!({"localRecording": true, "remoteExport": true, "optOut": false, "strict": false,
                          "offByEnvironment": false, "offByHandle": false, "configPath": file.to_str().unwrap()});
    assert_eq!(config, expected);
    assert!(!file.exists(), "reading the settings writes nothing");
}

#[test]
fn opting_out_is_written_and_taken_back_and_nothing_else_changes() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let file = fixture.workspace_folder().join("config.json");
    std::fs::write(
        &file,
        r#"{"velocity": {"alpha": 0.25}, "telemetry": {"endpoint": "https://example.org", "token": "t"}}"#,
    )
    .unwrap();
    let out = workspace.opt_out(false).unwrap();
    assert!(out.opt_out && !out.strict && out.local_recording && !out.remote_export);
    assert_eq!(out.endpoint.as_deref(), Some("https://example.org"));
    assert!(workspace.record_token_usage(&TokenUsage::default()).unwrap().recorded);

    let strict = workspace.opt_out(true).unwrap();
    assert!(strict.opt_out && strict.strict && !strict.local_recording);
    assert!(!workspace.record_token_usage(&TokenUsage::default()).unwrap().recorded);
    assert!(workspace.opt_out(false).unwrap().strict, "a strict choice stays until somebody opts in");

    let back = workspace.opt_in().unwrap();
    assert!(!back.opt_out && !back.strict && back.local_recording && back.remote_export);
    assert!(workspace.record_token_usage(&TokenUsage::default()).unwrap().recorded);
    assert_eq!(
        read(&file),
        json!({"velocity": {"alpha": 0.25},
               "telemetry": {"endpoint": "https://example.org", "token": "t", "optOut": false, "strict": false}})
    );
}

#[cfg(unix)]
#[test]
fn the_file_is_for_its_owner_alone_and_a_link_stays_one() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let file = fixture.workspace_folder().join("config.json");
    workspace.opt_out(false).unwrap();
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let elsewhere = fixture.home().join("settings.json");
    std::fs::rename(&file, &elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, &file).unwrap();
    workspace.opt_in().unwrap();
    assert!(file.is_symlink());
    assert_eq!(read(&elsewhere)["telemetry"]["optOut"], false);
}

#[test]
fn a_config_file_that_is_damaged_is_refused_and_kept() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let file = fixture.workspace_folder().join("config.json");
    for (text, kind, names) in [
        ("{\"velocity\": {\"alpha\": 0.5}, ", ErrorKind::Corrupt, "config.json"),
        ("", ErrorKind::Corrupt, "config.json"),
        ("[]", ErrorKind::Corrupt, "config.json"),
        (r#"{"telemetry": {"strict": "false"}}"#, ErrorKind::InvalidInput, "telemetry.strict"),
        (r#"{"telemetry": {"optOut": 1}}"#, ErrorKind::InvalidInput, "telemetry.optOut"),
        (r#"{"telemetry": "off"}"#, ErrorKind::InvalidInput, "telemetry"),
    ] {
        std::fs::write(&file, text).unwrap();
        assert_refused(workspace.opt_out(true), kind, names);
        assert_refused(workspace.opt_in(), kind, names);
        assert_refused(workspace.telemetry_config(), kind, names);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }
}

#[test]
fn what_the_user_the_host_and_the_environment_say_counts_too() {
    let fixture = Fixture::new();
    drop(fixture.open());
    std::fs::write(fixture.home().join(".mcoda/config.json"), r#"{"telemetry": {"optOut": true}}"#).unwrap();
    assert!(fixture.open().telemetry_config().unwrap().opt_out);
    assert!(fixture.open().opt_in().unwrap().remote_export, "the workspace's word holds over the user's");

    let given = object(json!({"telemetry": {"strict": true}}));
    let by_host = fixture.options().config(given).open(fixture.root()).unwrap();
    assert!(by_host.opt_in().unwrap().strict, "the host's word holds over the files'");

    let quiet = fixture.options().no_telemetry(true).open(fixture.root()).unwrap();
    let config = quiet.telemetry_config().unwrap();
    assert!(config.off_by_handle && !config.remote_export && config.local_recording && !config.opt_out);

    let environment = Environment { telemetry_off: true, ..fixture.environment() };
    let config = fixture.options().environment(environment).open(fixture.root()).unwrap().telemetry_config();
    let config = config.unwrap();
    assert!(config.off_by_environment && !config.remote_export && config.local_recording);
}

#[test]
fn handles_that_cannot_write_say_so() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let reader = fixture.options().read_only(true).open(fixture.root()).unwrap();
    assert_refused(reader.opt_out(false), ErrorKind::Storage, "readOnly");
    assert!(reader.telemetry_config().unwrap().remote_export);
    let in_memory = Workspace::options().environment(Environment::default()).open_db(":memory:").unwrap();
    assert_refused(in_memory.opt_in(), ErrorKind::Unsupported, "config");
    assert_eq!(in_memory.telemetry_config().unwrap().config_path, None);
    workspace.close().unwrap();
    assert_refused(workspace.opt_out(true), ErrorKind::Closed, "closed");
    assert_refused(workspace.telemetry_config(), ErrorKind::Closed, "closed");
    assert!(!fixture.workspace_folder().join("config.json").exists());
}

#[test]
fn many_threads_may_choose_at_once() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let file = fixture.workspace_folder().join("config.json");
    std::fs::write(&file, r#"{"velocity": {"alpha": 0.25}}"#).unwrap();
    std::thread::scope(|scope| {
        for number in 0..4 {
            let workspace = &workspace;
            scope.spawn(move || {
                for _ in 0..10 {
                    if number % 2 == 0 {
                        workspace.opt_out(true).unwrap()
                    } else {
                        workspace.opt_in().unwrap()
                    };
                }
            });
        }
    });
    let config = read(&file);
    assert_eq!(config["velocity"]["alpha"], 0.25);
    assert_eq!(config["telemetry"]["optOut"], config["telemetry"]["strict"]);
    let names =
        std::fs::read_dir(fixture.workspace_folder()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(names.into_iter().all(|name| !name.to_str().unwrap().ends_with(".tmp")));
}
