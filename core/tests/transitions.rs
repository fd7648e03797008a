//! Status transitions, and their history.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use common::*;
use mcoda_core::{ErrorKind, NewJob, NewTask, StatusEvent, StatusEventsQuery, TransitionContext, Workspace};
use serde_json::{Value, json};

fn context(json: Value) -> TransitionContext {
    TransitionContext::from_json(&json).unwrap()
}

fn events_of(workspace: &Workspace, task: &str) -> Vec<StatusEvent> {
    let query = StatusEventsQuery { task: Some(task.into()), ..Default::default() };
    workspace.status_events(&query).unwrap()
}

fn metadata_of(workspace: &Workspace, task: &str) -> Value {
    workspace.tasks().get(task).unwrap().unwrap().metadata.into()
}

fn status_of(workspace: &Workspace, task: &str) -> String {
    workspace.tasks().get(task).unwrap().unwrap().status
}

/// Each event begins with the status at which the previous one ended.
fn assert_true_history(events: &[StatusEvent], first: &str, last: &str) {
    let mut status = first.to_owned();
    for event in events {
        assert_eq!(event.from_status.as_deref(), Some(&*status), "{events:#?}");
        status.clone_from(&event.to_status);
    }
    assert_eq!(status, last);
}

#[test]
fn a_transition_changes_the_task_and_leaves_an_event_with_its_circumstances() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let task = backlog(&workspace).task(&workspace, "P-1", 3.0);
    let job = workspace.jobs().create(&NewJob { job_type: "work".into(), ..NewJob::default() }).unwrap().id;
    let run = ran(&workspace, &task, "work-on-tasks", "10:00:00", "11:00:00", "succeeded");
    let given = json!({"commandName": "work-on-tasks", "job_id": job, "taskRunId": run, "agentId": "claude",
        "timestamp": "2026-03-20T12:30:00.1239+01:00", "metadata": {"lane": "implementation", "n": [1.5]},
        "metadataPatch": {"note": {"deep": null}}});
    let transition = workspace.record_status_transition("P-1", "in_progress", &context(given)).unwrap();
    assert!(transition.changed);
    assert_eq!(transition.task_id, task);
    assert_eq!((&*transition.from_status, &*transition.to_status), ("not_started", "in_progress"));
    assert_eq!(transition.timestamp.to_string(), "2026-03-20T11:30:00.123Z");

    let row: String = value(
        &fixture.raw(),
        "SELECT json_array(id, task_id, from_status, to_status, timestamp, command_name, job_id, task_run_id, agent_id,
             json(metadata_json)) FROM task_status_events",
    );
    let expected = json!([transition.event_id, task, "not_started", "in_progress", "2026-03-20T11:30:00.123Z",
        "work-on-tasks", job, run, "claude", {"lane": "implementation", "n": [1.5]}]);
    assert_eq!(serde_json::from_str::<Value>(&row).unwrap(), expected);
    let found = workspace.tasks().get(&task).unwrap().unwrap();
    assert_eq!(
        (found.status.as_str(), found.updated_at.as_str()),
        ("in_progress", "2026-03-20T12:00:00.000Z")
    );
    assert_eq!(Value::from(found.metadata), json!({"note": {"deep": null}}));

    let bare = workspace.record_status_transition(&task, "blocked", &Default::default()).unwrap();
    assert_eq!(bare.timestamp, noon());
    let event = &events_of(&workspace, &task)[1];
    assert_eq!((event.job_id.as_ref(), event.command_name.as_ref(), event.metadata.len()), (None, None, 0));
}

#[test]
fn a_transition_that_cannot_write_its_event_leaves_the_task_as_it_was() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let task = backlog(&workspace).task(&workspace, "P-1", 3.0);
    let refuse = "CREATE TRIGGER no_events BEFORE INSERT ON task_status_events
                  BEGIN SELECT RAISE(ABORT, 'not today'); END";
    fixture.raw().execute_batch(refuse).unwrap();
    let before = fixture.everything();
    let given = context(json!({"metadataPatch": {"a": 1}, "reason": "r"}));
    assert!(workspace.record_status_transition(&task, "failed", &given).is_err());
    assert_eq!(fixture.everything(), before);
    fixture.raw().execute_batch("DROP TRIGGER no_events").unwrap();
    assert!(workspace.record_status_transition(&task, "failed", &given).unwrap().changed);
}

