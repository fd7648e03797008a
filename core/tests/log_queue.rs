//! Records whose ids look like the mark of a changed record, on the queue between the database and the JSON log.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use common::*;
use mcoda_core::{AgentContext, Workspace};
use serde_json::{Value, json};

/// A workspace with a response in the database and the log, and a record whose id is the prefix and the response's id.
struct Ambiguous {
    fixture: Fixture,
    workspace: Workspace,
    response: String,
    like_a_mark: String,
}

impl Ambiguous {
    fn new() -> Self {
        let fixture = Fixture::new();
        let workspace = fixture.open();
        let response = response(&workspace, 1);
        Self { like_a_mark: format!("replace:{response}"), response, fixture, workspace }
    }

    fn record(&self, id: &str) -> bool {
        self.workspace.record_token_usage(&usage(json!({"id": id, "tokensPrompt": 5}))).unwrap().logged
    }

    /// Does `work` while the log cannot be written, so that what it records stays queued.
    fn without_log(&self, work: impl FnOnce()) {
        let (log, aside) = (self.fixture.log_file(), self.fixture.home().join("aside"));
        std::fs::rename(&log, &aside).unwrap();
        std::fs::create_dir(&log).unwrap();
        work();
        std::fs::remove_dir(&log).unwrap();
        std::fs::rename(&aside, &log).unwrap();
    }

    /// Does to the database what a build does that never puts a mark before a new record's id.
    fn as_older_build(&self, sql: &str) {
        let raw = self.fixture.raw();
        for statement in sql.split(';') {
            let named = [(":response", &self.response), (":like_a_mark", &self.like_a_mark)];
            let mut statement = raw.prepare(statement).unwrap();
            for (name, value) in named {
                if let Some(index) = statement.parameter_index(name).unwrap() {
                    statement.raw_bind_parameter(index, value).unwrap();
                }
            }
            statement.raw_execute().unwrap();
        }
    }

    #[track_caller]
    fn assert_log(&self, expected: &[(&str, Value)]) {
        let mut found: Vec<(String, Value)> = self
            .fixture
            .log()
            .iter()
            .map(|one| (one["id"].as_str().unwrap().to_owned(), one["tokensCompletion"].clone()))
            .collect();
        let mut expected: Vec<(String, Value)> =
            expected.iter().map(|(id, tokens)| ((*id).to_owned(), tokens.clone())).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(found, expected);
        assert_eq!(count(&self.fixture.raw(), "token_usage_log_queue"), 0);
    }
}

fn response(workspace: &Workspace, tokens: u64) -> String {
    let body = json!({"id": "msg_1", "type": "message", "model": "claude",
        "usage": {"input_tokens": 1, "output_tokens": tokens}});
    let recorded = workspace.record_agent_response(&body.to_string(), &AgentContext::default()).unwrap();
    recorded.records[0].id.clone()
}

const OLDER_RECORDS: &str = "INSERT INTO token_usage (id, workspace_id, timestamp)
    SELECT :like_a_mark, workspace_id, timestamp FROM token_usage WHERE id = :response";
const OLDER_CHANGES: &str = "UPDATE token_usage SET tokens_completion = 7 WHERE id = :response";
/// What older builds put onto the queue for either of these two.
const OLDER_QUEUES: &str = "INSERT OR IGNORE INTO token_usage_log_queue (usage_id) VALUES (:like_a_mark)";

#[test]
fn a_logged_record_is_not_logged_again_when_the_record_that_its_id_seems_to_mark_changes() {
    let one = Ambiguous::new();
    assert!(one.record(&one.like_a_mark));
    response(&one.workspace, 2);
    one.assert_log(&[(&one.response, json!(2)), (&one.like_a_mark, json!(null))]);
    response(&one.workspace, 3);
    one.assert_log(&[(&one.response, json!(3)), (&one.like_a_mark, json!(null))]);
}

