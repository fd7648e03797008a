//! Triggers of other programs that silently skip a row: no call may report that it wrote that row.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use common::*;
use mcoda_core::{
    AgentContext, CommandRunEnd, ErrorKind, NewCommandRun, NewEpic, NewJob, NewProject, NewStory, NewTaskRun,
    TransitionContext, Workspace,
};
use serde_json::json;

/// A trigger that silently skips a change of a row of `table`.
fn ignoring(action: &str, table: &str) -> String {
    format!("CREATE TRIGGER quiet BEFORE {action} ON {table} BEGIN SELECT RAISE(IGNORE); END")
}

/// Asserts that `call` fails with `Conflict` and changes nothing while the trigger exists, and succeeds without it.
#[track_caller]
fn assert_refused_by_trigger<T: std::fmt::Debug>(
    fixture: &Fixture,
    action: &str,
    table: &str,
    call: impl Fn() -> mcoda_core::Result<T>,
) {
    fixture.raw().execute_batch(&ignoring(action, table)).unwrap();
    let before = dump(&fixture.database());
    assert_refused(call(), ErrorKind::Conflict, table);
    assert_eq!(dump(&fixture.database()), before, "{action} on {table}");
    fixture.raw().execute_batch("DROP TRIGGER quiet").unwrap();
    call().unwrap();
    assert_ne!(dump(&fixture.database()), before, "{action} on {table}: the call writes");
}

#[test]
fn an_insert_that_a_trigger_ignores_is_no_success() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let refused = |table, call: &dyn Fn() -> mcoda_core::Result<()>| {
        assert_refused_by_trigger(&fixture, "INSERT", table, call)
    };
    refused("projects", &|| {
        workspace.projects().ensure(&NewProject { key: "NEW".into(), ..NewProject::default() }).map(drop)
    });
    let backlog = backlog(&workspace);
    let epic = NewEpic {
        project_id: backlog.project.id.clone(),
        key: "E".into(),
        title: "E".into(),
        ..NewEpic::default()
    };
    refused("epics", &|| workspace.epics().create(&epic).map(drop));
    let story = NewStory {
        epic_id: backlog.epic.id.clone(),
        key: "S".into(),
        title: "S".into(),
        ..NewStory::default()
    };
    refused("user_stories", &|| workspace.stories().create(&story).map(drop));
    refused("tasks", &|| workspace.tasks().create(&backlog.new_task("T", None)).map(drop));
    let task = backlog.task(&workspace, "T2", 1.0);
    let job = NewJob { job_type: "work".into(), ..NewJob::default() };
    refused("jobs", &|| workspace.jobs().create(&job).map(drop));
    let run = NewCommandRun { command_name: "work".into(), ..NewCommandRun::default() };
    refused("command_runs", &|| workspace.command_runs().create(&run).map(drop));
    let run = NewTaskRun { task_id: task.clone(), command: "work".into(), ..NewTaskRun::default() };
    refused("task_runs", &|| workspace.task_runs().create(&run).map(drop));
    refused("task_status_events", &|| {
        workspace.record_status_transition(&task, "in_progress", &TransitionContext::default()).map(drop)
    });
    refused("token_usage", &|| workspace.record_token_usage(&usage(json!({"id": "1"}))).map(drop));
    refused("token_usage_log_queue", &|| workspace.record_token_usage(&usage(json!({"id": "2"}))).map(drop));
    let batch = [usage(json!({"id": "3"})), usage(json!({"id": "4"}))];
    refused("token_usage", &|| workspace.record_token_usages(&batch).map(drop));
    assert_eq!(fixture.log_ids(), ["1", "2", "3", "4"]);
}

