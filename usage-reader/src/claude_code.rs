//! The last line of a Claude Code run. Its `usage` can be that of the last call alone; `modelUsage` has all
//! calls, those of other models and of resumed sessions included.

use crate::body::Body;
use crate::fields::{Object, count, measure, object, text};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};

/// Marks a usage that is what a run cost beyond what its models did.
pub(crate) const COST_OF_NO_MODEL: &str = "cost_of_no_model";

pub(crate) fn result(body: &Body<'_>) -> Option<Vec<ParsedUsage>> {
    let all = body.all;
    let models = object(all, &["modelUsage", "model_usage"]);
    let is_result = text(all, &["type"]) == Some("result") && all.contains_key("total_cost_usd");
    let mut usages: Vec<ParsedUsage> =
        models.into_iter().flatten().filter_map(|(name, usage)| of_model(name, usage.as_object()?)).collect();
    let has_models = !usages.is_empty();
    if !has_models {
        if !is_result {
            return None;
        }
        usages = crate::anthropic::messages(body, object(all, &["usage"])?)?;
    }
    for parsed in &mut usages {
        parsed.note("source", "claude-code");
        parsed.provider = Some("anthropic".into());
    }
    if has_models {
        split_of_all(body, &mut usages);
    }
    put_cost(measure(all, &["total_cost_usd"]), &mut usages);
    let first = usages.first_mut()?;
    first.note_number("duration_api_ms", measure(all, &["duration_api_ms"]));
    first.note_count("turns", count(all, &["num_turns"]));
    Some(usages)
}

fn of_model(name: &str, usage: &Object) -> Option<ParsedUsage> {
    let reported = RawCounts {
        input: count(usage, &["inputTokens"]),
        output: count(usage, &["outputTokens"]),
        cache_read: count(usage, &["cacheReadInputTokens"]),
        cache_write: count(usage, &["cacheCreationInputTokens"]),
        reasoning: count(usage, &["thinkingTokens"]),
        ..RawCounts::default()
    };
    let mut parsed = ParsedUsage::new("claude-code", reported, CachedTokens::Additional);
    parsed.model = Some(name.to_owned());
    parsed.cost = measure(usage, &["costUSD"]);
    parsed.currency = parsed.cost.map(|_| "USD".into());
    parsed.note_count("web_searches", count(usage, &["webSearchRequests"]));
    parsed.has_usage().then_some(parsed)
}

/// How long the cache is to live is reported for the last call alone; it is known of all where that was all.
fn split_of_all(body: &Body<'_>, usages: &mut [ParsedUsage]) {
    let last = object(body.all, &["usage"]);
    let ([only], Some(last)) = (usages, last) else { return };
    if only.cache_write.is_none() || count(last, &["cache_creation_input_tokens"]) != only.cache_write {
        return;
    }
    if let Some(split) = object(last, &["cache_creation"]) {
        only.note_count("cache_write_5m", count(split, &["ephemeral_5m_input_tokens"]));
        only.note_count("cache_write_1h", count(split, &["ephemeral_1h_input_tokens"]));
    }
}

/// The run's cost is the models' costs. What they leave out belongs to no reported model.
fn put_cost(total: Option<f64>, usages: &mut Vec<ParsedUsage>) {
    const NOTHING: f64 = 1e-9;
    let Some(total) = total else { return };
    let currency = || Some("USD".to_owned());
    if let [only] = &mut usages[..] {
        (only.cost, only.currency) = (Some(total), currency());
        return;
    }
    let of_models = crate::number::exact_sum(usages.iter().filter_map(|parsed| parsed.cost));
    let rest = total - of_models;
    if rest > NOTHING {
        let mut unassigned = ParsedUsage::new("claude-code", RawCounts::default(), CachedTokens::Included);
        unassigned.provider = Some("anthropic".into());
        (unassigned.cost, unassigned.currency) = (Some(rest), currency());
        unassigned.note(COST_OF_NO_MODEL, true);
        usages.push(unassigned);
    }
}
