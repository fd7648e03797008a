//! The prices of every model are those that genai-prices computes from its own data.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use genai_prices::{Calculator, PriceRequest, Usage};
use mcoda_price_table::{Amounts, Unit, find, knows_provider, source};
use proptest::prelude::*;

/// Times before and after the changes of prices in the table, and in both halves of a day.
const TIMES: [i64; 5] = [0, 1_740_787_200_000, 1_773_360_000_000, 1_792_400_400_500, 1_800_000_000_000];

const TERMS: [&[(&str, &str)]; 9] = [
    &[],
    &[("processing", "batch")],
    &[("service_tier", "flex")],
    &[("service_tier", "priority")],
    &[("service_tier", "fast")],
    &[("service_tier", "default"), ("speed", "fast")],
    &[("processing", "batch"), ("service_tier", "priority")],
    &[("route", "mistral/eu")],
    &[("search_type", "web")],
];

type Result = (String, String, f64, f64, f64);

fn ours(
    model: &str,
    provider: Option<&str>,
    counts: &[(Unit, f64)],
    terms: &[(&str, &str)],
    at: i64,
) -> Option<Result> {
    let found = find(model, provider)?;
    let amounts: Amounts = counts.iter().copied().collect();
    let price = found.price(&amounts, terms, at)?;
    Some((found.provider().into(), found.id().into(), price.input, price.output, price.total))
}

fn theirs(
    model: &str,
    provider: Option<&str>,
    counts: &[(Unit, f64)],
    terms: &[(&str, &str)],
    at: i64,
) -> Option<Result> {
    let usage: Usage = counts.iter().map(|(unit, count)| (unit.names().0.to_owned(), *count)).collect();
    let at = UNIX_EPOCH + Duration::from_millis(at.unsigned_abs());
    let mut request = PriceRequest::new(model, &usage).with_timestamp(at);
    if let Some(provider) = provider {
        request = request.with_provider_id(provider);
    }
    for (name, value) in terms {
        request = request.with_price_context(name, value);
    }
    let price = Calculator::bundled().calculate(&request).ok()?;
    assert_eq!(price.warnings, [] as [&str; 0]);
    Some((price.provider_id, price.model_id, price.input_price, price.output_price, price.total_price))
}

fn assert_same(
    model: &str,
    provider: Option<&str>,
    counts: &[(Unit, f64)],
    terms: &[(&str, &str)],
    at: i64,
) -> bool {
    let (ours, theirs) =
        (ours(model, provider, counts, terms, at), theirs(model, provider, counts, terms, at));
    let is_near = |(one, other): (f64, f64)| (one - other).abs() <= 1e-12 * other.abs();
    let is_same = match (&ours, &theirs) {
        (Some(one), Some(other)) => {
            (&one.0, &one.1) == (&other.0, &other.1)
                && [(one.2, other.2), (one.3, other.3), (one.4, other.4)].into_iter().all(is_near)
        }
        (one, other) => one.is_none() && other.is_none(),
    };
    assert!(is_same, "{model} {provider:?} {counts:?} {terms:?} {at}: {ours:?}, genai-prices: {theirs:?}");
    theirs.is_some()
}

/// Every kind of call: small and large, with and without caches, reasoning, audio and searches.
fn calls() -> Vec<Vec<(Unit, f64)>> {
    use Unit::*;
    vec![
        vec![(Input, 1200.0), (Output, 300.0)],
        vec![(Input, 900.0)],
        vec![(Input, 450_001.0), (Output, 7000.0), (CacheRead, 300_000.0), (CacheWrite, 1000.0)],
        vec![
            (Input, 5000.0),
            (Output, 10.0),
            (CacheWrite, 3000.0),
            (CacheWrite5m, 1000.0),
            (CacheWrite1h, 2000.0),
        ],
        vec![(Input, 5000.0), (Output, 10.0), (CacheWrite1h, 2000.0)],
        vec![(Input, 5000.0), (Output, 100.0), (OutputReasoning, 60.0), (WebSearch, 3.0)],
        vec![(Input, 5000.0), (OutputReasoning, 60.0)],
        vec![(Input, 5000.0), (Output, 100.0), (InputAudio, 600.0), (OutputAudio, 40.0)],
        vec![(Input, 5000.0), (Output, 100.0), (InputAudio, 600.0), (CacheRead, 800.0)],
        vec![(Input, 100.0), (Output, 100.0), (CacheRead, 800.0)],
        vec![(Input, 0.0012), (Output, 0.0003), (CacheRead, 0.0011)],
        vec![(Input, -1.0), (Output, 1.0)],
    ]
}

#[test]
fn every_model_has_the_same_price_with_all_terms_at_all_times() {
    let (calls, mut priced) = (calls(), 0);
    // Every call of every model, and a fifth of the combinations of terms and times: neighbouring models have others.
    let combinations = (0..TERMS.len() * TIMES.len()).map(|index| {
        (&calls[index * 5 % calls.len()], TERMS[index % TERMS.len()], TIMES[index / TERMS.len()])
    });
    let combinations: Vec<_> = combinations.collect();
    let models =
        Calculator::bundled().providers().flat_map(|one| one.models().map(move |model| (one, model)));
    for (index, (provider, model)) in models.enumerate() {
        let now = calls.iter().map(|counts| (counts, TERMS[0], TIMES[4]));
        let others = combinations.iter().skip(index % 5).step_by(5).copied();
        for (counts, terms, at) in now.chain(others) {
            priced += usize::from(assert_same(model.id(), Some(provider.id()), counts, terms, at));
        }
    }
    assert!(priced > 20_000, "{priced}");
}

