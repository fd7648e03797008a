//! Interprets a body: the usage by the source that has these fields, and the fields beside it that all sources share.

use serde_json::Value;

use crate::body::{Body, sdk_metadata};
use crate::encoded::may_be_document;
use crate::fields::{Fields, Object, ReadLog};
use crate::names::{self, CONTAINERS, LIST, OF_INTEREST, OF_USAGE, TEXT};
use crate::parsed_usage::ParsedUsage;
use crate::source::Place;
use crate::sources;
use crate::unread_body;

const MODEL: &[&str] = &[
    "model",
    "modelName",
    "model_name",
    "modelId",
    "model_id",
    "modelVersion",
    "model_version",
    "modelID",
    "foundationModel",
];
const TIME: &[&str] = &[
    "timestamp",
    "created",
    "created_at",
    "createdAt",
    "createTime",
    "create_time",
    "event.timestamp",
    // The names in the lines and recordings around a body.
    "ts",
    "time",
    "recorded_at",
    "startedDateTime",
    "timeUnixNano",
    "@timestamp",
    "__REALTIME_TIMESTAMP",
];

/// The usages of this object itself: the main one first, then those of other models that were used for it. `None` if it
/// reports nothing that a record can store.
pub(crate) fn interpret(all: &Object, hint: Option<&str>) -> Option<Vec<ParsedUsage>> {
    // Most objects of a stream report nothing; their names alone rule them out.
    let may_be_usage = all.keys().any(|name| is_name_of_usage(name)) && !is_only_counted(Fields::of(all));
    let has_adapter_names = sources::has_adapter_names(Fields::of(all));
    if !may_be_usage && !has_adapter_names {
        return None;
    }
    let log = ReadLog::default();
    let body = Body { all: Fields::logged(all, &log), provider_hint: hint };
    let mut usages = if may_be_usage { read(&body) } else { Vec::new() };
    let is_read = !usages.is_empty();
    if usages.is_empty() {
        usages.push(ParsedUsage::default());
    }
    if has_adapter_names {
        let is_single = usages.len() == 1;
        sources::overlay(&body, &mut usages[0], is_single);
    }
    if !usages.iter().any(ParsedUsage::has_usage)
        && !sources::reports(&usages[0])
        && gateway_cost(body.all).is_none()
    {
        return None;
    }
    for parsed in &mut usages {
        complete(&body, parsed);
        parsed.settle();
    }
    if is_read {
        usages[0].unread = crate::unread::names(all, &log);
    }
    Some(usages)
}

/// Types of lines that report no usage but affect the lines that do.
const CONTEXTS: &[&str] = &[
    "init",
    "system",
    "message_start",
    "session.start",
    "session_meta",
    "session_configured",
    "thread.started",
    "turn_context",
];

/// Whether an object may report usage, or context for other lines. Most events of a stream do not, and are skipped.
pub(crate) fn is_of_interest(all: &Object) -> bool {
    all.iter().any(|(name, value)| match value {
        _ if names::is(name, OF_USAGE | OF_INTEREST) || is_count_name(name) => true,
        Value::Object(inner) => is_of_interest(inner),
        Value::Array(values) => values.iter().any(|value| match value {
            Value::Object(inner) => is_of_interest(inner),
            Value::Array(_) => true,
            // A body in chunks.
            Value::String(text) => names::is(name, LIST) && may_be_document(text),
            _ => false,
        }),
        Value::String(text) => {
            (matches!(&**name, "type" | "subtype") && CONTEXTS.contains(&&**text))
                || (names::is(name, TEXT) && may_be_document(text))
                || unread_body::are_headers(name)
        }
        _ => false,
    })
}

/// Whether the object only counts the tokens of a prompt, without a call of a model.
fn is_only_counted(all: Fields<'_>) -> bool {
    let is_total_of_prompt = |total, details| {
        all.has(total) && all.has(details) && !all.has_any(&["prompt_tokens", "input_tokens"])
    };
    all.has_any(&["totalBillableCharacters", "total_billable_characters"])
        || all.text(&["object"]) == Some("response.input_tokens")
        || is_total_of_prompt("totalTokens", "promptTokensDetails")
        || is_total_of_prompt("total_tokens", "prompt_tokens_details")
        // LiteLLM's.
        || (all.has("total_tokens") && all.has("tokenizer_type"))
        || is_input_alone(all)
}

