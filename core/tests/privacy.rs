//! Errors show no more of the input than the invalid field, and nothing is printed anywhere else.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use std::collections::BTreeSet;
use std::time::Duration;

use common::*;
use mcoda_core::{
    AgentContext, Environment, Error, ErrorKind, EstimateOptions, NewCommandRun, NewEpic, NewJob, NewProject,
    NewStory, NewTask, NewTaskRun, SqlParams, StatusEventsQuery, TokenUsage, TokenUsageQuery,
    TransitionContext, Workspace, catch_panic,
};
use serde_json::{Map, Value, json};

/// A text that occurs nowhere else.
fn secret(name: &str) -> String {
    format!("SECRET<{name}>")
}

/// The names of all secrets in everything that an error can print.
fn texts_of(error: &Error) -> BTreeSet<String> {
    let json = serde_json::to_string(error).unwrap();
    let all = format!("{error} {error:?} {} {json}", error.detail().unwrap_or_default());
    let name = |rest: &str| rest.split_once('>').map_or(rest, |(name, _)| name).to_owned();
    all.split("SECRET<").skip(1).map(name).collect()
}

/// All observed errors, so that every kind is covered.
#[derive(Default)]
struct Seen {
    kinds: BTreeSet<&'static str>,
    count: usize,
}

impl Seen {
    /// Only the invalid field, and what else is `allowed`, is shown.
    #[track_caller]
    fn see(&mut self, error: Error, kind: ErrorKind, allowed: &[&str]) {
        assert_eq!(error.kind(), kind, "{error}");
        let at_fault = error.field().unwrap_or_default().to_owned();
        let known = |name: &String| *name == at_fault || allowed.contains(&&**name);
        let spilled: Vec<String> = texts_of(&error).into_iter().filter(|name| !known(name)).collect();
        assert!(spilled.is_empty(), "{spilled:?} in {error:?}");
        self.kinds.insert(kind.name());
        self.count += 1;
    }
}

/// Parses an input and makes a call with it.
type Call<'a> = &'a dyn Fn(&Workspace, &Value) -> mcoda_core::Result<()>;

/// An input: its texts, its other fields, the fields that refer to rows, and the call.
struct Input<'a> {
    texts: &'static [&'static str],
    others: &'static [&'static str],
    rows: &'static [&'static str],
    call: Call<'a>,
}

const USAGE_TEXTS: &[&str] =
    &["modelName", "commandName", "action", "invocationKind", "provider", "currency"];
const USAGE_ROWS: &[&str] =
    &["jobId", "commandRunId", "taskRunId", "taskId", "projectId", "epicId", "userStoryId"];

