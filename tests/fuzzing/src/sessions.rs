//! Sessions that are reported by their counts, by their calls or by both: the sums depend on what was reported, and not
//! on its order or on how often it came.

use mcoda_core::extract_usages;
use serde_json::json;

/// Reads four bytes as one report: a message, or the result of a process.
fn line(bytes: &[u8]) -> String {
    let [kind, session, number, count] = [bytes[0], bytes[1], bytes[2], bytes[3]];
    let session = format!("s{}", session % 3);
    let (number, count) = (i64::from(number % 8), i64::from(count));
    // A count that only grows, so that a result with more is a later one.
    let usage = |factor: i64| json!({"input_tokens": 100 * factor, "output_tokens": 10 * factor});
    let value = if kind % 2 == 0 {
        json!({"type": "assistant", "sessionId": session, "timestamp": "2026-03-20T12:00:00Z", "message": {
            "id": format!("{session}-{number}"), "model": "claude-x", "usage": usage(count)}})
    } else {
        let own = if kind % 4 == 1 { count } else { count / 2 };
        json!({"type": "result", "session_id": session, "uuid": format!("{number}-{count}-{}", kind % 4),
            "total_cost_usd": count, "usage": usage(own), "modelUsage": {"claude-x": {"inputTokens": 100 * count,
                "outputTokens": 10 * count, "cacheReadInputTokens": 0, "cacheCreationInputTokens": 0, "costUSD": count}}})
    };
    value.to_string()
}

fn sums(lines: &[String]) -> (i64, i64, i64) {
    let usages = extract_usages(&lines.join("\n"), None);
    let sum = |of: &dyn Fn(&mcoda_core::TokenUsage) -> i64| usages.iter().map(of).sum();
    (
        sum(&|usage| usage.tokens_prompt.unwrap_or(0)),
        sum(&|usage| usage.tokens_completion.unwrap_or(0)),
        sum(&|usage| usage.cost_estimate.map_or(0, |cost| cost.round() as i64)),
    )
}

/// Any order, any repetition and any prefix before the whole come to the same sums.
pub fn sessions(data: &[u8]) {
    let lines: Vec<String> = data.chunks_exact(4).take(64).map(line).collect();
    let expected = sums(&lines);
    let mut others = lines.clone();
    others.reverse();
    assert_eq!(sums(&others), expected, "backwards: {lines:#?}");
    others.rotate_left(lines.len() / 3);
    assert_eq!(sums(&others), expected, "in another order: {lines:#?}");
    assert_eq!(sums(&[lines.clone(), lines.clone()].concat()), expected, "twice: {lines:#?}");
    let prefix = &lines[..lines.len() / 2];
    assert_eq!(sums(&[prefix, &lines].concat()), expected, "a prefix first: {lines:#?}");
}
