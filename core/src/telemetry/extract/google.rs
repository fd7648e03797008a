//! Gemini: cached tokens are part of the prompt; thoughts come on top of the candidates, and what tools put
//! into the prompt comes on top of the prompt.

use super::body::Body;
use super::fields::{Object, count, object, objects, sum, text, told_sum};
use super::reading::{Cache, Reading, Told};

/// `usageMetadata` of generateContent, Vertex AI and the Live API, in the spelling of JSON or of Python.
pub(super) fn generate(body: &Body<'_>, usage: &Object) -> Option<Reading> {
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
    let input = told_sum([prompt, tools]);
    // Servers that only speak like Gemini may count thoughts among the candidates; then their total has them once.
    let has_thoughts = thoughts <= candidates && total.is_some() && total == told_sum([input, candidates]);
    let told = Told {
        input,
        output: if has_thoughts { candidates } else { told_sum([candidates, thoughts]) },
        total,
        cached,
        reasoning: thoughts,
        ..Told::default()
    };
    let mut reading = Reading::new("gemini", told, Cache::Part);
    body.name_provider(&mut reading, "google");
    reading.note_count("tool_use_prompt", tools);
    for (camel, snake, prefix) in [
        ("promptTokensDetails", "prompt_tokens_details", "input"),
        ("candidatesTokensDetails", "candidates_tokens_details", "output"),
        ("responseTokensDetails", "response_tokens_details", "output"),
    ] {
        modalities(usage, [camel, snake], ["tokenCount", "token_count"], prefix, &mut reading);
    }
    reading.note_text("traffic_type", text(usage, &["trafficType", "traffic_type"]));
    Some(reading)
}

/// The Interactions API.
pub(super) fn interactions(body: &Body<'_>, usage: &Object) -> Option<Reading> {
    let input = count(usage, &["total_input_tokens"]);
    let output = count(usage, &["total_output_tokens"]);
    if input.is_none() && output.is_none() {
        return None;
    }
    let thoughts = count(usage, &["total_thought_tokens", "total_reasoning_tokens"]);
    let tools = count(usage, &["total_tool_use_tokens"]);
    let told = Told {
        input: told_sum([input, tools]),
        output: told_sum([output, thoughts]),
        total: count(usage, &["total_tokens"]),
        cached: count(usage, &["total_cached_tokens"]),
        reasoning: thoughts,
        ..Told::default()
    };
    let mut reading = Reading::new("gemini-interactions", told, Cache::Part);
    body.name_provider(&mut reading, "google");
    reading.note_count("tool_use_prompt", tools);
    for (name, prefix) in [("input_tokens_by_modality", "input"), ("output_tokens_by_modality", "output")] {
        modalities(usage, [name, name], ["tokens", "tokens"], prefix, &mut reading);
    }
    Some(reading)
}

fn modalities(usage: &Object, lists: [&str; 2], counts: [&str; 2], prefix: &str, reading: &mut Reading) {
    for detail in lists.iter().flat_map(|list| objects(usage, list)) {
        let modality = text(detail, &["modality"]).unwrap_or_default().to_ascii_lowercase();
        if let (Some(tokens), "audio" | "image" | "video") = (count(detail, &counts), &*modality) {
            reading.note(&format!("{prefix}_{modality}"), tokens);
        }
    }
}

/// Gemini CLI's statistics of a session: one reading a model.
pub(super) fn cli(body: &Body<'_>) -> Option<Vec<Reading>> {
    let stats = object(body.all, &["stats"])?;
    let models = object(stats, &["models"]);
    let mut readings = Vec::new();
    for (model, numbers) in models.into_iter().flatten() {
        let Some(numbers) = numbers.as_object() else { continue };
        let reading = match object(numbers, &["tokens"]) {
            Some(tokens) => Some(session(tokens, object(numbers, &["api"]))),
            None => streamed(numbers),
        };
        readings.extend(reading.map(|reading| Reading { model: Some(model.clone()), ..reading }));
    }
    if readings.is_empty() {
        readings.extend(streamed(stats));
    }
    // How long all models took together says nothing of one of them, so it stands on the first.
    if let Some(first) = readings.first_mut()
        && let Some(duration) = super::fields::measure(stats, &["duration_ms"])
    {
        first.duration_ms = Some(duration);
    }
    for reading in &mut readings {
        body.name_provider(reading, "google");
    }
    (!readings.is_empty()).then_some(readings)
}

/// `--output-format json`: `prompt` has the cached tokens, `input` has not.
fn session(tokens: &Object, api: Option<&Object>) -> Reading {
    let [cached, thoughts, tool] = ["cached", "thoughts", "tool"].map(|name| count(tokens, &[name]));
    let prompt = count(tokens, &["prompt"]).or_else(|| told_sum([count(tokens, &["input"]), cached]));
    let told = Told {
        input: told_sum([prompt, tool]),
        output: told_sum([count(tokens, &["candidates"]), thoughts]),
        total: count(tokens, &["total"]),
        cached,
        reasoning: thoughts,
        ..Told::default()
    };
    let mut reading = Reading::new("gemini-cli", told, Cache::Part);
    reading.note_count("tool_use_prompt", tool);
    reading.duration_ms = api.and_then(|api| super::fields::measure(api, &["totalLatencyMs"]));
    reading.note_count("requests", api.and_then(|api| count(api, &["totalRequests"])));
    reading
}

/// `--output-format stream-json`: thoughts are in the total alone.
fn streamed(numbers: &Object) -> Option<Reading> {
    let input = count(numbers, &["input_tokens"]);
    let candidates = count(numbers, &["output_tokens"]);
    if input.is_none() && candidates.is_none() {
        return None;
    }
    let total = count(numbers, &["total_tokens"]);
    let shown = input.zip(candidates).and_then(|(input, output)| sum([input, output]));
    let thoughts = total.zip(shown).map(|(total, shown)| total - shown).filter(|thoughts| *thoughts > 0);
    let told = Told {
        input,
        output: told_sum([candidates, thoughts]),
        total,
        cached: count(numbers, &["cached"]),
        reasoning: thoughts,
        ..Told::default()
    };
    Some(Reading::new("gemini-cli", told, Cache::Part))
}

/// One message of the chat that Gemini CLI keeps in its folder.
pub(super) fn cli_message(body: &Body<'_>, tokens: &Object) -> Option<Reading> {
    let input = count(tokens, &["input"])?;
    let candidates = count(tokens, &["output"])?;
    let [thoughts, tool] = ["thoughts", "tool"].map(|name| count(tokens, &[name]));
    thoughts.or(tool)?;
    let told = Told {
        input: told_sum([Some(input), tool]),
        output: told_sum([Some(candidates), thoughts]),
        total: count(tokens, &["total"]),
        cached: count(tokens, &["cached"]),
        reasoning: thoughts,
        ..Told::default()
    };
    let mut reading = Reading::new("gemini-cli", told, Cache::Part);
    body.name_provider(&mut reading, "google");
    Some(reading)
}