fn inputs<'a>() -> Vec<Input<'a>> {
    vec![
        Input {
            texts: USAGE_TEXTS,
            others: &["tokensPrompt", "costEstimate", "durationMs", "startedAt", "timestamp", "metadata"],
            rows: USAGE_ROWS,
            call: &|workspace, given| workspace.record_token_usage(&TokenUsage::from_json(given)?).map(drop),
        },
        Input {
            texts: &["sessionId", "modelName", "commandName", "action"],
            others: &["durationMs", "startedAt", "metadata"],
            rows: USAGE_ROWS,
            call: &|workspace, given| {
                let context = AgentContext::from_json(given)?;
                workspace.record_agent_response(&body(), &context).map(drop)
            },
        },
        Input {
            texts: &["commandName", "agentId", "reason"],
            others: &["timestamp", "metadata", "metadataPatch"],
            rows: &["jobId", "taskRunId"],
            call: &|workspace, given| {
                let context = TransitionContext::from_json(given)?;
                workspace.record_status_transition("task", "failed", &context).map(drop)
            },
        },
        Input {
            texts: &["key", "name", "description"],
            others: &["metadata"],
            rows: &[],
            call: &|workspace, given| workspace.projects().ensure(&NewProject::from_json(given)?).map(drop),
        },
        Input {
            texts: &["key", "title", "description"],
            others: &["priority", "metadata"],
            rows: &["projectId"],
            call: &|workspace, given| workspace.epics().create(&NewEpic::from_json(given)?).map(drop),
        },
        Input {
            texts: &["key", "title", "description", "acceptanceCriteria"],
            others: &["priority", "metadata"],
            rows: &["epicId"],
            call: &|workspace, given| workspace.stories().create(&NewStory::from_json(given)?).map(drop),
        },
        Input {
            texts: &["key", "title", "description", "type", "status", "assigneeHuman"],
            others: &["storyPoints", "priority", "metadata"],
            rows: &["userStoryId"],
            call: &|workspace, given| workspace.tasks().create(&NewTask::from_json(given)?).map(drop),
        },
        Input {
            texts: &["type", "state", "commandName"],
            others: &["payload", "totalItems"],
            rows: &[],
            call: &|workspace, given| workspace.jobs().create(&NewJob::from_json(given)?).map(drop),
        },
        Input {
            texts: &["commandName"],
            others: &["startedAt"],
            rows: &["jobId"],
            call: &|workspace, given| {
                workspace.command_runs().create(&NewCommandRun::from_json(given)?).map(drop)
            },
        },
        Input {
            texts: &["command"],
            others: &["startedAt", "storyPointsAtRun", "runContext"],
            rows: &["taskId", "jobId", "commandRunId"],
            call: &|workspace, given| workspace.task_runs().create(&NewTaskRun::from_json(given)?).map(drop),
        },
        Input {
            texts: &["command", "agent"],
            others: &["since", "until", "timeZone", "page", "pageSize"],
            rows: &["projectKey"],
            call: &|workspace, given| workspace.token_usage(&TokenUsageQuery::from_json(given)?).map(drop),
        },
        Input {
            texts: &[],
            others: &["since", "until"],
            rows: &[],
            call: &|workspace, given| {
                workspace.status_events(&StatusEventsQuery::from_json(given)?).map(drop)
            },
        },
        Input {
            texts: &["assignee"],
            others: &["mode", "windowTasks", "spPerHourAll"],
            rows: &["projectKey", "epicKey", "storyKey"],
            call: &|workspace, given| workspace.estimate(&EstimateOptions::from_json(given)?).map(drop),
        },
    ]
}

/// A provider's response, in which every text is a secret.
fn body() -> String {
    json!({"id": secret("body.id"), "model": secret("body.model"), "choices": [{"text": secret("body.text")}],
           "usage": {"prompt_tokens": 3, "completion_tokens": 4}})
    .to_string()
}

impl Input<'_> {
    /// All texts, each a secret.
    fn given(&self) -> Map<String, Value> {
        self.texts.iter().map(|name| ((*name).to_owned(), secret(name).into())).collect()
    }

    fn check(&self, workspace: &Workspace, seen: &mut Seen) {
        let inside = json!({"note": secret("inside"), "list": [secret("inside")]});
        let rows = self.rows.iter().map(|name| ((*name).to_owned(), Value::from(secret(name))));
        for field in self.texts.iter().chain(self.others).chain(self.rows) {
            let mut given = self.given();
            given.extend(rows.clone());
            let wrong = if self.others.contains(field) { secret(field).into() } else { inside.clone() };
            given.insert((*field).to_owned(), wrong);
            let error = (self.call)(workspace, &given.into()).unwrap_err();
            assert_eq!(error.field(), Some(*field), "{error}");
            seen.see(error, ErrorKind::InvalidInput, &[]);
        }
        for field in self.rows {
            let mut given = self.given();
            given.insert((*field).to_owned(), secret(field).into());
            let alone = (self.call)(workspace, &given.clone().into()).unwrap_err();
            if alone.kind() == ErrorKind::InvalidInput {
                // Another one must exist, too.
                given.extend(rows.clone());
                seen.see((self.call)(workspace, &given.into()).unwrap_err(), ErrorKind::NotFound, &[]);
            } else {
                assert_eq!(alone.field(), Some(*field), "{alone}");
                seen.see(alone, ErrorKind::NotFound, &[]);
            }
        }
        let mut given = self.given();
        given.insert("unknown".to_owned(), secret("unknown").into());
        seen.see((self.call)(workspace, &given.into()).unwrap_err(), ErrorKind::InvalidInput, &[]);
        let list = json!([secret("inside")]);
        seen.see((self.call)(workspace, &list).unwrap_err(), ErrorKind::InvalidInput, &[]);
    }
}

/// A record in which every text is a secret.
fn record(id: &str) -> Value {
    let mut given: Map<String, Value> =
        USAGE_TEXTS.iter().map(|name| ((*name).to_owned(), secret(name).into())).collect();
    given.insert("id".to_owned(), id.into());
    given.insert("metadata".to_owned(), json!({secret("name"): secret("metadata")}));
    given.into()
}

