//! Text tables of the results of a real workspace.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

mod common;

use common::{Fixture, at, backlog, moved, usage};
use mcoda_core::report::*;
use mcoda_core::{
    BacklogKeys, Dimension, ErrorKind, Estimate, EstimateOptions, Job, JobInspection, NewJob, NewTaskRun,
    StatusEvent, StatusEventsQuery, TelemetryConfig, TokenUsageQuery, TokenUsageRow, TokenUsageSummaryRow,
    TransitionContext, Velocity, Workspace,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// An old job with two calls, and a task that was sent back.
fn worked_on() -> (Fixture, Workspace, Job) {
    let fixture = Fixture::new();
    let options = fixture.options().workspace_id("w").ids(mcoda_core::IdSource::default());
    let workspace = options.open(fixture.root()).unwrap();
    let task = backlog(&workspace).task(&workspace, "P-日本", 3.0);
    let job = NewJob {
        job_type: "work".into(),
        command_name: Some("work-on-tasks".into()),
        total_items: Some(4),
        ..NewJob::default()
    };
    let job = workspace.jobs().create(&job).unwrap();
    let run = NewTaskRun {
        task_id: task.clone(),
        command: "work-on-tasks".into(),
        job_id: Some(job.id.clone()),
        agent_id: Some("claude".into()),
        started_at: Some(at("08:00:00")),
        ..NewTaskRun::default()
    };
    let run = workspace.task_runs().create(&run).unwrap();
    workspace.task_runs().finish(&run.id, "succeeded", Some(at("09:30:00"))).unwrap();
    for call in [
        json!({"id": "1", "jobId": job.id, "agentId": "claude", "modelName": "sonnet", "commandName": "work-on-tasks", "action": "plan",
               "taskId": task, "tokensPrompt": 1200, "tokensCompletion": 300, "tokensCached": 800, "tokensCacheRead": 800,
               "costEstimate": 0.03125, "durationMs": 1500, "timestamp": "2025-01-01T08:00:00Z"}),
        json!({"id": "2", "jobId": job.id, "agentId": "claude", "modelName": "sonnet", "commandName": "work-on-tasks",
               "metadata": {"error_kind": "timeout"}, "timestamp": "2025-01-02"}),
        json!({"id": "3", "agentId": "claude", "tokensPrompt": 9}),
    ] {
        workspace.record_token_usage(&usage(call)).unwrap();
    }
    for (to, time) in
        [("in_progress", "08:00:00"), ("ready_to_code_review", "09:30:00"), ("completed", "09:45:00")]
    {
        moved(&workspace, &task, to, time);
    }
    let back = TransitionContext {
        timestamp: Some(at("11:00:00")),
        reason: Some("no tests".into()),
        agent_id: Some("ada".into()),
        ..Default::default()
    };
    workspace.record_status_transition(&task, "changes_requested", &back).unwrap();
    let job = workspace.jobs().get(&job.id).unwrap().unwrap();
    (fixture, workspace, job)
}

fn rows_of(workspace: &Workspace, job: &Job) -> Vec<TokenUsageRow> {
    let query = TokenUsageQuery { job_id: Some(job.id.clone()), ..Default::default() };
    workspace.token_usage(&query).unwrap()
}

/// The table's cells, without the rule.
fn cells(table: &str) -> Vec<Vec<&str>> {
    let lines = table.lines().filter(|line| !line.contains("-+-"));
    lines.map(|line| line.split(" | ").map(str::trim).collect()).collect()
}

#[test]
fn the_calls_of_a_job_are_listed_one_by_one() {
    let (_fixture, workspace, job) = worked_on();
    let rows = rows_of(&workspace, &job);
    let text = render_job_tokens(&rows, &workspace.task_keys(&rows).unwrap(), None);
    let table = cells(&text);
    // Nobody named a command run, and nothing was written to a cache.
    assert_eq!(
        table[0],
        [
            "TIME",
            "ACTION",
            "COMMAND",
            "TASK",
            "AGENT",
            "MODEL",
            "TOKENS_IN",
            "TOKENS_OUT",
            "TOKENS_TOTAL",
            "TOKENS_CACHED",
            "CACHE_READ",
            "DURATION",
            "COST",
            "ERROR_KIND"
        ]
    );
    assert_eq!(
        table[1][..6],
        ["2025-01-01T08:00:00.000Z", "plan", "work-on-tasks", "P-日本", "claude", "sonnet"]
    );
    let sums = ["1,200", "300", "1,500", "800", "800", "1.5 s"];
    assert_eq!((&table[1][6..12], &table[1][12..]), (&sums[..], &["0.0313", "-"][..]));
    assert_eq!(table[2][..6], ["2025-01-02T00:00:00.000Z", "-", "work-on-tasks", "-", "claude", "sonnet"]);
    assert_eq!(table[2][6..], ["-", "-", "-", "-", "-", "-", "-", "timeout"]);
    assert_eq!(table[3][..6], ["all", "", "", "", "", ""]);
    assert_eq!((&table[3][6..12], &table[3][12..]), (&sums[..], &["0.0313 |"][..]));
    assert_eq!(table[4..], [["The cost is known of 1 of 2 calls."]]);
}

#[test]
fn an_inspected_job_shows_all_of_its_time() {
    let (_fixture, workspace, job) = worked_on();
    let inspection = workspace.inspect_job(&job.id).unwrap();
    assert_eq!((inspection.task_runs.len(), inspection.tokens.len(), inspection.tokens[0].calls), (1, 1, 2));
    let expected = format!(
        "Job:       {id}\nType:      work\nState:     running\nProgress:  [--------------------]   0.0 %  0 of 4\n\
         Command:   work-on-tasks\nAgents:    claude\nCreated:   2026-03-20T12:00:00.000Z\n\
         Updated:   2026-03-20T12:00:00.000Z\n\n\
         TASK   | RUN OF        | STATUS    | AGENT  | STARTED                  | FINISHED                 |       TOOK\n\
         -------+---------------+-----------+--------+--------------------------+--------------------------+-----------\n\
         P-日本 | work-on-tasks | succeeded | claude | 2026-03-20T08:00:00.000Z | 2026-03-20T09:30:00.000Z | 1 h 30 min\n\n\
         COMMAND       | AGENT  | MODEL  | CALLS | TOKENS_IN | TOKENS_OUT | TOKENS_TOTAL | TOKENS_CACHED | CACHE_READ | DURATION |   COST | COST_KNOWN\n\
         --------------+--------+--------+-------+-----------+------------+--------------+---------------+------------+----------+--------+-----------\n\
         work-on-tasks | claude | sonnet |     2 |     1,200 |        300 |        1,500 |           800 |        800 |    1.5 s | 0.0313 |     1 of 2\n",
        id = job.id
    );
    assert_eq!(render_job_inspection(&inspection, None), expected);
    // The total of one group is that group.
    assert_eq!(render_job_report(&workspace.job_report(&job.id).unwrap(), None), expected);
    assert_eq!(workspace.inspect_job("none").unwrap_err().field(), Some("jobId"));
}

#[test]
fn a_job_of_another_workspace_shows_what_it_cost_there() {
    let (fixture, workspace, job) = worked_on();
    let elsewhere = fixture.options().workspace_id("another").open(fixture.root()).unwrap();
    assert_eq!(elsewhere.inspect_job(&job.id).unwrap(), workspace.inspect_job(&job.id).unwrap());
    // A workspace may have got another id since the job began.
    let call = json!({"jobId": job.id, "tokensPrompt": 7});
    elsewhere.record_token_usage(&mcoda_core::TokenUsage::from_json(&call).unwrap()).unwrap();
    let sums: Vec<i64> =
        elsewhere.inspect_job(&job.id).unwrap().tokens.iter().map(|row| row.tokens_prompt).collect();
    assert_eq!(sums, [7]);
}

#[test]
fn an_empty_job_is_reported_as_empty() {
    let (_fixture, workspace, _) = worked_on();
    let job = workspace.jobs().create(&NewJob { job_type: "sync".into(), ..NewJob::default() }).unwrap();
    let job = workspace.jobs().finish(&job.id, "failed", Some("no\nnetwork")).unwrap();
    let text = render_job_inspection(&workspace.inspect_job(&job.id).unwrap(), None);
    assert!(text.contains("Error:     no network\n\nTask runs: none\n\nTokens: none recorded\n"), "{text}");
    let text = render_jobs(&workspace.jobs().list().unwrap(), None);
    let table = cells(&text);
    assert_eq!(table[0], ["JOB", "TYPE", "STATE", "COMMAND", "AGENTS", "PROGRESS", "CREATED", "COMPLETED"]);
    assert_eq!(
        table[1][1..],
        ["sync", "failed", "-", "-", "-", "2026-03-20T12:00:00.000Z", "2026-03-20T12:00:00.000Z"]
    );
    assert_eq!(table[2][1..5], ["work", "running", "work-on-tasks", "claude"]);
}

#[test]
fn the_status_changes_of_a_task_are_a_timeline() {
    let (_fixture, workspace, _) = worked_on();
    let query = StatusEventsQuery { task: Some("P-日本".into()), ..Default::default() };
    let events = workspace.status_events(&query).unwrap();
    let expected = "\
TIME                     | FROM                 | TO                   |      AFTER | AGENT | NOTE
-------------------------+----------------------+----------------------+------------+-------+--------------------
2026-03-20T08:00:00.000Z | not_started          | in_progress          |          - | -     | -
2026-03-20T09:30:00.000Z | in_progress          | ready_to_code_review | 1 h 30 min | -     | -
2026-03-20T09:45:00.000Z | ready_to_code_review | completed            |     15 min | -     | -
2026-03-20T11:00:00.000Z | completed            | changes_requested    | 1 h 15 min | ada   | sent back: no tests
";
    assert_eq!(render_status_events(&events, None), expected);
    let mut others = events.clone();
    others[0].task_id = "another".into();
    let text = render_status_events(&others, None);
    let table = cells(&text);
    assert_eq!((table[0][1], table[1][1], table[2][4]), ("TASK", "another", "-"));
    assert!(render_status_events(&[], None).starts_with("TIME "));
}

#[test]
fn settings_are_a_table() {
    let (_fixture, workspace, _) = worked_on();
    let mut config = workspace.telemetry_config().unwrap();
    config.config_path = Some("/c.json".into());
    let expected = "\
SETTING         | VALUE
----------------+--------
Local recording | enabled
Remote export   | enabled
Opted out       | no
Strict mode     | off
Config path     | /c.json
";
    assert_eq!(render_telemetry_config(&config, None), expected);
    assert_eq!(config.to_string(), expected);
    (config.remote_export, config.off_by_environment) = (false, true);
    assert!(render_telemetry_config(&config, None).contains("disabled by MCODA_TELEMETRY=off"));
}

fn comes_back<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(result: &T) {
    assert_eq!(&read::<T>("result", &serde_json::to_value(result).unwrap()).unwrap(), result);
}

#[test]
fn every_result_can_be_parsed_from_its_json() {
    let (_fixture, workspace, job) = worked_on();
    let everything = TokenUsageQuery { since: Some("2020-01-01".into()), ..Default::default() };
    comes_back::<Vec<TokenUsageRow>>(&workspace.token_usage(&everything).unwrap());
    comes_back::<Vec<TokenUsageSummaryRow>>(
        &workspace.token_usage_summary(&everything, Dimension::ALL).unwrap(),
    );
    comes_back::<JobInspection>(&workspace.inspect_job(&job.id).unwrap());
    comes_back::<Vec<Job>>(&workspace.jobs().list().unwrap());
    comes_back::<Vec<StatusEvent>>(&workspace.status_events(&StatusEventsQuery::default()).unwrap());
    comes_back::<Velocity>(&workspace.velocity(&EstimateOptions::default()).unwrap());
    comes_back::<Estimate>(&workspace.estimate(&EstimateOptions::default()).unwrap());
    comes_back::<TelemetryConfig>(&workspace.telemetry_config().unwrap());
    let estimate = workspace.estimate(&EstimateOptions::default()).unwrap();
    let again: Estimate = read("estimate", &serde_json::to_value(&estimate).unwrap()).unwrap();
    assert_eq!(render_estimate(&again, None), render_estimate(&estimate, None));
}

#[test]
fn host_rows_may_omit_fields_and_have_additional_ones() {
    let rows: Vec<TokenUsageSummaryRow> = read(
        "rows",
        &json!([{"agent_id": "a", "calls": 2, "cost_estimate": null, "from_tomorrow": {"x": 1}}]),
    )
    .unwrap();
    let text = render_tokens_table(&rows, &[Dimension::Agent], None);
    assert_eq!(text, "AGENT | CALLS\n------+------\na     |     2\n");
    let rows: Vec<TokenUsageRow> = read("rows", &json!([{"timestamp": "t", "duration_ms": 2.5}])).unwrap();
    let text = render_job_tokens(&rows, &BacklogKeys::default(), None);
    assert_eq!(text, "TIME | DURATION\n-----+---------\nt    |     3 ms\n");
    let least = json!({"id": "j", "workspaceId": "w", "type": "sync", "state": "running", "createdAt": "c", "updatedAt": "u"});
    let jobs: Vec<Job> = read("jobs", &json!([least])).unwrap();
    assert_eq!(cells(&render_jobs(&jobs, None))[1], ["j", "sync", "running", "c"]);
    let run = json!({"id": "r", "taskId": "t", "command": "c", "status": "running", "startedAt": "s"});
    let inspection = json!({"job": least, "taskRuns": [run], "tokens": []});
    let text = render_job_inspection(&read("inspection", &inspection).unwrap(), None);
    assert!(text.contains("\nt    | c      | running | s\n"), "{text}");
    for bad in [json!([{"calls": "two"}]), json!({"calls": 2}), Value::Null] {
        let error = read::<Vec<TokenUsageSummaryRow>>("rows", &bad).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("rows")), "{bad}");
    }
}

