//! Models that run at home: Ollama, which measures in nanoseconds, llama.cpp and LM Studio.

use crate::body::Body;
use crate::fields::{Object, count, measure, object};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};

const NANOSECONDS_PER_MILLISECOND: f64 = 1e6;

/// `/api/generate`, `/api/chat` and `/api/embed`.
pub(crate) fn ollama(body: &Body<'_>) -> Option<ParsedUsage> {
    let all = body.all;
    let own = ["prompt_eval_count", "eval_count", "eval_duration", "prompt_eval_duration"];
    own.iter().any(|name| all.contains_key(*name)).then_some(())?;
    let reported = RawCounts {
        input: count(all, &["prompt_eval_count"]),
        output: count(all, &["eval_count"]),
        cached: count(all, &["prompt_eval_cached_count"]),
        ..RawCounts::default()
    };
    let mut parsed = ParsedUsage::new("ollama", reported, CachedTokens::Included);
    body.name_provider(&mut parsed, "ollama");
    let millis = |name| measure(all, &[name]).map(|nanos| nanos / NANOSECONDS_PER_MILLISECOND);
    parsed.duration_ms = millis("total_duration");
    for (from, name) in
        [("load_duration", "load_ms"), ("prompt_eval_duration", "prompt_ms"), ("eval_duration", "eval_ms")]
    {
        parsed.note_number(name, millis(from));
    }
    Some(parsed)
}

/// LM Studio's own `/chat`.
pub(crate) fn lm_studio(body: &Body<'_>) -> Option<ParsedUsage> {
    let stats = object(body.all, &["stats"])?;
    let reported = RawCounts {
        input: count(stats, &["input_tokens"]),
        output: Some(count(stats, &["total_output_tokens"])?),
        reasoning: count(stats, &["reasoning_output_tokens"]),
        ..RawCounts::default()
    };
    let mut parsed = ParsedUsage::new("lmstudio", reported, CachedTokens::Included);
    body.name_provider(&mut parsed, "lmstudio");
    Some(parsed)
}

/// llama.cpp's own `/completion`.
pub(crate) fn completion(body: &Body<'_>) -> Option<ParsedUsage> {
    let all = body.all;
    let input = count(all, &["tokens_evaluated"]);
    let output = count(all, &["tokens_predicted"]);
    if input.is_none() && output.is_none() {
        return None;
    }
    let timed = object(all, &["timings"]);
    // How full the cache is after the call, which is what `tokens_cached` says, is no count of hits.
    let cached = count(all, &["tokens_cached"]).filter(|cached| timed.is_none() && Some(*cached) <= input);
    let reported = RawCounts { input, output, cached, ..RawCounts::default() };
    let mut parsed = ParsedUsage::new("llama.cpp", reported, CachedTokens::Included);
    body.name_provider(&mut parsed, "llama.cpp");
    if let Some(timed) = timed {
        timings(timed, &mut parsed);
    }
    Some(parsed)
}

/// The last piece of llama.cpp's stream where nobody asked for usage. What it evaluated is the prompt only
/// together with what came from its cache.
pub(crate) fn timed(body: &Body<'_>) -> Option<ParsedUsage> {
    let measured = object(body.all, &["timings"])?;
    let cached = count(measured, &["cache_n"]);
    let reported = RawCounts {
        input: crate::fields::sum([count(measured, &["prompt_n"])?, cached?]),
        output: Some(count(measured, &["predicted_n"])?),
        cached,
        ..RawCounts::default()
    };
    let mut parsed = ParsedUsage::new("llama.cpp", reported, CachedTokens::Included);
    body.name_provider(&mut parsed, "llama.cpp");
    timings(measured, &mut parsed);
    Some(parsed)
}

/// What llama.cpp measured. Where it does not say how much came from its cache, that is what it did not
/// evaluate.
pub(crate) fn timings(timings: &Object, parsed: &mut ParsedUsage) {
    if parsed.cached.is_none() {
        let evaluated = count(timings, &["prompt_n"]);
        let rest = parsed.input.zip(evaluated).map(|(prompt, evaluated)| prompt - evaluated);
        let cached = count(timings, &["cache_n"]).or(rest.filter(|rest| *rest >= 0));
        // A hit count that is more than the prompt is of something else.
        let cached = cached.filter(|cached| parsed.input.is_none_or(|prompt| *cached <= prompt));
        (parsed.cached, parsed.cache_read) = (cached, cached);
    }
    parsed.note_number("prompt_ms", measure(timings, &["prompt_ms"]));
    parsed.note_number("eval_ms", measure(timings, &["predicted_ms"]));
}
