//! Damaged fixtures of every source.

use std::path::Path;
use std::sync::LazyLock;

use mcoda_core::TokenUsageQuery;
use serde_json::Value;

use super::damage::damaged;
use super::{options, usage_bodies};

/// The files of all sources, and the inputs that were counted wrongly somewhere.
static FIXTURES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let cases = project.join("usage-reader/tests/cases");
    let read = |file: &str| std::fs::read(cases.join(file)).expect("a fixture");
    let list = |file: &str| -> Vec<Value> { serde_json::from_slice(&read(file)).expect("JSON") };
    let mut fixtures = Vec::new();
    for case in ["manifest.json", "found.json"].into_iter().flat_map(list) {
        let texts = |name: &str| case[name].as_array().into_iter().flatten().filter_map(Value::as_str);
        fixtures.extend(texts("files").map(read));
        fixtures.extend(texts("texts").map(|text| text.as_bytes().to_vec()));
    }
    let bodies =
        std::fs::read_to_string(project.join("core/tests/bodies/bodies.jsonl")).expect("the formats");
    fixtures.extend(bodies.lines().map(|line| {
        let case: Value = serde_json::from_str(line).expect("JSON");
        match (&case["text"], &case["lines"]) {
            (Value::String(text), _) => text.clone().into_bytes(),
            (_, Value::Array(lines)) => {
                lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n").into()
            }
            _ => case["body"].to_string().into_bytes(),
        }
    }));
    fixtures
});

/// How many fixtures there are.
pub fn fixtures() -> usize {
    FIXTURES.len()
}

/// Two bytes choose a fixture, the others damage it. What holds for any body holds for the result, and the damage
/// affects neither the call before nor the one behind.
pub fn usage_sources(data: &[u8]) {
    let Some(([low, high], edits)) = data.split_first_chunk() else { return };
    let fixture = &FIXTURES[usize::from(u16::from_le_bytes([*low, *high])) % FIXTURES.len()];
    let text = damaged(fixture, edits);
    usage_bodies(&text);
    let call = |id: &str| {
        let usage = format!("{{\"prompt_tokens\":{BEFORE},\"completion_tokens\":{BEHIND}}}");
        format!("{{\"id\":\"{id}\",\"object\":\"chat.completion\",\"usage\":{usage}}}")
    };
    let whole = [call("before").as_bytes(), &text, call("behind").as_bytes()].join(&b'\n');
    let own = (Some(BEFORE), Some(BEHIND));
    let found = recorded(&whole).into_iter().filter(|row| (row.1, row.2) == own).count();
    assert_eq!(found, 2, "the calls around the damage: {}", text.escape_ascii());
}

/// Damages one line of a fixture whose lines count the same together and alone: the others are still counted, where the
/// total of a thread is known even with what was damaged. Returns whether the fixture is one.
pub fn damaged_line(fixture: usize, edit: [u8; 4]) -> bool {
    let Ok(text) = std::str::from_utf8(&FIXTURES[fixture]) else { return false };
    let lines: Vec<&[u8]> = text.trim_end().lines().map(str::as_bytes).collect();
    // The lines of an array are not independent: a bracket more on the first one begins another document.
    if text.starts_with('[') || !(2..=40).contains(&lines.len()) {
        return false;
    }
    let alone: Vec<Vec<Row>> = lines.iter().map(|line| recorded(line)).collect();
    if sorted(alone.concat()) != sorted(recorded(text.as_bytes())) {
        return false;
    }
    let chosen = usize::from(edit[3]) % lines.len();
    let others = [&alone[..chosen], &alone[chosen + 1..]].concat().concat();
    // The others may need the line, as a fork of a Codex thread needs the one with which its own work begins.
    let remaining = [&lines[..chosen], &lines[chosen + 1..]].concat().join(&b'\n');
    if sorted(others.clone()) != sorted(recorded(&remaining)) {
        return false;
    }
    let changed = damaged(lines[chosen], &edit);
    let mut all = lines;
    all[chosen] = &changed;
    let all = all.join(&b'\n');
    let found = recorded(&all);
    for row in others {
        let has_all = |one: &Row| one.0 == row.0 && one.1 >= row.1 && one.2 >= row.2;
        assert!(found.iter().any(has_all), "{row:?} is lost: {}", all.escape_ascii());
    }
    true
}

/// Counts that no fixture has.
const BEFORE: i64 = 7_654_321;
const BEHIND: i64 = 1_234_567;

/// The id of a record, its input and its output.
type Row = (String, Option<i64>, Option<i64>);

fn recorded(text: &[u8]) -> Vec<Row> {
    let workspace = options().open_db(":memory:").expect("a database");
    workspace.record_agent_stream(text, &Default::default(), |_| {}).expect("any input");
    let rows = workspace.token_usage(&TokenUsageQuery::default()).expect("rows");
    rows.into_iter().map(|row| (row.id, row.tokens_prompt, row.tokens_completion)).collect()
}

fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort();
    rows
}
