//! A query about half a million agent calls, beside SQLite's own GROUP BY of the same:
//! `cargo bench --package mcoda-core --bench usage`.
//!
//! Times are medians of rounds that take turns. Memory is the most that a process of its own ever had
//! resident, above what it had before the query (Linux: `VmHWM` of /proc/self/status).

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use mcoda_core::definition::Record;
use mcoda_core::{Dimension, TokenUsageQuery, TokenUsageRow, Workspace};
use rusqlite::Connection;

const ROWS: usize = 500_000;
const ROUNDS: usize = 5;
const ID: &str = "bench";

/// The queries, by name.
const QUERIES: [(&str, &[Dimension]); 4] = [
    ("project, command, agent", &[Dimension::Project, Dimension::Command, Dimension::Agent]),
    ("model", &[Dimension::Model]),
    ("day, command, action", &[Dimension::Day, Dimension::Command, Dimension::Action]),
    ("task (20,000 groups)", &[Dimension::Task]),
];

fn main() {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--measure").skip(1);
    if let (Some(file), Some(what)) = (arguments.next(), arguments.next()) {
        return measure(Path::new(&file), &what);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mcoda.db");
    fill(&file);
    let size = file.metadata().expect("a file").len() >> 20;
    println!("{ROWS} rows, {size} MiB\n");
    println!(
        "{:34} {:>10} {:>10} {:>7} {:>10} {:>10}",
        "summary by", "ours, ms", "SQL, ms", "ratio", "ours, MiB", "SQL, MiB"
    );
    let workspace = open(&file);
    let plain = Connection::open(&file).expect("a database");
    for (place, (name, group_by)) in QUERIES.into_iter().enumerate() {
        let [ours, sql] = medians([
            &mut || {
                black_box(summary(&workspace, group_by));
            },
            &mut || {
                black_box(group_by_sql(&plain, group_by));
            },
        ]);
        let memory =
            [format!("ours:{place}"), format!("sql:{place}")].map(|what| in_own_process(&file, &what));
        println!("{name:34} {ours:10.0} {sql:10.0} {:7.2} {:>10} {:>10}", ours / sql, memory[0], memory[1]);
    }
    let [cursor, select] = medians([
        &mut || {
            black_box(workspace.token_usage_cursor(&TokenUsageQuery::default()).expect("a cursor").count());
        },
        &mut || {
            black_box(select_all(&plain));
        },
    ]);
    let memory = in_own_process(&file, "cursor:0");
    println!(
        "{:34} {cursor:10.0} {select:10.0} {:7.2} {memory:>10}",
        "every row, one by one",
        cursor / select
    );
}

fn medians(mut works: [&mut dyn FnMut(); 2]) -> [f64; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (times, work) in times.iter_mut().zip(&mut works) {
            let start = Instant::now();
            work();
            times.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    })
}

fn open(file: &Path) -> Workspace {
    Workspace::options().workspace_id(ID).open_db(file).expect("a workspace")
}

fn summary(workspace: &Workspace, group_by: &[Dimension]) -> usize {
    let query = TokenUsageQuery { since: Some("0000-01-01".into()), ..Default::default() };
    workspace.token_usage_summary(&query, group_by).expect("a summary").len()
}

/// The same sums by SQLite. It adds floating-point numbers up as they come, reads no metadata and keeps
/// no order of groups; that much it has less to do.
fn group_by_sql(connection: &Connection, group_by: &[Dimension]) -> usize {
    let columns: Vec<&str> = group_by
        .iter()
        .map(|dimension| match dimension {
            Dimension::Day => "substr(timestamp, 1, 10)",
            other => other.field(),
        })
        .collect();
    let columns = columns.join(", ");
    let sums: Vec<String> = TokenUsageRow::DEFINITION
        .all_fields()
        .filter(|field| {
            field.name.starts_with("tokens_") || ["duration_ms", "cost_estimate"].contains(&field.name)
        })
        .map(|field| format!("sum({})", field.name))
        .collect();
    let sql = format!(
        "SELECT {columns}, count(*), {}, count(DISTINCT currency), min(timestamp)
         FROM token_usage WHERE workspace_id = '{ID}' AND timestamp >= '0000-01-01' GROUP BY {columns}",
        sums.join(", ")
    );
    let mut statement = connection.prepare(&sql).expect("a statement");
    let mut rows = statement.query([]).expect("rows");
    let mut count = 0;
    while rows.next().expect("a row").is_some() {
        count += 1;
    }
    count
}

