//! Throughput of usage extraction: `cargo bench --bench extract`.
//!
//! Times are medians of rounds; those of recording are of wall clock and of processor. The memory is the process's peak as
//! Linux reports it, after a short and after a long input. `MIB=4` records only inputs of that size, for a profiler.

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
    let folder = tempfile::tempdir().expect("a folder");
    if let Some(mib) = size() {
        let [lines, events] = ["transcript.jsonl", "events.jsonl"].map(|name| folder.path().join(name));
        transcript(&lines, mib << 20);
        small_events(&events, mib << 20);
        stream("record_agent_stream, transcript", &lines, 1);
        return stream("record_agent_stream, small events", &events, 1);
    }
    bodies();
    let short = folder.path().join("short.jsonl");
    let long = folder.path().join("long.jsonl");
    transcript(&short, 10 << 20);
    transcript(&long, 100 << 20);
    stream("record_agent_stream, 10 MiB", &short, 1);
    stream("record_agent_stream, 100 MiB", &long, ROUNDS);
    let events = folder.path().join("events.jsonl");
    small_events(&events, 50 << 20);
    stream("record_agent_stream, 50 MiB of small events", &events, ROUNDS);
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

/// The events of Ollama's streams: a few words each, and the counts at the end of each response.
fn small_events(path: &Path, size: usize) {
    let mut file = BufWriter::new(File::create(path).expect("a file"));
    let mut written = 0;
    let mut number = 0_u64;
    while written < size {
        let time = format!(
            "2026-03-20T12:{:02}:{:02}.{:06}Z",
            number / 60_000 % 60,
            number / 1000 % 60,
            number % 1000
        );
        let (content, end) = match number % 200 {
            199 => (
                "",
                r#","done":true,"total_duration":2000000,"prompt_eval_count":26,"eval_count":199,"eval_duration":1000000"#,
            ),
            _ => (" word", r#","done":false"#),
        };
        let line = format!(
            r#"{{"model":"llama-x","created_at":"{time}","message":{{"role":"assistant","content":"{content}"}}{end}}}"#
        );
        writeln!(file, "{line}").expect("a line");
        written += line.len() + 1;
        number += 1;
    }
}

fn stream(what: &str, path: &Path, rounds: usize) {
    let length = std::fs::metadata(path).expect("a file").len() as f64;
    let mut recorded = 0;
    let mut processor = Vec::new();
    let seconds = median_of(rounds, || {
        let folder = tempfile::tempdir().expect("a folder");
        let workspace = Workspace::open_db(folder.path().join("mcoda.db")).expect("a workspace");
        let before = processor_seconds();
        let start = Instant::now();
        let input = BufReader::with_capacity(256 * 1024, File::open(path).expect("a file"));
        let summary =
            workspace.record_agent_stream(input, &AgentContext::default(), |_| {}).expect("records");
        let seconds = start.elapsed().as_secs_f64();
        processor.push(processor_seconds() - before);
        recorded = summary.recorded;
        seconds
    });
    processor.sort_by(f64::total_cmp);
    println!(
        "{what:44} {:10.0} MiB/s, {:.0} MiB/s of processor time, {recorded} records, peak memory {}",
        length / MIB / seconds,
        length / MIB / processor[processor.len() / 2],
        peak_memory()
    );
}

fn in_memory(what: &str, text: &str, work: impl FnMut()) {
    println!("{what:44} {:10.0} MiB/s", text.len() as f64 / MIB / median(work));
}

fn median(mut work: impl FnMut()) -> f64 {
    median_of(ROUNDS, || {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    })
}

fn median_of(rounds: usize, seconds: impl FnMut() -> f64) -> f64 {
    let mut times: Vec<f64> = std::iter::repeat_with(seconds).take(rounds).collect();
    times.sort_by(f64::total_cmp);
    times[rounds / 2]
}

/// The processor time of this process, of all its threads.
fn processor_seconds() -> f64 {
    const TICKS: f64 = 100.0;
    let status = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program, in parentheses, may contain blanks. The times are the 12th and 13th fields behind it.
    let fields = status.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks = fields.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / TICKS
}

#[allow(clippy::disallowed_methods, reason = "a benchmark reads its size from the environment")]
fn size() -> Option<usize> {
    std::env::var("MIB").ok()?.parse().ok()
}

fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.map_or_else(|| "unknown".to_owned(), |peak| peak.trim().to_owned())
}
