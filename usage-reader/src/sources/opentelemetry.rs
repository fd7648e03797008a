//! OpenTelemetry: spans and log records of OTLP's JSON, and exporters that write one span per line. Metrics are not
//! read, since they count the same calls again.
//!
//! By the conventions for generative AI, the input includes the cached tokens; in Claude Code's events it does not.

use crate::body::Body;
use crate::call::Channel;
use crate::fields::Fields;
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Place, Role, Source, Work};

// The current name of each in the conventions, then older ones, OpenInference's, the Vercel AI SDK's, and those of
// Codex's events.
const INPUT: &[&str] = &[
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.token_count.prompt",
    "llm.usage.prompt_tokens",
    "ai.usage.inputTokens",
    "ai.usage.promptTokens",
    "input_token_count",
];
const OUTPUT: &[&str] = &[
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.token_count.completion",
    "llm.usage.completion_tokens",
    "ai.usage.outputTokens",
    "ai.usage.completionTokens",
    "output_token_count",
];
const TOTAL: &[&str] = &[
    "gen_ai.usage.total_tokens",
    "llm.token_count.total",
    "llm.usage.total_tokens",
    "ai.usage.totalTokens",
    // Codex uses this name for its total.
    "tool_token_count",
];
const READ: &[&str] = &[
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.cache_read_tokens",
    "gen_ai.usage.input_tokens.cached",
    "gen_ai.usage.cached_input_tokens",
    "gen_ai.usage.details.cache_read_tokens",
    "llm.token_count.prompt_details.cache_read",
    "ai.usage.inputTokenDetails.cacheReadTokens",
    "ai.usage.cachedInputTokens",
    "cached_token_count",
];
const WRITE: &[&str] = &[
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "gen_ai.usage.cache_write_input_tokens",
    "gen_ai.usage.cache_creation_tokens",
    "gen_ai.usage.cache_write_tokens",
    "gen_ai.usage.input_tokens.cache_write",
    "gen_ai.usage.details.cache_write_tokens",
    "llm.token_count.prompt_details.cache_write",
    "ai.usage.inputTokenDetails.cacheWriteTokens",
    "cache_write_token_count",
];
const REASONING: &[&str] = &[
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
    "gen_ai.usage.output_tokens.reasoning",
    "gen_ai.usage.details.reasoning_tokens",
    "llm.token_count.completion_details.reasoning",
    "ai.usage.outputTokenDetails.reasoningTokens",
    "ai.usage.reasoningTokens",
    "reasoning_token_count",
];
const COST: &[&str] =
    &["gen_ai.usage.cost", "gen_ai.cost.total_cost", "llm.cost.total", "operation.cost", "cost_usd"];
const MODEL: &[&str] = &[
    "gen_ai.response.model",
    "gen_ai.request.model",
    "llm.model_name",
    "ai.response.model",
    "ai.model.id",
    "model",
];
const PROVIDER: &[&str] = &["gen_ai.provider.name", "gen_ai.system", "llm.provider", "ai.model.provider"];
const RESPONSE: &[&str] =
    &["gen_ai.response.id", "ai.response.id", "request_id", "response_id", "response.id"];
const SESSION: &[&str] = &["gen_ai.conversation.id", "conversation.id", "session.id"];
const TIER: &[&str] = &[
    "openai.response.service_tier",
    "gen_ai.openai.response.service_tier",
    "gen_ai.response.service_tier",
    "service_tier",
];
const TRACE_ID: &[&str] = &["traceId", "trace_id"];
const SPAN_ID: &[&str] = &["spanId", "span_id"];
const START: &[&str] = &["startTimeUnixNano", "start_time_unix_nano", "startTime", "start_time"];
const END: &[&str] = &["endTimeUnixNano", "end_time_unix_nano", "endTime", "end_time"];
const TIME: &[&str] = &["timeUnixNano", "time_unix_nano", "observedTimeUnixNano", "hrTime"];

