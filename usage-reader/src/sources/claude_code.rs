//! Claude Code: its messages, and the result at the end of a run.
//!
//! The result's `usage` may be that of the last call only; `modelUsage` includes all calls of the process, also those
//! of other models. If a process resumes a session, its counts start at 0, or from version 2.1.277 on at the session's
//! totals.

use crate::body::Body;
use crate::call::Channel;
use crate::fields::Fields;
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Place, Role, Source, Work};

/// The note that marks a usage that has only the part of a run's cost that belongs to no model.
pub(crate) const COST_OF_NO_MODEL: &str = "cost_of_no_model";

const MODELS: &[&str] = &["modelUsage", "model_usage"];

/// The agent in the keys of sessions.
const AGENT: &str = "claude-code";

/// The result at the end of a run.
pub(super) struct Run;

impl Source for Run {
    fn name(&self) -> &'static str {
        AGENT
    }

    fn place(&self) -> Place {
        Place::Body
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        is_result(all)
            || all.object(MODELS).is_some_and(|models| models.entries().any(|(_, one)| is_model(one)))
    }

    fn read(&self, body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let models = all.object(MODELS);
        let mut usages: Vec<ParsedUsage> = models
            .into_iter()
            .flat_map(Fields::entries)
            .filter_map(|(name, usage)| of_model(name, usage))
            .collect();
        let has_models = !usages.is_empty();
        if let (false, Some(usage)) = (has_models, all.object(&["usage"])) {
            usages = super::anthropic::messages(body, usage);
        }
        for parsed in &mut usages {
            parsed.note("source", AGENT);
            parsed.provider = Some("anthropic".into());
        }
        if has_models {
            split_of_all(all, &mut usages);
            // The usage of this run, out of the counts of the process.
            all.object(&["usage"]).map(|usage| super::anthropic::messages(body, usage));
        }
        put_cost(all.measure(&["total_cost_usd"]), &mut usages);
        if let Some(first) = usages.first_mut() {
            first.note_number("duration_api_ms", all.measure(&["duration_api_ms"]));
            first.note_count("turns", all.count(&["num_turns"]));
        }
        usages
    }

    /// The lines of `stream-json` (`session_id`), which end with the counts of the run, and those of transcripts
    /// (`sessionId`), which do not.
    fn work(&self, line: Fields<'_>) -> Option<Work> {
        let of = |role| {
            let work = Work::new(role, AGENT, line.text(&["session_id", "sessionId"]));
            Some(if matches!(role, Role::Call | Role::Part) { work.by(Channel::Transcript) } else { work })
        };
        match line.text(&["type"]).or_else(|| is_result(line).then_some("result"))? {
            "system" if line.text(&["subtype"]) == Some("init") => of(Role::Context),
            // The progress of an agent below the agent, whose messages the result includes.
            "system" if line.text(&["subtype"]).is_some_and(|kind| kind.starts_with("task_")) => {
                of(Role::Repeated)
            }
            "assistant" | "stream_event" if line.has("sessionId") => {
                let is_copy = line.is_true("isSidechain");
                of(Role::Call).map(|work| Work { is_copy, ..work })
            }
            "assistant" if line.object(&["message"]).is_some() => of(Role::Part),
            "stream_event" if line.has_any(&["session_id", "uuid", "parent_tool_use_id"]) => of(Role::Part),
            "result" if line.has_any(MODELS) || is_result(line) => of(Role::Process),
            // Qwen Code and Amp write the same lines without a cost.
            "result" if line.has("usage") => of(Role::Run),
            // Input of tools and users may contain anything, and is not a response of a model.
            "user" => of(Role::Context),
            _ => None,
        }
    }
}

/// The usage of a call or a day, from Claude Code's events or programs that read its transcripts. Only they use these
/// names for cache writes beside `input_tokens`, and Anthropic's input does not include cached tokens.
pub(super) struct Events;

impl Source for Events {
    fn name(&self) -> &'static str {
        "claude-code-events"
    }

    fn detect(&self, _body: &Body<'_>, usage: Fields<'_>) -> bool {
        usage.has_any(&["input_tokens", "inputTokens"])
            && usage.has_any(&["cache_creation_tokens", "cacheCreationTokens"])
            && !usage.has_any(&["prompt_tokens", "input_token_details", "inputTokenDetails"])
    }

    fn read(&self, body: &Body<'_>, usage: Fields<'_>) -> Vec<ParsedUsage> {
        let reported = RawCounts {
            input: usage.count(&["input_tokens", "inputTokens"]),
            output: usage.count(&["output_tokens", "outputTokens"]),
            total: usage.count(&["total_tokens", "totalTokens"]),
            cache_read: usage.count(&["cache_read_tokens", "cacheReadTokens"]),
            cache_write: usage.count(&["cache_creation_tokens", "cacheCreationTokens"]),
            reasoning: usage.count(&["thinkingTokens"]),
            ..RawCounts::default()
        };
        let mut parsed = ParsedUsage::new(AGENT, reported, CachedTokens::Additional);
        body.name_provider(&mut parsed, "anthropic");
        parsed.cost = usage.measure(&["totalCost"]);
        parsed.currency = parsed.cost.map(|_| "USD".into());
        super::openai::costs(body, usage, &mut parsed);
        vec![parsed]
    }
}

