//! The last line of a Claude Code run. Its `usage` can be that of the last call alone; `modelUsage` has all
//! calls, those of other models and of resumed sessions included.

use super::body::Body;
use super::fields::{Object, count, measure, object, text};
use super::reading::{Cache, Reading, Told};

/// Notes a reading of what a run cost beyond what its models did.
pub(super) const COST_OF_NO_MODEL: &str = "cost_of_no_model";

pub(super) fn result(body: &Body<'_>) -> Option<Vec<Reading>> {
    let all = body.all;
    let models = object(all, &["modelUsage", "model_usage"]);
    let is_result = text(all, &["type"]) == Some("result") && all.contains_key("total_cost_usd");
    let mut readings: Vec<Reading> =
        models.into_iter().flatten().filter_map(|(name, usage)| of_model(name, usage.as_object()?)).collect();
    let has_models = !readings.is_empty();
    if !has_models {
        if !is_result {
            return None;
        }
        readings = super::anthropic::messages(body, object(all, &["usage"])?)?;
    }
    for reading in &mut readings {
        reading.note("source", "claude-code");
        reading.provider = Some("anthropic".into());
    }
    if has_models {
        reading_of_all(body, &mut readings);
    }
    put_cost(measure(all, &["total_cost_usd"]), &mut readings);
    let first = readings.first_mut()?;
    first.note_number("duration_api_ms", measure(all, &["duration_api_ms"]));
    first.note_count("turns", count(all, &["num_turns"]));
    Some(readings)
}

fn of_model(name: &str, usage: &Object) -> Option<Reading> {
    let told = Told {
        input: count(usage, &["inputTokens"]),
        output: count(usage, &["outputTokens"]),
        read: count(usage, &["cacheReadInputTokens"]),
        write: count(usage, &["cacheCreationInputTokens"]),
        reasoning: count(usage, &["thinkingTokens"]),
        ..Told::default()
    };
    let mut reading = Reading::new("claude-code", told, Cache::OnTop);
    reading.model = Some(name.to_owned());
    reading.cost = measure(usage, &["costUSD"]);
    reading.currency = reading.cost.map(|_| "USD".into());
    reading.note_count("web_searches", count(usage, &["webSearchRequests"]));
    reading.tells_usage().then_some(reading)
}

/// How long the cache is to live is told of the last call alone; it is known of all where that was all.
fn reading_of_all(body: &Body<'_>, readings: &mut [Reading]) {
    let last = object(body.all, &["usage"]);
    let ([only], Some(last)) = (readings, last) else { return };
    if only.cache_write.is_none() || count(last, &["cache_creation_input_tokens"]) != only.cache_write {
        return;
    }
    if let Some(split) = object(last, &["cache_creation"]) {
        only.note_count("cache_write_5m", count(split, &["ephemeral_5m_input_tokens"]));
        only.note_count("cache_write_1h", count(split, &["ephemeral_1h_input_tokens"]));
    }
}

/// The run's cost is the models' costs. What they leave out belongs to no model that is told.
fn put_cost(total: Option<f64>, readings: &mut Vec<Reading>) {
    const NOTHING: f64 = 1e-9;
    let Some(total) = total else { return };
    let currency = || Some("USD".to_owned());
    if let [only] = &mut readings[..] {
        (only.cost, only.currency) = (Some(total), currency());
        return;
    }
    let told = crate::number::exact_sum(readings.iter().filter_map(|reading| reading.cost));
    let rest = total - told;
    if rest > NOTHING {
        let mut unassigned = Reading::new("claude-code", Told::default(), Cache::Part);
        unassigned.provider = Some("anthropic".into());
        (unassigned.cost, unassigned.currency) = (Some(rest), currency());
        unassigned.note(COST_OF_NO_MODEL, true);
        readings.push(unassigned);
    }
}
