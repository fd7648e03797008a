//! Properties of every body: complete, changed or damaged.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

mod common;
#[path = "../../tests/fuzzing/src/rules.rs"]
mod rules;

use common::cases;
use mcoda_core::MAX_SAFE_INTEGER;
use proptest::prelude::*;
use rules::check_all;
use serde_json::{Value, json};

const BODIES: &str = include_str!("bodies/bodies.jsonl");

/// The texts of all cases in the table of formats.
fn texts() -> Vec<String> {
    let text = |line: &str| {
        let case: Value = serde_json::from_str(line).unwrap();
        match (&case["text"], &case["lines"]) {
            (Value::String(text), _) => text.clone(),
            (_, Value::Array(lines)) => lines.iter().map(Value::to_string).collect::<Vec<_>>().join("\n"),
            _ => case["body"].to_string(),
        }
    };
    BODIES.lines().map(text).collect()
}

fn hint() -> impl Strategy<Value = Option<&'static str>> {
    prop::sample::select(vec![
        None,
        Some("anthropic"),
        Some("openai"),
        Some("bedrock"),
        Some("xai"),
        Some(""),
    ])
}

/// Values in place of an expected count.
fn odd_value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        (0_i64..5000).prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            json!(null),
            json!(true),
            json!("12"),
            json!("NaN"),
            json!([]),
            json!({}),
            json!(MAX_SAFE_INTEGER),
            json!(MAX_SAFE_INTEGER - 1),
            json!(1e308),
            json!([{"modality": "AUDIO", "tokenCount": 1e30}]),
        ]),
    ]
}

/// Replaces the `index`-th number in a body, modulo their count.
fn replace_number(value: &mut Value, index: &mut usize, by: &Value) -> bool {
    match value {
        Value::Number(_) => {
            if *index == 0 {
                *value = by.clone();
                return true;
            }
            *index -= 1;
            false
        }
        Value::Array(values) => values.iter_mut().any(|value| replace_number(value, index, by)),
        Value::Object(values) => values.values_mut().any(|value| replace_number(value, index, by)),
        _ => false,
    }
}

#[test]
fn every_complete_body_keeps_the_rules() {
    for text in texts() {
        for hint in [None, Some("anthropic"), Some("openai"), Some("xai"), Some("nobody")] {
            check_all(&text, hint);
        }
    }
}

#[test]
fn every_body_that_is_cut_off_is_no_panic() {
    for text in texts() {
        let step = (text.len() / 60).max(1);
        for end in (0..text.len()).step_by(step).filter(|end| text.is_char_boundary(*end)) {
            check_all(&text[..end], None);
        }
    }
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn changed_numbers_keep_the_rules(
        body in prop::sample::select(texts()),
        changes in prop::collection::vec((0_usize..40, odd_value()), 1..6),
        hint in hint(),
    ) {
        let changed: Vec<String> = body
            .lines()
            .map(|line| {
                let Ok(mut value) = serde_json::from_str::<Value>(line) else { return line.to_owned() };
                for (index, by) in &changes {
                    replace_number(&mut value, &mut index.clone(), by);
                }
                value.to_string()
            })
            .collect();
        check_all(&changed.join("\n"), hint);
    }

    #[test]
    fn changed_bytes_keep_the_rules(
        body in prop::sample::select(texts()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        hint in hint(),
    ) {
        let mut bytes = body.into_bytes();
        for (place, byte) in changes {
            if !bytes.is_empty() {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
        }
        check_all(&String::from_utf8_lossy(&bytes), hint);
    }

    #[test]
    fn bodies_that_run_into_each_other_keep_the_rules(
        bodies in prop::collection::vec(prop::sample::select(texts()), 1..5),
        cut in any::<prop::sample::Index>(),
        separator in prop::sample::select(vec!["", "\n", ",", "\n\n", "\u{0}", "data: "]),
    ) {
        let text = bodies.join(separator);
        let from = (0..=cut.index(text.len().max(1))).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        check_all(&text[from..], None);
        check_all(&text, None);
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,200}", hint in hint()) {
        check_all(&text, hint);
    }

    #[test]
    fn any_usage_object_keeps_the_rules(
        names in prop::collection::vec(prop::sample::select(vec![
            "prompt_tokens", "completion_tokens", "total_tokens", "input_tokens", "output_tokens", "cached_tokens",
            "cache_read_input_tokens", "cache_creation_input_tokens", "inputTokens", "outputTokens", "totalTokens",
            "cachedInputTokens", "cacheReadInputTokens", "cacheWriteInputTokens", "promptTokenCount",
            "candidatesTokenCount", "thoughtsTokenCount", "cachedContentTokenCount", "totalTokenCount",
            "prompt_cache_hit_tokens", "prompt_cache_miss_tokens", "cost", "cost_in_usd_ticks", "tokensPrompt",
            "tokens_cached", "durationMs", "startedAt", "finishedAt", "prompt_eval_count", "eval_count",
            "tokens_evaluated", "native_tokens_prompt", "queue_time", "total_time", "total_input_tokens",
        ]), 1..10),
        values in prop::collection::vec(odd_value(), 10),
        hint in hint(),
    ) {
        let object: serde_json::Map<String, Value> =
            names.iter().zip(values).map(|(name, value)| ((*name).to_owned(), value)).collect();
        let object = Value::Object(object);
        check_all(&object.to_string(), hint);
        check_all(&json!({"usage": object, "id": "x"}).to_string(), hint);
        check_all(&json!({"usage": {"prompt_tokens_details": object, "prompt_tokens": 5}}).to_string(), hint);
    }
}