/// Whether this is the end of a run, which the Python SDK reports without a type.
fn is_result(all: Fields<'_>) -> bool {
    let is_typed = all.text(&["type"]) == Some("result");
    all.has("total_cost_usd") && (is_typed || (all.has("num_turns") && all.has("duration_api_ms")))
}

fn is_model(usage: Fields<'_>) -> bool {
    usage.has_any(&["inputTokens", "outputTokens", "costUSD"]) && !usage.has("cachedReadTokens")
}

fn of_model(name: &str, usage: Fields<'_>) -> Option<ParsedUsage> {
    let reported = RawCounts {
        input: usage.count(&["inputTokens"]),
        output: usage.count(&["outputTokens"]),
        cache_read: usage.count(&["cacheReadInputTokens"]),
        cache_write: usage.count(&["cacheCreationInputTokens"]),
        reasoning: usage.count(&["thinkingTokens"]),
        ..RawCounts::default()
    };
    let mut parsed = ParsedUsage::new(AGENT, reported, CachedTokens::Additional);
    parsed.model = Some(name.to_owned());
    parsed.cost = usage.measure(&["costUSD"]);
    parsed.currency = parsed.cost.map(|_| "USD".into());
    parsed.note_count("web_searches", usage.count(&["webSearchRequests"]));
    // Limits of the model, which are not usage.
    usage.count(&["contextWindow", "maxOutputTokens"]);
    parsed.has_usage().then_some(parsed)
}

/// The lifetimes of cache writes are reported for the last call only. They are valid for the run if it has no other
/// calls.
fn split_of_all(all: Fields<'_>, usages: &mut [ParsedUsage]) {
    let last = all.object(&["usage"]);
    let ([only], Some(last)) = (usages, last) else { return };
    if only.cache_write.is_none() || last.count(&["cache_creation_input_tokens"]) != only.cache_write {
        return;
    }
    if let Some(split) = last.object(&["cache_creation"]) {
        only.note_count("cache_write_5m", split.count(&["ephemeral_5m_input_tokens"]));
        only.note_count("cache_write_1h", split.count(&["ephemeral_1h_input_tokens"]));
    }
}

/// Distributes the run's cost over the models. A remainder belongs to no reported model.
fn put_cost(total: Option<f64>, usages: &mut Vec<ParsedUsage>) {
    const NOTHING: f64 = 1e-9;
    let Some(total) = total else { return };
    let currency = || Some("USD".to_owned());
    if let [only] = &mut usages[..] {
        (only.cost, only.currency) = (Some(total), currency());
        return;
    }
    let of_models = crate::number::exact_sum(usages.iter().filter_map(|parsed| parsed.cost));
    let rest = total - of_models;
    if rest > NOTHING {
        let mut unassigned = ParsedUsage::new(AGENT, RawCounts::default(), CachedTokens::Included);
        unassigned.provider = Some("anthropic".into());
        (unassigned.cost, unassigned.currency) = (Some(rest), currency());
        unassigned.note(COST_OF_NO_MODEL, true);
        usages.push(unassigned);
    }
}

/// Whether the body has a counter for each model: a result, or the end of a session of Copilot.
pub(crate) fn counts_by_model(body: Fields<'_>) -> bool {
    body.object(MODELS).or_else(|| body.object(&["modelMetrics"])).is_some()
}

/// Whether the result's own `usage` equals the counts of its process: then the process began with this run.
pub(crate) fn began_anew(result: Fields<'_>) -> Option<bool> {
    let [all, own] = counts(result)?;
    Some(all == own)
}

/// The counts of the process before this run: input, output, cached and written tokens.
pub(crate) fn counts_before(result: Fields<'_>) -> Option<[i64; 4]> {
    let [all, own] = counts(result)?;
    Some(std::array::from_fn(|index| (all[index] - own[index]).max(0)))
}

/// The counts of the process and those of the run; the input includes the cache.
fn counts(result: Fields<'_>) -> Option<[[i64; 4]; 2]> {
    let models = result.object(MODELS)?;
    let usage = result.object(&["usage"])?;
    let names = [
        ("inputTokens", "input_tokens"),
        ("outputTokens", "output_tokens"),
        ("cacheReadInputTokens", "cache_read_input_tokens"),
        ("cacheCreationInputTokens", "cache_creation_input_tokens"),
    ];
    let of_all =
        |name| models.entries().filter_map(|(_, one)| one.count(&[name])).fold(0_i64, i64::saturating_add);
    let with_cache = |[input, output, read, write]: [i64; 4]| {
        [input.saturating_add(read).saturating_add(write), output, read, write]
    };
    let all = names.map(|(camel, _)| of_all(camel));
    let own = names.map(|(_, snake)| usage.count(&[snake]).unwrap_or(0));
    Some([with_cache(all), with_cache(own)])
}
