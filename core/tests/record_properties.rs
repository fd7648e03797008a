//! Properties of any sequence of records, batches, retries and transitions, compared with a small model.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use std::collections::{BTreeMap, HashSet};

use common::*;
use mcoda_core::{
    Dimension, ErrorKind, StatusEventsQuery, Timestamp, TokenUsage, TokenUsageQuery, TransitionContext,
    Workspace,
};
use proptest::prelude::*;

/// One day, so that many calls have the same time and some cross midnight.
const FIRST_MILLIS: i64 = 1_774_000_000_000;

#[derive(Debug, Clone)]
enum Step {
    Batch(Vec<TokenUsage>),
    /// Records an earlier record again; the number is taken modulo their count.
    Retry(usize),
    /// The id of an earlier record with other content.
    Contradict(usize),
    Move {
        task: usize,
        to: &'static str,
        expected_from: Option<&'static str>,
    },
}

const STATUSES: &[&str] =
    &["not_started", "in_progress", "ready_to_code_review", "ready_to_qa", "completed", "odd"];

fn moment() -> impl Strategy<Value = Timestamp> {
    (0_i64..40).prop_map(|step| Timestamp::from_millis(FIRST_MILLIS + step * 3_600_000).unwrap())
}

fn count() -> impl Strategy<Value = Option<i64>> {
    prop::option::of(prop_oneof![0_i64..5000, Just(0), Just(mcoda_core::MAX_SAFE_INTEGER / 4)])
}

fn word(words: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    prop::option::of(prop::sample::select(words).prop_map(str::to_owned))
}

fn record() -> impl Strategy<Value = TokenUsage> {
    let who = (
        word(&["claude", "codex", "a|b", "é"]),
        word(&["m1", "m2"]),
        word(&["work-on-tasks", "qa-tasks", "|"]),
    );
    let numbers =
        (count(), count(), count(), prop::option::of(0_u32..1000), prop::option::of(0_u32..100_000));
    (prop::option::of(0_u16..40), who, numbers, moment()).prop_map(|(id, who, numbers, timestamp)| {
        let (agent_id, model_name, command_name) = who;
        let (tokens_prompt, tokens_completion, tokens_cached, cents, millis) = numbers;
        TokenUsage {
            id: id.map(|id| format!("given-{id}")),
            agent_id,
            model_name,
            command_name,
            tokens_prompt,
            tokens_completion,
            tokens_cached,
            cost_estimate: cents.map(|cents| f64::from(cents) / 1024.0),
            duration_ms: millis.map(f64::from),
            timestamp: Some(timestamp),
            ..TokenUsage::default()
        }
    })
}

fn step() -> impl Strategy<Value = Step> {
    let status = || prop::sample::select(STATUSES);
    prop_oneof![
        4 => record().prop_map(|record| Step::Batch(vec![record])),
        2 => prop::collection::vec(record(), 0..6).prop_map(Step::Batch),
        2 => (0_usize..100).prop_map(Step::Retry),
        1 => (0_usize..100).prop_map(Step::Contradict),
        3 => (0_usize..3, status(), prop::option::of(status()))
            .prop_map(|(task, to, expected_from)| Step::Move { task, to, expected_from }),
    ]
}

/// The expected data.
#[derive(Debug, Default)]
struct Model {
    /// With their ids, in the order in which they were recorded.
    records: Vec<TokenUsage>,
    statuses: [&'static str; 3],
    /// Task, from and to.
    moves: Vec<(usize, &'static str, &'static str)>,
}

impl Model {
    fn known(&self, id: &str) -> Option<&TokenUsage> {
        self.records.iter().find(|record| record.id.as_deref() == Some(id))
    }

    /// The new records of a batch, and those that exist already; `None` if the batch must be refused.
    fn accepts(&self, batch: &[TokenUsage]) -> Option<Vec<bool>> {
        let mut before: Vec<&TokenUsage> = Vec::new();
        let mut duplicates = Vec::new();
        for record in batch {
            let same_id = |other: &&TokenUsage| record.id.is_some() && other.id == record.id;
            let earlier = before.iter().copied().find(same_id);
            match earlier.or_else(|| self.known(record.id.as_deref()?)) {
                Some(other) if other != record => return None,
                other => duplicates.push(other.is_some()),
            }
            before.push(record);
        }
        Some(duplicates)
    }

