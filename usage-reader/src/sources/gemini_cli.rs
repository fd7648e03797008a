//! Gemini CLI: the statistics of a session, and the messages that it stores in its folder.

use crate::body::Body;
use crate::call::Channel;
use crate::fields::{Fields, reported_sum, sum};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::several::SUM;
use crate::source::{Place, Role, Source, Work};

const NAME: &str = "gemini-cli";

/// The totals of a session, one usage for each model. They start at 0 in every run.
pub(super) struct Statistics;

impl Source for Statistics {
    fn name(&self) -> &'static str {
        NAME
    }

    fn place(&self) -> Place {
        Place::Body
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        let Some(stats) = all.object(&["stats"]) else { return false };
        let is_of_models = stats.object(&["models"]).is_some_and(|models| models.entries().next().is_some());
        is_of_models
            || (stats.has_any(&["input_tokens", "output_tokens"]) && !stats.has("total_output_tokens"))
    }

    fn read(&self, body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let Some(stats) = all.object(&["stats"]) else { return Vec::new() };
        let mut usages = Vec::new();
        for (model, numbers) in stats.object(&["models"]).into_iter().flat_map(Fields::entries) {
            let parsed = match numbers.object(&["tokens"]) {
                Some(tokens) => Some(session(tokens, numbers.object(&["api"]))),
                None => streamed(numbers),
            };
            usages.extend(parsed.map(|parsed| ParsedUsage { model: Some(model.to_owned()), ..parsed }));
        }
        if usages.is_empty() {
            usages.extend(streamed(stats));
        } else {
            // The sums over the models.
            stats.count(&["total_tokens", "input_tokens", "output_tokens", "cached", "input"]);
        }
        // The duration of all models together cannot be split, so the first one gets it.
        if let Some(first) = usages.first_mut()
            && let Some(duration) = stats.measure(&["duration_ms"])
        {
            first.duration_ms = Some(duration);
        }
        for parsed in &mut usages {
            body.name_provider(parsed, "google");
            // A run that does not say how many calls it had.
            if !parsed.extra.contains_key("requests") {
                parsed.note(SUM, true);
            }
        }
        usages
    }

    /// A run reports only its session, and has no id of its own.
    fn work(&self, line: Fields<'_>) -> Option<Work> {
        line.object(&["stats"])?;
        let session = line.text(&["session_id", "sessionId"])?;
        let of_model = |(_, numbers): (&str, Fields<'_>)| {
            let numbers = numbers.object(&["tokens"]).unwrap_or(numbers);
            let input = numbers.count(&["prompt", "input_tokens"]).unwrap_or(0);
            format!("{input}-{}", numbers.count(&["candidates", "output_tokens"]).unwrap_or(0))
        };
        let stats = line.object(&["stats"])?;
        let models: Vec<String> = match stats.object(&["models"]) {
            Some(models) => models.entries().map(of_model).collect(),
            None => vec![of_model(("", stats))],
        };
        // A run that resumes a session starts at 0.
        let work = Work::new(Role::Session, NAME, Some(session));
        let key = format!("{session}:{}", models.join(":"));
        Some(Work { began_anew: Some(true), ..work.known_by(Some(key)) })
    }
}

/// `--output-format json`: `prompt` includes the cached tokens, `input` does not.
fn session(tokens: Fields<'_>, api: Option<Fields<'_>>) -> ParsedUsage {
    let [cached, thoughts, tool] = ["cached", "thoughts", "tool"].map(|name| tokens.count(&[name]));
    let uncached = tokens.count(&["input"]);
    let prompt = tokens.count(&["prompt"]).or_else(|| reported_sum([uncached, cached]));
    let reported = RawCounts {
        input: reported_sum([prompt, tool]),
        output: reported_sum([tokens.count(&["candidates"]), thoughts]),
        total: tokens.count(&["total"]),
        cached,
        reasoning: thoughts,
        ..RawCounts::default()
    };
    let mut parsed = ParsedUsage::new(NAME, reported, CachedTokens::Included);
    parsed.note_count("tool_use_prompt", tool);
    parsed.duration_ms = api.and_then(|api| api.measure(&["totalLatencyMs"]));
    parsed.note_count("requests", api.and_then(|api| api.count(&["totalRequests"])));
    parsed
}

/// `--output-format stream-json`: thoughts are included in the total only.
fn streamed(numbers: Fields<'_>) -> Option<ParsedUsage> {
    let input = numbers.count(&["input_tokens"]);
    let candidates = numbers.count(&["output_tokens"]);
    if input.is_none() && candidates.is_none() {
        return None;
    }
    // `input` is `input_tokens` without the cached ones.
    numbers.count(&["input"]);
    let total = numbers.count(&["total_tokens"]);
    let shown = input.zip(candidates).and_then(|(input, output)| sum([input, output]));
    let thoughts = total.zip(shown).map(|(total, shown)| total - shown).filter(|thoughts| *thoughts > 0);
    let reported = RawCounts {
        input,
        output: reported_sum([candidates, thoughts]),
        total,
        cached: numbers.count(&["cached"]),
        reasoning: thoughts,
        ..RawCounts::default()
    };
    Some(ParsedUsage::new(NAME, reported, CachedTokens::Included))
}

/// One message of a chat that it stores in its folder.
pub(super) struct Message;

impl Source for Message {
    fn name(&self) -> &'static str {
        "gemini-cli-message"
    }

    fn place(&self) -> Place {
        Place::Rest
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        all.object(&["tokens"]).is_some_and(|tokens| {
            tokens.has("input") && tokens.has("output") && tokens.has_any(&["thoughts", "tool"])
        })
    }

    fn read(&self, body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let Some(tokens) = all.object(&["tokens"]) else { return Vec::new() };
        let [input, candidates, cached, thoughts, tool] =
            ["input", "output", "cached", "thoughts", "tool"].map(|name| tokens.count(&[name]));
        if input.is_none() || candidates.is_none() || thoughts.or(tool).is_none() {
            return Vec::new();
        }
        let reported = RawCounts {
            input: reported_sum([input, tool]),
            output: reported_sum([candidates, thoughts]),
            total: tokens.count(&["total"]),
            cached,
            reasoning: thoughts,
            ..RawCounts::default()
        };
        let mut parsed = ParsedUsage::new(NAME, reported, CachedTokens::Included);
        body.name_provider(&mut parsed, "google");
        vec![parsed]
    }

    fn work(&self, line: Fields<'_>) -> Option<Work> {
        let of = |role| Work::new(role, NAME, line.text(&["sessionId", "session_id"]));
        // In newer versions, the first line of a file names the session, and each message is a line of its own.
        if line.has("projectHash") && !line.has("messages") {
            return Some(of(Role::Context));
        }
        let tokens = line.object(&["tokens"])?;
        let is_message = line.text(&["type"]) == Some("gemini") && tokens.has_any(&["thoughts", "tool"]);
        is_message.then(|| of(Role::Call).by(Channel::Transcript))
    }
}