#[test]
fn a_new_record_and_the_changed_one_that_its_id_seems_to_mark_both_wait_for_the_log() {
    for new_first in [true, false] {
        let one = Ambiguous::new();
        let longer = format!("replace:{}", one.like_a_mark);
        one.without_log(|| {
            if new_first {
                one.record(&one.like_a_mark);
            }
            response(&one.workspace, 2);
            one.record(&longer);
            one.record(&one.like_a_mark);
            response(&one.workspace, 3);
        });
        assert!(one.record("next"));
        let (null, changed) = (json!(null), json!(3));
        one.assert_log(&[
            (&one.response, changed),
            (&one.like_a_mark, null.clone()),
            (&longer, null.clone()),
            ("next", null),
        ]);
    }
}

#[test]
fn what_an_older_build_queued_is_logged_once_however_it_is_meant() {
    let null = || json!(null);
    // Without a record of that name: the change alone.
    let one = Ambiguous::new();
    one.as_older_build(&[OLDER_CHANGES, OLDER_QUEUES].join(";"));
    assert!(one.record("next"));
    one.assert_log(&[(&one.response, json!(7)), ("next", null())]);

    // The record alone, then the change alone, then both with one entry.
    let one = Ambiguous::new();
    one.as_older_build(&[OLDER_RECORDS, OLDER_QUEUES].join(";"));
    assert!(one.record("next"));
    one.assert_log(&[(&one.response, json!(1)), (&one.like_a_mark, null()), ("next", null())]);
    one.as_older_build(&[OLDER_CHANGES, OLDER_QUEUES].join(";"));
    assert!(one.record("last"));
    one.assert_log(&[
        (&one.response, json!(7)),
        (&one.like_a_mark, null()),
        ("next", null()),
        ("last", null()),
    ]);
    let one = Ambiguous::new();
    one.as_older_build(&[OLDER_RECORDS, OLDER_QUEUES, OLDER_CHANGES, OLDER_QUEUES].join(";"));
    assert!(one.record("next"));
    one.assert_log(&[(&one.response, json!(7)), (&one.like_a_mark, null()), ("next", null())]);
}

#[test]
fn what_an_older_build_records_beside_entries_of_this_one_is_logged_once() {
    let one = Ambiguous::new();
    // The older build finds its entry on the queue already.
    one.without_log(|| {
        response(&one.workspace, 2);
        one.as_older_build(&[OLDER_RECORDS, OLDER_QUEUES].join(";"));
    });
    assert!(one.record("next"));
    one.assert_log(&[(&one.response, json!(2)), (&one.like_a_mark, json!(null)), ("next", json!(null))]);

    let one = Ambiguous::new();
    one.without_log(|| {
        one.record(&one.like_a_mark);
        one.as_older_build(&[OLDER_CHANGES, OLDER_QUEUES].join(";"));
    });
    assert!(one.record("next"));
    one.assert_log(&[(&one.response, json!(7)), (&one.like_a_mark, json!(null)), ("next", json!(null))]);
}

/// The joins by which the first builds read the queue: what they find to append and to replace.
#[test]
fn an_older_build_finds_what_this_one_queued() {
    let one = Ambiguous::new();
    one.without_log(|| {
        one.record("plain");
        one.record(&one.like_a_mark);
    });
    let texts = |sql: &str| -> Vec<String> {
        let raw = one.fixture.raw();
        let mut statement = raw.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let new = "SELECT token_usage.id FROM token_usage_log_queue AS queue
                   JOIN token_usage ON token_usage.id = queue.usage_id";
    assert_eq!(texts(new), ["plain"]);
    let changed = "SELECT token_usage.id FROM token_usage_log_queue AS queue
                       JOIN token_usage ON token_usage.id = substr(queue.usage_id, length('replace:') + 1)
                       WHERE substr(queue.usage_id, 1, length('replace:')) = 'replace:'";
    assert_eq!(texts(changed), [one.like_a_mark.as_str()]);
}
