//! What the name of a field says of its value, and the lists of these names.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use crate::sources::INHERITED;

/// An object whose values are usage.
pub(crate) const USAGE: u8 = 1;
/// An object that may hold a body.
pub(crate) const WRAPPER: u8 = 2;
/// An array of bodies or events.
pub(crate) const LIST: u8 = 4;
/// A text that may be a body or a stream.
pub(crate) const TEXT: u8 = 8;
/// An object of which only the numbers and short texts are looked at.
pub(crate) const SHALLOW: u8 = 16;
/// A wrapper that is read in one go.
pub(crate) const IN_ONE_GO: u8 = 32;
/// What some shape calls its usage, or a part of it.
pub(crate) const OF_USAGE: u8 = 64;
/// What else makes an object worth a look: the names of adapters, and the end of Gemini's streams.
pub(crate) const OF_INTEREST: u8 = 128;

/// Whether the name is one of these kinds. Each field of an input is asked for, so this is one look into a table.
pub(crate) fn is(name: &str, kinds: u8) -> bool {
    static KINDS: LazyLock<HashMap<&'static str, u8, BuildHasherDefault<Fnv>>> = LazyLock::new(|| {
        let adapters = INHERITED.iter().flat_map(|names| names.iter());
        let lists = [
            (USAGES, USAGE),
            (WRAPPERS, WRAPPER),
            (LISTS, LIST),
            (TEXTS, TEXT),
            (SHALLOWS, SHALLOW),
            (ONES_IN_ONE_GO, IN_ONE_GO),
            (CONTAINERS, OF_USAGE),
            (PARTS, OF_USAGE),
            (&["candidates"], OF_INTEREST),
        ];
        let mut kinds = HashMap::default();
        for (names, kind) in lists {
            names.iter().for_each(|name| *kinds.entry(*name).or_insert(0) |= kind);
        }
        adapters.for_each(|name| *kinds.entry(*name).or_insert(0) |= OF_INTEREST);
        kinds
    });
    KINDS.get(name).is_some_and(|own| own & kinds != 0)
}

/// The hash of Fowler, Noll and Vo, which is quick for short names. The table is fixed, so nobody can fill it with names
/// that collide.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Where a usage object stands, the one that covers more first.
pub(crate) const CONTAINERS: &[&str] = &[
    "totalUsage",
    "total_usage",
    "aggregateUsage",
    "usage",
    "Usage",
    "usageMetadata",
    "usage_metadata",
    "token_usage",
    "tokenUsage",
    "usage_info",
    "models_usage",
    "metrics",
];

/// What else some shape calls its usage, or a part of it. Names of counts are known by their ends.
const PARTS: &[&str] = &[
    "stats",
    "modelUsage",
    "model_usage",
    "modelMetrics",
    "total_cost_usd",
    "x_groq",
    "tokens",
    "billed_units",
    "choices",
    "eval_count",
    "prompt_eval_count",
    "eval_duration",
    "prompt_eval_duration",
    "tokens_evaluated",
    "tokens_predicted",
    "native_tokens_prompt",
    "native_tokens_completion",
    "amazon-bedrock-invocationMetrics",
    "response_cost",
    "timings",
    "attributes",
    "input",
    "output",
    "results",
    "tokensIn",
    "tokensOut",
    "usageDetails",
    "usage_details",
    "llm_metrics",
    "usage_to_metrics",
    "contextCondense",
    "predictions",
    "accumulated_token_usage",
    "cumulative_token_usage",
    "request_token_usage",
    "Output Tokens",
];

/// Objects that may hold a body, or be one, where the object around them holds no usage itself. In the order
/// in which they are looked into.
pub(crate) const WRAPPERS: &[&str] = &[
    "interaction",
    "response",
    "message",
    "body",
    "result",
    "event",
    "payload",
    "msg",
    "data",
    "modelOutput",
    "chunk",
    "completion",
    "metadata",
    "delta",
    "raw",
    "rawResponse",
    "raw_response",
    "responseBody",
    "response_body",
    "responseMetadata",
    "response_metadata",
    "adapterMetadata",
    "adapter_metadata",
    "adapter",
    "llm_output",
    "llmOutput",
    "additional_kwargs",
    "generation_info",
    "step",
    "part",
    "meta",
    "ResponseMetadata",
    "$metadata",
    "_hidden_params",
    "inlinedResponses",
    "parsed_body",
    "response_sample",
    "json",
    "kwargs",
    "info",
    "attributes",
    "params",
    "update",
    "trace",
    "preProcessingTrace",
    "orchestrationTrace",
    "postProcessingTrace",
    "routingClassifierTrace",
    "modelInvocationInput",
    "modelInvocationOutput",
    "usageLedger",
    "log",
    "content",
    "jsonBody",
    // As other recorders of HTTP calls name them.
    "Response",
    "ResponseBody",
    "httpResponse",
    "res",
    "is",
    "jsonPayload",
    "properties",
    "v",
];