/// Anthropic and Bedrock return the count of a prompt as the only number. A total beside the id and the model of a
/// response is that of the response.
fn is_input_alone(all: Fields<'_>) -> bool {
    const INPUT: &[&str] = &["input_tokens", "inputTokens", "totalTokens", "total_tokens", "tokens"];
    // Google's libraries for Python add the headers of the response.
    const BESIDE: &[&str] = &[
        "context_management",
        "cachedContentTokenCount",
        "cached_content_token_count",
        "sdkHttpResponse",
        "sdk_http_response",
    ];
    let is_number = |name: &&str| all.get(name).is_some_and(|value| !value.is_object());
    if all.has("total_tokens") && all.text(&["id"]).is_some() && all.text(&["model"]).is_some() {
        return false;
    }
    let mut names = all.names().filter(|name| !crate::locate::is_from_around(name));
    INPUT.iter().any(is_number)
        && names.all(|name| (INPUT.contains(&name) && is_number(&name)) || BESIDE.contains(&name))
}

/// Whether some format uses this name for its usage, or for a part of it.
fn is_name_of_usage(name: &str) -> bool {
    names::is(name, OF_USAGE) || is_count_name(name)
}

/// Whether the name is that of a token count, or of its details.
fn is_count_name(name: &str) -> bool {
    // The last letter rules out most names.
    if !matches!(name.as_bytes().last(), Some(b's' | b'S' | b't' | b'T' | b'n')) {
        return false;
    }
    let ends = |end: &str| {
        let tail = name.len().checked_sub(end.len()).and_then(|from| name.get(from..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end))
    };
    matches!(name, "tokens_in" | "tokens_out")
        || ends("tokens")
        || ends("tokencount")
        || ends("token_count")
        || ends("tokens_details")
        || ends("ticks")
}

/// Reads the body with the sources, in the order of their places: what covers more comes first.
fn read(body: &Body<'_>) -> Vec<ParsedUsage> {
    let of_usage = |usage| sources::read(Place::Usage, body, usage);
    let containers = || CONTAINERS.iter().filter_map(|name| body.all.object(&[name]));
    // LiteLLM's log has the usage in the metadata, and repeats a part of it.
    let logged = || {
        let usage = body.all.object(&["metadata"])?.object(&["usage_object"])?;
        body.all.count(&["prompt_tokens", "completion_tokens", "total_tokens"]);
        Some(usage)
    };
    // Groq's and Moonshot's streams have the usage in other places.
    let groq = || body.all.object(&["x_groq"])?.object(&["usage"]);
    let moonshot = || body.all.objects("choices").find_map(|choice| choice.object(&["usage"]));
    // A usage object without a body around it. Bodies use some of the same names with another meaning (`input`,
    // `output`), so only names that no body has identify usage.
    let is_usage = body.all.names().any(is_count_name) && !body.all.has("tokens_evaluated");
    let own = || is_usage.then_some(body.all);
    // The result of an agent of Strands.
    let accumulated = || body.all.object(&["metrics"])?.object(&["accumulated_usage"]);
    first_of([
        &|| sources::read(Place::Body, body, body.all),
        &|| accumulated().map(of_usage).unwrap_or_default(),
        &|| containers().map(of_usage).find(|usages| !usages.is_empty()).unwrap_or_default(),
        &|| logged().map(of_usage).unwrap_or_default(),
        &|| groq().map(of_usage).unwrap_or_default(),
        &|| sources::bedrock_metrics(body.all).map(of_usage).unwrap_or_default(),
        &|| sources::read(Place::Rest, body, body.all),
        &|| own().map(of_usage).unwrap_or_default(),
        &|| moonshot().map(of_usage).unwrap_or_default(),
        &|| containers().find_map(|usage| cost_alone(body, usage)).into_iter().collect(),
    ])
}

