//! The cost of a call by a price table, if its provider does not report it.

use mcoda_price_table::{Amounts, Model, Price, Unit};
use serde_json::{Map, Value};

use super::notes;
use super::override_cost::{self, Overridden};
use super::price_override::PriceOverride;
use super::reader;
use super::usage::TokenUsage;
use crate::error::Result;
use crate::notice::PRICES;
use crate::repository::token_usage::TokenUsageRecord;
use crate::time::Timestamp;

/// Names of the notes about a cost: where it is from, and of which price.
const COST_SOURCE: &str = "cost_source";
const PRICE_OVERRIDE: &str = "price_override";
const PRICE_TABLE: &str = "price_table";
const PRICE_MODEL: &str = "price_model";

/// Providers of self-hosted models, which have no price.
const UNPRICED: &[&str] = &["ollama", "llama.cpp", "llamacpp", "lmstudio", "vllm"];

/// Names that hosts use for providers that the table names differently.
const NAMES: &[(&str, &str)] = &[
    ("bedrock", "aws"),
    ("amazon", "aws"),
    ("azure", "azure"),
    ("xai", "x-ai"),
    ("grok", "x-ai"),
    ("vertex", "google"),
    ("gemini", "google"),
    ("codex", "openai"),
    ("claude", "anthropic"),
    ("moonshot", "moonshotai"),
];

/// Every requested computation is possible with this feature.
pub(super) fn check(_compute_cost: bool) -> Result<()> {
    Ok(())
}

/// Sets the cost if it can be computed, and its source in `metadata.usage`. A cost that the provider reported is kept;
/// an unknown cost stays absent.
pub(super) fn fill(usage: &mut TokenUsage, overrides: &[PriceOverride], now: Timestamp) {
    if usage.cost_estimate.is_some() {
        return;
    }
    let at = usage.timestamp.or(usage.finished_at).or(usage.started_at).unwrap_or(now);
    let overridden = override_cost::cost(usage, overrides, at);
    let price = if overridden == Overridden::No { price(usage, at) } else { None };
    let is_known = price.is_some() || matches!(overridden, Overridden::Cost(..));
    if let Some(model) = usage.model_name.as_deref().filter(|_| !is_known) {
        let provider = usage.provider.as_deref().unwrap_or("an unknown provider");
        log::warn!(target: PRICES, "no price of {model:?} by {provider:?} for what was used: the cost is unknown");
    }
    let Some(notes) = notes::of_mut(&mut usage.metadata) else { return };
    notes.insert(COST_SOURCE.into(), if is_known { "computed" } else { "unknown" }.into());
    if overridden == Overridden::No {
        notes.insert(PRICE_TABLE.into(), mcoda_price_table::source().into());
    }
    if let Overridden::Cost(cost, currency, model) = overridden {
        notes.insert(PRICE_OVERRIDE.into(), model.into());
        (usage.cost_estimate, usage.currency) = (Some(cost), Some(currency));
    }
    if let Some((model, price)) = price {
        notes.insert(PRICE_MODEL.into(), format!("{}/{}", model.provider(), model.id()).into());
        usage.cost_estimate = Some(price.total);
        usage.currency = Some("USD".into());
    }
}

/// [`fill`] for the later version of a record whose cost was computed on an earlier request. A user's prices that are no
/// longer given leave the cost unknown, rather than computed by others.
pub(super) fn fill_again(
    usage: &mut TokenUsage,
    stored: &TokenUsageRecord,
    overrides: &[PriceOverride],
    now: Timestamp,
) {
    if usage.cost_estimate.is_some() {
        return;
    }
    let by_user = notes::of(stored.metadata.as_ref()).is_some_and(|notes| notes.contains_key(PRICE_OVERRIDE));
    if !by_user || computed(stored, overrides, now) == stored.cost_estimate {
        return fill(usage, overrides, now);
    }
    usage.currency = None;
    if let Some(notes) = notes::of_mut(&mut usage.metadata) {
        notes.insert(COST_SOURCE.into(), "unknown".into());
    }
}

/// The cost of a stored record by the prices of now.
fn computed(stored: &TokenUsageRecord, overrides: &[PriceOverride], now: Timestamp) -> Option<f64> {
    let mut usage = reader::record(reader::parsed(stored));
    usage.timestamp = stored.timestamp.parse().ok();
    fill(&mut usage, overrides, now);
    usage.cost_estimate
}

/// Tiers and the like that mean no other price than the usual one.
const USUAL: &[&str] = &[
    "default",
    "standard",
    "auto",
    "on_demand",
    "ondemand",
    "global",
    "not_available",
    "traffic_type_unspecified",
    "normal",
    "",
];

/// The terms of a call that are not the usual ones, by the table's names.
fn terms(notes: &Map<String, Value>) -> Vec<(&'static str, String)> {
    let noted = |name: &str| {
        let value = notes.get(name).and_then(Value::as_str).unwrap_or_default().to_ascii_lowercase();
        Some(value).filter(|value| !USUAL.contains(&&**value))
    };
    let mut terms = Vec::new();
    match noted("service_tier").as_deref() {
        Some("batch") => terms.push(("processing", "batch".to_owned())),
        Some(tier) => terms.push(("service_tier", tier.to_owned())),
        None => {}
    }
    match noted("traffic_type").as_deref() {
        Some("on_demand_flex") => terms.push(("service_tier", "flex".to_owned())),
        Some("on_demand_priority") => terms.push(("service_tier", "priority".to_owned())),
        Some(other) => terms.push(("traffic_type", other.to_owned())),
        None => {}
    }
    if notes.get("batch") == Some(&Value::Bool(true)) {
        terms.push(("processing", "batch".to_owned()));
    }
    terms.extend(noted("speed").map(|speed| ("speed", speed)));
    terms.extend(noted("inference_geo").map(|place| ("inference_geo", place)));
    terms.sort();
    terms.dedup();
    terms
}