#[test]
fn the_status_that_a_task_already_has_writes_no_event() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let task = backlog(&workspace).task(&workspace, "P-1", 3.0);
    let given = context(json!({"reason": "r", "metadata": {"a": 1}, "timestamp": "2026-03-20T09:00:00Z"}));
    let before = fixture.everything();
    for word in ["not_started", " Not_Started\n"] {
        let transition = workspace.record_status_transition(&task, word, &given).unwrap();
        assert!(!transition.changed && transition.event_id.is_none());
        assert_eq!((&*transition.from_status, &*transition.to_status), ("not_started", "not_started"));
    }
    assert_eq!(fixture.everything(), before);
    // Completing twice, or failing again, does not change the time or the reason.
    moved(&workspace, &task, "completed", "10:00:00");
    moved(&workspace, &task, "completed", "11:00:00");
    assert_eq!(metadata_of(&workspace, &task), json!({"last_completed_at": "2026-03-20T10:00:00.000Z"}));
    assert_eq!(events_of(&workspace, &task).len(), 1);
    // The patch is applied whether or not the status changes.
    let patch = context(json!({"metadataPatch": {"seen": true}}));
    assert!(!workspace.record_status_transition(&task, "completed", &patch).unwrap().changed);
    assert_eq!(metadata_of(&workspace, &task)["seen"], true);
}

#[test]
fn the_older_word_for_ready_to_code_review_is_the_same_status() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let task = backlog(&workspace).task(&workspace, "P-1", 3.0);
    moved(&workspace, &task, "ready_to_review", "10:00:00");
    assert_eq!(status_of(&workspace, &task), "ready_to_review", "the caller's word is what is stored");
    let same = moved(&workspace, &task, "ready_to_code_review", "11:00:00");
    assert!(!same.changed);
    assert_eq!(same.to_status, "ready_to_review", "as it is stored");
    let given = context(json!({"expectedFrom": " READY_TO_CODE_REVIEW "}));
    assert!(workspace.record_status_transition(&task, "ready_to_qa", &given).unwrap().changed);
    assert_true_history(&events_of(&workspace, &task), "not_started", "ready_to_qa");
}

#[test]
fn statuses_are_trimmed_and_lower_cased_and_allowed_unknown_ones_are_kept() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let own = backlog(&workspace);
    let task = own.task(&workspace, "P-1", 3.0);
    for (word, stored) in [
        (" In_Progress ", "in_progress"),
        ("ON Hold", "on hold"),
        ("\tBLOCKED\n", "blocked"),
        ("Ürgent", "ürgent"),
    ] {
        let allowed = context(json!({"allowUnknownStatus": true}));
        assert_eq!(workspace.record_status_transition(&task, word, &allowed).unwrap().to_status, stored);
        assert_eq!(status_of(&workspace, &task), stored);
    }
    let new = NewTask { status: Some(" Ready_To_QA".into()), ..own.new_task("P-2", None) };
    assert_eq!(workspace.tasks().create(&new).unwrap().status, "ready_to_qa");
    // Rows of other programs may contain blanks and capitals, which are ignored.
    fixture.raw().execute("UPDATE tasks SET status = ' In_Progress ' WHERE id = ?1", [&task]).unwrap();
    assert!(!moved(&workspace, &task, "in_progress", "11:00:00").changed);
    let given = context(json!({"expectedFrom": "in_progress"}));
    assert!(workspace.record_status_transition(&task, "blocked", &given).unwrap().changed);
}

#[test]
fn blocked_is_a_status_like_every_other() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let task = backlog(&workspace).task(&workspace, "P-1", 3.0);
    moves(
        &workspace,
        &task,
        &[("in_progress", "09:00:00"), ("blocked", "09:30:00"), ("in_progress", "10:00:00")],
    );
    let events = events_of(&workspace, &task);
    assert_true_history(&events, "not_started", "in_progress");
    assert_eq!(events.len(), 3);
    assert_eq!(metadata_of(&workspace, &task), json!({}));
}