/// Causes every kind of error.
fn provoke(seen: &mut Seen) {
    let fixture = Fixture::new();
    let workspace = fixture.options().busy_timeout(Duration::ZERO).open(fixture.root()).unwrap();
    let own = backlog(&workspace);
    own.task(&workspace, "task", 1.0);
    for input in inputs() {
        input.check(&workspace, seen);
    }
    conflicts(&workspace, &own, seen);
    sql(&workspace, seen);
    let write = |workspace: &Workspace| workspace.record_token_usage(&usage(record("new"))).unwrap_err();

    let raw = fixture.raw();
    raw.execute_batch("BEGIN IMMEDIATE").unwrap();
    seen.see(write(&workspace), ErrorKind::Busy, &[]);
    let token = mcoda_core::CancelToken::new();
    token.cancel();
    seen.see(token.during(|| write(&workspace)), ErrorKind::Cancelled, &[]);
    raw.execute_batch("ROLLBACK").unwrap();

    damaged_rows(&fixture, &workspace);
    damaged_log(&fixture, &workspace, seen);
    settings(&fixture, &workspace, seen);

    let copy = fixture.root().join("copy.db");
    std::fs::create_dir_all(fixture.root()).unwrap();
    workspace.backup_to(&copy).unwrap();
    damaged_file(&copy, seen);

    std::fs::remove_file(fixture.database()).unwrap();
    seen.see(write(&workspace), ErrorKind::Storage, &[]);
    workspace.close().unwrap();
    seen.see(write(&workspace), ErrorKind::Closed, &[]);

    let panic = catch_panic::<()>(|| panic!("{}", secret("panic"))).unwrap_err();
    seen.see(panic, ErrorKind::Internal, &[]);
}

fn conflicts(workspace: &Workspace, own: &Backlog, seen: &mut Seen) {
    let id = secret("id");
    workspace.record_token_usage(&usage(record(&id))).unwrap();
    let mut other = record(&id);
    other["tokensPrompt"] = 1.into();
    let conflict = ErrorKind::Conflict;
    seen.see(workspace.record_token_usage(&usage(other)).unwrap_err(), conflict, &["id"]);

    let given = json!({"userStoryId": own.story.id, "key": secret("key"), "title": secret("title"),
                       "status": secret("status"), "description": secret("description")});
    let task = NewTask::from_json(&given).unwrap();
    workspace.tasks().create(&task).unwrap();
    seen.see(workspace.tasks().create(&task).unwrap_err(), conflict, &["key"]);

    let context = json!({"expectedFrom": secret("expectedFrom"), "reason": secret("reason")});
    let context = TransitionContext::from_json(&context).unwrap();
    let moved = workspace.record_status_transition(&secret("key"), "failed", &context);
    // The caller must learn that the status has changed, and to which status.
    seen.see(moved.unwrap_err(), conflict, &["expectedFrom", "key", "status"]);
    let deep = (0..200).fold(json!(secret("inside")), |inside, _| json!([inside]));
    let context = json!({"metadata": {"deep": deep}, "reason": secret("reason")});
    let context = TransitionContext::from_json(&context).unwrap();
    let moved = workspace.record_status_transition(&secret("key"), "failed", &context);
    seen.see(moved.unwrap_err(), ErrorKind::InvalidInput, &[]);
}

/// A host's own statement is the invalid field; the data that it reads is not.
fn sql(workspace: &Workspace, seen: &mut Seen) {
    let params = |given: Value| SqlParams::from_json(&given).unwrap();
    for (statement, given) in [
        ("SELEC ?1", json!([secret("params")])),
        ("SELECT nothing FROM token_usage WHERE action = ?1", json!([secret("params")])),
        ("SELECT 1", json!([secret("params")])),
        ("SELECT :a", json!({"b": secret("params")})),
        ("DELETE FROM token_usage WHERE action = ?1", json!([secret("params")])),
        ("SELECT json_extract('{}', action) FROM token_usage", json!([])),
        ("SELECT json_extract('{}', ?1)", json!([secret("params")])),
        ("SELECT json_extract(action, '$') FROM token_usage", json!([])),
        ("SELECT abs(-9223372036854775808), action FROM token_usage", json!([])),
        ("SELECT 1 WHERE ?1 LIKE ?1 ESCAPE 'ab'", json!([secret("params")])),
    ] {
        let error = workspace.query(statement, &params(given)).unwrap_err();
        assert!(matches!(error.field(), Some("sql" | "params")), "{error}");
        assert_eq!(texts_of(&error), BTreeSet::new(), "{statement}: {error:?}");
        seen.see(error, ErrorKind::InvalidInput, &[]);
    }
    let list = SqlParams::from_json(&json!([[secret("inside")]])).unwrap_err();
    seen.see(list, ErrorKind::InvalidInput, &[]);
}

