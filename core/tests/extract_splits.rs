//! However a transcript is split over files, in whatever order these are read and however often, the sums are those of
//! the whole. Every source that has a fixture is tried.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

mod common;

use std::path::Path;

use common::Fixture;
use mcoda_core::{AgentContext, TokenUsageQuery};
use serde_json::Value;

const BODIES: &str = include_str!("bodies/bodies.jsonl");

/// A fixture of a source: its name and its text.
type Input = (String, String);

/// The inputs of all cases, and those of the table of formats.
fn inputs() -> Vec<Input> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../usage-reader/tests/cases");
    let mut inputs = Vec::new();
    for list in ["manifest.json", "found.json"] {
        let cases: Vec<Value> =
            serde_json::from_str(&std::fs::read_to_string(folder.join(list)).unwrap()).unwrap();
        for case in cases {
            let name = case["name"].as_str().unwrap();
            let own =
                case["texts"].as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned());
            let files = case["files"].as_array().into_iter().flatten();
            // The tests of UTF-16 have the text as bytes.
            let read =
                files.filter_map(|file| std::fs::read_to_string(folder.join(file.as_str().unwrap())).ok());
            inputs.extend(own.chain(read).map(|text| (name.to_owned(), text)));
        }
    }
    for line in BODIES.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let text = match (&case["text"], &case["lines"]) {
            (Value::String(text), _) => text.clone(),
            (_, Value::Array(lines)) => lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n"),
            _ => continue,
        };
        inputs.push((case["name"].as_str().unwrap_or_default().to_owned(), text));
    }
    inputs
}

/// The sums of all records: input, output, cached and written tokens, and millionths of the cost.
type Sums = [i64; 5];

fn record(parts: &[&str]) -> Sums {
    let workspace = Fixture::new().options().open_db(":memory:").unwrap();
    for part in parts {
        workspace.record_agent_stream(part.as_bytes(), &AgentContext::default(), |_| {}).unwrap();
    }
    let mut sums = [0; 5];
    for row in workspace.token_usage(&TokenUsageQuery::default()).unwrap() {
        let cost = row.cost_estimate.map(|cost| (cost * 1e6).round() as i64);
        let own =
            [row.tokens_prompt, row.tokens_completion, row.tokens_cache_read, row.tokens_cache_write, cost];
        sums.iter_mut().zip(own).for_each(|(sum, own)| *sum += own.unwrap_or(0));
    }
    sums
}

/// What cannot be known of a part alone, as docs/extract.md says.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Limit {
    /// The session or the thread is named once, before the part.
    SessionNamedBefore,
    /// Nothing in the part says which call or run it belongs to.
    NoIds,
    /// A record is cut in two, or the lines that it depends on are in the other part.
    CutInTwo,
}