    fn add(&mut self, record: &TokenUsage, id: &str) {
        self.records.push(TokenUsage { id: Some(id.to_owned()), ..record.clone() });
    }
}

fn record_all(workspace: &Workspace, model: &mut Model, batch: &[TokenUsage]) {
    match (workspace.record_token_usages(batch), model.accepts(batch)) {
        (Ok(recorded), Some(duplicates)) => {
            assert_eq!(recorded.iter().map(|one| one.duplicate).collect::<Vec<_>>(), duplicates);
            for (record, one) in batch.iter().zip(&recorded) {
                assert!(one.recorded && one.logged && record.id.as_ref().is_none_or(|id| *id == one.id));
                if !one.duplicate {
                    model.add(record, &one.id);
                }
            }
        }
        (Err(error), None) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error}"),
        (found, expected) => panic!("{found:?}, expected {expected:?}"),
    }
}

fn move_task(
    workspace: &Workspace,
    model: &mut Model,
    task: usize,
    to: &'static str,
    from: Option<&'static str>,
) {
    let context = TransitionContext {
        expected_from: from.map(str::to_owned),
        allow_unknown_status: true,
        ..TransitionContext::default()
    };
    let before = model.statuses[task];
    let moved = workspace.record_status_transition(&format!("T{task}"), to, &context);
    if from.is_some_and(|from| from != before) {
        assert_eq!(moved.unwrap_err().kind(), ErrorKind::Conflict);
        return;
    }
    let moved = moved.unwrap();
    assert_eq!((&*moved.from_status, &*moved.to_status, moved.changed), (before, to, before != to));
    if moved.changed {
        model.moves.push((task, before, to));
        model.statuses[task] = to;
    }
}

/// Exact counts, and costs in 1024ths, which doubles represent exactly.
#[derive(Debug, Default, PartialEq)]
struct Sums {
    calls: i64,
    counts: [Option<i64>; 4],
    cost: Option<f64>,
    duration: Option<f64>,
}

impl Sums {
    fn add(&mut self, record: &TokenUsage) {
        let total = record
            .tokens_prompt
            .zip(record.tokens_completion)
            .map(|(prompt, completion)| prompt + completion);
        self.calls += 1;
        let reported = [record.tokens_prompt, record.tokens_completion, total, record.tokens_cached];
        for (sum, reported) in self.counts.iter_mut().zip(reported) {
            *sum = reported.map(|reported| sum.unwrap_or(0) + reported).or(*sum);
        }
        self.cost = record.cost_estimate.map(|cost| self.cost.unwrap_or(0.0) + cost).or(self.cost);
        self.duration =
            record.duration_ms.map(|millis| self.duration.unwrap_or(0.0) + millis).or(self.duration);
    }
}

fn check_sums(workspace: &Workspace, model: &Model, since: Option<Timestamp>) {
    let query = TokenUsageQuery {
        since: Some(since.map_or("0000-01-01".into(), |since| since.to_string())),
        ..Default::default()
    };
    let by = [Dimension::Agent, Dimension::Model, Dimension::Command, Dimension::Day];
    let mut expected: BTreeMap<Vec<Option<String>>, Sums> = BTreeMap::new();
    for record in
        model.records.iter().filter(|record| since.is_none_or(|since| record.timestamp >= Some(since)))
    {
        let day = record.timestamp.unwrap().to_string()[..10].to_owned();
        let key =
            vec![record.agent_id.clone(), record.model_name.clone(), record.command_name.clone(), Some(day)];
        expected.entry(key).or_default().add(record);
    }
    let found: BTreeMap<Vec<Option<String>>, Sums> = workspace
        .token_usage_summary(&query, &by)
        .unwrap()
        .into_iter()
        .map(|row| {
            let key = by.iter().map(|dimension| row.group.get(*dimension).map(str::to_owned)).collect();
            (key, sums_of(&serde_json::to_value(&row).unwrap()))
        })
        .collect();
    assert_eq!(found.len(), expected.len());
    for (key, sums) in expected {
        // If no row of a group reported a count, its sum may be 0 or null.
        let found = found.get(&key).unwrap_or_else(|| panic!("{key:?} is missing"));
        let or_zero = |counts: [Option<i64>; 4]| counts.map(|count| count.unwrap_or(0));
        assert_eq!((found.calls, or_zero(found.counts)), (sums.calls, or_zero(sums.counts)), "{key:?}");
        assert_eq!(found.cost, sums.cost, "{key:?}");
        assert_eq!(found.duration.unwrap_or(0.0), sums.duration.unwrap_or(0.0), "{key:?}");
    }
}