/// Rows with foreign values make no call fail, so there is no error that could show them.
fn damaged_rows(fixture: &Fixture, workspace: &Workspace) {
    let raw = fixture.raw();
    for (table, columns) in [
        ("token_usage", &["metadata_json", "timestamp", "started_at", "action", "cost_estimate"][..]),
        ("tasks", &["metadata_json", "story_points", "status"][..]),
        ("task_status_events", &["metadata_json", "timestamp"][..]),
    ] {
        for column in columns {
            raw.execute(&format!("UPDATE {table} SET {column} = ?1"), [secret(column)]).unwrap();
        }
    }
    workspace.token_usage(&Default::default()).unwrap();
    workspace.token_usage_summary(&Default::default(), &[]).unwrap();
    workspace.estimate(&Default::default()).unwrap();
    workspace.tasks().list(None).unwrap();
}

/// Archiving a damaged log is not an error; a log that is not an array, without a database, may be one.
fn damaged_log(fixture: &Fixture, workspace: &Workspace, seen: &mut Seen) {
    let long_ago = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    std::fs::write(fixture.log_file(), format!("[{{\"id\": \"a\", \"{0}\": \"{0}", secret("log"))).unwrap();
    let file = std::fs::File::options().append(true).open(fixture.log_file()).unwrap();
    file.set_modified(long_ago).unwrap();
    assert!(workspace.record_token_usage(&usage(record("logged"))).unwrap().logged);
    let environment = Environment { disable_db: true, ..fixture.environment() };
    let alone = fixture.options().environment(environment).open(fixture.root()).unwrap();
    let mut other = record("logged");
    other["tokensPrompt"] = 1.into();
    seen.see(alone.record_token_usage(&usage(other)).unwrap_err(), ErrorKind::Conflict, &[]);
    seen.see(alone.token_usage(&Default::default()).unwrap_err(), ErrorKind::Storage, &[]);
    std::fs::remove_file(fixture.log_file()).unwrap();
    std::fs::create_dir(fixture.log_file()).unwrap();
    assert!(!workspace.record_token_usage(&usage(record("later"))).unwrap().logged);
    seen.see(alone.record_token_usage(&usage(record("x"))).unwrap_err(), ErrorKind::Storage, &[]);
    std::fs::remove_dir(fixture.log_file()).unwrap();
}

/// A config file may contain keys of services.
fn settings(fixture: &Fixture, workspace: &Workspace, seen: &mut Seen) {
    let file = fixture.workspace_folder().join("config.json");
    let inside = json!({"token": secret("inside")});
    for config in [
        json!({"telemetry": inside, "velocity": [inside]}),
        json!({"telemetry": {"strict": inside}, "velocity": {"alpha": inside}}),
        json!({"telemetry": [secret("inside")], "velocity": {"alpha": [secret("inside")]}}),
    ] {
        std::fs::write(&file, config.to_string()).unwrap();
        if let Err(error) = workspace.opt_out(false) {
            seen.see(error, ErrorKind::InvalidInput, &[]);
        }
        let error = workspace.estimate(&Default::default()).unwrap_err();
        seen.see(error, ErrorKind::InvalidInput, &[]);
    }
    for text in [secret("inside"), format!("{{\"telemetry\": {}", secret("inside"))] {
        std::fs::write(&file, text).unwrap();
        seen.see(workspace.opt_out(false).unwrap_err(), ErrorKind::Corrupt, &[]);
    }
    std::fs::remove_file(&file).unwrap();
    let id = fixture.workspace_folder().join("workspace.json");
    std::fs::write(&id, json!({"id": [secret("inside")]}).to_string()).unwrap();
    seen.see(fixture.options().open(fixture.root()).unwrap_err(), ErrorKind::Corrupt, &[]);
    std::fs::remove_file(&id).unwrap();
}