#[test]
fn completing_and_reverting_are_noted_in_the_metadata() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let task = backlog(&workspace).task(&workspace, "P-1", 3.0);
    moved(&workspace, &task, "completed", "08:00:00");
    assert_eq!(metadata_of(&workspace, &task), json!({"last_completed_at": "2026-03-20T08:00:00.000Z"}));
    let given =
        context(json!({"timestamp": "2026-03-20T09:00:00Z", "reason": "broken", "metadata": {"by": "qa"}}));
    workspace.record_status_transition(&task, "Changes_Requested", &given).unwrap();
    let last = json!({"from_status": "completed", "to_status": "changes_requested",
                      "timestamp": "2026-03-20T09:00:00.000Z", "reason": "broken"});
    assert_eq!(
        metadata_of(&workspace, &task),
        json!({"last_completed_at": "2026-03-20T08:00:00.000Z", "revert_event_pending": true, "revert_event_count": 1,
               "last_revert_event": last})
    );
    let event = events_of(&workspace, &task).pop().unwrap();
    assert_eq!(
        Value::from(event.metadata),
        json!({"by": "qa", "revert_event": true, "revert_reason": "broken"})
    );

    moved(&workspace, &task, "completed", "10:00:00");
    let metadata = metadata_of(&workspace, &task);
    assert_ne!(metadata["revert_event_pending"], true, "cleared");
    assert_eq!(
        (&metadata["last_completed_at"], &metadata["revert_event_count"]),
        (&json!("2026-03-20T10:00:00.000Z"), &json!(1))
    );
    moved(&workspace, &task, "changes_requested", "11:00:00");
    let metadata = metadata_of(&workspace, &task);
    assert_eq!(
        (&metadata["revert_event_count"], &metadata["revert_event_pending"]),
        (&json!(2), &json!(true))
    );
    assert_eq!(metadata["last_revert_event"]["reason"], Value::Null);
    let event = events_of(&workspace, &task).pop().unwrap();
    assert_eq!(Value::from(event.metadata), json!({"revert_event": true, "revert_reason": null}));
}

#[test]
fn only_changes_requested_after_completed_is_a_revert() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let task = backlog(&workspace).task(&workspace, "P-1", 3.0);
    moves(&workspace, &task, &[("ready_to_qa", "08:00:00"), ("changes_requested", "09:00:00")]);
    moves(&workspace, &task, &[("completed", "10:00:00"), ("in_progress", "11:00:00")]);
    assert_eq!(metadata_of(&workspace, &task), json!({"last_completed_at": "2026-03-20T10:00:00.000Z"}));
    assert!(events_of(&workspace, &task).iter().all(|event| event.metadata.is_empty()));
}

#[test]
fn the_reason_of_a_failure_is_stored_with_the_task_and_the_event() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let own = backlog(&workspace);
    for (key, given, of_task, of_event) in [
        ("P-1", json!({"reason": "tests"}), json!("tests"), json!("tests")),
        ("P-2", json!({"metadataPatch": {"failed_reason": "patch"}}), json!("patch"), json!("patch")),
        (
            "P-3",
            json!({"reason": "tests", "metadataPatch": {"failed_reason": "patch"}}),
            json!("patch"),
            json!("tests"),
        ),
        ("P-4", json!({}), Value::Null, Value::Null),
        (
            "P-5",
            json!({"reason": "tests", "metadata": {"failed_reason": "own"}}),
            json!("tests"),
            json!("own"),
        ),
    ] {
        let task = own.task(&workspace, key, 1.0);
        workspace.record_status_transition(&task, "FAILED", &context(given)).unwrap();
        assert_eq!(metadata_of(&workspace, &task)["failed_reason"], of_task, "{key}");
        let event = events_of(&workspace, &task).pop().unwrap();
        assert_eq!(event.metadata.get("failed_reason").cloned().unwrap_or_default(), of_event, "{key}");
    }
    let other = own.task(&workspace, "P-6", 1.0);
    workspace.record_status_transition(&other, "blocked", &context(json!({"reason": "waits"}))).unwrap();
    assert_eq!(metadata_of(&workspace, &other), json!({}), "a reason belongs to failures and reverts");
}

#[test]
fn the_callers_patch_takes_precedence() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let own = backlog(&workspace);
    let new = NewTask { metadata: object(json!({"keep": 1, "change": 1})), ..own.new_task("P-1", None) };
    let task = workspace.tasks().create(&new).unwrap().id;
    let patch = json!({"metadataPatch": {"change": {"to": [2]}, "null": null, "last_completed_at": "mine",
                                         "revert_event_pending": true}});
    workspace.record_status_transition(&task, "completed", &context(patch)).unwrap();
    assert_eq!(
        metadata_of(&workspace, &task),
        json!({"keep": 1, "change": {"to": [2]}, "null": null, "last_completed_at": "mine", "revert_event_pending": true})
    );
    let patch = json!({"metadataPatch": {"revert_event_pending": false, "revert_event_count": 7}});
    workspace.record_status_transition(&task, "changes_requested", &context(patch)).unwrap();
    let metadata = metadata_of(&workspace, &task);
    assert_eq!(
        (&metadata["revert_event_pending"], &metadata["revert_event_count"]),
        (&json!(false), &json!(7))
    );
}

