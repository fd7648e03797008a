//! A response that arrives in pieces reports what it reports as a whole.

use std::path::Path;

use mcoda_usage_reader::{ExtractedCall, ParsedUsage, Pieces, calls};
use serde_json::Value;

type Found = (Vec<ExtractedCall>, Option<ParsedUsage>);

/// Reads the text in pieces of this many characters.
fn in_pieces(text: &str, length: usize) -> Found {
    let mut pieces = Pieces::new(None);
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(length).for_each(|piece| pieces.push(&piece.iter().collect::<String>()));
    pieces.finish()
}

#[test]
fn pieces_of_any_length_report_the_same_as_the_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a fixture");
    let mut seen = 0;
    for case in serde_json::from_str::<Vec<Value>>(&read("found.json")).expect("a list") {
        let text = match case["texts"][0].as_str() {
            Some(text) => text.to_owned(),
            None => read(case["files"][0].as_str().expect("a name")),
        };
        // Text that was encoded twice is only known as such when it is whole.
        if text.trim_start_matches('\u{feff}') != text || text.starts_with('"') || text.len() > 100_000 {
            continue;
        }
        let text = text.trim();
        let whole = calls(text, None);
        // One line in several pieces looks like several lines.
        let text = if text.contains('\n') { text.to_owned() } else { format!("{text}\n") };
        for length in [1, 7, 64, text.len().max(1)] {
            if in_pieces(&text, length) != whole {
                panic!("{} in pieces of {length}", case["name"]);
            }
        }
        seen += usize::from(whole.1.is_some());
    }
    assert!(seen > 50, "only {seen} cases");
}

#[test]
fn pieces_without_line_breaks_are_lines() {
    let mut pieces = Pieces::new(None);
    for line in [
        "data: {\"id\": \"c\", \"usage\": null}",
        "",
        "data: {\"id\": \"c\", \"usage\": {\"prompt_tokens\": 7}}",
        "",
        "data: [DONE]",
    ] {
        pieces.push(line);
    }
    let (calls, total) = pieces.finish();
    assert_eq!((calls.len(), total.and_then(|total| total.input)), (1, Some(7)));
}

#[test]
fn values_and_text_may_be_mixed() {
    let mut pieces = Pieces::new(None);
    pieces.push_value(r#"{"id": "a", "usage": {"prompt_tokens": 1}}"#);
    pieces.push("{\"id\": \"b\", \"usage\": ");
    pieces.push("{\"prompt_tokens\": 2}}\n");
    pieces.push_value(r#"{"id": "c", "usage": {"prompt_tokens": 4}}"#);
    let (calls, total) = pieces.finish();
    assert_eq!((calls.len(), total.and_then(|total| total.input)), (3, Some(7)));
}
