//! Lines of every source, in any order and number, some of them damaged.

use std::sync::LazyLock;

use serde_json::Value;

use super::usage_bodies;

const CASES: &str = include_str!("../../../usage-reader/tests/cases/found.json");

/// The lines of all inputs that were counted wrongly somewhere.
static LINES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let cases: Vec<Value> = serde_json::from_str(CASES).expect("JSON");
    let texts = cases.iter().flat_map(|case| case["texts"].as_array().expect("texts"));
    texts.flat_map(|text| text.as_str().expect("a text").lines()).map(str::to_owned).collect()
});

/// Reads three bytes as one line: its number, and what is done to it. What holds for any body holds for these.
pub fn usage_sources(data: &[u8]) {
    let mut text = String::new();
    for bytes in data.chunks_exact(3).take(32) {
        let number = usize::from(u16::from_le_bytes([bytes[0], bytes[1]]));
        let line = &LINES[number % LINES.len()];
        let place =
            (0..=usize::from(bytes[2]) * line.len() / 256).rev().find(|at| line.is_char_boundary(*at));
        let place = place.unwrap_or(0);
        match bytes[2] % 8 {
            0 => text.push_str(&line[..place]),
            1 => text.push_str(&line[place..]),
            2 => text.push_str(&line.replacen(char::is_numeric, "7", place % 16)),
            _ => text.push_str(line),
        }
        if bytes[2] % 16 != 15 {
            text.push('\n');
        }
    }
    usage_bodies(text.as_bytes());
}
