//! What a provider or an agent returned, read for what it cost.
//!
//! `documents` cuts the input into objects, `slim` reads of each what may be usage, `locate` finds the body in
//! its wrappers, a file for each family of shapes gives its numbers their meaning, and `collector` puts the
//! events of one call together.

mod adapter;
mod agents;
mod anthropic;
mod bedrock;
mod body;
mod call;
mod claude_code;
mod codex;
mod cohere;
mod collector;
mod documents;
mod fields;
mod google;
mod import;
mod local;
mod locate;
mod openai;
mod reading;
mod shapes;
mod slim;
mod vercel;

pub(super) use self::call::Identity;
use self::call::{Call, Calls, whole};
use self::collector::Collector;
use self::documents::{Piece, split};
pub(super) use self::import::Import;

use self::reading::Reading;
use super::usage::TokenUsage;

/// Longer text is not looked at: 1 GiB.
pub const MAX_EXTRACT_BYTES: usize = 1 << 30;

/// What the text tells about its calls, as one record for the whole: their sum.
///
/// `text` is a response body, its `usage` object, metadata of an adapter that wraps one, or the lines of a
/// stream or of an agent's transcript, JSON each. The shape is found by its structure. `provider` helps where
/// that does not tell what a number means. Unknown text gives an empty record, never an error; so does text of
/// more than [`MAX_EXTRACT_BYTES`].
///
/// Numbers have the meaning of the fields of [`TokenUsage`]; what these have no room for stands in
/// `metadata.usage`. The fields of the backlog and the id are never set.
///
/// ```
/// let body = r#"{"model": "claude-x", "usage": {"input_tokens": 4, "cache_read_input_tokens": 900, "output_tokens": 30}}"#;
/// let usage = mcoda_core::extract_usage(body, None);
/// assert_eq!((usage.tokens_prompt, usage.tokens_cached, usage.tokens_total), (Some(904), Some(900), Some(934)));
/// ```
pub fn extract_usage(text: &str, provider: Option<&str>) -> TokenUsage {
    whole(read(text, provider)).map_or_else(TokenUsage::default, Reading::into_usage)
}

/// What the text tells about its calls, one record a model, in the order of their first appearance. Their sums
/// are what [`extract_usage`] gives; empty where that is an empty record.
pub fn extract_usages(text: &str, provider: Option<&str>) -> Vec<TokenUsage> {
    read(text, provider).into_iter().map(Reading::into_usage).collect()
}

/// One call, ready to become a record for each model that worked for it.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) identity: Identity,
    pub(super) is_cumulative: bool,
    pub(super) usages: Vec<TokenUsage>,
}

impl From<Call> for Found {
    fn from(call: Call) -> Self {
        let usages = call.parts.into_iter().map(Reading::into_usage).collect();
        Self { identity: call.identity, is_cumulative: call.is_cumulative, usages }
    }
}

/// The calls of the text one by one, and their sum.
pub(super) fn find(text: &str, provider: Option<&str>) -> (Vec<Found>, TokenUsage) {
    let (calls, rest) = collect(text, provider);
    let found = calls.each().map(Found::from).collect();
    let models = calls.by_model();
    let sum = if models.is_empty() { rest } else { whole(models) };
    (found, sum.map_or_else(TokenUsage::default, Reading::into_usage))
}

fn read(text: &str, provider: Option<&str>) -> Vec<Reading> {
    let (calls, rest) = collect(text, provider);
    let models = calls.by_model();
    if models.is_empty() { rest.into_iter().collect() } else { models }
}

/// The calls, and what a single object told beside any.
fn collect(text: &str, provider: Option<&str>) -> (Calls, Option<Reading>) {
    if text.len() > MAX_EXTRACT_BYTES {
        return (Calls::default(), None);
    }
    let mut collector = Collector::new(provider);
    let mut calls = Calls::default();
    let mut objects = 0;
    split(text, &mut |piece| {
        if let Piece::Object(object, text) = piece {
            objects += 1;
            collector.observe(object, text);
            collector.take_closed().into_iter().for_each(|call| calls.add(call));
        }
    });
    let (last, rest) = collector.finish();
    last.into_iter().for_each(|call| calls.add(call));
    // Of many lines none is the one whose times are meant.
    (calls, rest.filter(|_| objects == 1))
}