/// The agent in the session keys of traces. It differs from all names of agents.
const TRACE: &str = "trace";

const COPILOT: &str = "copilot";

/// Claude Code's own names, with the meaning that Anthropic gives them.
const CLAUDE: [(&str, &str); 4] = [
    ("input_tokens", "cache_creation_tokens"),
    ("output_tokens", "cache_creation_tokens"),
    ("input_tokens", "cache_read_tokens"),
    ("cost_usd", "input_tokens"),
];

/// A span or a log record.
pub(super) struct Record;

impl Source for Record {
    fn name(&self) -> &'static str {
        "opentelemetry"
    }

    fn place(&self) -> Place {
        Place::Body
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        all.object(&["attributes"]).is_some_and(|attributes| {
            is_convention(attributes) || is_claude(attributes) || is_gemini(attributes)
        })
    }

    fn read(&self, body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let Some(attributes) = all.object(&["attributes"]) else { return Vec::new() };
        let parsed = if is_convention(attributes) {
            Some(by_convention(attributes))
        } else if is_gemini(attributes) {
            super::gemini::Generate.read(body, attributes).pop()
        } else {
            Some(of_claude(attributes))
        };
        let mut parsed = parsed.unwrap_or_default();
        parsed.cost = attributes.amount(COST);
        if !parsed.has_usage() {
            return Vec::new();
        }
        parsed.model = attributes.text(MODEL).map(str::to_owned);
        let provider = attributes.text(PROVIDER).or(parsed.provider.as_deref()).map(str::to_owned);
        parsed.provider = body.provider_hint.map(str::to_owned).or(provider);
        parsed.currency = parsed.cost.map(|_| "USD".into());
        parsed.started_at_ms = all.moment(START);
        parsed.finished_at_ms = all.moment(END);
        parsed.timestamp_ms = parsed
            .finished_at_ms
            .or(parsed.started_at_ms)
            .or_else(|| all.moment(TIME))
            .or_else(|| attributes.moment(&["event.timestamp"]));
        parsed.duration_ms = attributes.amount(&["duration_ms"]).or(parsed.duration_ms);
        parsed.note_text("service_tier", attributes.text(TIER));
        parsed.note_text("speed", attributes.text(&["speed"]));
        parsed.note_text("session", attributes.text(SESSION));
        vec![parsed]
    }

    /// The span of an agent includes the counts of the spans of its calls. A log record names its span, so the two are
    /// one call.
    fn work(&self, line: Fields<'_>) -> Option<Work> {
        let attributes = line.object(&["attributes"])?;
        let of = agent(attributes);
        if !is_convention(attributes) && of.is_none() {
            return None;
        }
        let context = || line.object(&["context", "spanContext", "_spanContext"]);
        let trace = line.text(TRACE_ID).or_else(|| context()?.text(TRACE_ID));
        let span = line.text(SPAN_ID).or_else(|| context()?.text(SPAN_ID));
        let named = |span: &str| format!("span\0{}\0{span}", trace.unwrap_or_default());
        let of_span = || span.map(named);
        let key = attributes.text(RESPONSE).map(str::to_owned).or_else(of_span);
        let role = if is_whole(line, attributes) { Role::Session } else { Role::Call };
        let key = if role == Role::Session { of_span() } else { key };
        let (agent, session) = match (of, attributes.text(SESSION), trace) {
            // The counts that the agent itself reports of the session include this call.
            (Some(agent), Some(session), _) => (agent, Some(session)),
            (_, _, Some(trace)) => (TRACE, Some(trace)),
            (_, session, None) => ("conversation", session),
        };
        let within = of_span().filter(|_| role == Role::Call);
        let outer = || line.object(&["parentSpanContext"])?.text(SPAN_ID);
        let around = line.text(&["parentSpanId", "parent_span_id", "parent_id"]).or_else(outer).map(named);
        let gives_way = role == Role::Session;
        // Copilot's transcript has no calls, only their sum.
        let has_twin = role == Role::Call && of.is_some_and(|agent| agent != COPILOT);
        let channel = has_twin.then_some(Channel::Telemetry);
        Some(Work { gives_way, within, around, channel, ..Work::new(role, agent, session).known_by(key) })
    }
}