fn first_of(places: [&dyn Fn() -> Vec<ParsedUsage>; 10]) -> Vec<ParsedUsage> {
    places.iter().map(|read| read()).find(|usages| !usages.is_empty()).unwrap_or_default()
}

/// A cost without tokens: images, searches.
fn cost_alone(body: &Body<'_>, usage: Fields<'_>) -> Option<ParsedUsage> {
    let mut parsed = ParsedUsage::default();
    sources::costs(body, usage, &mut parsed);
    parsed.note("source", "cost");
    parsed.cost.is_some().then_some(parsed)
}

/// Adds the fields beside the usage, which all formats share.
fn complete(body: &Body<'_>, parsed: &mut ParsedUsage) {
    let all = body.all;
    if parsed.model.is_none() {
        let beside = || {
            all.object(&["response", "message", "response_metadata", "metadata"])
                .and_then(|one| one.text(MODEL))
        };
        parsed.model = all.text(MODEL).or_else(beside).map(str::to_owned);
    }
    let reported = body.provider_hint.or_else(|| all.text(&["provider", "vendor"]));
    parsed.provider = reported.map(str::to_owned).or(parsed.provider.take());
    parsed.timestamp_ms = parsed.timestamp_ms.or_else(|| all.moment(TIME));
    if all.text(&["object"]) == Some("response") && parsed.started_at_ms.is_none() {
        parsed.started_at_ms = all.moment(&["created_at"]);
    }
    parsed.duration_ms = parsed.duration_ms.or_else(|| sources::latency(all));
    if !parsed.extra.contains_key("service_tier") {
        parsed.note_text("service_tier", service_tier(all));
    }
    parsed
        .note_text("speed", all.object(&["performanceConfig"]).and_then(|config| config.text(&["latency"])));
    // Bedrock reports the same call a second time.
    sources::bedrock_metrics(all).into_iter().flat_map(Fields::values).for_each(drop);
    if all.has("is_batch") {
        parsed.note("batch", true);
    }
    if sources::has_no_output(body) && parsed.output.unwrap_or(0) == 0 {
        parsed.note("kind", "embedding");
        if parsed.provider.is_none() {
            parsed.provider =
                parsed.model.as_deref().and_then(sources::provider_of_embedding).map(str::to_owned);
        }
    }
    if parsed.cost.is_none()
        && let Some(cost) = gateway_cost(all)
    {
        parsed.cost = Some(cost);
        parsed.currency = Some("USD".into());
    }
}

/// The service tier of the call: beside its usage, in it, or in the provider metadata of a framework.
fn service_tier(all: Fields<'_>) -> Option<&str> {
    const NAMES: &[&str] = &["service_tier", "serviceTier"];
    // The tier that was requested may differ from the one that was used.
    const ASKED: &[&str] = &["request", "Request", "httpRequest", "req", "input"];
    let within = || {
        let mut entries = all.entries().filter(|(name, _)| !ASKED.contains(name));
        entries.find_map(|(name, one)| {
            one.text(NAMES).or_else(|| one.text(&["type"]).filter(|_| NAMES.contains(&name)))
        })
    };
    let of_sdk = || sdk_metadata(all)?.entries().find_map(|(_, provider)| provider.text(NAMES));
    all.text(NAMES).or_else(within).or_else(of_sdk)
}

/// The cost that Vercel's gateway or LiteLLM reports beside the usage; the former writes it as text.
fn gateway_cost(all: Fields<'_>) -> Option<f64> {
    let gateway = sdk_metadata(all).and_then(|all| all.object(&["gateway"]));
    let reported = gateway.and_then(|gateway| gateway.amount(&["cost"]));
    let of_litellm = || all.object(&["_hidden_params"])?.measure(&["response_cost"]);
    // The log of LiteLLM's proxy.
    let spent = || all.has("call_type").then(|| all.measure(&["spend"]))?;
    reported.or_else(|| all.measure(&["response_cost"])).or_else(of_litellm).or_else(spent)
}
