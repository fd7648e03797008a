//! Throughput of usage extraction: `cargo bench --bench extract`.
//!
//! Times are medians of rounds. The memory is the process's peak as Linux reports it, after a short and after a
//! long input.

use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use mcoda_core::{AgentContext, Workspace, extract_usage};
use serde_json::{Value, json};

const ROUNDS: usize = 7;
const MIB: f64 = 1024.0 * 1024.0;

fn main() {
    bodies();
    let folder = tempfile::tempdir().expect("a folder");
    let short = folder.path().join("short.jsonl");
    let long = folder.path().join("long.jsonl");
    transcript(&short, 10 << 20);
    transcript(&long, 100 << 20);
    stream("record_agent_stream, 10 MiB", &short);
    stream("record_agent_stream, 100 MiB", &long);
    let text = std::fs::read_to_string(&long).expect("a file");
    in_memory("serde_json::Value of each line, 100 MiB", &text, || {
        text.lines().for_each(|line| drop(black_box(serde_json::from_str::<Value>(line))));
    });
    in_memory("extract_usage, 100 MiB", &text, || drop(black_box(extract_usage(&text, None))));
}

/// The bodies of the tests, one after the other.
fn bodies() {
    let cases = include_str!("../tests/bodies/bodies.jsonl").lines();
    let bodies: Vec<String> = cases
        .filter_map(|line| Some(serde_json::from_str::<Value>(line).ok()?.get("body")?.to_string()))
        .collect();
    let bytes: usize = bodies.iter().map(String::len).sum();
    let calls = 200;
    let seconds = median(|| {
        for _ in 0..calls {
            bodies.iter().for_each(|body| drop(black_box(extract_usage(body, None))));
        }
    });
    let count = (bodies.len() * calls) as f64;
    println!(
        "{:44} {:>10.0} bodies/s of {} bytes on average",
        "extract_usage, bodies of all shapes",
        count / seconds,
        bytes / bodies.len()
    );
}

/// A transcript of an agent: what it said and saw, and each message's usage with every block of it.
fn transcript(path: &Path, size: usize) {
    let mut file = BufWriter::new(File::create(path).expect("a file"));
    let words = "All the work and what came of it, \\\"quoted\\\" and with a line\\n".repeat(50);
    let mut written = 0;
    let mut number = 0;
    while written < size {
        let id = format!("msg_{}", number / 2);
        let usage = json!({"input_tokens": 3, "cache_read_input_tokens": 50_000, "output_tokens": number,
            "cache_creation_input_tokens": 900, "cache_creation": {"ephemeral_5m_input_tokens": 900}});
        let line = format!(
            r#"{{"type":"assistant","sessionId":"s","timestamp":"2026-03-20T12:00:00Z","message":{{"id":"{id}","role":"assistant","model":"claude-x","content":[{{"type":"text","text":"{words}"}}],"usage":{usage}}}}}"#
        );
        writeln!(file, "{line}").expect("a line");
        written += line.len() + 1;
        number += 1;
    }
}

fn stream(what: &str, path: &Path) {
    let folder = tempfile::tempdir().expect("a folder");
    let workspace = Workspace::open_db(folder.path().join("mcoda.db")).expect("a workspace");
    let length = std::fs::metadata(path).expect("a file").len() as f64;
    let start = Instant::now();
    let input = BufReader::with_capacity(256 * 1024, File::open(path).expect("a file"));
    let summary = workspace.record_agent_stream(input, &AgentContext::default(), |_| {}).expect("records");
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{what:44} {:10.0} MiB/s, {} records, peak memory {}",
        length / MIB / seconds,
        summary.recorded,
        peak_memory()
    );
}

fn in_memory(what: &str, text: &str, work: impl FnMut()) {
    println!("{what:44} {:10.0} MiB/s", text.len() as f64 / MIB / median(work));
}

fn median(mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map_or_else(|| "unknown".to_owned(), |peak| peak.trim().to_owned())
}
