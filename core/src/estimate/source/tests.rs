//! Whichever part of a history is read, the numbers are the same to the last bit.

use rusqlite::{Connection, params};

use super::super::history::TaskHistory;
use super::super::lane_times;
use super::super::present::{self, Present};
use super::super::scope::is_person;
use super::super::timeline::Timeline;
use super::super::velocity::{self, Measured};
use super::*;
use crate::paths::Config;
use crate::repository::scope_tasks::IsPerson;
use crate::status::StatusSettings;
use crate::time::Timestamp;
use crate::workspace::Workspace;

const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;

/// Numbers that look random, and are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn one_of<'t, T>(&mut self, choices: &'t [T]) -> &'t T {
        &choices[self.below(choices.len())]
    }

    fn is(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

fn now() -> Timestamp {
    "2026-03-20T12:00:00Z".parse().unwrap()
}

/// The status as older programs and people write it.
fn spelled(random: &mut Random, status: &str) -> String {
    let status = match status {
        "ready_to_code_review" if random.is(30) => "ready_to_review",
        "in_progress" if random.is(10) => "in design",
        "ready_to_qa" if random.is(10) => "odd",
        other => other,
    };
    match random.below(20) {
        0 => status.to_uppercase(),
        1 => format!(" {status}"),
        2 => format!("{status}\t"),
        3 => format!("\u{a0}{status}\u{2003}"),
        _ => status.to_owned(),
    }
}

/// A time in one of the forms in use, or one that cannot be parsed.
fn written(random: &mut Random, millis: i64) -> String {
    let time = Timestamp::from_millis(millis).unwrap().to_string();
    match random.below(30) {
        0 => random
            .one_of(&[
                "",
                "yesterday",
                "2026-13-40T00:00:00.000Z",
                "2026-03-20T11:00:00",
                "zzzz-zz-zzTzz:zz:zz.zzzZ",
            ])
            .to_string(),
        1 => time.replace(".000Z", "Z"),
        2 => time.replace('Z', "987Z"),
        3 => time.replace('T', "t"),
        4 => Timestamp::from_millis(millis + 5 * HOUR).unwrap().to_string().replace('Z', "+05:00"),
        5 => time[..10].to_owned(),
        _ => time,
    }
}

const LIFE: [&str; 5] = ["not_started", "in_progress", "ready_to_code_review", "ready_to_qa", "completed"];
const COMMANDS: [&str; 3] = ["work-on-tasks", "code-review", "qa-tasks"];

/// A workspace with up to sixty tasks in two projects.
fn workspace(seed: u64) -> (tempfile::TempDir, Connection) {
    let mut random = Random(seed);
    for _ in 0..5 {
        random.below(1);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.db");
    drop(Workspace::open_db(&path).unwrap());
    let db = Connection::open(&path).unwrap();
    db.execute_batch("PRAGMA synchronous = OFF; BEGIN").unwrap();
    for project in ["P0", "P1"] {
        db.execute(
            "INSERT INTO projects (id, key, created_at, updated_at) VALUES (?1, ?1, '', '')",
            [project],
        )
        .unwrap();
        for number in 0..2 {
            let (epic, story) = (format!("{project}-E{number}"), format!("{project}-S{number}"));
            db.execute(
                "INSERT INTO epics (id, project_id, key, title, created_at, updated_at) VALUES (?1, ?2, ?1, '', '', '')",
                [&epic, project],
            )
            .unwrap();
            db.execute(
                "INSERT INTO user_stories (id, project_id, epic_id, key, title, created_at, updated_at)
                 VALUES (?1, ?2, ?3, ?1, '', '', '')",
                [&story, project, &epic],
            )
            .unwrap();
            for task in 0..random.below(15) {
                add_task(&db, &mut random, [project, &epic, &story], &format!("{story}-T{task}"));
            }
        }
    }
    db.execute_batch("COMMIT").unwrap();
    (folder, db)
}

fn add_task(db: &Connection, random: &mut Random, [project, epic, story]: [&str; 3], id: &str) {
    let grain = *random.one_of(&[1, 1, HOUR]);
    let mut step = 0;
    let mut moves = Vec::new();
    let mut runs = Vec::new();
    let mut at = now().millis() - *random.one_of(&[2, 10, 100]) * HOUR;
    for _ in 0..random.below(8) {
        let next = if random.is(75) { (step + 1).min(4) } else { random.below(5) };
        let left = at + *random.one_of(&[0, 1, MINUTE, HOUR, HOUR, 3 * HOUR]);
        let left = left - left % grain;
        if random.is(85) {
            let from = spelled(random, LIFE[step]);
            let metadata = *random.one_of(&[None, None, None, Some("{bad"), Some(r#"{"backfilled":true}"#)]);
            moves.push((
                random.is(95).then_some(from),
                spelled(random, LIFE[next]),
                written(random, left),
                metadata,
            ));
        }
        if (1..4).contains(&step) && random.is(40) {
            let mut jitter = || *random.one_of(&[0, 0, MINUTE, -MINUTE - 1, 90_000]);
            let (started, finished) = (at + jitter(), left + jitter());
            runs.push((step, written(random, started), random.is(85).then(|| written(random, finished))));
        }
        (step, at) = (next, left);
    }
    let status =
        if random.is(15) { *random.one_of(&["blocked", "cancelled", "odd", "parked"]) } else { LIFE[step] };
    db.execute(
        "INSERT INTO tasks (id, project_id, epic_id, user_story_id, key, title, status, story_points, assignee_human,
             created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?1, '', ?5, ?6, ?7, '', '')",
        params![
            id,
            project,
            epic,
            story,
            spelled(random, status),
            random.one_of(&[None, Some(0.1), Some(0.3), Some(2.0), Some(5.0), Some(0.0)]),
            random.one_of(&[None, Some("Ada"), Some(" ADA"), Some("Åse")]),
        ],
    )
    .unwrap();
    for (number, (from, to, at, metadata)) in moves.iter().enumerate() {
        // Rows of a task need not have been written one after the other.
        let rowid = random.is(20).then(|| 1_000_000 + random.below(1_000_000_000) as i64);
        db.execute(
            "INSERT INTO task_status_events (rowid, id, task_id, from_status, to_status, timestamp, metadata_json)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![rowid, format!("{id}-{number}"), id, from, to, at, metadata],
        )
        .unwrap();
    }
    for (number, (step, started, finished)) in runs.iter().enumerate() {
        db.execute(
            "INSERT INTO task_runs (id, task_id, command, status, started_at, finished_at, story_points_at_run,
                 sp_per_hour_effective) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                format!("{id}-{number}"),
                id,
                COMMANDS[step - 1],
                random.one_of(&["succeeded", "succeeded", "success", "failed"]),
                started,
                finished,
                random.one_of(&[None, Some(1.0), Some(2.5)]),
                random.one_of(&[None, Some(3.3), Some(-1.0)]),
            ],
        )
        .unwrap();
    }
}

fn of_whole(history: &History, runs: &[Run], window: usize) -> Measured {
    let mut history = history.clone();
    inferred_events::infer(&mut history, runs, window);
    velocity::measured(&history, runs, window)
}

#[test]
fn the_newest_part_and_the_scope_alone_give_what_the_whole_history_gives() {
    let (mut with_samples, mut visits) = (0, 0);
    let configs = [Config::new(
        "test",
        &serde_json::json!({"statuses": {"odd": "qa", "parked": "done", "in design": "implementation"}}),
    )];
    let statuses = StatusSettings::from_configs(&configs).unwrap();
    for seed in 0..80 {
        let (_folder, db) = workspace(seed);
        assert!(indexes::are_present(&db).unwrap());
        let limits = [
            (ScopeIds::default(), None),
            (ScopeIds { project: Some("P1".into()), ..ScopeIds::default() }, None),
            (ScopeIds { epic: Some("P0-E0".into()), ..ScopeIds::default() }, Some("ada")),
            (ScopeIds { project: Some("P0".into()), story: Some("P0-S1".into()), epic: None }, None),
            (ScopeIds::default(), Some("ÅSE ")),
        ];
        for (ids, person) in &limits {
            let is_person = person.map(is_person);
            let person = is_person.as_ref().map(|is_person| is_person as IsPerson<'_>);
            let scope = TaskScope { ids, person };
            let all = History::load(&db, &scope, &statuses).unwrap();
            let runs = inferred_events::load(&db, ids, &all).unwrap();
            let rows = scope_tasks::rows(&db, &scope);
            let rows = rows.unwrap().filter(|_| !scope.is_whole());
            let tasks = rows.map(|rows| History::load_tasks(&db, rows, &statuses).unwrap().unwrap());
            for window in [1, 3, 10, 200] {
                let place = format!("seed {seed}, {ids:?}, window {window}");
                let expected = of_whole(&all, &runs, window);
                let newest = Newest::new(&db, scope, &statuses).unwrap().unwrap().measured(window).unwrap();
                assert_eq!(newest, Some(expected), "{place}");
                let built_in = StatusSettings::default();
                let without = Newest::new(&db, scope, &built_in).unwrap().unwrap().measured(window).unwrap();
                assert_eq!(without, newest, "{place}: velocities know the pipeline's statuses only");
                with_samples += usize::from(expected != Measured::default());
                if let Some(tasks) = &tasks {
                    let runs = inferred_events::load_of_tasks(&db, tasks).unwrap();
                    assert_eq!(of_whole(tasks, &runs, window), expected, "{place}");
                }
            }
            for now in [now(), Timestamp::from_millis(now().millis() - 5 * HOUR).unwrap()] {
                let expected = Present::of_history(&all, now);
                visits += expected.visits.review.len();
                let mut newest = Newest::new(&db, scope, &statuses).unwrap().unwrap();
                let found = Present::newest(&db, &scope, &mut newest, &statuses, now).unwrap().unwrap();
                let (found, recent) = found;
                assert_eq!(format!("{found:?}"), format!("{expected:?}"), "seed {seed}, {ids:?}, {now}");
                for window in [1, 10, 1000] {
                    let times = |tasks: &[TaskHistory]| {
                        format!("{:?}", lane_times::lane_times(&Timeline::new(tasks, now), window))
                    };
                    assert_eq!(times(&recent), times(&all.recent(present::VISITS)), "seed {seed}, {ids:?}");
                }
                if let Some(tasks) = &tasks {
                    assert_eq!(
                        format!("{:?}", Present::of_history(tasks, now)),
                        format!("{expected:?}"),
                        "{seed}"
                    );
                }
            }
        }
    }
    assert!(with_samples > 300 && visits > 300, "{with_samples} {visits}");
}

#[test]
fn numbers_that_leave_no_room_for_inferred_transitions_are_read_as_a_whole() {
    let (_folder, db) = workspace(3);
    let moved = db.execute(
        "UPDATE task_status_events SET rowid = ?1
          WHERE rowid = (SELECT rowid FROM task_status_events WHERE trim(from_status) = 'in_progress' LIMIT 1)",
        [i64::MAX - 1],
    );
    assert_eq!(moved.unwrap(), 1);
    let scope = TaskScope { ids: &ScopeIds::default(), person: None };
    let statuses = StatusSettings::default();
    assert_eq!(Newest::new(&db, scope, &statuses).unwrap().unwrap().measured(50).unwrap(), None);
    assert!(matches!(
        read(&db, scope, &statuses, |newest| newest.measured(50)).unwrap(),
        Source::<Measured>::History(_, How::All(_))
    ));
}

#[test]
fn what_has_no_id_has_no_events() {
    let (_folder, db) = workspace(3);
    db.execute_batch(
        "PRAGMA foreign_keys = OFF;
         INSERT INTO tasks (id, project_id, epic_id, user_story_id, key, title, status, created_at, updated_at)
         VALUES (NULL, 'P0', 'P0-E0', 'P0-S0', 'A', '', 'in_progress', '', ''),
                (CAST(x'FF' AS TEXT), 'P0', 'P0-E0', 'P0-S0', 'B', '', 'in_progress', '', '');
         INSERT INTO task_status_events (id, task_id, from_status, to_status, timestamp)
         VALUES ('a', '', 'not_started', 'in_progress', '2026-03-20T08:00:00.000Z'),
                ('b', char(65533), 'not_started', 'in_progress', '2026-03-20T08:00:00.000Z');",
    )
    .unwrap();
    let scope = TaskScope { ids: &ScopeIds::default(), person: None };
    let history = History::load(&db, &scope, &StatusSettings::default()).unwrap();
    let transitions = |key: &str| {
        let task = history.tasks.iter().find(|task| task.known.key() == key).unwrap();
        task.transitions.len()
    };
    assert_eq!((transitions("A"), transitions("B")), (0, 0));
    assert!(history.tasks.iter().any(|task| !task.transitions.is_empty()));
}

#[test]
fn the_newest_events_and_a_task_by_key_are_found_by_an_index() {
    let (_folder, db) = workspace(3);
    let mut plans = Vec::new();
    for sql in [
        format!(
            "SELECT rowid, task_id, timestamp FROM task_status_events INDEXED BY {}
             WHERE {} AND from_status = 'a' AND to_status = 'b' AND timestamp <= ':'
             ORDER BY timestamp DESC, rowid DESC",
            "libmcoda_events",
            "length(timestamp) = 24 AND substr(timestamp, 24) = 'Z' AND substr(timestamp, 11, 1) = 'T'"
        ),
        "SELECT * FROM tasks WHERE key = 'x' ORDER BY id".to_owned(),
    ] {
        let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let rows = statement.query_map([], |row| row.get::<_, String>(3)).unwrap();
        plans.extend(rows.map(Result::unwrap));
    }
    let plans = plans.join("; ");
    assert!(!plans.contains("SCAN"), "{plans}");
    assert_eq!(plans.matches("TEMP B-TREE").count(), 1, "for tasks of one key: {plans}");
    assert!(plans.contains("libmcoda_events (from_status=? AND to_status=? AND timestamp<?)"), "{plans}");
}
