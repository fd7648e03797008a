//! Responses of providers and agents.

use std::collections::HashSet;

use mcoda_core::{AgentContext, TokenUsageQuery, Workspace};

use super::{options, rules};

const HINTS: &[Option<&str>] =
    &[None, Some("anthropic"), Some("openai"), Some("bedrock"), Some("xai"), Some("nobody")];

/// Extraction never fails, its result satisfies the invariants, and recording it again adds nothing.
pub fn usage_bodies(data: &[u8]) {
    let hint = HINTS[data.len() % HINTS.len()];
    let context = AgentContext { provider: hint.map(str::to_owned), ..AgentContext::default() };
    let text = String::from_utf8_lossy(data);
    rules::check_all(&text, hint);

    let workspace = options().open_db(":memory:").expect("a database");
    let first = workspace.record_agent_response(&text, &context).expect("any body");
    let ids: HashSet<&str> = first.records.iter().map(|record| &*record.id).collect();
    assert_eq!(ids.len(), first.records.len(), "an id twice: {:?}", first.records);
    let again = workspace.record_agent_response(&text, &context).expect("any body");
    assert_eq!(first.usage, again.usage);
    for record in again.records.iter().filter(|record| ids.contains(&*record.id)) {
        assert!(record.duplicate && !record.updated, "{record:?}");
    }

    let workspace = options().open_db(":memory:").expect("a database");
    let first = workspace.record_agent_stream(data, &context, |_| {}).expect("any input");
    let kept = count(&workspace);
    assert_eq!(kept, first.recorded);
    assert_eq!(first.bytes, data.len() as u64);
    let again = workspace.record_agent_stream(data, &context, |_| {}).expect("any input");
    assert_eq!((again.recorded, count(&workspace)), (0, kept), "{again:?}");
}

fn count(workspace: &Workspace) -> u64 {
    workspace.token_usage(&TokenUsageQuery::default()).expect("rows").len() as u64
}
