//! What to say where no calls match.

use mcoda_core::{Dimension, TokenUsageQuery, Workspace};

use crate::failure::Failure;
use crate::out;
use crate::usage_flags::CallFlags;

/// So many of the known names are shown.
const SHOWN: usize = 8;

/// That no calls match, and for each name that no call of the workspace has, those that its calls have: it may be misspelt.
pub fn no_match(workspace: &Workspace, flags: &CallFlags, command: Option<&str>) -> Result<String, Failure> {
    let all = TokenUsageQuery { since: Some("all".to_owned()), ..TokenUsageQuery::default() };
    let named = |name: Option<&str>, query: fn(TokenUsageQuery, String) -> TokenUsageQuery| {
        name.map(|name| (name.to_owned(), query(all.clone(), name.to_owned())))
    };
    let filters = [
        (
            Dimension::Agent,
            named(flags.agent.as_deref(), |all, name| TokenUsageQuery { agent: Some(name), ..all }),
        ),
        (
            Dimension::Model,
            named(flags.model.as_deref(), |all, name| TokenUsageQuery { model: Some(name), ..all }),
        ),
        (
            Dimension::Provider,
            named(flags.provider.as_deref(), |all, name| TokenUsageQuery { provider: Some(name), ..all }),
        ),
        (Dimension::Command, named(command, |all, name| TokenUsageQuery { command: Some(name), ..all })),
    ];
    let mut text = "No calls match.\n".to_owned();
    for (dimension, filter) in filters {
        let Some((name, query)) = filter else { continue };
        if workspace.token_usage_summary(&query, &[dimension])?.is_empty() {
            let mut groups = workspace.token_usage_summary(&all, &[dimension])?;
            groups.sort_by_key(|group| std::cmp::Reverse(group.calls));
            let known: Vec<&str> = groups.iter().filter_map(|group| group.group.get(dimension)).collect();
            text += &out::wrapped(&unknown(dimension.name(), &name, &known));
        }
    }
    Ok(text)
}

/// `No call has the model "gpt"; there are gpt-codex, claude-sonnet.` The names are in the order of their calls.
fn unknown(dimension: &str, name: &str, known: &[&str]) -> String {
    let more = known.len().saturating_sub(SHOWN);
    let shown = known[..known.len() - more].join(", ");
    match (known.len(), more) {
        (0, _) => format!("No call has the {dimension} {name:?}, or any other."),
        (_, 0) => format!("No call has the {dimension} {name:?}; there are {shown}."),
        _ => format!("No call has the {dimension} {name:?}; there are {shown}, and {more} more."),
    }
}
