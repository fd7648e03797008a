//! What the lock layer costs: `cargo bench -p mcoda-core --bench locks --features test-switches`.
//!
//! The layer is installed for a whole process or not at all, so each measurement is made in a process of its own. The two
//! kinds take turns, so that a machine that slows down slows both; medians of seven are compared.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use mcoda_core::{TokenUsage, Workspace};
use rusqlite::Connection;

const ROUNDS: usize = 7;
const WORK: [&str; 4] =
    ["autocommit, wal", "autocommit, rollback journal", "record_token_usage", "open, one query, close"];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, work, folder, ..] = &*arguments
        && flag == "--measure"
    {
        println!("{}", measure(work, Path::new(folder)).as_secs_f64() * 1e6);
        return;
    }
    println!("{:32} {:>14} {:>14} {:>14}", "what", "with, µs", "without, µs", "speed ratio");
    for work in WORK {
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for (times, locks) in times.iter_mut().zip(["", "off"]) {
                times.push(in_other_process(work, locks));
            }
        }
        let [with, without] = times.map(|mut times| {
            times.sort_by(f64::total_cmp);
            times[ROUNDS / 2]
        });
        println!("{work:32} {with:14.2} {without:14.2} {:14.2}", without / with);
    }
}

fn in_other_process(work: &str, locks: &str) -> f64 {
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new(std::env::current_exe().expect("this program has a file"))
        .args(["--measure", work])
        .arg(folder.path())
        .env("MCODA_TEST_LOCKS", locks)
        .output()
        .expect("this program runs");
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().unwrap_or_else(|_| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
}

/// The time that one call took: the average of the best batch, so that what else the machine does shows least.
fn measure(work: &str, folder: &Path) -> Duration {
    let file = folder.join("mcoda.db");
    let workspace = Workspace::open_db(&file).expect("a workspace");
    match work {
        "autocommit, wal" => autocommit(&folder.join("plain.db"), "wal", 20_000),
        "autocommit, rollback journal" => autocommit(&folder.join("plain.db"), "delete", 5_000),
        "record_token_usage" => each(5_000, || {
            workspace.record_token_usage(&TokenUsage::default()).expect("a record");
        }),
        _ => each(1_000, || {
            let connection = Connection::open(&file).expect("a database");
            let count = connection.query_row("SELECT count(*) FROM projects", [], |row| row.get::<_, i64>(0));
            assert_eq!(count.expect("a count"), 0);
        }),
    }
}

fn autocommit(file: &Path, journal_mode: &str, calls: u32) -> Duration {
    let connection = Connection::open(file).expect("a database");
    let sql = format!("PRAGMA journal_mode={journal_mode}; PRAGMA synchronous=OFF; CREATE TABLE t (a, b)");
    connection.execute_batch(&sql).expect("a table");
    let mut insert = connection.prepare("INSERT INTO t VALUES (?, 'some text')").expect("a statement");
    let mut number = 0;
    each(calls, || {
        number += 1;
        insert.execute([number]).expect("a row");
    })
}

fn each(calls: u32, mut work: impl FnMut()) -> Duration {
    const BATCHES: u32 = 20;
    let calls = calls / BATCHES;
    let batch = |_| {
        let start = Instant::now();
        (0..calls).for_each(|_| work());
        start.elapsed() / calls
    };
    (0..BATCHES).map(batch).min().unwrap_or_default()
}
