//! Coding agents with shapes of their own: opencode, Cursor and Kimi keep the cache apart from the input, Copilot
//! has it in there.

use super::body::Body;
use super::fields::{Object, count, measure, moment, object, text, told_sum};
use super::reading::{Cache, Reading, Told};

/// A message of opencode, or the end of one of its steps. Only the total tells whether reasoning is part of the
/// output, which it was before opencode told totals.
pub(super) fn opencode(body: &Body<'_>) -> Option<Reading> {
    let tokens = object(body.all, &["tokens"])?;
    let cache = object(tokens, &["cache"])?;
    let [input, output, reasoning] = ["input", "output", "reasoning"].map(|name| count(tokens, &[name]));
    let [read, write] = ["read", "write"].map(|name| count(cache, &[name]));
    let total = count(tokens, &["total"]);
    if input.is_none() && output.is_none() {
        return None;
    }
    let with_reasoning = told_sum([output, reasoning]);
    let all = [input, read, write, with_reasoning];
    let is_on_top = reasoning > output || (total.is_some() && told_sum(all) == total);
    let output = if is_on_top { with_reasoning } else { output };
    let told = Told { input, output, total, read, write, reasoning, ..Told::default() };
    let mut reading = Reading::new("opencode", told, Cache::OnTop);
    reading.provider = text(body.all, &["providerID"]).map(str::to_owned);
    reading.cost = measure(body.all, &["cost"]);
    reading.currency = reading.cost.map(|_| "USD".into());
    if let Some(time) = object(body.all, &["time"]) {
        reading.started_at = moment(time, &["created"]);
        reading.finished_at = moment(time, &["completed"]);
        reading.timestamp = reading.finished_at.or(reading.started_at);
    }
    Some(reading)
}

/// The end of a run of Cursor's agent, and the events of its dashboard. No other run that ends so has these names.
pub(super) fn cursor(body: &Body<'_>, usage: &Object) -> Option<Reading> {
    let told = Told {
        input: Some(count(usage, &["inputTokens"])?),
        output: count(usage, &["outputTokens"]),
        read: count(usage, &["cacheReadTokens"]),
        write: count(usage, &["cacheWriteTokens"]),
        ..Told::default()
    };
    let is_end = text(body.all, &["type"]) == Some("result") && told.read.is_some() && told.write.is_some();
    let cents = measure(usage, &["totalCents"]);
    if !is_end && cents.is_none() && !body.hint_is(&["cursor"]) {
        return None;
    }
    let mut reading = Reading::new("cursor", told, Cache::OnTop);
    body.name_provider(&mut reading, "cursor");
    reading.cost = cents.map(|cents| cents / 100.0);
    reading.currency = reading.cost.map(|_| "USD".into());
    reading.note_text("session", text(body.all, &["session_id", "conversationId"]));
    Some(reading)
}

/// A call of Kimi's command line.
pub(super) fn kimi(body: &Body<'_>, usage: &Object) -> Option<Reading> {
    let told = Told {
        input: count(usage, &["input_other", "inputOther"]),
        output: count(usage, &["output"]),
        read: count(usage, &["input_cache_read", "inputCacheRead"]),
        write: count(usage, &["input_cache_creation", "inputCacheCreation"]),
        ..Told::default()
    };
    if told.input.is_none() && told.read.is_none() {
        return None;
    }
    let mut reading = Reading::new("kimi", told, Cache::OnTop);
    body.name_provider(&mut reading, "moonshot");
    reading.timestamp = moment(body.all, &["time"]);
    Some(reading)
}

/// What all calls of a session of Copilot CLI came to, one reading a model.
pub(super) fn copilot(body: &Body<'_>) -> Option<Vec<Reading>> {
    let models = object(body.all, &["modelMetrics"])?;
    let of_model = |(name, metrics): (&String, &serde_json::Value)| {
        let metrics = metrics.as_object()?;
        let usage = object(metrics, &["usage"])?;
        let input = count(usage, &["inputTokens"]);
        // A part of what is not told would be more than the whole beside other models.
        let part = |name| count(usage, &[name]).filter(|_| input.is_some());
        let told = Told {
            input,
            output: count(usage, &["outputTokens"]),
            read: part("cacheReadTokens"),
            write: part("cacheWriteTokens"),
            reasoning: count(usage, &["reasoningTokens"]),
            ..Told::default()
        };
        let mut reading = Reading::new("copilot", told, Cache::Part);
        reading.model = Some(name.clone());
        body.name_provider(&mut reading, "github-copilot");
        reading.note_count("requests", object(metrics, &["requests"]).and_then(|all| count(all, &["count"])));
        reading.note("cumulative", true);
        reading.tells_usage().then_some(reading)
    };
    let mut readings: Vec<Reading> = models.iter().filter_map(of_model).collect();
    readings.first_mut()?.note_number("duration_api_ms", measure(body.all, &["totalApiDurationMs"]));
    Some(readings)
}