fn is_convention(attributes: Fields<'_>) -> bool {
    attributes.has_any(&INPUT[..6])
        || attributes.has_any(&OUTPUT[..6])
        || attributes.has_any(&["cached_token_count", "llm.token_count.total"])
        || attributes.has_any(&COST[..4])
}

/// The agent that reports this call in its transcript or its results, too. Both name the session alike.
fn agent(attributes: Fields<'_>) -> Option<&'static str> {
    if is_claude(attributes) {
        Some("claude-code")
    } else if attributes.has("cached_token_count") {
        Some("codex")
    } else if is_gemini(attributes) {
        Some("gemini-cli")
    } else {
        attributes.names().any(|name| name.starts_with("github.copilot.")).then_some(COPILOT)
    }
}

/// Whether the names are those of Gemini CLI's and Qwen Code's events. Codex also uses this one, but only beside its own.
fn is_gemini(attributes: Fields<'_>) -> bool {
    attributes.has("input_token_count") && !is_convention(attributes)
}

fn is_claude(attributes: Fields<'_>) -> bool {
    CLAUDE.iter().any(|(one, other)| attributes.has(one) && attributes.has(other))
}

fn by_convention(attributes: Fields<'_>) -> ParsedUsage {
    let reported = RawCounts {
        input: attributes.count(INPUT),
        output: attributes.count(OUTPUT),
        total: attributes.count(TOTAL),
        cache_read: attributes.count(READ),
        cache_write: attributes.count(WRITE),
        reasoning: attributes.count(REASONING),
        ..RawCounts::default()
    };
    let mut parsed = ParsedUsage::new("opentelemetry", reported, CachedTokens::Included);
    if attributes.has("cached_token_count") {
        parsed.note("source", "codex");
        parsed.provider = Some("openai".into());
    }
    parsed
}

fn of_claude(attributes: Fields<'_>) -> ParsedUsage {
    let reported = RawCounts {
        input: attributes.count(&["input_tokens"]),
        output: attributes.count(&["output_tokens"]),
        cache_read: attributes.count(&["cache_read_tokens"]),
        cache_write: attributes.count(&["cache_creation_tokens"]),
        ..RawCounts::default()
    };
    let mut parsed = ParsedUsage::new("claude-code", reported, CachedTokens::Additional);
    parsed.provider = Some("anthropic".into());
    parsed
}

/// Whether the span contains those of its calls.
fn is_whole(line: Fields<'_>, attributes: Fields<'_>) -> bool {
    let operation = attributes.text(&["gen_ai.operation.name"]);
    const AGENTS: &[&str] =
        &["invoke_agent", "agent_step", "create_agent", "invoke_workflow", "agent", "agent run", "agent_run"];
    let name = line.text(&["name"]).unwrap_or_default();
    let is_agent = match operation {
        Some(operation) => AGENTS.contains(&operation),
        None => {
            AGENTS.iter().any(|agent| name.eq_ignore_ascii_case(agent) || name.starts_with("invoke_agent"))
        }
    };
    let kind = attributes.text(&["openinference.span.kind", "traceloop.span.kind"]).unwrap_or_default();
    let is_chain = ["AGENT", "CHAIN", "workflow", "agent", "task"].contains(&kind);
    // In the Vercel AI SDK, the span around a call has the same name without the last part.
    let own = attributes.text(&["ai.operationId", "operation.name"]).or_else(|| line.text(&["name"]));
    let is_outer = own.is_some_and(|name| {
        let name = name.split(' ').next().unwrap_or(name);
        name.starts_with("ai.")
            && !name.ends_with(".doGenerate")
            && !name.ends_with(".doStream")
            && !name.ends_with(".doEmbed")
    });
    is_agent || is_chain || is_outer
}