#[test]
fn damaged_task_metadata_is_kept() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let own = backlog(&workspace);
    for (key, damaged, rescued) in [
        ("P-1", "{\"cut\": ", json!("{\"cut\": ")),
        ("P-2", "[1, 2]", json!("[1, 2]")),
        ("P-3", "null", Value::Null),
        ("P-4", "", Value::Null),
    ] {
        let task = own.task(&workspace, key, 1.0);
        let set = "UPDATE tasks SET metadata_json = ?1 WHERE id = ?2";
        fixture.raw().execute(set, [damaged, &task]).unwrap();
        let text =
            |sql: &str| value::<String>(&fixture.raw(), &format!("{sql} FROM tasks WHERE key = '{key}'"));
        moved(&workspace, &task, "in_progress", "09:00:00");
        assert_eq!(text("SELECT metadata_json"), damaged, "nothing to add, nothing to change");
        moved(&workspace, &task, "completed", "10:00:00");
        let metadata = metadata_of(&workspace, &task);
        assert_eq!(metadata["last_completed_at"], "2026-03-20T10:00:00.000Z");
        assert_eq!(metadata.get("unreadable_metadata").cloned().unwrap_or_default(), rescued, "{key}");
    }
}

#[test]
fn a_key_that_two_tasks_have_is_refused_and_lists_them() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let (p, q) = (Backlog::new(&workspace, "P"), Backlog::new(&workspace, "Q"));
    let tasks = [p.task(&workspace, "T1", 1.0), q.task(&workspace, "T1", 1.0)];
    let before = fixture.everything();
    let error = workspace.record_status_transition("T1", "completed", &Default::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(tasks.iter().all(|task| error.message().contains(task)), "{error}");
    assert_eq!(fixture.everything(), before);
    assert_refused(workspace.tasks().get("T1"), ErrorKind::InvalidInput, &tasks[1]);
    let query = StatusEventsQuery { task: Some("T1".into()), ..Default::default() };
    assert_refused(workspace.status_events(&query), ErrorKind::InvalidInput, &tasks[0]);
    workspace.record_status_transition(&tasks[1], "completed", &Default::default()).unwrap();
    assert_eq!(
        (status_of(&workspace, &tasks[0]), status_of(&workspace, &tasks[1])),
        ("not_started".into(), "completed".into())
    );
}

#[test]
fn an_id_takes_precedence_over_an_equal_key() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let own = backlog(&workspace);
    let first = own.task(&workspace, "P-1", 1.0);
    own.task(&workspace, &first, 1.0);
    assert_eq!(moved(&workspace, &first, "blocked", "10:00:00").task_id, first);
}

