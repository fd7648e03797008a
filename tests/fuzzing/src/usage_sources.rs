//! Damaged fixtures of every source.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use mcoda_core::{TokenUsageQuery, TokenUsageRow};
use serde_json::Value;

use super::damage::damaged;
use super::{options, usage_bodies};

/// The files of all sources, and the inputs that were counted wrongly somewhere.
static FIXTURES: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let cases = project.join("usage-reader/tests/cases");
    let read = |file: &str| std::fs::read(cases.join(file)).expect("a fixture");
    let list = |file: &str| -> Vec<Value> { serde_json::from_slice(&read(file)).expect("JSON") };
    let texts = |case: &Value| -> Vec<Vec<u8>> {
        let of = |name: &str| case[name].as_array().into_iter().flatten().filter_map(Value::as_str);
        of("files").map(read).chain(of("texts").map(|text| text.as_bytes().to_vec())).collect()
    };
    let mut fixtures: Vec<Vec<u8>> = list("manifest.json").iter().flat_map(texts).collect();
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
    // Further cases are added to this list, so it comes last: the inputs of the corpus keep their fixtures.
    fixtures.extend(list("found.json").iter().flat_map(texts));
    fixtures
});

/// How many fixtures there are.
pub fn fixtures() -> usize {
    FIXTURES.len()
}

/// The sources of the calls in a fixture.
pub fn sources_of(fixture: usize) -> BTreeSet<String> {
    let rows = rows(&FIXTURES[fixture]);
    let source = |row: &TokenUsageRow| row.metadata["usage"]["source"].as_str().map(str::to_owned);
    rows.iter().filter_map(source).collect()
}

/// The fixture that an input of [`usage_sources`] damages.
pub fn fixture_of(data: &[u8]) -> Option<usize> {
    let bytes = data.first_chunk()?;
    Some(usize::from(u16::from_le_bytes(*bytes)) % FIXTURES.len())
}

/// Two bytes choose a fixture, the others damage it. What holds for any body holds for the result, and the damage
/// affects neither the call before nor the one behind.
pub fn usage_sources(data: &[u8]) {
    let Some(fixture) = fixture_of(data) else { return };
    let text = damaged(&FIXTURES[fixture], &data[2..]);
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
    if !(2..=40).contains(&lines.len()) {
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
    rows(text).into_iter().map(|row| (row.id, row.tokens_prompt, row.tokens_completion)).collect()
}

fn rows(text: &[u8]) -> Vec<TokenUsageRow> {
    let workspace = options().open_db(":memory:").expect("a database");
    workspace.record_agent_stream(text, &Default::default(), |_| {}).expect("any input");
    workspace.token_usage(&TokenUsageQuery::default()).expect("rows")
}

fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort();
    rows
}
