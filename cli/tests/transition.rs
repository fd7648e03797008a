//! `mcodactl transition`

mod common;

use common::Sandbox;

const DB: &str = "--db=mcoda.db";

#[test]
fn a_transition_prints_the_old_and_the_new_status() {
    let sandbox = Sandbox::new();
    let task = sandbox.backlog(&[3.0]).remove(0);
    let moved = sandbox.text(&["transition", "P-1-1-T1", "in_progress", DB]);
    assert_eq!(moved, "P-1-1-T1: not_started → in_progress\n");
    let again = sandbox.text(&["transition", &task.id, "In_Progress", DB]);
    assert_eq!(again, "P-1-1-T1: is in_progress already, its status did not change\n");
    assert_eq!(sandbox.text(&["transition", &task.id, "ready_to_qa", DB, "-q"]), "");
}

#[test]
fn every_flag_of_a_transition_reaches_its_event() {
    let sandbox = Sandbox::new();
    let task = sandbox.backlog(&[3.0]).remove(0);
    let result = sandbox.json(&[
        "transition",
        "P-1-1-T1",
        "failed",
        DB,
        "--json",
        "--command=work-on-tasks",
        "--agent=claude",
        "--timestamp=2026-03-20T12:00:00Z",
        "--metadata={\"lane\": \"a\"}",
        "--metadata-patch={\"branch\": \"b\"}",
        "--reason=tests are red",
        "--expected-from=not_started",
    ]);
    assert_eq!(result["taskId"], task.id.as_str());
    assert_eq!(result["changed"], true);
    assert_eq!(result["timestamp"], "2026-03-20T12:00:00.000Z");

    let workspace = mcoda_core::Workspace::open_db(sandbox.path("mcoda.db")).unwrap();
    let events = workspace.status_events(&mcoda_core::StatusEventsQuery::default()).unwrap();
    assert_eq!(events[0].id, result["eventId"].as_str().unwrap());
    assert_eq!(events[0].command_name.as_deref(), Some("work-on-tasks"));
    assert_eq!(events[0].agent_id.as_deref(), Some("claude"));
    assert_eq!(events[0].metadata["lane"], "a");
    let task = workspace.tasks().get("P-1-1-T1").unwrap().unwrap();
    assert_eq!(task.metadata["branch"], "b");
    assert_eq!(task.metadata["failed_reason"], "tests are red");
}

#[test]
fn a_refused_transition_changes_nothing_and_says_why() {
    let sandbox = Sandbox::new();
    sandbox.backlog(&[3.0]);
    for (flags, part) in [
        (&["NOPE", "in_progress"][..], "there is no task with id or key \"NOPE\""),
        (&["P-1-1-T1", " "], "STATUS: "),
        (&["P-1-1-T1", "in_progress", "--job", "nope"], "jobId"),
        (&["P-1-1-T1", "in_progress", "--task-run", "nope"], "taskRunId"),
        (&["P-1-1-T1", "completed", "--expected-from", "ready_to_qa"], "--expected-from: "),
        (&["P-1-1-T1", "in_progres"], "did you mean \"in_progress\"?"),
        (&["P-1-1-T1", "done"], "--allow-unknown-status takes any"),
    ] {
        let message = sandbox.run(&[&["transition", DB], flags].concat()).failure(1);
        assert!(message.contains(part), "{message}");
    }
    for flags in [&["--metadata", "{"][..], &["--metadata-patch", "[]"], &["--timestamp", "yesterday"]] {
        let message = sandbox.run(&[&["transition", DB, "P-1-1-T1", "completed"], flags].concat()).failure(2);
        assert!(message.contains(flags[0]), "{message}");
    }
    let moved = sandbox.text(&["transition", "P-1-1-T1", "in_progress", DB]);
    assert_eq!(moved, "P-1-1-T1: not_started → in_progress\n");
    let moved = sandbox.text(&["transition", "P-1-1-T1", "done", DB, "--allow-unknown-status"]);
    assert_eq!(moved, "P-1-1-T1: in_progress → done\n");
}