/// `None` if anything that was used has no price: a partial cost is wrong, and 0 is a price.
fn price(usage: &TokenUsage, at: Timestamp) -> Option<(Model, Price)> {
    let name = usage.model_name.as_deref()?;
    // A gateway's free variant of a model has the name of one that costs something.
    if name.ends_with(":free") {
        return None;
    }
    usage.tokens_prompt?;
    if !notes::is_output_known(usage) {
        return None;
    }
    let reported = usage.provider.as_deref().map(str::to_ascii_lowercase);
    if reported.as_deref().is_some_and(|reported| UNPRICED.contains(&reported)) {
        return None;
    }
    let empty = Map::new();
    let notes = notes::of(usage.metadata.as_ref()).unwrap_or(&empty);
    let model = mcoda_price_table::find(name, provider(reported.as_deref(), name)?)?;
    let amounts = amounts(usage, notes);
    let terms = terms(notes);
    let terms: Vec<(&str, &str)> = terms.iter().map(|(name, value)| (*name, &**value)).collect();
    let of = |amounts: &Amounts, terms: &[(&str, &str)]| model.price(amounts, terms, at.millis().max(0));
    let price = of(&amounts, &terms)?;
    // A term without which the price is the same is one that the table has no price for.
    for index in 0..terms.len() {
        let mut others = terms.clone();
        others.remove(index);
        if of(&amounts, &others)?.total == price.total && price.total > 0.0 {
            return None;
        }
    }
    // Tiers are those of a call. Where they matter to a sum of calls, the sum has no price.
    if is_of_several_calls(notes) {
        let expected = of(&amounts.divided_by(SCALE), &terms)?.total * SCALE;
        if (expected - price.total).abs() > 1e-9 * price.total.abs() {
            return None;
        }
    }
    let is_free = |unit: Unit, price: f64| amounts.get(unit) > Some(0.0) && price <= 0.0;
    let lacks_price = is_free(Unit::Input, price.input) || is_free(Unit::Output, price.output);
    (!lacks_price).then_some((model, price))
}

/// So much smaller counts are in the first tier of every price.
const SCALE: f64 = 1e6;

fn is_of_several_calls(notes: &Map<String, Value>) -> bool {
    let is_noted = |name: &&str| notes.get(*name) == Some(&Value::Bool(true));
    let is_several = |name: &&str| notes.get(*name).and_then(Value::as_i64) > Some(1);
    ["sum", "cumulative", "delta", "remainder"].iter().any(is_noted)
        || ["calls", "requests"].iter().any(is_several)
}

/// Whether the model is that provider's, by the table. The names may be a host's.
pub(super) fn is_model_of(model: &str, named: &str) -> bool {
    let Some(Some(named)) = provider(Some(named), model) else { return false };
    let Some(among) = provider(None, model) else { return false };
    mcoda_price_table::find(model, among).is_some_and(|found| found.provider() == named)
}

fn amounts(usage: &TokenUsage, notes: &Map<String, Value>) -> Amounts {
    let noted = |name: &str| notes.get(name).and_then(Value::as_i64).filter(|count| *count > 0);
    // Cohere processes more tokens than it charges for, and its cache is part of the former.
    let billed = [noted("billed_input"), noted("billed_output")];
    if billed.iter().any(Option::is_some) {
        let billed = [(Unit::Input, billed[0]), (Unit::Output, billed[1])];
        return billed.into_iter().map(|(unit, count)| (unit, count.unwrap_or(0) as f64)).collect();
    }
    let reported = [
        (Unit::Input, usage.tokens_prompt),
        (Unit::Output, usage.tokens_completion),
        (Unit::CacheRead, usage.tokens_cache_read),
        (Unit::CacheWrite, usage.tokens_cache_write),
        (Unit::CacheWrite5m, noted("cache_write_5m")),
        (Unit::CacheWrite1h, noted("cache_write_1h")),
        (Unit::OutputReasoning, noted("reasoning")),
        (Unit::InputAudio, noted("input_audio")),
        (Unit::OutputAudio, noted("output_audio")),
        (Unit::WebSearch, noted("web_searches")),
    ];
    reported.into_iter().filter_map(|(unit, count)| Some((unit, count? as f64))).collect()
}

/// The table's name of the provider; `Some(None)` if only the model is known, `None` if the table does not know the
/// provider.
fn provider<'a>(reported: Option<&'a str>, model: &str) -> Option<Option<&'a str>> {
    let Some(reported) = reported else {
        // Gateways write the provider before the model; this is the table's name for gateways.
        return Some(model.contains('/').then_some("litellm"));
    };
    let name = NAMES.iter().find(|(known, _)| reported.contains(known)).map_or(reported, |(_, name)| *name);
    mcoda_price_table::knows_provider(name).then_some(Some(name))
}
