//! The table of sources, and which source is used if several recognise the same fields.

mod adapter;
mod amp;
mod anthropic;
mod autogen;
mod bedrock;
mod claude_code;
mod cline;
mod codex;
mod cohere;
mod copilot;
mod copilot_chat;
mod csv;
mod cursor;
mod dotnet;
mod embeddings;
mod gemini;
mod gemini_cli;
mod goose;
mod grok_build;
mod groq;
mod kimi;
mod langfuse;
mod langsmith;
mod llama_cpp;
mod lm_studio;
mod ollama;
mod openai;
mod opencode;
mod openhands;
mod openrouter;
mod opentelemetry;
mod perplexity;
mod pi;
mod vercel;
mod watsonx;
mod xai;
mod zed;

pub(crate) use self::adapter::{INHERITED, is_adapter_name, is_in as has_adapter_names, overlay, reports};
pub(crate) use self::bedrock::{latency, metrics as bedrock_metrics};
pub(crate) use self::claude_code::{COST_OF_NO_MODEL, began_anew, counts_before, counts_by_model};
pub(crate) use self::cline::has_request_as_text;
pub(crate) use self::codex::{Codex, Seen as CodexSeen};
pub(crate) use self::copilot_chat::Journal;
pub(crate) use self::csv::{heading as csv_heading, row as csv_row};
pub(crate) use self::embeddings::{has_no_output, provider_of as provider_of_embedding};
pub(crate) use self::openai::costs;
pub(crate) use self::vercel::data_stream_event;

use crate::body::Body;
use crate::fields::Fields;
use crate::parsed_usage::ParsedUsage;
use crate::source::{Place, Source, Work};

/// Every source.
const SOURCES: &[&dyn Source] = &[
    &amp::LedgerEvent,
    &amp::Message,
    &anthropic::Messages,
    &autogen::Message,
    &bedrock::AgentTrace,
    &bedrock::Converse,
    &bedrock::InvocationLog,
    &bedrock::Llama,
    &bedrock::Titan,
    &claude_code::Events,
    &claude_code::Run,
    &cline::Metrics,
    &cline::Request,
    &cohere::Units,
    &cohere::UnitsOfBody,
    &copilot::Call,
    &copilot::Session,
    &copilot_chat::Request,
    &csv::Row,
    &cursor::Usage,
    &dotnet::Usage,
    &embeddings::Predictions,
    &gemini::Generate,
    &gemini::Interactions,
    &gemini_cli::Message,
    &gemini_cli::Statistics,
    &goose::Session,
    &grok_build::Turn,
    &kimi::Call,
    &langfuse::Observation,
    &langsmith::Run,
    &llama_cpp::Completion,
    &llama_cpp::Timed,
    &lm_studio::Chat,
    &ollama::Answer,
    &openai::AssistantRun,
    &openai::Chat,
    &openai::Chunk,
    &openai::Responses,
    &opencode::Message,
    &openhands::Metrics,
    &openrouter::Generation,
    &opentelemetry::Record,
    &pi::Message,
    &vercel::Version5,
    &vercel::Version6,
    &watsonx::Generation,
    &zed::Thread,
];

