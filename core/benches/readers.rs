//! What a record costs while another thread of the same handle sums half a million calls, one query after the
//! other: `cargo bench --package mcoda-core --bench readers`.
//!
//! Rounds with and without the queries take turns, so that a machine that slows down slows both. The peer is one
//! connection of SQLite's that inserts and another one that sums; it moves the log within a commit.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use mcoda_core::{Dimension, TokenUsage, TokenUsageQuery, Workspace};
use rusqlite::Connection;

const ROWS: usize = 500_000;
const ROUNDS: usize = 5;
/// For how long a round records at least: some queries long.
const ROUND: Duration = Duration::from_secs(3);

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mcoda.db");
    let workspace = Workspace::open_db(&file).expect("a workspace");
    fill(&file);
    println!(
        "{:24} {:>10} {:>10} {:>10} {:>10} {:>8} {:>8} {:>8} {:>10}",
        "record, µs", "alone p50", "p99", "beside p50", "p99", "ratio50", "ratio99", "longest", "queries"
    );
    let usage = TokenUsage { model_name: Some("a-model".into()), ..TokenUsage::default() };
    measure(
        "record_token_usage",
        || drop(workspace.record_token_usage(&usage).expect("a record")),
        || {
            let query = TokenUsageQuery::default();
            drop(workspace.token_usage_summary(&query, &[Dimension::Model]).expect("sums"));
        },
    );
    let path = folder.path().join("plain.db");
    workspace.backup_to(&path).expect("a copy");
    let writer = plain(&path);
    let mut count = 0;
    measure(
        "plain SQLite",
        || {
            count += 1;
            writer
                .prepare_cached(
                    "INSERT INTO token_usage (id, workspace_id, model_name, timestamp) VALUES (?1, 'w', 'm', ?1)",
                )
                .and_then(|mut statement| statement.execute([format!("{count:036}")]))
                .expect("an insert");
        },
        || {
            let reader = plain(&path);
            let sql =
                "SELECT model_name, sum(tokens_prompt), sum(tokens_completion) FROM token_usage GROUP BY 1";
            let mut statement = reader.prepare(sql).expect("a statement");
            let mut rows = statement.query([]).expect("rows");
            while rows.next().expect("a row").is_some() {}
        },
    );
}

fn plain(path: &Path) -> Connection {
    let connection = Connection::open(path).expect("a database");
    connection.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL").expect("pragmas");
    connection
}

fn fill(file: &Path) {
    let connection = plain(file);
    connection
        .execute_batch(&format!(
            "INSERT INTO token_usage (id, workspace_id, agent_id, model_name, command_name, tokens_prompt,
                 tokens_completion, cost_estimate, timestamp)
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {ROWS})
             SELECT printf('%036d', -i), 'w', 'claude', 'model-' || (i % 20), 'work-on-tasks', i % 5000, i % 700,
                 0.01, strftime('%Y-%m-%dT%H:%M:%fZ', 1.7e9 + i, 'unixepoch') FROM n;
             PRAGMA wal_checkpoint(TRUNCATE)"
        ))
        .expect("rows");
}

/// Times each call of `record`, alone and while another thread repeats `run_query`.
fn measure(what: &str, mut record: impl FnMut(), run_query: impl Fn() + Sync) {
    let mut times = [Vec::new(), Vec::new()];
    let count = AtomicUsize::new(0);
    for _ in 0..ROUNDS {
        round(&mut times[0], &mut record);
        let is_done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !is_done.load(Ordering::Relaxed) {
                    run_query();
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
            round(&mut times[1], &mut record);
            is_done.store(true, Ordering::Relaxed);
        });
    }
    let [alone, beside] = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        [times[times.len() / 2], times[times.len() * 99 / 100], times[times.len() - 1]]
    });
    println!(
        "{what:24} {:10.1} {:10.1} {:10.1} {:10.1} {:8.2} {:8.2} {:8.0} {:10}",
        alone[0],
        alone[1],
        beside[0],
        beside[1],
        beside[0] / alone[0],
        beside[1] / alone[1],
        beside[2],
        count.into_inner()
    );
}

fn round(times: &mut Vec<f64>, record: &mut impl FnMut()) {
    let start = Instant::now();
    while start.elapsed() < ROUND {
        let begun = Instant::now();
        record();
        times.push(begun.elapsed().as_secs_f64() * 1e6);
    }
}
