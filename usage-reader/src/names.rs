//! What the name of a field implies about its value, and the lists of these names.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use crate::sources::INHERITED;

/// An object whose values are usage.
pub(crate) const USAGE: u8 = 1;
/// An object that may contain a body.
pub(crate) const WRAPPER: u8 = 2;
/// An array of bodies or events.
pub(crate) const LIST: u8 = 4;
/// Text that may be a body or a stream.
pub(crate) const TEXT: u8 = 8;
/// An object of which only the numbers and short texts are read.
pub(crate) const SHALLOW: u8 = 16;
/// A wrapper that is parsed in one pass.
pub(crate) const IN_ONE_GO: u8 = 32;
/// A name that some format uses for its usage, or for a part of it.
pub(crate) const OF_USAGE: u8 = 64;
/// Other names that make an object relevant: those of adapters, the end of Gemini's streams, and the beginning of Gemini
/// CLI's files.
pub(crate) const OF_INTEREST: u8 = 128;

/// Whether the name is of one of these kinds. It is called for every field of the input, so it is one table look-up.
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
            (&["candidates", "projectHash"], OF_INTEREST),
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

/// The FNV hash, which is fast for short names. Nobody can insert colliding names, since the table is fixed.
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

/// The names of usage objects. The one that covers more comes first.
pub(crate) const CONTAINERS: &[&str] = &[
    "totalUsage",
    "total_usage",
    "aggregateUsage",
    "accumulated_usage",
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

/// Other names that formats use for usage, or for a part of it. Names of counts are recognised by their suffixes.
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
    "costDetails",
    "cost_details",
    "calculatedTotalCost",
    "total_cost",
    "llm_metrics",
    "usage_to_metrics",
    "contextCondense",
    "predictions",
    "accumulated_token_usage",
    "cumulative_token_usage",
    "request_token_usage",
    "Output Tokens",
];

/// Objects that may contain or be a body if the object around them has no usage itself, in the order in which they are
/// searched.
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
    "Metadata",
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
    // The names that other recorders of HTTP calls use.
    "Response",
    "ResponseBody",
    "httpResponse",
    "res",
    "is",
    "jsonPayload",
    "meta_info",
    "extra",
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
    "replies",
    "_webSocketMessages",
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

/// Text that may be a body or a stream, as an adapter, a recorder or a log stored it.
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
    // Encoded bytes.
    "base64_string",
    "base64Body",
    "bytes",
    // The names that log collectors use for the logged text.
    "MESSAGE",
    "@message",
    "textPayload",
];

/// Wrappers that rarely contain anything else; they are parsed in one pass.
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
    "accumulated_usage",
    "models_usage",
    "usage_object",
    "accumulated_token_usage",
    "cumulative_token_usage",
    "request_token_usage",
    "token_usages",
    "costs",
    "llm_metrics",
    "usage_to_metrics",
    "contextCondense",
];

/// Objects of which only their own numbers and short texts are read.
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
    fn a_name_has_the_kinds_of_all_lists_that_include_it() {
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
