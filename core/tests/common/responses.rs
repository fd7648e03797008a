//! Responses of agents, and recording them.

use mcoda_core::{AgentContext, RecordedResponse, TokenUsageQuery, TokenUsageRow, Workspace};
use serde_json::{Value, json};

pub fn context(json: Value) -> AgentContext {
    AgentContext::from_json(&json).unwrap()
}

pub fn record(workspace: &Workspace, body: &Value, given: Value) -> RecordedResponse {
    workspace.record_agent_response(&body.to_string(), &context(given)).unwrap()
}

pub fn rows(workspace: &Workspace) -> Vec<TokenUsageRow> {
    workspace.token_usage(&TokenUsageQuery::default()).unwrap()
}

pub fn message(id: &str, output: i64) -> Value {
    json!({"id": id, "type": "message", "model": "claude-sonnet-4-5", "usage":
        {"input_tokens": 5, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 20, "output_tokens": output}})
}

pub fn turn(thread: &str, input: i64, output: i64) -> String {
    format!(
        "{}\n{}",
        json!({"type": "thread.started", "thread_id": thread}),
        json!({"type": "turn.completed", "usage": {"input_tokens": input, "cached_input_tokens": input / 2,
            "output_tokens": output, "reasoning_output_tokens": output / 2}})
    )
}

pub fn run(session: &str, models: &[(&str, i64, f64)]) -> Value {
    let usage = |(name, output, cost): &(&str, i64, f64)| {
        (
            (*name).to_owned(),
            json!({"inputTokens": 1, "outputTokens": output, "cacheReadInputTokens": 10,
            "cacheCreationInputTokens": 2, "costUSD": cost}),
        )
    };
    let total: f64 = models.iter().map(|(_, _, cost)| cost).sum();
    let models: serde_json::Map<String, Value> = models.iter().map(usage).collect();
    json!({"type": "result", "session_id": session, "duration_ms": 900, "total_cost_usd": total, "uuid": "u",
        "usage": {"input_tokens": 1, "output_tokens": 1}, "modelUsage": models})
}
