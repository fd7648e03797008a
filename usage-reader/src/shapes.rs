//! Which shape a body has, and what stands beside the usage in all of them.

use crate::body::{Body, sdk_metadata};
use crate::fields::{Object, as_amount, as_measure, moment, object, text};
use crate::parsed_usage::ParsedUsage;
use crate::{adapter, agents, anthropic, bedrock, claude_code, cohere, google, local, openai, vercel};

/// Where a usage object stands, the one that covers more first.
const CONTAINERS: &[&str] = &[
    "totalUsage",
    "total_usage",
    "usage",
    "usageMetadata",
    "usage_metadata",
    "token_usage",
    "tokenUsage",
    "usage_info",
];
const MODEL: &[&str] =
    &["model", "modelName", "model_name", "modelId", "model_id", "modelVersion", "model_version", "modelID"];

/// The usages of this object itself: the main one first, then those of other models that worked for it.
/// `None` where it reports nothing that a record has room for.
pub(crate) fn interpret(all: &Object, hint: Option<&str>) -> Option<Vec<ParsedUsage>> {
    // Most objects of a stream report nothing: one look at their names is enough to know.
    let may_be_usage = all.keys().any(|name| is_name_of_usage(name)) && !is_only_counted(all);
    let has_adapter_names = adapter::is_in(all);
    if !may_be_usage && !has_adapter_names {
        return None;
    }
    let body = Body { all, hint };
    let mut usages = if may_be_usage { own_shape(&body).unwrap_or_default() } else { Vec::new() };
    if usages.is_empty() {
        usages.push(ParsedUsage::default());
    }
    if has_adapter_names {
        let is_single = usages.len() == 1;
        adapter::overlay(&body, &mut usages[0], is_single);
    }
    if !usages.iter().any(ParsedUsage::has_usage)
        && !adapter::reports(&usages[0])
        && gateway_cost(all).is_none()
    {
        return None;
    }
    for parsed in &mut usages {
        complete(&body, parsed);
        parsed.settle();
    }
    Some(usages)
}

/// Whether the object says how many tokens a question would have: a count that no model was asked for.
fn is_only_counted(all: &Object) -> bool {
    all.contains_key("totalBillableCharacters")
        || text(all, &["object"]) == Some("response.input_tokens")
        || (all.contains_key("totalTokens") && all.contains_key("promptTokensDetails"))
}

/// Whether a field of this name is, or is a part of, what some shape calls its usage.
fn is_name_of_usage(name: &str) -> bool {
    CONTAINERS.contains(&name)
        || matches!(
            name,
            "stats"
                | "modelUsage"
                | "model_usage"
                | "modelMetrics"
                | "total_cost_usd"
                | "x_groq"
                | "tokens"
                | "billed_units"
                | "choices"
                | "eval_count"
                | "prompt_eval_count"
                | "eval_duration"
                | "prompt_eval_duration"
                | "tokens_evaluated"
                | "tokens_predicted"
                | "native_tokens_prompt"
                | "native_tokens_completion"
                | "amazon-bedrock-invocationMetrics"
                | "response_cost"
                | "timings"
        )
        || is_count_name(name)
}

/// A field that is called a number of tokens, or their details.
fn is_count_name(name: &str) -> bool {
    let ends = |end: &str| {
        let tail = name.len().checked_sub(end.len()).and_then(|from| name.get(from..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end))
    };
    ends("tokens") || ends("tokencount") || ends("token_count") || ends("tokens_details")
}

fn own_shape(body: &Body<'_>) -> Option<Vec<ParsedUsage>> {
    let one = |parsed: Option<ParsedUsage>| parsed.map(|parsed| vec![parsed]);
    let whole = claude_code::result(body)
        .or_else(|| agents::copilot(body))
        .or_else(|| one(local::lm_studio(body)))
        .or_else(|| google::cli(body))
        .or_else(|| one(openai::generation(body)))
        .or_else(|| one(local::ollama(body)))
        .or_else(|| one(local::completion(body)))
        .or_else(|| one(bedrock::titan(body)))
        .or_else(|| one(bedrock::llama(body)));
    whole
        .or_else(|| CONTAINERS.iter().find_map(|name| of_usage(body, object(body.all, &[name])?)))
        // Groq's streams keep it here.
        .or_else(|| of_usage(body, object(object(body.all, &["x_groq"])?, &["usage"])?))
        .or_else(|| of_usage(body, bedrock::metrics(body.all)?))
        .or_else(|| one(agents::opencode(body)))
        .or_else(|| one(google::cli_message(body, object(body.all, &["tokens"])?)))
        .or_else(|| one(cohere::chat(body, body.all)))
        .or_else(|| body_is_usage(body).then(|| of_usage(body, body.all))?)
        .or_else(|| of_choices(body))
        .or_else(|| one(local::timed(body)))
}