fn sums_of(row: &serde_json::Value) -> Sums {
    Sums {
        calls: row["calls"].as_i64().unwrap(),
        counts: ["tokens_prompt", "tokens_completion", "tokens_total", "tokens_cached"]
            .map(|name| row[name].as_i64()),
        cost: row["cost_estimate"].as_f64(),
        duration: row["duration_ms"].as_f64(),
    }
}

fn check_rows(workspace: &Workspace, model: &Model) {
    let rows = workspace.token_usage(&TokenUsageQuery::default()).unwrap();
    let mut expected: Vec<&TokenUsage> = model.records.iter().collect();
    // Stable: calls of the same time stay in the order in which they were recorded.
    expected.sort_by_key(|record| record.timestamp);
    let ids = |record: &&TokenUsage| record.id.clone().unwrap();
    assert_eq!(
        rows.iter().map(|row| row.id.clone()).collect::<Vec<_>>(),
        expected.iter().map(ids).collect::<Vec<_>>()
    );
    for (row, record) in rows.iter().zip(expected) {
        assert_eq!(
            (row.tokens_prompt, row.tokens_completion),
            (record.tokens_prompt, record.tokens_completion)
        );
        assert_eq!((&row.agent_id, &row.command_name), (&record.agent_id, &record.command_name));
        assert_eq!((row.cost_estimate, row.duration_ms), (record.cost_estimate, record.duration_ms));
    }
    let unique: HashSet<&str> = rows.iter().map(|row| &*row.id).collect();
    assert_eq!(unique.len(), rows.len(), "an id twice");
    for page_size in [1, 7] {
        let page =
            |page| TokenUsageQuery { page: Some(page), page_size: Some(page_size), ..Default::default() };
        let pages = (1..).map(|number| workspace.token_usage(&page(number)).unwrap());
        let paged: Vec<_> = pages.take_while(|rows| !rows.is_empty()).flatten().map(|row| row.id).collect();
        assert!(paged.iter().eq(rows.iter().map(|row| &row.id)), "pages of {page_size}");
    }
}

fn check_moves(workspace: &Workspace, model: &Model, tasks: &[String]) {
    let events = workspace.status_events(&StatusEventsQuery::default()).unwrap();
    let found: Vec<_> = events
        .iter()
        .map(|event| (&*event.task_id, event.from_status.as_deref(), &*event.to_status))
        .collect();
    let expected: Vec<_> =
        model.moves.iter().map(|(task, from, to)| (&*tasks[*task], Some(*from), *to)).collect();
    assert_eq!(found, expected);
    for (task, status) in model.statuses.iter().enumerate() {
        assert_eq!(workspace.tasks().get(&format!("T{task}")).unwrap().unwrap().status, *status);
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn results_are_always_those_of_the_model(
        steps in prop::collection::vec(step(), 1..40),
        since in moment(),
    ) {
        let fixture = Fixture::new();
        let workspace = fixture.open();
        let backlog = backlog(&workspace);
        let tasks: Vec<String> = (0..3).map(|task| backlog.task(&workspace, &format!("T{task}"), 1.0)).collect();
        let mut model = Model { statuses: ["not_started"; 3], ..Model::default() };
        for step in steps {
            let earlier = |place: usize| (!model.records.is_empty()).then(|| place % model.records.len());
            match step {
                Step::Batch(batch) => record_all(&workspace, &mut model, &batch),
                Step::Retry(place) => {
                    if let Some(place) = earlier(place) {
                        let again = model.records[place].clone();
                        record_all(&workspace, &mut model, &[again]);
                    }
                }
                Step::Contradict(place) => {
                    if let Some(place) = earlier(place) {
                        let other = TokenUsage { action: Some("another".into()), ..model.records[place].clone() };
                        record_all(&workspace, &mut model, &[TokenUsage::default(), other]);
                    }
                }
                Step::Move { task, to, expected_from } => move_task(&workspace, &mut model, task, to, expected_from),
            }
        }
        check_rows(&workspace, &model);
        check_sums(&workspace, &model, None);
        check_sums(&workspace, &model, Some(since));
        check_moves(&workspace, &model, &tasks);
        let mut logged = fixture.log_ids();
        let mut recorded: Vec<String> = model.records.iter().map(|record| record.id.clone().unwrap()).collect();
        logged.sort();
        recorded.sort();
        prop_assert_eq!(logged, recorded);
    }
}