fn select_all(connection: &Connection) -> usize {
    let mut statement =
        connection.prepare("SELECT * FROM token_usage ORDER BY timestamp").expect("a statement");
    let columns = statement.column_count();
    let mut rows = statement.query([]).expect("rows");
    let mut bytes = 0;
    while let Some(row) = rows.next().expect("a row") {
        for column in 0..columns {
            if let Ok(text) = row.get_ref(column).expect("a column").as_str() {
                bytes += text.len();
            }
        }
    }
    bytes
}

/// Every fourth row is an older one, whose command is in its metadata.
fn fill(file: &Path) {
    drop(open(file));
    let connection = Connection::open(file).expect("a database");
    let sql = format!(
        "PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; BEGIN;
         WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS} - 1)
         INSERT INTO token_usage (id, workspace_id, agent_id, model_name, job_id, task_id, project_id, command_name,
             action, provider, currency, tokens_prompt, tokens_completion, tokens_total, tokens_cached, cost_estimate,
             duration_ms, started_at, finished_at, timestamp, metadata_json)
         SELECT printf('%08x-0000-7000-8000-%012x', i, i), '{ID}', 'agent-' || (i % 5), 'model-' || (i % 3),
             'job-' || (i / 400), 'task-' || (i % 20000), 'project-' || (i % 2),
             CASE WHEN i % 4 THEN 'command-' || (i % 7) END, CASE WHEN i % 4 THEN 'act' END, 'anthropic', 'USD',
             1000 + i % 977, i % 311, 1000 + i % 977 + i % 311, i % 500, (i % 1000) / 7000.0, 500 + i % 9000,
             strftime('%Y-%m-%dT%H:%M:%fZ', 1767225600 + i * 30, 'unixepoch'),
             strftime('%Y-%m-%dT%H:%M:%fZ', 1767225609 + i * 30, 'unixepoch'),
             strftime('%Y-%m-%dT%H:%M:%fZ', 1767225610 + i * 30, 'unixepoch'),
             json_object('commandName', 'command-' || (i % 7), 'action', 'act', 'attempt', i % 3, 'temperature', 0.25)
         FROM n; COMMIT;"
    );
    connection.execute_batch(&sql).expect("rows");
}

fn in_own_process(file: &Path, what: &str) -> String {
    let own = std::env::current_exe().expect("this program");
    let output = Command::new(own).arg("--measure").arg(file).arg(what).output().expect("a process");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Prints how many MiB one query takes.
fn measure(file: &Path, what: &str) {
    let (who, place) = what.split_once(':').expect("who:place");
    let group_by = QUERIES[place.parse::<usize>().expect("a place")].1;
    let workspace = open(file);
    let plain = Connection::open(file).expect("a database");
    let before = peak();
    match who {
        "ours" => {
            black_box(summary(&workspace, group_by));
        }
        "sql" => {
            black_box(group_by_sql(&plain, group_by));
        }
        _ => {
            let cursor = workspace.token_usage_cursor(&TokenUsageQuery::default()).expect("a cursor");
            assert_eq!(cursor.filter(|row| row.is_ok()).count(), ROWS);
        }
    }
    match (before, peak()) {
        (Some(before), Some(after)) => println!("{:.1}", (after - before) / 1024.0),
        _ => println!("-"),
    }
}

/// The most KiB that this process ever had resident.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}
