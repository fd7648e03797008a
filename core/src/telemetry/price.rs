//! The cost of a call by a price table, if its provider does not report it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use genai_prices::{Calculator, PriceCalculation, PriceRequest, Usage};
use serde_json::{Map, Value};

use super::usage::TokenUsage;
use crate::error::Result;
use crate::time::Timestamp;

/// The name of the price table in records. A test compares its version with that of the crate in `Cargo.toml`.
pub(super) const TABLE: &str = "genai-prices 0.2.1";

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
pub(super) fn fill(usage: &mut TokenUsage, now: Timestamp) {
    if usage.cost_estimate.is_some() {
        return;
    }
    let at = usage.timestamp.or(usage.finished_at).or(usage.started_at).unwrap_or(now);
    let price = price(usage, at);
    let notes = usage.metadata.get_or_insert_default().entry("usage");
    let Value::Object(notes) = notes.or_insert_with(|| Value::Object(Map::new())) else { return };
    notes.insert("price_table".into(), TABLE.into());
    notes.insert("cost_source".into(), if price.is_some() { "computed" } else { "unknown" }.into());
    if let Some(price) = price {
        notes.insert("price_model".into(), format!("{}/{}", price.provider_id, price.model_id).into());
        usage.cost_estimate = Some(price.total_price);
        usage.currency = Some("USD".into());
    }
}

/// `None` if anything that was used has no price: a partial cost is wrong, and 0 is a price.
fn price(usage: &TokenUsage, at: Timestamp) -> Option<PriceCalculation> {
    let model = usage.model_name.as_deref()?;
    let prompt = usage.tokens_prompt?;
    if usage.tokens_completion.is_none() && usage.tokens_total != Some(prompt) {
        return None;
    }
    let reported = usage.provider.as_deref().map(str::to_ascii_lowercase);
    if reported.as_deref().is_some_and(|reported| UNPRICED.contains(&reported)) {
        return None;
    }
    let empty = Map::new();
    let notes =
        usage.metadata.as_ref().and_then(|metadata| metadata.get("usage")?.as_object()).unwrap_or(&empty);
    let amounts = amounts(usage, notes);
    let mut request = PriceRequest::new(model, &amounts).with_timestamp(moment(at));
    let provider = provider(reported.as_deref(), model)?;
    if let Some(provider) = &provider {
        request = request.with_provider_id(provider);
    }
    if let Some(tier) = notes.get("service_tier").and_then(Value::as_str) {
        request = request.with_price_context("service_tier", tier);
    }
    if notes.get("batch") == Some(&Value::Bool(true)) {
        request = request.with_price_context("processing", "batch");
    }
    let price = Calculator::bundled().calculate(&request).ok()?;
    let is_free = |tokens: i64, price: f64| tokens > 0 && price <= 0.0;
    let lacks_price = is_free(prompt, price.input_price)
        || is_free(usage.tokens_completion.unwrap_or(0), price.output_price);
    let is_whole = price.warnings.is_empty() && price.total_price.is_finite() && !lacks_price;
    is_whole.then_some(price)
}

fn amounts(usage: &TokenUsage, notes: &Map<String, Value>) -> Usage {
    let noted = |name: &str| notes.get(name).and_then(Value::as_i64).filter(|count| *count > 0);
    let reported = [
        ("input_tokens", usage.tokens_prompt),
        ("output_tokens", usage.tokens_completion),
        ("cache_read_tokens", usage.tokens_cache_read),
        ("cache_write_tokens", usage.tokens_cache_write),
        ("cache_write_5m_tokens", noted("cache_write_5m")),
        ("cache_write_1h_tokens", noted("cache_write_1h")),
        ("output_reasoning_tokens", noted("reasoning")),
        ("input_audio_tokens", noted("input_audio")),
        ("output_audio_tokens", noted("output_audio")),
        ("web_searches", noted("web_searches")),
    ];
    reported.into_iter().filter_map(|(name, count)| Some((name, count? as f64))).collect()
}

/// The table's name of the provider; `Some(None)` if only the model is known, `None` if the table does not know the
/// provider.
fn provider(reported: Option<&str>, model: &str) -> Option<Option<String>> {
    let Some(reported) = reported else {
        // Gateways write the provider before the model; this is the table's name for gateways.
        return Some(model.contains('/').then(|| "litellm".to_owned()));
    };
    let name = NAMES.iter().find(|(known, _)| reported.contains(known)).map_or(reported, |(_, name)| *name);
    let is_known = Calculator::bundled().find_provider(Some(name), None).is_ok_and(|found| found.is_some());
    is_known.then(|| Some(name.to_owned()))
}

fn moment(at: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(at.millis()).unwrap_or(0))
}
