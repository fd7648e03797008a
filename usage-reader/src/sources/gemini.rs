//! Gemini: cached tokens are included in the prompt; thoughts are in addition to the candidates, and tokens of tool
//! results are in addition to the prompt.

use crate::body::Body;
use crate::fields::{Fields, reported_sum};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Role, Source, Work};

// The last names are those of Gemini CLI's telemetry.
const PROMPT: &[&str] = &["promptTokenCount", "prompt_token_count", "input_token_count"];
const CANDIDATES: &[&str] = &[
    "candidatesTokenCount",
    "candidates_token_count",
    "responseTokenCount",
    "response_token_count",
    "output_token_count",
    "outputTokenCount",
];
const THOUGHTS: &[&str] = &["thoughtsTokenCount", "thoughts_token_count"];
const TOOLS: &[&str] = &["toolUsePromptTokenCount", "tool_use_prompt_token_count", "tool_token_count"];
const CACHED: &[&str] = &["cachedContentTokenCount", "cached_content_token_count"];
const TOTAL: &[&str] = &["totalTokenCount", "total_token_count"];

/// `usageMetadata` of generateContent, Vertex AI and the Live API, with the names of JSON or of Python.
pub(super) struct Generate;

impl Source for Generate {
    fn name(&self) -> &'static str {
        "gemini"
    }

    fn detect(&self, _body: &Body<'_>, usage: Fields<'_>) -> bool {
        // Other sources use the last name of the output, too.
        let output = &CANDIDATES[..CANDIDATES.len() - 1];
        [PROMPT, output, THOUGHTS, TOOLS, CACHED, TOTAL].iter().any(|names| usage.has_any(names))
    }

    fn read(&self, body: &Body<'_>, usage: Fields<'_>) -> Vec<ParsedUsage> {
        let [prompt, candidates, thoughts, tools, cached, total] =
            [PROMPT, CANDIDATES, THOUGHTS, TOOLS, CACHED, TOTAL].map(|names| usage.count(names));
        if [prompt, candidates, thoughts, tools, cached, total].iter().all(Option::is_none) {
            return Vec::new();
        }
        let input = reported_sum([prompt, tools]);
        // Some compatible servers include thoughts in the candidates; their total then counts them once.
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
        let mut parsed = ParsedUsage::new(self.name(), reported, CachedTokens::Included);
        body.name_provider(&mut parsed, "google");
        parsed.note_count("tool_use_prompt", tools);
        for (camel, snake, prefix) in [
            ("promptTokensDetails", "prompt_tokens_details", "input"),
            ("candidatesTokensDetails", "candidates_tokens_details", "output"),
            ("responseTokensDetails", "response_tokens_details", "output"),
        ] {
            modalities(usage, [camel, snake], ["tokenCount", "token_count"], prefix, &mut parsed);
        }
        // Details of other details.
        for name in ["cacheTokensDetails", "cache_tokens_details", "toolUsePromptTokensDetails"] {
            for detail in usage.objects(name) {
                detail.count(&["tokenCount", "token_count"]);
            }
        }
        parsed.note_text("traffic_type", usage.text(&["trafficType", "traffic_type"]));
        vec![parsed]
    }

    /// The counts are cumulative within a stream, and not every server sends an id.
    fn work(&self, line: Fields<'_>) -> Option<Work> {
        let of = |role| {
            line.text(&["responseId", "response_id"]).is_none().then(|| Work::new(role, "gemini", None))
        };
        match line.get("candidates") {
            Some(candidates) => of(Role::Piece { is_last: candidates.as_bool()?, is_count_alone: false }),
            // The counts of a response may come after its end.
            None => {
                line.object(&["usageMetadata", "usage_metadata"])
                    .filter(|_| line.has_any(&["modelVersion", "model_version"]))?;
                of(Role::Piece { is_last: true, is_count_alone: true })
            }
        }
    }
}

/// The Interactions API.
pub(super) struct Interactions;

impl Source for Interactions {
    fn name(&self) -> &'static str {
        "gemini-interactions"
    }

    fn detect(&self, _body: &Body<'_>, usage: Fields<'_>) -> bool {
        usage.has_any(&["total_input_tokens", "total_output_tokens"])
            && !usage.has_any(&["input_tokens", "output_tokens"])
    }

    fn read(&self, body: &Body<'_>, usage: Fields<'_>) -> Vec<ParsedUsage> {
        let input = usage.count(&["total_input_tokens"]);
        let output = usage.count(&["total_output_tokens"]);
        if input.is_none() && output.is_none() {
            return Vec::new();
        }
        let thoughts = usage.count(&["total_thought_tokens", "total_reasoning_tokens"]);
        let tools = usage.count(&["total_tool_use_tokens"]);
        let reported = RawCounts {
            input: reported_sum([input, tools]),
            output: reported_sum([output, thoughts]),
            total: usage.count(&["total_tokens"]),
            cached: usage.count(&["total_cached_tokens"]),
            reasoning: thoughts,
            ..RawCounts::default()
        };
        let mut parsed = ParsedUsage::new(self.name(), reported, CachedTokens::Included);
        body.name_provider(&mut parsed, "google");
        parsed.note_count("tool_use_prompt", tools);
        let lists = [
            ("input_tokens_by_modality", "input"),
            ("output_tokens_by_modality", "output"),
            ("cached_tokens_by_modality", "cached"),
            ("tool_use_tokens_by_modality", "tool_use"),
        ];
        for (name, prefix) in lists {
            modalities(usage, [name, name], ["tokens", "tokens"], prefix, &mut parsed);
        }
        vec![parsed]
    }

    /// Each event of a stream has the counts of its interaction so far; only the first and the last one have its id.
    fn work(&self, line: Fields<'_>) -> Option<Work> {
        let kind = line.text(&["event_type"])?;
        let is_of_it =
            kind.starts_with("interaction.") || kind.starts_with("step.") || kind.starts_with("content.");
        let is_last = matches!(kind, "interaction.completed" | "interaction.complete" | "interaction.failed");
        let id = line.object(&["interaction"]).and_then(|interaction| interaction.text(&["id"]));
        let work = Work::new(Role::Piece { is_last, is_count_alone: false }, self.name(), None);
        is_of_it.then(|| work.known_by(id.map(str::to_owned)))
    }
}

fn modalities(
    usage: Fields<'_>,
    lists: [&str; 2],
    counts: [&str; 2],
    prefix: &str,
    parsed: &mut ParsedUsage,
) {
    for detail in lists.iter().flat_map(|list| usage.objects(list)) {
        let modality = detail.text(&["modality"]).unwrap_or_default().to_ascii_lowercase();
        let tokens = detail.count(&counts);
        if let (Some(tokens), "audio" | "image" | "video", "input" | "output") = (tokens, &*modality, prefix)
        {
            parsed.note(&format!("{prefix}_{modality}"), tokens);
        }
    }
}