/// A usage object by itself. A body has keys of the same names that mean something else (`input`, `output`),
/// so only those that no body has are taken for usage.
fn body_is_usage(body: &Body<'_>) -> bool {
    body.all.keys().any(|name| is_count_name(name)) && !body.all.contains_key("tokens_evaluated")
}

/// Moonshot's streams keep the usage in the choice.
fn of_choices(body: &Body<'_>) -> Option<Vec<ParsedUsage>> {
    let mut choices = crate::fields::objects(body.all, "choices");
    choices.find_map(|choice| of_usage(body, object(choice, &["usage"])?))
}

fn of_usage(body: &Body<'_>, usage: &Object) -> Option<Vec<ParsedUsage>> {
    let one = |parsed: Option<ParsedUsage>| parsed.map(|parsed| vec![parsed]);
    let google = || one(google::generate(body, usage).or_else(|| google::interactions(body, usage)));
    // Claude Code's own spelling of Anthropic's keys.
    let is_claude_code = usage.contains_key("cacheCreationInputTokens");
    let camel = || {
        let sdk = || vercel::version_6(usage);
        let bedrock = || bedrock::is_usage(body, usage).then(|| bedrock::converse(body, usage))?;
        one(sdk().or_else(bedrock).or_else(|| vercel::version_5(body, usage)))
    };
    one(agents::kimi(body, usage))
        .or_else(|| one(agents::cursor(body, usage)))
        .or_else(google)
        .or_else(|| one(cohere::chat(body, usage)))
        .or_else(|| is_claude_code.then(|| anthropic::messages(body, usage))?)
        .or_else(camel)
        .or_else(|| one(openai::chat(body, usage)))
        .or_else(|| anthropic::is_usage(usage).then(|| anthropic::messages(body, usage))?)
        .or_else(|| one(openai::responses(body, usage)))
}

/// What stands beside the usage in every shape.
fn complete(body: &Body<'_>, parsed: &mut ParsedUsage) {
    let all = body.all;
    if parsed.model.is_none() {
        let beside = || text(object(all, &["response", "message", "response_metadata", "metadata"])?, MODEL);
        parsed.model = text(all, MODEL).or_else(beside).map(str::to_owned);
    }
    if let Some(reported) =
        body.hint.map(str::to_owned).or_else(|| text(all, &["provider", "vendor"]).map(str::to_owned))
    {
        parsed.provider = Some(reported);
    }
    if parsed.timestamp_ms.is_none() {
        parsed.timestamp_ms = moment(
            all,
            &["timestamp", "created", "created_at", "createTime", "create_time", "event.timestamp"],
        );
    }
    if text(all, &["object"]) == Some("response") && parsed.started_at_ms.is_none() {
        parsed.started_at_ms = moment(all, &["created_at"]);
    }
    if parsed.duration_ms.is_none() {
        parsed.duration_ms = bedrock::latency(body);
    }
    parsed.note_text("service_tier", text(all, &["service_tier", "serviceTier"]));
    if all.contains_key("is_batch") {
        parsed.note("batch", true);
    }
    if parsed.cost.is_none()
        && let Some(cost) = gateway_cost(all)
    {
        parsed.cost = Some(cost);
        parsed.currency = Some("USD".into());
    }
}

/// Vercel's gateway and LiteLLM say beside the usage what a call cost; the former writes it as text.
fn gateway_cost(all: &Object) -> Option<f64> {
    let gateway = sdk_metadata(all).and_then(|all| object(all, &["gateway"]));
    let reported = gateway.and_then(|gateway| as_amount(gateway.get("cost")?));
    reported.or_else(|| all.get("response_cost").and_then(as_measure))
}
