//! Amazon Bedrock: Converse, the metrics of InvokeModel, the invocation log, and the traces of agents. Cached tokens
//! are counted in addition to the input; the total includes them.

use crate::body::Body;
use crate::fields::{Fields, reported_sum};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Place, Role, Source, Work};

const NAME: &str = "bedrock";
const INPUT: &[&str] = &["inputTokens", "inputTokenCount"];
const OUTPUT: &[&str] = &["outputTokens", "outputTokenCount"];
const TOTAL: &[&str] = &["totalTokens", "totalTokenCount"];
const READ: &[&str] = &["cacheReadInputTokens", "cacheReadInputTokenCount"];
const WRITE: &[&str] = &[
    "cacheWriteInputTokens",
    "cacheWriteInputTokenCount",
    "cacheCreationInputTokens",
    "cacheCreationInputTokenCount",
];

/// Converse, the `metadata` event of its stream, the metrics of InvokeModel, and Nova's responses to it.
pub(super) struct Converse;

impl Source for Converse {
    fn name(&self) -> &'static str {
        NAME
    }

    fn detect(&self, body: &Body<'_>, usage: Fields<'_>) -> bool {
        let is_plain = usage.has_any(&["inputTokens", "outputTokens"]);
        usage.has_any(&["cacheWriteInputTokens", "cacheWriteInputTokenCount"])
            || usage.has_any(&["cacheReadInputTokenCount", "cacheDetails", "inputTokenCount"])
            || (usage.has("outputTokenCount") && !usage.has("promptTokenCount"))
            // Claude Code uses this name for cache writes.
            || (is_plain && usage.has_any(READ) && !usage.has("cacheCreationInputTokens"))
            || (is_plain && body.all.has_any(&["stopReason", "metrics", "traceId", "foundationModel"]))
    }

    fn read(&self, body: &Body<'_>, usage: Fields<'_>) -> Vec<ParsedUsage> {
        let mut parsed = read(body, usage, usage, CachedTokens::Additional);
        for parsed in &mut parsed {
            let metrics = body.all.object(&["metrics"]);
            let measured = metrics.and_then(|metrics| metrics.measure(&["latencyMs"]));
            parsed.duration_ms = measured.or_else(|| latency(body.all));
        }
        parsed
    }
}

fn read(
    body: &Body<'_>,
    input: Fields<'_>,
    output: Fields<'_>,
    cached_tokens: CachedTokens,
) -> Vec<ParsedUsage> {
    let reported = RawCounts {
        input: input.count(INPUT),
        output: output.count(OUTPUT),
        total: input.count(TOTAL),
        cache_read: input.count(READ),
        cache_write: input.count(WRITE),
        ..RawCounts::default()
    };
    let all = [reported.input, reported.output, reported.total, reported.cache_read, reported.cache_write];
    if all.iter().all(Option::is_none) {
        return Vec::new();
    }
    let mut parsed = ParsedUsage::new(NAME, reported, cached_tokens);
    body.name_provider(&mut parsed, NAME);
    let (mut five_minutes, mut hour) = (None, None);
    for detail in input.objects("cacheDetails") {
        let tokens = detail.count(&["inputTokens"]);
        let place = match detail.text(&["ttl"]) {
            Some("5m") => &mut five_minutes,
            Some("1h") => &mut hour,
            _ => continue,
        };
        *place = reported_sum([*place, tokens]);
    }
    parsed.note_count("cache_write_5m", five_minutes);
    parsed.note_count("cache_write_1h", hour);
    vec![parsed]
}

/// An entry of the invocation log, which has input and output in separate objects.
pub(super) struct InvocationLog;

