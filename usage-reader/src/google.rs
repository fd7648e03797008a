//! Gemini: cached tokens are part of the prompt; thoughts come on top of the candidates, and what tools put
//! into the prompt comes on top of the prompt.

use crate::body::Body;
use crate::fields::{Object, count, object, objects, reported_sum, sum, text};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};

/// `usageMetadata` of generateContent, Vertex AI and the Live API, in the spelling of JSON or of Python.
pub(crate) fn generate(body: &Body<'_>, usage: &Object) -> Option<ParsedUsage> {
    let named = |names: &[&str]| count(usage, names);
    // The last name of each is that of Gemini CLI's telemetry.
    let prompt = named(&["promptTokenCount", "prompt_token_count", "input_token_count"]);
    let candidates = named(&[
        "candidatesTokenCount",
        "candidates_token_count",
        "responseTokenCount",
        "response_token_count",
        "output_token_count",
    ]);
    let thoughts = named(&["thoughtsTokenCount", "thoughts_token_count"]);
    let tools = named(&["toolUsePromptTokenCount", "tool_use_prompt_token_count", "tool_token_count"]);
    let cached = named(&["cachedContentTokenCount", "cached_content_token_count"]);
    let total = named(&["totalTokenCount", "total_token_count"]);
    [prompt, candidates, thoughts, tools, cached, total].iter().any(Option::is_some).then_some(())?;
    let input = reported_sum([prompt, tools]);
    // Servers that only speak like Gemini may count thoughts among the candidates; then their total has them once.
    let has_thoughts =
        thoughts <= candidates && total.is_some() && total == reported_sum([input, candidates]);
    let reported = RawCounts {
        input,
        output: if has_thoughts { candidates } else { reported_sum([candidates, thoughts]) },
        total,
        cached,
        reasoning: thoughts,
        ..RawCounts::default()
    };
    let mut parsed = ParsedUsage::new("gemini", reported, CachedTokens::Included);
    body.name_provider(&mut parsed, "google");
    parsed.note_count("tool_use_prompt", tools);
    for (camel, snake, prefix) in [
        ("promptTokensDetails", "prompt_tokens_details", "input"),
        ("candidatesTokensDetails", "candidates_tokens_details", "output"),
        ("responseTokensDetails", "response_tokens_details", "output"),
    ] {
        modalities(usage, [camel, snake], ["tokenCount", "token_count"], prefix, &mut parsed);
    }
    parsed.note_text("traffic_type", text(usage, &["trafficType", "traffic_type"]));
    Some(parsed)
}

/// The Interactions API.
pub(crate) fn interactions(body: &Body<'_>, usage: &Object) -> Option<ParsedUsage> {
    let input = count(usage, &["total_input_tokens"]);
    let output = count(usage, &["total_output_tokens"]);
    if input.is_none() && output.is_none() {
        return None;
    }
    let thoughts = count(usage, &["total_thought_tokens", "total_reasoning_tokens"]);
    let tools = count(usage, &["total_tool_use_tokens"]);
    let reported = RawCounts {
        input: reported_sum([input, tools]),
        output: reported_sum([output, thoughts]),
        total: count(usage, &["total_tokens"]),
        cached: count(usage, &["total_cached_tokens"]),
        reasoning: thoughts,
        ..RawCounts::default()
    };
    let mut parsed = ParsedUsage::new("gemini-interactions", reported, CachedTokens::Included);
    body.name_provider(&mut parsed, "google");
    parsed.note_count("tool_use_prompt", tools);
    for (name, prefix) in [("input_tokens_by_modality", "input"), ("output_tokens_by_modality", "output")] {
        modalities(usage, [name, name], ["tokens", "tokens"], prefix, &mut parsed);
    }
    Some(parsed)
}

fn modalities(usage: &Object, lists: [&str; 2], counts: [&str; 2], prefix: &str, parsed: &mut ParsedUsage) {
    for detail in lists.iter().flat_map(|list| objects(usage, list)) {
        let modality = text(detail, &["modality"]).unwrap_or_default().to_ascii_lowercase();
        if let (Some(tokens), "audio" | "image" | "video") = (count(detail, &counts), &*modality) {
            parsed.note(&format!("{prefix}_{modality}"), tokens);
        }
    }
}