/// The text of a record as a hostile program may have stored it.
const HOSTILE: &str = "\u{202e}\u{1b}[2J\n\u{200b}\u{e0041}\u{2066}";
const HARMLESS: &str = "\u{fffd}\u{fffd}[2J \u{fffd}\u{fffd}\u{fffd}";

/// `result` with [`HOSTILE`] appended to every text that is not a time or an enumerated name.
fn poisoned<T: Serialize + DeserializeOwned>(result: &T) -> T {
    let mut value = serde_json::to_value(result).unwrap();
    poison(&mut value);
    read("result", &value).unwrap()
}

fn poison(value: &mut Value) {
    match value {
        Value::String(text) => {
            let is_choice = VELOCITY_MODES.contains(&text.as_str());
            if !is_choice && text.parse::<mcoda_core::Timestamp>().is_err() {
                text.push_str(HOSTILE);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(poison),
        Value::Object(fields) => fields.values_mut().for_each(poison),
        _ => {}
    }
}

const VELOCITY_MODES: [&str; 3] = ["config", "empirical", "mixed"];

#[test]
fn no_table_prints_control_characters() {
    let (_fixture, workspace, job) = worked_on();
    let everything = TokenUsageQuery { since: Some("2020-01-01".into()), ..Default::default() };
    let sums = workspace.token_usage_summary(&everything, Dimension::ALL).unwrap();
    let inspection = workspace.inspect_job(&job.id).unwrap();
    let moves = workspace.status_events(&StatusEventsQuery::default()).unwrap();
    let mut estimate = workspace.estimate(&EstimateOptions::default()).unwrap();
    estimate.scope.project = Some("P".into());
    let mut config = workspace.telemetry_config().unwrap();
    config.config_path = Some("/c".into());
    for (text, shown) in [
        (render_job_tokens(&poisoned(&rows_of(&workspace, &job)), &BacklogKeys::default(), None), 9),
        (render_tokens_table(&poisoned(&sums), Dimension::ALL, None), 17),
        (render_jobs(&poisoned(&workspace.jobs().list().unwrap()), None), 5),
        (render_job_inspection(&poisoned(&inspection), None), 12),
        (render_status_events(&poisoned(&moves), None), 10),
        (render_telemetry_config(&poisoned(&config), None), 1),
        (render_estimate(&poisoned(&estimate), None), 6),
    ] {
        assert_eq!(text.matches(HARMLESS).count(), shown, "{text}");
        assert!(text.lines().all(|line| printable(line) == line), "{text:?}");
    }
}

#[test]
fn no_error_prints_control_characters() {
    let (_fixture, workspace, _) = worked_on();
    let given = format!("P{HOSTILE}");
    let query = TokenUsageQuery { since: Some(given.clone()), ..Default::default() };
    let context = TransitionContext { expected_from: Some(given.clone()), ..Default::default() };
    for error in [
        workspace.inspect_job(&given).unwrap_err(),
        workspace.token_usage(&query).unwrap_err(),
        workspace.record_status_transition("P-日本", "completed", &context).unwrap_err(),
        workspace.record_status_transition(&given, "completed", &TransitionContext::default()).unwrap_err(),
        workspace.query(&given, &mcoda_core::SqlParams::default()).unwrap_err(),
        Workspace::open_db(_fixture.root().join("none").join(&given).join("\0")).err().unwrap(),
    ] {
        let text = format!("{error} {}", error.detail().unwrap_or_default());
        assert_eq!(printable(&text), text);
    }
}