#[test]
fn every_name_finds_the_same_model() {
    let counts = [(Unit::Input, 1000.0), (Unit::Output, 100.0)];
    let mut found = BTreeMap::new();
    for provider in Calculator::bundled().providers() {
        for model in provider.models() {
            let id = model.id();
            let names = [
                id.to_owned(),
                id.to_uppercase(),
                format!("{id}-20260123"),
                format!("{id}-20260123:thinking"),
                format!("{id}-2026-01-23"),
                format!("{id}@20260123"),
                format!("{id}-latest"),
                format!("{id}-preview-tts"),
                format!("{id}-tts-7"),
                format!("{id}-001"),
                format!("{}/{id}", provider.id()),
                format!("x{id}"),
                id.replace('.', "-"),
                id.chars().rev().collect(),
                id[..id.len() - 1].to_owned(),
            ];
            let others = [None, Some("litellm"), Some("azure"), Some("google"), Some(" OpenAI ")];
            for (index, name) in names.iter().enumerate().skip(id.len() % 3).step_by(3) {
                for asked in [Some(provider.id()), others[(index + id.len()) % others.len()]] {
                    *found.entry(asked.is_some()).or_insert(0) +=
                        usize::from(assert_same(name, asked, &counts, &[], TIMES[4]));
                }
            }
        }
    }
    assert!(found.values().all(|count| *count > 100), "{found:?}");
}

#[test]
fn expressions_of_the_data_match_the_same_names() {
    let counts = [(Unit::Input, 1000.0), (Unit::Output, 100.0)];
    let names = [
        "o1",
        "o3-mini",
        "o4-mini-2025-04-16",
        "o5",
        "claude-opus-5-5-20260801",
        "claude-opus-5@20260801",
        "claude-opus-5-2026-08-01",
        "claude-opus-5-202608011",
        "composer-2.5[fast=true]",
        "grok-4.6[fast=false]",
        "gemini-2.5-flash-preview-tts",
        "gemini-2.5-flash-lite-preview-09-2025",
        "gemini-3.5-flash-001",
        "gemini-3.5-flash-x",
        "gemini-4-argon-1",
        "labs-devstral-small-2512",
        "mistral-large-latest",
        "magistral",
        "open-mixtral-8x7b",
        "mistralai/mistral-large",
        "/mistral-large",
        "gpt-5.6-luna-2026-09-01",
        "gpt-6-sol-20260901",
        "openai/gpt-6.1-sol-pro-20260901",
        "x-ai/grok-4.7-20260901",
        "",
        "-",
        "é",
        "20260101",
        "a-20260101é",
    ];
    for name in names {
        for asked in [
            None,
            Some("litellm"),
            Some("anthropic"),
            Some("cursor"),
            Some("google"),
            Some("mistral"),
            Some("openai"),
            Some("openrouter"),
            Some("x-ai"),
            Some("github-copilot"),
        ] {
            assert_same(name, asked, &counts, &[], TIMES[4]);
        }
    }
}

#[test]
fn the_same_names_are_providers() {
    for name in [
        "openai",
        "OpenAI",
        "aws bedrock",
        "azure",
        "x-ai",
        "google-vertex",
        "litellm",
        "nobody",
        "",
        "Mistral AI",
        "claude",
        "anthropic.messages",
        "meta",
        "z-ai",
        "zai",
        "together-ai",
        "hugging face",
        " groq ",
    ] {
        let theirs = Calculator::bundled().find_provider(Some(name), None).unwrap();
        assert_eq!(knows_provider(name), theirs.is_some(), "{name}");
    }
}

#[test]
fn the_table_names_its_source() {
    let lock = include_str!("../../Cargo.lock");
    let (name, version) = source().split_once(' ').unwrap();
    assert!(lock.contains(&format!("name = {name:?}\nversion = {version:?}")), "{}", source());
}

fn count() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![3 => Just(None), 3 => (0u32..2000).prop_map(|n| Some(f64::from(n))), 1 => (0u32..2_000_000).prop_map(|n| Some(f64::from(n)))]
}

proptest! {
    #[test]
    fn any_amounts_have_the_same_price(
        index in 0usize..2267,
        counts in proptest::collection::vec(count(), 10),
        term in 0usize..TERMS.len(),
        at in 0i64..1_900_000_000_000,
    ) {
        use Unit::*;
        let units = [Input, Output, CacheRead, CacheWrite, CacheWrite5m, CacheWrite1h, OutputReasoning, InputAudio,
            OutputAudio, WebSearch];
        let counts: Vec<(Unit, f64)> =
            units.into_iter().zip(counts).filter_map(|(unit, count)| Some((unit, count?))).collect();
        let mut all = Calculator::bundled().providers().flat_map(|one| one.models().map(move |model| (one, model)));
        let (provider, model) = all.nth(index % 2267).unwrap();
        assert_same(model.id(), Some(provider.id()), &counts, TERMS[term], at);
    }
}
