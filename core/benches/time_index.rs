//! What an index of token usage by time costs and saves: `cargo bench --bench time_index`.

mod compare;

use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use compare::Medians;
use mcoda_core::{Clock, TokenUsage, TokenUsageQuery, Workspace};
use rusqlite::Connection;

const ROWS: usize = 1_000_000;
const RECORDS: usize = 2_000;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let paths = ["without.db", "with.db"].map(|name| folder.path().join(name));
    for path in &paths {
        make(path);
    }
    let [without, with] = paths.each_ref().map(|path| open(path));
    let start = Instant::now();
    with.create_time_index().expect("an index");
    println!("create_time_index, {ROWS} rows: {:.2} s", start.elapsed().as_secs_f64());
    let last_hour = |workspace: &Workspace| {
        let query = TokenUsageQuery { since: Some("1h".into()), ..Default::default() };
        black_box(workspace.token_usage_summary(&query, &[]).expect("sums"));
    };
    compare("the last hour, with / without", 1, || last_hour(&with), || last_hour(&without));
    let record = |workspace: &Workspace| {
        for _ in 0..RECORDS {
            let usage = TokenUsage {
                agent_id: Some("claude".into()),
                tokens_prompt: Some(1200),
                ..Default::default()
            };
            black_box(workspace.record_token_usage(&usage).expect("a record"));
        }
    };
    compare("record_token_usage, with / without", RECORDS, || record(&with), || record(&without));
}

fn open(path: &Path) -> Workspace {
    let now = "2026-03-20T12:00:00Z".parse().expect("a time");
    Workspace::options().workspace_id("w").clock(Clock::fixed(now)).open_db(path).expect("a workspace")
}

/// A million calls in about two months, the last one now.
fn make(path: &Path) {
    drop(open(path));
    let db = Connection::open(path).expect("a database");
    let sql = format!(
        "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {ROWS})
         INSERT INTO token_usage (id, workspace_id, agent_id, model_name, tokens_prompt, cost_estimate, timestamp)
         SELECT printf('%036d', n), 'w', 'claude', 'a-model', n, 0.01,
                strftime('%Y-%m-%dT%H:%M:%fZ', '2026-03-20T12:00:00Z', printf('-%d seconds', ({ROWS} - n) * 5)) FROM n"
    );
    db.execute_batch(&sql).expect("rows");
}

/// Compares the two and prints a line.
fn compare(what: &str, calls: usize, ours: impl FnMut(), peer: impl FnMut()) {
    let Medians { ours, peer, ours_cpu, peer_cpu } = compare::compare(calls, ours, peer);
    println!(
        "{what}: {ours:.1} / {peer:.1} µs = {:.3}; processor {ours_cpu:.1} / {peer_cpu:.1} µs = {:.2}",
        ours / peer,
        ours_cpu / peer_cpu
    );
}
