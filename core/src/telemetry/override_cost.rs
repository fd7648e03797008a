//! The cost of a call by the prices of a user.

use super::notes;
use super::price;
use super::price_override::PriceOverride;
use super::usage::TokenUsage;
use crate::number::exact_sum;
use crate::time::Timestamp;

/// What an override says about a call.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Overridden {
    /// No override is of this model at this time.
    No,
    /// The cost, its currency, and the pattern of the model.
    Cost(f64, String, String),
    /// One matches, and has no price for something that was used: a part of a cost is no cost.
    Unknown,
}

/// The cost by the first override that matches. Those of one list come with the newest first.
pub(super) fn cost(usage: &TokenUsage, overrides: &[PriceOverride], at: Timestamp) -> Overridden {
    let Some(model) = usage.model_name.as_deref() else { return Overridden::No };
    let is_of_it = |one: &&PriceOverride| {
        matches(&one.model.to_ascii_lowercase(), &model.to_ascii_lowercase())
            && one.provider.as_deref().is_none_or(|provider| is_by(usage, model, provider))
            && one.valid_from.is_none_or(|from| from <= at)
    };
    let Some(one) = overrides.iter().find(is_of_it) else { return Overridden::No };
    let Some(amounts) = amounts(usage, one) else { return Overridden::Unknown };
    let mut terms = Vec::new();
    for (tokens, price) in amounts {
        match price {
            _ if tokens == 0 => {}
            Some(price) => terms.push(tokens as f64 * price / 1e6),
            None => return Overridden::Unknown,
        }
    }
    let currency = one.currency.clone().unwrap_or_else(|| "USD".into());
    Overridden::Cost(exact_sum(terms), currency, one.model.clone())
}

/// Whether the provider served the call. Many bodies name none; then it is the one that has the model by the price table.
fn is_by(usage: &TokenUsage, model: &str, provider: &str) -> bool {
    match usage.provider.as_deref() {
        Some(own) => own.eq_ignore_ascii_case(provider),
        None => price::is_model_of(model, &provider.to_ascii_lowercase()),
    }
}

/// Each kind of token, and its price.
fn amounts(usage: &TokenUsage, one: &PriceOverride) -> Option<[(i64, Option<f64>); 6]> {
    let notes = notes::of(usage.metadata.as_ref());
    let noted = |name: &str| notes.and_then(|notes| notes.get(name)?.as_i64()).unwrap_or(0).max(0);
    // Cohere processes more tokens than it charges for. What it charges for besides tokens has no price here.
    let units =
        notes.into_iter().flatten().filter_map(|(name, value)| Some((name.strip_prefix("billed_")?, value)));
    let mut has_billed_tokens = false;
    for (unit, value) in units {
        match unit {
            "input" | "output" => has_billed_tokens = true,
            _ if value.as_f64() > Some(0.0) => return None,
            _ => {}
        }
    }
    if has_billed_tokens {
        let none = (0, None);
        let [input, output] = ["billed_input", "billed_output"].map(noted);
        return Some([(input, one.input), (output, one.output), none, none, none, none]);
    }
    let input = usage.tokens_prompt?;
    if !notes::is_output_known(usage) {
        return None;
    }
    let output = usage.tokens_completion.unwrap_or(0);
    let read = usage.tokens_cache_read.unwrap_or(0).min(input);
    let write = usage.tokens_cache_write.unwrap_or(0).min(input - read);
    let hour = noted("cache_write_1h").min(write);
    let reasoning = noted("reasoning").min(output);
    Some([
        (input - read - write, one.input),
        (read, one.cache_read),
        (write - hour, one.cache_write),
        (hour, one.cache_write_1h.or(one.cache_write)),
        (output - reasoning, one.output),
        (reasoning, one.reasoning.or(one.output)),
    ])
}

/// Whether the text is of the pattern, in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn usage(value: Value) -> TokenUsage {
        TokenUsage::from_json(&value).unwrap()
    }

    fn at() -> Timestamp {
        "2026-03-20T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn patterns_match_whole_names() {
        for (pattern, text, expected) in [
            ("m", "m", true),
            ("m", "m1", false),
            ("m*", "m1", true),
            ("*1", "m1", true),
            ("a*c*e", "abcde", true),
            ("a*c*e", "abde", false),
            ("*", "", true),
            ("ab*b", "ab", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn each_kind_of_token_has_its_price() {
        let prices = json!([{"model": "my-*", "provider": "us", "input": 1, "output": 10, "cacheRead": 0.1,
                             "cacheWrite": 2, "cacheWrite1h": 4}]);
        let overrides = PriceOverride::list_from_json(&prices).unwrap();
        let call = json!({"modelName": "My-Model", "provider": "US", "tokensPrompt": 1000, "tokensCompletion": 100,
            "tokensCacheRead": 500, "tokensCacheWrite": 300, "metadata": {"usage": {"cache_write_1h": 100, "reasoning": 40}}});
        let expected = (200.0 * 1.0 + 500.0 * 0.1 + 200.0 * 2.0 + 100.0 * 4.0 + 100.0 * 10.0) / 1e6;
        match cost(&usage(call.clone()), &overrides, at()) {
            Overridden::Cost(cost, currency, model) => {
                assert!((cost - expected).abs() < 1e-15, "{cost} {expected}");
                assert_eq!((&*currency, &*model), ("USD", "my-*"));
            }
            other => panic!("{other:?}"),
        }
        let mut other = call;
        other["provider"] = json!("them");
        assert_eq!(cost(&usage(other), &overrides, at()), Overridden::No);
    }

    #[test]
    fn what_lacks_a_price_or_is_not_valid_yet_has_no_cost() {
        let call =
            usage(json!({"modelName": "m", "tokensPrompt": 10, "tokensCompletion": 1, "tokensCacheRead": 5}));
        let of = |value: Value| cost(&call, &PriceOverride::list_from_json(&json!([value])).unwrap(), at());
        assert_eq!(of(json!({"model": "m", "input": 1, "output": 1})), Overridden::Unknown);
        assert_eq!(of(json!({"model": "m", "input": 1, "validFrom": "2026-03-21"})), Overridden::No);
        for (value, field) in [
            (json!([{"input": 1}]), "model"),
            (json!([{"model": "m", "input": -1}]), "input"),
            (json!([{"model": "m", "price": 1}]), "price"),
            (json!({"model": "m"}), "priceOverrides"),
        ] {
            let read = PriceOverride::list_from_json(&value);
            let checked = read.and_then(|all| all.iter().try_for_each(PriceOverride::check_fields));
            assert_eq!(checked.unwrap_err().field(), Some(field), "{value}");
        }
    }
}
