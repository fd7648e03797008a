//! What questions about velocity and remaining work cost as the history grows: `cargo bench --bench scale`.
//!
//! Each workspace has so many status events, and about a third as many tasks, of which a quarter are open. The peer reads the
//! same rows in SQL: all events, the tasks of the scope, or the one task. `SCALE=1100000` makes one workspace of that size;
//! `SCALE_DIR` keeps the workspaces there for later runs.

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Instant;

use mcoda_core::{EstimateOptions, Workspace};
use rusqlite::{Connection, params};
use serde_json::json;

const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];
const STATUSES: [&str; 5] =
    ["not_started", "in_progress", "ready_to_code_review", "ready_to_qa", "completed"];
/// Of a hundred tasks, how many are in each status.
const SHARES: [usize; 5] = [22, 1, 1, 1, 75];
/// Stories have so many tasks, epics so many stories.
const STORY: usize = 100;
const EPIC: usize = 10;

fn main() {
    let sizes = match setting("SCALE") {
        Some(size) => vec![size.parse().expect("a number of events")],
        None => SIZES.to_vec(),
    };
    let folder = tempfile::tempdir().expect("a folder");
    let folder = setting("SCALE_DIR").map_or_else(|| folder.path().to_owned(), PathBuf::from);
    println!(
        "{:>9} {:>8} {:34} {:>12} {:>12} {:>8} {:>8}",
        "events", "tasks", "what", "median, µs", "SQL, µs", "ratio", "MiB"
    );
    for events in sizes {
        let path = folder.join(format!("{events}.db"));
        if !path.exists() {
            make(&path, events);
        }
        let start = Instant::now();
        drop(Workspace::open_db(&path).expect("a workspace"));
        println!("{events:9} {:8} {:34} {:12.0}", "", "open, with missing indexes", micros(start));
        measure(&path, events);
    }
}

#[allow(clippy::disallowed_methods, reason = "settings of the benchmark")]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn micros(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e6
}

/// A workspace as a build without the indexes leaves it.
fn make(path: &Path, events: usize) {
    drop(Workspace::open_db(path).expect("a workspace"));
    let mut db = Connection::open(path).expect("a database");
    db.execute_batch("PRAGMA foreign_keys = OFF").expect("a pragma");
    let indexes: Vec<String> = {
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE 'libmcoda%'";
        let mut statement = db.prepare(sql).expect("a statement");
        let names = statement.query_map([], |row| row.get(0)).expect("rows");
        names.collect::<Result<_, _>>().expect("names")
    };
    for name in indexes {
        db.execute_batch(&format!("DROP INDEX {name}")).expect("an index less");
    }
    let tx = db.transaction().expect("a transaction");
    let run = |sql: &str, params: &[&dyn rusqlite::ToSql]| {
        tx.prepare_cached(sql).expect("a statement").execute(params).expect("an insert");
    };
    let id = |kind: usize, number: usize| format!("0199{kind:04}-0000-7000-8000-{number:012}");
    run("INSERT INTO projects (id, key, created_at, updated_at) VALUES (?1, 'P', '', '')", &[&id(0, 0)]);
    let (mut made, mut task) = (0, 0);
    while made < events {
        let (story, epic) = (task / STORY, task / STORY / EPIC);
        if task % (STORY * EPIC) == 0 {
            run(
                "INSERT INTO epics (id, project_id, key, title, created_at, updated_at) VALUES (?1, ?2, ?3, '', '', '')",
                &[&id(1, epic), &id(0, 0), &format!("E{epic}")],
            );
        }
        if task % STORY == 0 {
            run(
                "INSERT INTO user_stories (id, project_id, epic_id, key, title, created_at, updated_at)
                 VALUES (?1, ?2, ?3, ?4, '', '', '')",
                &[&id(2, story), &id(0, 0), &id(1, epic), &format!("S{story}")],
            );
        }
        let place = task * 37 % 100;
        let mut rest = place;
        let step = SHARES.iter().position(|share| rest.checked_sub(*share).map(|left| rest = left).is_none());
        let step = step.unwrap_or(4);
        tx.prepare_cached(
            "INSERT INTO tasks (id, project_id, epic_id, user_story_id, key, title, description, status, story_points,
                 priority, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, '', '')",
        )
        .and_then(|mut insert| {
            insert.execute(params![
                id(3, task),
                id(0, 0),
                id(1, epic),
                id(2, story),
                format!("T{task}"),
                format!("Task number {task}"),
                "What has to be done, in a sentence or two, as a planning agent writes it.",
                STATUSES[step],
                (task % 8 + 1) as f64,
                (task % 5) as i64,
            ])
        })
        .expect("a task");
        for move_ in 0..step {
            let minutes = task * 5 + move_ * 90 + task % 60;
            let time = format!(
                "{:04}-{:02}-{:02}T{:02}:{:02}:00.000Z",
                2020 + minutes / 483_840,
                minutes / 40_320 % 12 + 1,
                minutes / 1440 % 28 + 1,
                minutes / 60 % 24,
                minutes % 60
            );
            run(
                "INSERT INTO task_status_events (id, task_id, from_status, to_status, timestamp, command_name)
                 VALUES (?1, ?2, ?3, ?4, ?5, 'work-on-tasks')",
                &[&id(4, made), &id(3, task), &STATUSES[move_], &STATUSES[move_ + 1], &time],
            );
            made += 1;
        }
        task += 1;
    }
    tx.commit().expect("a commit");
}