#[test]
fn expected_from_lets_exactly_one_of_two_racing_callers_win() {
    let fixture = Fixture::new();
    let handles = [fixture.open(), fixture.open()];
    let own = backlog(&handles[0]);
    for round in 0..20 {
        let task = own.task(&handles[0], &format!("P-{round}"), 1.0);
        let given = context(json!({"expectedFrom": "not_started"}));
        let results: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = [(&handles[0], "in_progress"), (&handles[1], "blocked")]
                .into_iter()
                .map(|(handle, to)| {
                    let (task, given) = (&task, &given);
                    scope.spawn(move || handle.record_status_transition(task, to, given))
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let lost: Vec<_> = results.iter().filter_map(|result| result.as_ref().err()).collect();
        assert_eq!(lost.len(), 1, "{results:?}");
        assert_eq!(lost[0].kind(), ErrorKind::Conflict);
        assert_eq!(events_of(&handles[0], &task).len(), 1);
    }
}

#[test]
fn expected_from_is_checked_even_if_nothing_would_change() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let task = backlog(&workspace).task(&workspace, "P-1", 1.0);
    moved(&workspace, &task, "in_progress", "10:00:00");
    let given = context(json!({"expectedFrom": "not_started"}));
    let result = workspace.record_status_transition(&task, "in_progress", &given);
    assert_refused(result, ErrorKind::Conflict, "in_progress");
    let given = context(json!({"expectedFrom": "in_progress"}));
    assert!(!workspace.record_status_transition(&task, "in_progress", &given).unwrap().changed);
}

#[test]
fn racing_callers_write_a_true_history() {
    let fixture = Fixture::new();
    let handles = [fixture.open(), fixture.open()];
    let task = backlog(&handles[0]).task(&handles[0], "P-1", 1.0);
    let statuses =
        ["in_progress", "ready_to_code_review", "changes_requested", "ready_to_qa", "completed", "blocked"];
    let changed: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4_u64)
            .map(|thread| {
                let (handle, task) = (&handles[thread as usize % 2], &task);
                scope.spawn(move || {
                    let mut random = Xorshift(thread + 1);
                    let mut walk = || {
                        let to = statuses[random.below(statuses.len() as u64) as usize];
                        handle.record_status_transition(task, to, &Default::default()).unwrap().changed
                    };
                    (0..100).filter(|_| walk()).count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let events = events_of(&handles[0], &task);
    assert_eq!(events.len(), changed);
    assert!(events.iter().all(|event| event.from_status.as_ref() != Some(&event.to_status)));
    assert_true_history(&events, "not_started", &status_of(&handles[0], &task));
    let reverts = events.iter().filter(|event| event.metadata.contains_key("revert_event")).count();
    assert_eq!(metadata_of(&handles[0], &task)["revert_event_count"], reverts, "no count was lost");
}

#[test]
fn events_are_listed_in_time_within_bounds_and_unreadable_times_last() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let own = backlog(&workspace);
    let (one, two) = (own.task(&workspace, "P-1", 1.0), own.task(&workspace, "P-2", 1.0));
    moves(
        &workspace,
        &one,
        &[("in_progress", "10:00:00"), ("blocked", "08:00:00"), ("in_progress", "10:00:00")],
    );
    moved(&workspace, &two, "in_progress", "09:00:00");
    let raw = fixture.raw();
    for (id, timestamp) in
        [("offset", "2026-03-20T10:00:00+01:00"), ("bare", "2026-03-20T09:00:00Z"), ("bad", "soon")]
    {
        let insert = "INSERT INTO task_status_events (id, task_id, to_status, timestamp, metadata_json)
                      VALUES (?1, ?2, 'x', ?3, 'null')";
        raw.execute(insert, [id, &two, timestamp]).unwrap();
    }
    let times = |query: Value| -> Vec<String> {
        let events = workspace.status_events(&StatusEventsQuery::from_json(&query).unwrap()).unwrap();
        events.iter().map(|event| event.timestamp.to_string()).collect()
    };
    let nine = "2026-03-20T09:00:00.000Z";
    let ten = "2026-03-20T10:00:00.000Z";
    let at_nine = [nine, "2026-03-20T10:00:00+01:00", "2026-03-20T09:00:00Z"];
    let eight = "2026-03-20T08:00:00.000Z";
    assert_eq!(times(json!({})), [&[eight], &at_nine[..], &[ten, ten, "soon"]].concat());
    assert_eq!(times(json!({"until": "2026-03-20T09:00:00Z"})), [&[eight], &at_nine[..]].concat());
    assert_eq!(times(json!({"since": nine, "until": nine})), at_nine);
    // The clock is fixed at noon: three hours before is nine.
    assert_eq!(times(json!({"since": "3h", "until": "150m"})), at_nine);
    assert_eq!(times(json!({"since": "1h", "now": "2026-03-20T11:00:00Z"})), [ten, ten]);
    assert_eq!(times(json!({"task": "P-1", "since": "2026-03-20"})), [eight, ten, ten]);
    assert!(times(json!({"since": "2026-03-21"})).is_empty());
}

#[test]
fn a_task_whose_id_is_not_text_cannot_change_its_status() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    backlog(&workspace).task(&workspace, "P-1", 1.0);
    let raw = fixture.raw();
    raw.execute_batch("PRAGMA foreign_keys = OFF; UPDATE tasks SET id = x'00ff'").unwrap();
    let before = fixture.everything();
    let context = TransitionContext::default();
    assert_refused(
        workspace.record_status_transition("P-1", "completed", &context),
        ErrorKind::Corrupt,
        "id is not text",
    );
    let patch = TransitionContext { metadata_patch: Some(object(json!({"a": 1}))), ..context };
    assert_refused(
        workspace.record_status_transition("P-1", "not_started", &patch),
        ErrorKind::Corrupt,
        "id is not text",
    );
    assert_eq!(fixture.everything(), before);
}