/// Sources that recognise the same fields: the preferred source, those that it overrides, and why.
const OVERLAPS: &[(&str, &[&str], &str)] = &[
    ("kimi", &["openai-responses"], "`output` stands beside Kimi's own names; nobody else has `input_other`"),
    (
        "cursor",
        &["vercel-ai-sdk-5", "bedrock", "openai-responses", "cline", "claude-code-events", "amp-message"],
        "its names are shared, so it is known by what stands around them, which is the stronger sign",
    ),
    (
        "claude-code-events",
        &["vercel-ai-sdk-5", "bedrock", "openai-responses", "cline", "anthropic"],
        "the name of the cache's writes beside the bare name of the input is Claude Code's alone",
    ),
    (
        "grok-build",
        &["vercel-ai-sdk-5", "bedrock", "openai-responses", "cline", "claude-code-events"],
        "`cachedReadTokens` and ticks are Grok Build's alone",
    ),
    (
        "amp-message",
        &["vercel-ai-sdk-5", "bedrock", "anthropic", "openai-responses", "cline"],
        "Anthropic's names in camel case beside the size of the context, which the others do not report",
    ),
    (
        "cline",
        &["vercel-ai-sdk-5", "bedrock", "openai-responses"],
        "the running totals or the cost beside the names of the SDK are Cline's",
    ),
    ("pi", &["openai-responses"], "`input` and `output` beside `cacheRead`, of which pi's input has nothing"),
    (
        "microsoft-extensions-ai",
        &["gemini", "bedrock", "openai-responses"],
        "the total and the cache in the singular; Bedrock's aliases name the kind of the cache, Gemini's the prompt",
    ),
    (
        "bedrock",
        &["gemini", "vercel-ai-sdk-5", "openai-responses", "anthropic"],
        "the kinds of the cache, or what stands around the usage, are Converse's",
    ),
    (
        "gemini",
        &["openai-chat", "openai-responses", "anthropic", "vercel-ai-sdk-5", "cohere"],
        "counts in the singular are Gemini's; servers that add OpenAI's names repeat them",
    ),
    (
        "gemini-interactions",
        &["openai-responses", "openai-chat", "anthropic", "cohere"],
        "the names that begin with `total_` are its own, `total_tokens` is shared",
    ),
    (
        "cohere",
        &["openai-chat", "openai-responses", "anthropic", "vercel-ai-sdk-5"],
        "what is charged stands in an object of its own, and what else there is repeats it",
    ),
    (
        "vercel-ai-sdk-6",
        &[
            "bedrock",
            "vercel-ai-sdk-5",
            "openai-chat",
            "openai-responses",
            "anthropic",
            "cline",
            "claude-code-events",
            "grok-build",
            "amp-message",
        ],
        "its details say what the cache is a part of; the plain names beside them are version 5's",
    ),
    (
        "anthropic",
        &["vercel-ai-sdk-5", "openai-responses"],
        "the names of its cache say that it is counted in addition",
    ),
    ("vercel-ai-sdk-5", &["openai-responses"], "camel case; the Responses API has none"),
    (
        "openai-chat",
        &["openai-responses", "vercel-ai-sdk-5"],
        "who reports a prompt and a completion may add the other names, which then repeat them",
    ),
    ("lmstudio", &["gemini-cli"], "both keep `stats`; the total of the output is LM Studio's"),
    ("openhands", &["langfuse", "goose"], "both only where something else nests them"),
    (
        "opentelemetry",
        &["claude-code", "gemini-cli", "ollama", "llama.cpp", "goose"],
        "attributes are of the span, whatever else stands beside them",
    ),
    ("langfuse", &["ollama", "goose"], "an observation holds what it observed"),
    ("cline-request", &["copilot-chat"], "`tokensIn` is the request's own"),
    ("gemini-cli-message", &["cohere-body", "amp-ledger"], "`thoughts` and `tool` are Gemini CLI's"),
    (
        "opencode",
        &["gemini-cli-message", "cohere-body", "amp-ledger"],
        "the cache in an object of its own is opencode's",
    ),
    ("amp-ledger", &["cohere-body"], "credits are Amp's"),
];

/// Reads `usage` with the sources of a place. If two match and neither overrides the other, that is noted.
pub(crate) fn read(place: Place, body: &Body<'_>, usage: Fields<'_>) -> Vec<ParsedUsage> {
    let found = SOURCES.iter().filter(|source| source.place() == place && source.detect(body, usage));
    let mut found: Vec<&dyn Source> = found.copied().collect();
    while !found.is_empty() {
        let is_behind = |one: &dyn Source| found.iter().any(|other| comes_before(other.name(), one.name()));
        let first: Vec<&dyn Source> = found.iter().copied().filter(|one| !is_behind(*one)).collect();
        // A cycle of overrides would leave none; a test checks that there is no cycle.
        let Some(chosen) = first.first().or(found.first()).copied() else { break };
        let mut usages = chosen.read(body, usage);
        if !usages.is_empty() {
            if first.len() > 1 {
                let names: Vec<&str> = first.iter().map(|source| source.name()).collect();
                usages.iter_mut().for_each(|parsed| parsed.note("ambiguous", names.clone()));
            }
            return usages;
        }
        found.retain(|source| source.name() != chosen.name());
    }
    Vec::new()
}

fn comes_before(one: &str, other: &str) -> bool {
    OVERLAPS.iter().any(|(name, behind, _)| *name == one && behind.contains(&other))
}

/// How the line relates to the lines around it.
pub(crate) fn work(line: Fields<'_>) -> Option<Work> {
    SOURCES.iter().find_map(|source| source.work(line))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn overlaps_name_sources_of_one_place_and_have_no_cycle() {
        let place_of =
            |name: &str| SOURCES.iter().find(|source| source.name() == name).map(|source| source.place());
        let names: HashSet<&str> = SOURCES.iter().map(|source| source.name()).collect();
        assert_eq!(names.len(), SOURCES.len());
        for (name, behind, why) in OVERLAPS {
            assert!(!why.is_empty());
            for other in *behind {
                assert!(place_of(name).is_some() && place_of(name) == place_of(other), "{name} {other}");
                assert!(!comes_before(other, name), "{name} {other}");
            }
        }
        // Without a cycle, removing the sources that nothing overrides, again and again, removes all of them.
        let mut left = names;
        while !left.is_empty() {
            let first: Vec<&str> = left
                .iter()
                .copied()
                .filter(|one| !left.iter().any(|other| comes_before(other, one)))
                .collect();
            assert!(!first.is_empty(), "a circle among {left:?}");
            left.retain(|name| !first.contains(name));
        }
    }
}