/// Gemini CLI's statistics of a session: one usage for each model.
pub(crate) fn cli(body: &Body<'_>) -> Option<Vec<ParsedUsage>> {
    let stats = object(body.all, &["stats"])?;
    let models = object(stats, &["models"]);
    let mut usages = Vec::new();
    for (model, numbers) in models.into_iter().flatten() {
        let Some(numbers) = numbers.as_object() else { continue };
        let parsed = match object(numbers, &["tokens"]) {
            Some(tokens) => Some(session(tokens, object(numbers, &["api"]))),
            None => streamed(numbers),
        };
        usages.extend(parsed.map(|parsed| ParsedUsage { model: Some(model.clone()), ..parsed }));
    }
    if usages.is_empty() {
        usages.extend(streamed(stats));
    }
    // How long all models took together says nothing of one of them, so it stands on the first.
    if let Some(first) = usages.first_mut()
        && let Some(duration) = crate::fields::measure(stats, &["duration_ms"])
    {
        first.duration_ms = Some(duration);
    }
    for parsed in &mut usages {
        body.name_provider(parsed, "google");
    }
    (!usages.is_empty()).then_some(usages)
}

/// `--output-format json`: `prompt` has the cached tokens, `input` has not.
fn session(tokens: &Object, api: Option<&Object>) -> ParsedUsage {
    let [cached, thoughts, tool] = ["cached", "thoughts", "tool"].map(|name| count(tokens, &[name]));
    let prompt = count(tokens, &["prompt"]).or_else(|| reported_sum([count(tokens, &["input"]), cached]));
    let reported = RawCounts {
        input: reported_sum([prompt, tool]),
        output: reported_sum([count(tokens, &["candidates"]), thoughts]),
        total: count(tokens, &["total"]),
        cached,
        reasoning: thoughts,
        ..RawCounts::default()
    };
    let mut parsed = ParsedUsage::new("gemini-cli", reported, CachedTokens::Included);
    parsed.note_count("tool_use_prompt", tool);
    parsed.duration_ms = api.and_then(|api| crate::fields::measure(api, &["totalLatencyMs"]));
    parsed.note_count("requests", api.and_then(|api| count(api, &["totalRequests"])));
    parsed
}

/// `--output-format stream-json`: thoughts are in the total alone.
fn streamed(numbers: &Object) -> Option<ParsedUsage> {
    let input = count(numbers, &["input_tokens"]);
    let candidates = count(numbers, &["output_tokens"]);
    if input.is_none() && candidates.is_none() {
        return None;
    }
    let total = count(numbers, &["total_tokens"]);
    let shown = input.zip(candidates).and_then(|(input, output)| sum([input, output]));
    let thoughts = total.zip(shown).map(|(total, shown)| total - shown).filter(|thoughts| *thoughts > 0);
    let reported = RawCounts {
        input,
        output: reported_sum([candidates, thoughts]),
        total,
        cached: count(numbers, &["cached"]),
        reasoning: thoughts,
        ..RawCounts::default()
    };
    Some(ParsedUsage::new("gemini-cli", reported, CachedTokens::Included))
}

/// One message of the chat that Gemini CLI keeps in its folder.
pub(crate) fn cli_message(body: &Body<'_>, tokens: &Object) -> Option<ParsedUsage> {
    let input = count(tokens, &["input"])?;
    let candidates = count(tokens, &["output"])?;
    let [thoughts, tool] = ["thoughts", "tool"].map(|name| count(tokens, &[name]));
    thoughts.or(tool)?;
    let reported = RawCounts {
        input: reported_sum([Some(input), tool]),
        output: reported_sum([Some(candidates), thoughts]),
        total: count(tokens, &["total"]),
        cached: count(tokens, &["cached"]),
        reasoning: thoughts,
        ..RawCounts::default()
    };
    let mut parsed = ParsedUsage::new("gemini-cli", reported, CachedTokens::Included);
    body.name_provider(&mut parsed, "google");
    Some(parsed)
}
