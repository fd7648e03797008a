//! Groq, Cerebras and SambaNova, which use OpenAI's chat format and measure in seconds. The total time does not include
//! the queue.

use crate::body::Body;
use crate::fields::Fields;
use crate::parsed_usage::ParsedUsage;

pub(super) fn measures_seconds(body: &Body<'_>, usage: Fields<'_>, parsed: &mut ParsedUsage) {
    let (provider, times, total) = if let Some(times) = body.all.object(&["time_info"]) {
        ("cerebras", times, "total_time")
    } else if usage.has_any(&["queue_time", "completion_time"]) {
        ("groq", usage, "total_time")
    } else if usage.has("total_latency") {
        ("sambanova", usage, "total_latency")
    } else {
        return;
    };
    body.name_provider(parsed, provider);
    let millis =
        |name: &str| times.measure(&[name]).map(|seconds| seconds * 1000.0).filter(|ms| ms.is_finite());
    for (from, name) in
        [("queue_time", "queue_ms"), ("prompt_time", "prompt_ms"), ("completion_time", "completion_ms")]
    {
        parsed.note_number(name, millis(from));
    }
    parsed.duration_ms = millis(total);
}