#[test]
fn a_change_that_a_trigger_ignores_is_no_success() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let task = backlog(&workspace).task(&workspace, "T", 1.0);
    let refused = |table, call: &dyn Fn() -> mcoda_core::Result<()>| {
        assert_refused_by_trigger(&fixture, "UPDATE", table, call)
    };
    let context = TransitionContext::default();
    refused("tasks", &|| workspace.record_status_transition(&task, "in_progress", &context).map(drop));
    // The status stays: only the metadata is written.
    let patch = TransitionContext { metadata_patch: Some(object(json!({"a": 1}))), ..context };
    refused("tasks", &|| workspace.record_status_transition(&task, "in_progress", &patch).map(drop));

    let job = workspace.jobs().create(&NewJob { job_type: "work".into(), ..NewJob::default() }).unwrap().id;
    let run = NewCommandRun { command_name: "work".into(), ..NewCommandRun::default() };
    let run = workspace.command_runs().create(&run).unwrap().id;
    let attributed = |id: &str, field: &str, of: &str| {
        workspace.record_token_usage(&usage(json!({"id": id, "agentId": "a", field: of}))).map(drop)
    };
    refused("jobs", &|| attributed("1", "jobId", &job));
    refused("command_runs", &|| attributed("2", "commandRunId", &run));
    refused("jobs", &|| workspace.jobs().finish(&job, "completed", None).map(drop));
    let end = CommandRunEnd { status: "succeeded".into(), ..CommandRunEnd::default() };
    refused("command_runs", &|| workspace.command_runs().finish(&run, &end).map(drop));
    let run = NewTaskRun { task_id: task, command: "work".into(), ..NewTaskRun::default() };
    let run = workspace.task_runs().create(&run).unwrap().id;
    refused("task_runs", &|| workspace.task_runs().finish(&run, "succeeded", None).map(drop));

    fixture.raw().execute_batch(&ignoring("UPDATE", "jobs")).unwrap();
    assert_refused(workspace.jobs().finish("none", "completed", None), ErrorKind::NotFound, "none");
}

fn response(workspace: &Workspace, tokens: u64) -> mcoda_core::Result<()> {
    let body = json!({"id": "msg_1", "type": "message", "model": "claude",
        "usage": {"input_tokens": 1, "output_tokens": tokens}});
    workspace.record_agent_response(&body.to_string(), &AgentContext::default()).map(drop)
}

#[test]
fn a_later_version_of_a_response_that_a_trigger_ignores_keeps_the_earlier_one() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    response(&workspace, 1).unwrap();
    assert_refused_by_trigger(&fixture, "DELETE", "token_usage", || response(&workspace, 2));
    assert_refused_by_trigger(&fixture, "INSERT", "token_usage", || response(&workspace, 3));
    assert_refused_by_trigger(&fixture, "INSERT", "token_usage_log_queue", || response(&workspace, 4));
    let logged = fixture.log();
    assert_eq!(logged.len(), 1, "{logged:?}");
    assert_eq!(logged[0]["tokensCompletion"], 4);
}

#[test]
fn the_global_database_reports_triggers_too() {
    let fixture = Fixture::new();
    let file = fixture.home().join("global.db");
    let global = fixture.options().open_global_db(&file).unwrap();
    raw(&file).execute_batch(&ignoring("INSERT", "token_usage")).unwrap();
    let one = usage(json!({"id": "1"}));
    assert_refused(global.record_token_usage(&one), ErrorKind::Conflict, "token_usage");
    assert_eq!(count(&raw(&file), "token_usage"), 0);
    raw(&file).execute_batch("DROP TRIGGER quiet").unwrap();
    assert!(!global.record_token_usage(&one).unwrap().duplicate);
}

#[test]
fn a_queue_that_a_trigger_keeps_full_puts_nothing_into_the_log_twice() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    fixture.raw().execute_batch(&ignoring("DELETE", "token_usage_log_queue")).unwrap();
    let record = |id| workspace.record_token_usage(&usage(json!({"id": id}))).unwrap();
    assert!(record("1").logged);
    // Its transaction would have taken the other one off.
    for id in ["2", "3"] {
        let recorded = record(id);
        assert!(recorded.recorded && !recorded.logged, "{recorded:?}");
        assert!(recorded.log_error.unwrap().contains("token_usage_log_queue"));
    }
    assert_eq!(fixture.log_ids(), ["1", "2", "3"]);
    fixture.raw().execute_batch("DROP TRIGGER quiet").unwrap();
    assert!(record("4").logged);
    assert!(record("5").logged);
    assert_eq!(fixture.log_ids(), ["1", "2", "3", "4", "5"]);
    workspace.close().unwrap();
    assert_eq!(count(&fixture.raw(), "token_usage_log_queue"), 0);
}

#[test]
fn a_trigger_that_says_why_it_refuses_a_row_is_not_taken_for_a_taken_key() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let backlog = backlog(&workspace);
    let refuse = "CREATE TRIGGER loud BEFORE INSERT ON tasks BEGIN SELECT RAISE(ABORT, 'frozen'); END";
    fixture.raw().execute_batch(refuse).unwrap();
    assert_refused(workspace.tasks().create(&backlog.new_task("T", None)), ErrorKind::Conflict, "frozen");
    fixture.raw().execute_batch("DROP TRIGGER loud").unwrap();
    workspace.tasks().create(&backlog.new_task("T", None)).unwrap();
    assert_refused(workspace.tasks().create(&backlog.new_task("T", None)), ErrorKind::Conflict, "already");
}