/// Arrays of bodies or events.
pub(crate) const LISTS: &[&str] = &[
    "events",
    "chunks",
    "responses",
    "messages",
    "results",
    "items",
    "records",
    "calls",
    "turns",
    "steps",
    "data",
    "raw",
    "body",
    "response",
    "result",
    "inlinedResponses",
    "interactions",
    "generations",
    "usageEvents",
    "usageEventsDisplay",
    "requests",
    "outputs",
    "observations",
    "predictions",
    "batch",
    "completion",
    "http_interactions",
    "entries",
    "mappings",
    "recordings",
    "pairs",
    "Entries",
    "ResponseBody",
    "imposters",
    "stubs",
    "item",
    "resourceSpans",
    "resource_spans",
    "scopeSpans",
    "scope_spans",
    "instrumentationLibrarySpans",
    "spans",
    "resourceLogs",
    "resource_logs",
    "scopeLogs",
    "scope_logs",
    "logRecords",
    "log_records",
];

/// Text that may be a body or a stream, as an adapter, a recorder or a log kept it.
pub(crate) const TEXTS: &[&str] = &[
    "body",
    "raw",
    "rawResponse",
    "raw_response",
    "responseBody",
    "response_body",
    "response",
    "data",
    "result",
    "message",
    "payload",
    "event",
    "output",
    "stdout",
    "string",
    "log",
    "msg",
    "text",
    "responseText",
    "response_text",
    "Body",
    "ResponseBody",
    "encoded",
    // As bytes.
    "base64_string",
    "base64Body",
    "bytes",
    // As collectors of logs name what was logged.
    "MESSAGE",
    "@message",
    "textPayload",
];

/// Wrappers that are seldom anything else: they are read in one go.
const ONES_IN_ONE_GO: &[&str] =
    &["response", "message", "body", "event", "payload", "msg", "data", "params", "result"];

/// Objects whose values are usage.
const USAGES: &[&str] = &[
    "usage",
    "Usage",
    "usageMetadata",
    "usage_metadata",
    "totalUsage",
    "total_usage",
    "tokenUsage",
    "token_usage",
    "usage_info",
    "total_token_usage",
    "last_token_usage",
    "cache",
    "cache_creation",
    "iterations",
    "server_tool_use",
    "inputTokens",
    "outputTokens",
    "stats",
    "timings",
    "metrics",
    "modelUsage",
    "model_usage",
    "x_groq",
    "tokens",
    "billed_units",
    "cost",
    "cost_details",
    "providerMetadata",
    "provider_metadata",
    "experimental_providerMetadata",
    "amazon-bedrock-invocationMetrics",
    "modelMetrics",
    "time_info",
    "time",
    "source",
    "aggregateUsage",
    "models_usage",
    "accumulated_token_usage",
    "cumulative_token_usage",
    "request_token_usage",
    "token_usages",
    "costs",
    "llm_metrics",
    "usage_to_metrics",
    "contextCondense",
];

/// Objects of which only the numbers and short texts in them themselves are looked at.
const SHALLOWS: &[&str] = &[
    "input",
    "output",
    "model",
    "modelInfo",
    "model_config",
    "_meta",
    "context",
    "spanContext",
    "_spanContext",
    "parentSpanContext",
    "request",
    "Request",
    "httpRequest",
    "req",
    "serviceTier",
    "service_tier",
    "performanceConfig",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_kinds_of_all_lists_that_it_stands_in() {
        for (name, kinds) in [
            ("message", WRAPPER | TEXT | IN_ONE_GO),
            ("data", WRAPPER | LIST | TEXT | IN_ONE_GO),
            ("usage", USAGE | OF_USAGE),
            ("candidates", OF_INTEREST),
            ("duration_ms", OF_INTEREST),
            ("nothing", 0),
            ("", 0),
        ] {
            let found =
                (0..8).map(|bit| 1 << bit).filter(|kind| is(name, *kind)).fold(0, |all, kind| all | kind);
            assert_eq!(found, kinds, "{name}");
        }
    }
}
