//! Input is never interpreted as SQL: text that looks like SQL is stored and found like any other.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use common::*;
use mcoda_core::{
    AgentContext, Dimension, EstimateOptions, NewCommandRun, NewEpic, NewJob, NewProject, NewStory, NewTask,
    NewTaskRun, TokenUsageQuery, TransitionContext, Workspace,
};
use serde_json::{Value, json};

const LOOKING_LIKE_SQL: &[&str] = &[
    "'; DROP TABLE tasks; --",
    "\"; DELETE FROM token_usage; --",
    "x' OR '1'='1",
    "\" OR \"\"=\"",
    "1) OR (1=1",
    "NULL",
    "?1",
    ":project",
    "%",
    "_",
    "*",
    "[a-z]*",
    "\\",
    "rowid",
    "/*",
    "SELECT 1 UNION SELECT sql FROM sqlite_schema",
];

/// A project with a task, a job and runs, all named `name`, and a record of it.
fn named(workspace: &Workspace, name: &str) {
    let project = NewProject::from_json(&json!({"key": name, "name": name, "description": name})).unwrap();
    let project = workspace.projects().ensure(&project).unwrap().id;
    let epic = json!({"projectId": project, "key": name, "title": name, "description": name});
    let epic = workspace.epics().create(&NewEpic::from_json(&epic).unwrap()).unwrap().id;
    let story = json!({"epicId": epic, "key": name, "title": name, "acceptanceCriteria": name});
    let story = workspace.stories().create(&NewStory::from_json(&story).unwrap()).unwrap().id;
    let task = json!({"userStoryId": story, "key": name, "title": name, "type": name, "status": name,
                      "assigneeHuman": name, "storyPoints": 1, "metadata": {name: name}});
    let task = workspace.tasks().create(&NewTask::from_json(&task).unwrap()).unwrap().id;
    let job = NewJob::from_json(&json!({"type": name, "state": name, "commandName": name})).unwrap();
    let job = workspace.jobs().create(&job).unwrap().id;
    let run = NewCommandRun::from_json(&json!({"commandName": name, "jobId": job})).unwrap();
    let run = workspace.command_runs().create(&run).unwrap().id;
    let task_run =
        json!({"taskId": task, "command": name, "jobId": job, "commandRunId": run, "agentId": name});
    let task_run = workspace.task_runs().create(&NewTaskRun::from_json(&task_run).unwrap()).unwrap().id;
    workspace.task_runs().finish(&task_run, name, None).unwrap();
    let given = json!({"id": name, "agentId": name, "modelName": name, "commandName": name, "action": name,
        "provider": name, "currency": name, "jobId": job, "taskId": task, "projectId": project,
        "commandRunId": run, "taskRunId": task_run, "metadata": {name: name}});
    assert!(workspace.record_token_usage(&usage(given)).unwrap().logged);
    let body = json!({"id": name, "model": name, "usage": {"prompt_tokens": 1, "completion_tokens": 2}});
    let context = json!({"agentId": name, "commandName": name, "taskId": task, "projectId": project});
    let context = AgentContext::from_json(&context).unwrap();
    workspace.record_agent_response(&body.to_string(), &context).unwrap();
    let context =
        json!({"commandName": name, "agentId": name, "reason": name, "metadataPatch": {name: name}});
    let context = TransitionContext::from_json(&context).unwrap();
    workspace.record_status_transition(name, "in_progress", &context).unwrap();
}

/// The number of rows that a query finds.
fn found(workspace: &Workspace, query: Value) -> usize {
    workspace.token_usage(&TokenUsageQuery::from_json(&query).unwrap()).unwrap().len()
}

#[test]
fn what_looks_like_sql_is_kept_and_found_as_any_other_text() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let schema = |raw: &rusqlite::Connection| {
        value::<String>(raw, "SELECT group_concat(sql, char(10)) FROM sqlite_schema")
    };
    let before = schema(&fixture.raw());
    LOOKING_LIKE_SQL.iter().for_each(|name| named(&workspace, name));
    assert_eq!(schema(&fixture.raw()), before);
    let all = LOOKING_LIKE_SQL.len();
    for table in ["projects", "epics", "user_stories", "tasks", "jobs", "task_runs", "task_status_events"] {
        assert_eq!(count(&fixture.raw(), table), all as i64, "{table}");
    }
    assert_eq!(found(&workspace, json!({})), 2 * all);
    for name in LOOKING_LIKE_SQL {
        for filter in ["projectKey", "agent", "command"] {
            assert_eq!(found(&workspace, json!({filter: name})), 2, "{filter} {name}");
        }
        let rows =
            workspace.token_usage(&TokenUsageQuery::from_json(&json!({"agent": name})).unwrap()).unwrap();
        assert_eq!(serde_json::to_value(&rows[0]).unwrap()["metadata"][name], *name);
        let task = workspace.tasks().get(name).unwrap().unwrap();
        assert_eq!((&*task.title, &*task.status), (*name, "in_progress"));
        let scope = json!({"projectKey": name, "epicKey": name, "storyKey": name, "assignee": name});
        let estimate = workspace.estimate(&EstimateOptions::from_json(&scope).unwrap()).unwrap();
        assert_eq!(estimate.status_counts.total, 1, "{name}");
    }
    // A value that was never recorded is not found by a condition that is always true.
    for filter in ["jobId", "taskId"] {
        assert_eq!(found(&workspace, json!({filter: "x' OR '1'='1"})), 0);
    }
    let by: Vec<Dimension> = vec![Dimension::Agent, Dimension::Model, Dimension::Action];
    let groups = workspace.token_usage_summary(&TokenUsageQuery::default(), &by).unwrap();
    assert_eq!(groups.len(), 2 * all);
    assert_eq!(fixture.log().len(), 2 * all);
    let whole = value::<String>(&fixture.raw(), "PRAGMA integrity_check");
    assert_eq!(whole, "ok");
}