fn measure(path: &Path, events: usize) {
    let workspace = Workspace::open_db(path).expect("a workspace");
    let peer = Connection::open(path).expect("a database");
    let count = |sql: &str| peer.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("a number");
    let tasks = count("SELECT count(*) FROM tasks");
    let key = format!("T{}", tasks / 2);
    let options = |project: bool, epic: bool| {
        let mut given = json!({"mode": "empirical", "windowTasks": 50, "forecast": false});
        if project || epic {
            given["projectKey"] = "P".into();
        }
        if epic {
            given["epicKey"] = "E0".into();
        }
        // Builds from before the forecast do not know the option.
        EstimateOptions::from_json(&given).unwrap_or_else(|_| {
            given.as_object_mut().expect("an object").remove("forecast");
            EstimateOptions::from_json(&given).expect("options")
        })
    };
    let all_events = "SELECT * FROM task_status_events";
    let row = |what: &str, ours: &mut dyn FnMut(), sql: &str| {
        let before = memory();
        ours();
        let peak = memory() - before;
        let [ours, theirs] = in_turn(ours, &mut || read(&peer, sql));
        println!("{events:9} {tasks:8} {what:34} {ours:12.0} {theirs:12.0} {:8.3} {peak:8.1}", ours / theirs);
    };
    let velocity = |options: EstimateOptions| {
        let workspace = &workspace;
        move || {
            black_box(workspace.velocity(&options).expect("a velocity"));
        }
    };
    row("velocity, window 50", &mut velocity(options(false, false)), all_events);
    row("velocity of an epic", &mut velocity(options(true, true)), all_events);
    let estimate = |options: EstimateOptions| {
        let workspace = &workspace;
        move || {
            black_box(workspace.estimate(&options).expect("an estimate"));
        }
    };
    row("estimate", &mut estimate(options(false, false)), all_events);
    row("estimate of a project", &mut estimate(options(true, false)), all_events);
    row("estimate of an epic", &mut estimate(options(true, true)), all_events);
    let mut by_key = || {
        for _ in 0..100 {
            black_box(workspace.tasks().get(&key).expect("a task"));
        }
    };
    row("100 tasks by key", &mut by_key, &format!("SELECT * FROM tasks WHERE key = '{key}'"));
}

fn read(peer: &Connection, sql: &str) {
    let mut statement = peer.prepare_cached(sql).expect("a statement");
    let width = statement.column_count();
    let mut rows = statement.query([]).expect("rows");
    let mut bytes = 0;
    while let Some(row) = rows.next().expect("a row") {
        bytes += (0..width)
            .filter_map(|column| row.get_ref(column).ok()?.as_str().ok())
            .map(str::len)
            .sum::<usize>();
    }
    black_box(bytes);
}

/// The medians of rounds that take turns, in microseconds.
fn in_turn(ours: &mut dyn FnMut(), theirs: &mut dyn FnMut()) -> [f64; 2] {
    let time = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        micros(start)
    };
    let mut times = [const { Vec::new() }; 2];
    for _ in 0..5 {
        times[0].push(time(ours));
        times[1].push(time(theirs));
    }
    times.map(|mut times: Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    })
}

/// The peak resident size since the last call, in MiB; 0 if the system does not report it.
fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}