/// The inputs of which some splits come to other sums, by the beginning of their names.
const LIMITS: &[(&str, Limit)] = &[
    ("Codex exec:", Limit::SessionNamedBefore),
    ("Codex, before rollouts had info", Limit::SessionNamedBefore),
    ("a fork of a Codex thread", Limit::SessionNamedBefore),
    ("a Codex fork that keeps", Limit::SessionNamedBefore),
    ("an agent below a Codex agent", Limit::SessionNamedBefore),
    ("a Codex thread that is no fork", Limit::SessionNamedBefore),
    ("codex-01", Limit::SessionNamedBefore),
    ("codex-04", Limit::SessionNamedBefore),
    ("codex-05", Limit::SessionNamedBefore),
    ("codex-06", Limit::SessionNamedBefore),
    ("codex last only dup", Limit::SessionNamedBefore),
    ("price of a codex count after missing lines", Limit::SessionNamedBefore),
    ("codex records beside counts", Limit::SessionNamedBefore),
    ("Copilot CLI: its session's end", Limit::SessionNamedBefore),
    ("codex fork", Limit::SessionNamedBefore),
    ("codex exec and telemetry", Limit::SessionNamedBefore),
    ("codex agent of an agent that copied", Limit::SessionNamedBefore),
    ("two codex agents of one parent", Limit::SessionNamedBefore),
    ("copilot reset", Limit::SessionNamedBefore),
    ("copilot cli session and its spans", Limit::SessionNamedBefore),
    ("copilot cli counts", Limit::SessionNamedBefore),
    ("Gemini CLI's stream", Limit::SessionNamedBefore),
    ("gemini cli stream-json", Limit::SessionNamedBefore),
    ("anthropic stream", Limit::NoIds),
    ("Anthropic stream", Limit::NoIds),
    ("Anthropic through Bedrock's invoke, streamed", Limit::NoIds),
    ("Anthropic fell back: a stream", Limit::NoIds),
    ("bedrock invoke anthropic stream", Limit::NoIds),
    ("Claude Code's partial messages", Limit::NoIds),
    ("claude-08", Limit::NoIds),
    ("cc no ids two runs", Limit::NoIds),
    ("cc result session, messages none", Limit::NoIds),
    ("agent-20 Cline --json", Limit::NoIds),
    ("cline json aggregate", Limit::NoIds),
    ("copilot usage + message", Limit::NoIds),
    ("continuous usage without ids", Limit::NoIds),
    ("Gemini's stream without ids", Limit::NoIds),
    ("gemini usage-only last chunk", Limit::NoIds),
    ("stream-01 Titan", Limit::NoIds),
    ("Vercel AI SDK: the stream's end", Limit::NoIds),
    ("Vercel AI SDK: the end holds", Limit::NoIds),
    ("Vercel AI SDK 5, a stream", Limit::NoIds),
    ("ai sdk 4: a data stream", Limit::NoIds),
    ("agent-15 Cursor usage CSV", Limit::CutInTwo),
    ("array over many lines", Limit::CutInTwo),
    ("docker split", Limit::CutInTwo),
    ("k8s partial", Limit::CutInTwo),
    ("k8s interleaved partial", Limit::CutInTwo),
    ("pretty printed in gha", Limit::CutInTwo),
    ("pretty printed in compose", Limit::CutInTwo),
    ("pretty printed in buildkite", Limit::CutInTwo),
    ("vscode journal edit", Limit::CutInTwo),
    ("vscode journal result set", Limit::CutInTwo),
];

fn limit_of(name: &str) -> Option<Limit> {
    LIMITS.iter().find(|(start, _)| name.starts_with(start)).map(|(_, limit)| *limit)
}

/// The splits of the input for which `parts` come to other sums than the whole.
fn failures(
    text: &str,
    parts: impl for<'a> Fn(&'a str, &'a str, &'a str) -> Vec<Vec<&'a str>>,
) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let whole = record(&[text]);
    let mut failures = Vec::new();
    for split in 1..lines.len() {
        let (first, second) = (lines[..split].join("\n"), lines[split..].join("\n"));
        for (how, parts) in parts(&first, &second, text).into_iter().enumerate() {
            let found = record(&parts);
            if found != whole {
                failures.push(format!("split at {split}, way {how}: {found:?}, not {whole:?}"));
            }
        }
    }
    failures
}

/// The inputs of several lines, of which each split is tried.
fn transcripts() -> impl Iterator<Item = Input> {
    inputs().into_iter().filter(|(_, text)| (2..=40).contains(&text.lines().count()))
}

#[test]
fn a_file_that_has_grown_and_one_that_is_read_twice_add_nothing_but_what_is_new() {
    let mut all = Vec::new();
    for (name, text) in transcripts() {
        let found = failures(&text, |first, _, whole| {
            vec![vec![first, whole], vec![whole, whole], vec![whole, first]]
        });
        all.extend(found.into_iter().map(|failure| format!("{name}: {failure}")));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn any_split_and_any_order_of_the_parts_come_to_the_sums_of_the_whole() {
    let mut all = Vec::new();
    let mut limited = Vec::new();
    for (name, text) in transcripts() {
        let found = failures(&text, |first, second, whole| {
            vec![vec![first, second], vec![second, first], vec![second, whole]]
        });
        match limit_of(&name) {
            Some(_) => limited.push((name, found.is_empty())),
            None => all.extend(found.into_iter().map(|failure| format!("{name}: {failure}"))),
        }
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
    // A limit that has been overcome, or whose input is no longer there, is none.
    for (start, limit) in LIMITS {
        let fails = limited.iter().any(|(name, is_right)| name.starts_with(start) && !is_right);
        assert!(fails, "{start} has no limit any longer: {limit:?}");
    }
}