impl Source for InvocationLog {
    fn name(&self) -> &'static str {
        "bedrock-invocation-log"
    }

    fn place(&self) -> Place {
        Place::Body
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        let has = |name, names| all.object(&[name]).is_some_and(|part: Fields<'_>| part.has_any(names));
        has("input", &["inputTokenCount", "cacheReadInputTokenCount"]) || has("output", &["outputTokenCount"])
    }

    fn read(&self, body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let empty = crate::fields::Object::new();
        let part = |name| all.object(&[name]).unwrap_or(Fields::of(&empty));
        let mut parsed = read(body, part("input"), part("output"), CachedTokens::Additional);
        parsed.iter_mut().for_each(|parsed| parsed.note("source", self.name()));
        parsed
    }

    fn work(&self, line: Fields<'_>) -> Option<Work> {
        (line.text(&["schemaType"]) == Some("ModelInvocationLog"))
            .then(|| Work::default().known_by(line.text(&["requestId"]).map(str::to_owned)))
    }
}

/// A step of an agent. Each response of a model is a call, identified by the step's trace id.
pub(super) struct AgentTrace;

impl Source for AgentTrace {
    fn name(&self) -> &'static str {
        "bedrock-agent-trace"
    }

    fn work(&self, line: Fields<'_>) -> Option<Work> {
        let output = line.object(&["modelInvocationOutput"]).or_else(|| {
            line.object(&["trace"])?
                .object(&["trace"])?
                .entries()
                .find_map(|(_, step)| step.object(&["modelInvocationOutput"]))
        })?;
        Some(Work::default().known_by(output.text(&["traceId"]).map(str::to_owned)))
    }
}

/// Titan's responses to InvokeModel. In a stream, the first chunk has the input and the last one the output.
pub(super) struct Titan;

impl Source for Titan {
    fn name(&self) -> &'static str {
        "bedrock-titan"
    }

    fn place(&self) -> Place {
        Place::Body
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        all.has_any(&["inputTextTokenCount", "totalOutputTextTokenCount"])
    }

    fn read(&self, body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let results = all.objects("results").map(|result| result.count(&["tokenCount"]));
        let metrics = metrics(all);
        let measured = |names| metrics.and_then(|metrics| metrics.count(names));
        let reported = RawCounts {
            input: all.count(&["inputTextTokenCount"]).or_else(|| measured(INPUT)),
            output: all
                .count(&["totalOutputTextTokenCount"])
                .or_else(|| reported_sum(results))
                .or_else(|| measured(OUTPUT)),
            ..RawCounts::default()
        };
        if reported.input.is_none() && reported.output.is_none() {
            return Vec::new();
        }
        let mut parsed = ParsedUsage::new(NAME, reported, CachedTokens::Additional);
        body.name_provider(&mut parsed, NAME);
        vec![parsed]
    }

    fn work(&self, line: Fields<'_>) -> Option<Work> {
        // An embedding is not streamed.
        let is_piece = line.has("outputText") || line.has("totalOutputTextTokenCount");
        let is_last = line.has("completionReason");
        (is_piece && !line.has("results"))
            .then(|| Work::new(Role::Piece { is_last, is_count_alone: false }, self.name(), None))
    }
}

/// Llama's responses to InvokeModel. In a stream, the counts are cumulative.
pub(super) struct Llama;

impl Source for Llama {
    fn name(&self) -> &'static str {
        "bedrock-llama"
    }

    fn place(&self) -> Place {
        Place::Body
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        all.has("generation_token_count")
    }

    fn read(&self, body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let reported = RawCounts {
            input: all.count(&["prompt_token_count"]),
            output: all.count(&["generation_token_count"]),
            ..RawCounts::default()
        };
        if reported.output.is_none() {
            return Vec::new();
        }
        let mut parsed = ParsedUsage::new(NAME, reported, CachedTokens::Included);
        body.name_provider(&mut parsed, NAME);
        vec![parsed]
    }

    fn work(&self, line: Fields<'_>) -> Option<Work> {
        let is_last = line.has("stop_reason");
        (line.has("generation_token_count"))
            .then(|| Work::new(Role::Piece { is_last, is_count_alone: false }, self.name(), None))
    }
}

/// The duration of an invocation, from the metrics at the end of its stream.
pub(crate) fn latency(all: Fields<'_>) -> Option<f64> {
    metrics(all)?.measure(&["invocationLatency"])
}

pub(crate) fn metrics(all: Fields<'_>) -> Option<Fields<'_>> {
    all.object(&["amazon-bedrock-invocationMetrics"])
}
