//! Models that run at home: Ollama, which measures in nanoseconds, llama.cpp and LM Studio.

use super::body::Body;
use super::fields::{Object, count, measure, object};
use super::reading::{Cache, Reading, Told};

const NANOSECONDS_PER_MILLISECOND: f64 = 1e6;

/// `/api/generate`, `/api/chat` and `/api/embed`.
pub(super) fn ollama(body: &Body<'_>) -> Option<Reading> {
    let all = body.all;
    let own = ["prompt_eval_count", "eval_count", "eval_duration", "prompt_eval_duration"];
    own.iter().any(|name| all.contains_key(*name)).then_some(())?;
    let told = Told {
        input: count(all, &["prompt_eval_count"]),
        output: count(all, &["eval_count"]),
        cached: count(all, &["prompt_eval_cached_count"]),
        ..Told::default()
    };
    let mut reading = Reading::new("ollama", told, Cache::Part);
    body.name_provider(&mut reading, "ollama");
    let millis = |name| measure(all, &[name]).map(|nanos| nanos / NANOSECONDS_PER_MILLISECOND);
    reading.duration_ms = millis("total_duration");
    for (from, name) in
        [("load_duration", "load_ms"), ("prompt_eval_duration", "prompt_ms"), ("eval_duration", "eval_ms")]
    {
        reading.note_number(name, millis(from));
    }
    Some(reading)
}

/// LM Studio's own `/chat`.
pub(super) fn lm_studio(body: &Body<'_>) -> Option<Reading> {
    let stats = object(body.all, &["stats"])?;
    let told = Told {
        input: count(stats, &["input_tokens"]),
        output: Some(count(stats, &["total_output_tokens"])?),
        reasoning: count(stats, &["reasoning_output_tokens"]),
        ..Told::default()
    };
    let mut reading = Reading::new("lmstudio", told, Cache::Part);
    body.name_provider(&mut reading, "lmstudio");
    Some(reading)
}

/// llama.cpp's own `/completion`.
pub(super) fn completion(body: &Body<'_>) -> Option<Reading> {
    let all = body.all;
    let input = count(all, &["tokens_evaluated"]);
    let output = count(all, &["tokens_predicted"]);
    if input.is_none() && output.is_none() {
        return None;
    }
    let timed = object(all, &["timings"]);
    // How full the cache is after the call, which is what `tokens_cached` says, is no count of hits.
    let cached = count(all, &["tokens_cached"]).filter(|cached| timed.is_none() && Some(*cached) <= input);
    let told = Told { input, output, cached, ..Told::default() };
    let mut reading = Reading::new("llama.cpp", told, Cache::Part);
    body.name_provider(&mut reading, "llama.cpp");
    if let Some(timed) = timed {
        timings(timed, &mut reading);
    }
    Some(reading)
}

/// The last piece of llama.cpp's stream where nobody asked for usage. What it evaluated is the prompt only
/// together with what came from its cache.
pub(super) fn timed(body: &Body<'_>) -> Option<Reading> {
    let measured = object(body.all, &["timings"])?;
    let cached = count(measured, &["cache_n"]);
    let told = Told {
        input: super::fields::sum([count(measured, &["prompt_n"])?, cached?]),
        output: Some(count(measured, &["predicted_n"])?),
        cached,
        ..Told::default()
    };
    let mut reading = Reading::new("llama.cpp", told, Cache::Part);
    body.name_provider(&mut reading, "llama.cpp");
    timings(measured, &mut reading);
    Some(reading)
}

/// What llama.cpp measured. Where it does not say how much came from its cache, that is what it did not
/// evaluate.
pub(super) fn timings(timings: &Object, reading: &mut Reading) {
    if reading.cached.is_none() {
        let evaluated = count(timings, &["prompt_n"]);
        let rest = reading.prompt.zip(evaluated).map(|(prompt, evaluated)| prompt - evaluated);
        let cached = count(timings, &["cache_n"]).or(rest.filter(|rest| *rest >= 0));
        // A hit count that is more than the prompt is of something else.
        let cached = cached.filter(|cached| reading.prompt.is_none_or(|prompt| *cached <= prompt));
        (reading.cached, reading.cache_read) = (cached, cached);
    }
    reading.note_number("prompt_ms", measure(timings, &["prompt_ms"]));
    reading.note_number("eval_ms", measure(timings, &["predicted_ms"]));
}
