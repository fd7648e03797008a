//! What questions about velocity and remaining work cost as the history grows: `cargo bench --bench scale`.
//!
//! Each workspace has so many status events, and about a third as many tasks, of which a quarter are open. The peer reads the
//! same rows in SQL: all events, or the one task. `SCALE=1100000` makes one workspace of that size; `SCALE_DIR` keeps the
//! workspaces there for later runs.
//!
//! `scale make FILE EVENTS` makes one workspace, and `scale ask FILE QUESTION TIMES` asks one question of it, for
//! `benches/against.py`, which compiles this file into earlier builds, too.

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
/// Of a hundred tasks, how many of the completed ones were completed in one move.
const AT_ONCE: usize = 10;
/// Stories have so many tasks, epics so many stories.
const STORY: usize = 100;
const EPIC: usize = 10;

/// One question, and the SQL that reads the same rows.
struct Question {
    name: &'static str,
    /// The projects or epics to which it is limited.
    scope: &'static [(&'static str, &'static str)],
    ask: fn(&Workspace, &EstimateOptions, i64),
    /// How often it is asked as one.
    times: usize,
    sql: &'static str,
}

const EVENTS: &str = "SELECT * FROM task_status_events";
const PROJECT: (&str, &str) = ("projectKey", "P");
const QUESTIONS: [Question; 6] = [
    Question { name: "velocity", scope: &[], ask: velocity, times: 1, sql: EVENTS },
    Question {
        name: "velocity of an epic",
        scope: &[PROJECT, ("epicKey", "E0")],
        ask: velocity,
        times: 1,
        sql: EVENTS,
    },
    Question { name: "estimate", scope: &[], ask: estimate, times: 1, sql: EVENTS },
    Question { name: "estimate of a project", scope: &[PROJECT], ask: estimate, times: 1, sql: EVENTS },
    Question {
        name: "estimate of an epic",
        scope: &[PROJECT, ("epicKey", "E0")],
        ask: estimate,
        times: 1,
        sql: EVENTS,
    },
    Question {
        name: "task by key",
        scope: &[],
        ask: task,
        times: 10,
        sql: "SELECT * FROM tasks WHERE key = 'T' || (SELECT max(rowid) / 2 FROM tasks)",
    },
];

fn velocity(workspace: &Workspace, options: &EstimateOptions, _tasks: i64) {
    black_box(workspace.velocity(options).expect("a velocity"));
}

fn estimate(workspace: &Workspace, options: &EstimateOptions, _tasks: i64) {
    black_box(workspace.estimate(options).expect("an estimate"));
}

fn task(workspace: &Workspace, _options: &EstimateOptions, tasks: i64) {
    black_box(workspace.tasks().get(&format!("T{}", tasks / 2)).expect("an answer").expect("a task"));
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args[..] {
        [] => growth(),
        ["make", file, events] => make(Path::new(file), events.parse().expect("a number of events")),
        ["ask", file, question, times] => {
            ask(Path::new(file), question, times.parse().expect("a number of times"));
        }
        _ => panic!("scale, scale make FILE EVENTS, or scale ask FILE QUESTION TIMES"),
    }
}

/// The table of all questions by the number of events.
fn growth() {
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
        let moves: &[usize] = if place >= 100 - AT_ONCE { &[0, 4] } else { &[0, 1, 2, 3, 4][..=step] };
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
        for (place, statuses) in moves.windows(2).enumerate() {
            let minutes = task * 5 + place * 90 + task % 60;
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
                &[&id(4, made), &id(3, task), &STATUSES[statuses[0]], &STATUSES[statuses[1]], &time],
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
    let tasks = count_tasks(&peer);
    for question in QUESTIONS {
        let options = question.options();
        let mut ours = || {
            for _ in 0..question.times {
                (question.ask)(&workspace, &options, tasks);
            }
        };
        let before = memory("VmHWM");
        ours();
        let peak = memory("VmHWM") - before;
        let [ours, theirs] = in_turn(&mut ours, &mut || {
            for _ in 0..question.times {
                read(&peer, question.sql);
            }
        });
        let [ours, theirs] = [ours, theirs].map(|micros| micros / question.times as f64);
        let name = question.name;
        println!("{events:9} {tasks:8} {name:34} {ours:12.1} {theirs:12.1} {:8.3} {peak:8.1}", ours / theirs);
    }
}

/// Asks one question, or reads its rows in SQL (`sql: QUESTION`), and prints the medians of the wall and processor time of one
/// answer in microseconds, and the peak memory above that of the idle handle in MiB.
fn ask(path: &Path, question: &str, times: usize) {
    let in_sql = question.strip_prefix("sql: ");
    let asked =
        QUESTIONS.into_iter().find(|known| known.name == in_sql.unwrap_or(question)).expect("a question");
    let peer = Connection::open(path).expect("a database");
    let tasks = count_tasks(&peer);
    // The handle of a build without the question's options, too.
    let options = asked.options();
    let workspace = in_sql.is_none().then(|| Workspace::open_db(path).expect("a workspace"));
    // From here on the peak is that of the question, where the system can forget the one before.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let idle = memory("VmRSS");
    let mut taken = [const { Vec::new() }; 2];
    for _ in 0..times {
        let (start, processor) = (Instant::now(), processor_time());
        for _ in 0..asked.times {
            match &workspace {
                Some(workspace) => (asked.ask)(workspace, &options, tasks),
                None => read(&peer, asked.sql),
            }
        }
        taken[0].push(micros(start) / asked.times as f64);
        taken[1].push((processor_time() - processor) / asked.times as f64);
    }
    let [wall, processor] = taken.map(median);
    println!("{wall:.1} {processor:.1} {:.1} {tasks}", (memory("VmHWM") - idle).max(0.0));
}

impl Question {
    fn options(&self) -> EstimateOptions {
        let mut given = json!({"mode": "empirical", "windowTasks": 50, "forecast": false});
        for (field, key) in self.scope {
            given[field] = (*key).into();
        }
        // Builds from before the forecast do not know the option.
        EstimateOptions::from_json(&given).unwrap_or_else(|_| {
            given.as_object_mut().expect("an object").remove("forecast");
            EstimateOptions::from_json(&given).expect("options")
        })
    }
}

fn count_tasks(peer: &Connection) -> i64 {
    peer.query_row("SELECT count(*) FROM tasks", [], |row| row.get(0)).expect("a number")
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
    times.map(median)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

// These two stand in `process`, too: benches/against.py builds this file alone.

/// The processor time of the threads of this process so far, in microseconds; 0 if the system does not report it.
fn processor_time() -> f64 {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return 0.0 };
    let nanos = |task: std::fs::DirEntry| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<f64>().ok()
    };
    tasks.flatten().filter_map(nanos).sum::<f64>() / 1e3
}

/// The resident size (`VmRSS`) or its peak (`VmHWM`), in MiB; 0 if the system does not report it.
fn memory(what: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':'));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}