/// A database full of secrets that is damaged or made by a newer release.
fn damaged_file(file: &std::path::Path, seen: &mut Seen) {
    let open = || Workspace::options().environment(Environment::default()).open_db(file);
    let whole = std::fs::read(file).unwrap();
    assert!(whole.windows(6).any(|bytes| bytes == b"SECRET"));
    raw(file).execute_batch("PRAGMA user_version = 99").unwrap();
    seen.see(open().unwrap_err(), ErrorKind::Unsupported, &[]);
    let mut damaged = whole.clone();
    damaged[..16].copy_from_slice(b"SECRET<header>  ");
    std::fs::write(file, damaged).unwrap();
    seen.see(open().unwrap_err(), ErrorKind::Corrupt, &[]);
    // All pages except the first are replaced: the schema does not match them.
    let mut damaged = whole.clone();
    damaged[4096..].rotate_left(3 * 4096);
    std::fs::write(file, damaged).unwrap();
    let result = open().and_then(|workspace| {
        workspace.token_usage(&Default::default())?;
        workspace.record_token_usage(&usage(record("into damage")))
    });
    seen.see(result.unwrap_err(), ErrorKind::Corrupt, &[]);
}

#[test]
fn an_error_contains_no_more_of_the_input_than_the_invalid_field() {
    let mut seen = Seen::default();
    provoke(&mut seen);
    let every: BTreeSet<&str> = ErrorKind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(seen.kinds, every);
    assert!(seen.count > 100, "{}", seen.count);
}

#[test]
fn nothing_is_written_to_stdout_or_stderr() {
    for backtrace in ["0", "1", "full"] {
        let output = in_other_process(&[("RUST_BACKTRACE", backtrace)]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
        // The output of the test harness.
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines[..2], ["running 1 test", "test other_process ... ok"]);
        assert!(lines.len() == 3 && lines[2].starts_with("test result: ok"), "{text}");
    }
}

#[test]
#[ignore = "the other tests run it, in processes of their own"]
fn other_process() {
    provoke(&mut Seen::default());
}

#[test]
fn panics_of_the_host_reach_its_own_hook() {
    let _ = catch_panic::<()>(|| panic!("{}", secret("caught"))).unwrap_err();
    let text = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let (usual, into) = (std::panic::take_hook(), text.clone());
    std::panic::set_hook(Box::new(move |panic| *into.lock().unwrap() = panic.to_string()));
    let caught = std::panic::catch_unwind(|| panic!("{}", "the host's own"));
    std::panic::set_hook(usual);
    assert!(caught.is_err() && text.lock().unwrap().contains("the host's own"));
}

#[test]
fn long_text_is_always_truncated() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    backlog(&workspace).task(&workspace, "task", 1.0);
    let long = "long\n".repeat(40_000);
    let brief = |error: Error, most: usize| {
        let json = serde_json::to_string(&error).unwrap();
        for text in [&json, &format!("{error:?}"), error.message(), error.field().unwrap_or_default()] {
            assert!(text.len() < most && !text.contains('\n'), "{}: {text:.2000}", text.len());
        }
    };
    for input in inputs() {
        let fields = input.texts.iter().chain(input.others).chain(input.rows).chain(&["unknown"]);
        for field in fields {
            let mut given = input.given();
            given.insert((*field).to_owned(), long.clone().into());
            if let Err(error) = (input.call)(&workspace, &given.into()) {
                brief(error, 2000);
            }
        }
        brief((input.call)(&workspace, &json!({&*long: 1})).unwrap_err(), 2000);
    }
    for sql in
        [format!("SELECT {}", long.replace('\n', "")), format!("SELEC {long}"), long.replace('\n', "?")]
    {
        brief(workspace.query(&sql, &Default::default()).unwrap_err(), 2000);
    }
    brief(workspace.record_status_transition(&long, "failed", &Default::default()).unwrap_err(), 2000);
    brief(workspace.record_status_transition("task", &long, &Default::default()).unwrap_err(), 2000);
    brief(workspace.inspect_job(&long).unwrap_err(), 2000);
    // A path may be as long as the system allows.
    let path = long.replace('\n', "");
    brief(fixture.options().open_db(&path).unwrap_err(), 40_000);
    brief(fixture.options().open_global_db(&path).unwrap_err(), 40_000);
    brief(workspace.backup_to(&path).unwrap_err(), 40_000);
    brief(workspace.record_agent_file(&path, &AgentContext::default()).unwrap_err(), 40_000);
    brief(catch_panic::<()>(|| panic!("{long}")).unwrap_err(), 2000);
}
