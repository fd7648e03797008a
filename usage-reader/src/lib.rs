//! Reads what a provider or an agent returned for the tokens and the money that it cost.
//!
//! Pure: no clock, no environment, no files. [`total`], [`by_model`] and [`calls`] read a text that is in memory,
//! [`CallReader`] reads input of any length line by line. Each returns [`ParsedUsage`], in which every number has the
//! same meaning whichever provider reported it.
//!
//! `documents` cuts the input into objects, `usage_projection` reads of each what may be usage, `locate` finds the body
//! in its wrappers, a file for each family of shapes gives its numbers their meaning, and `collector` puts the
//! events of one call together.
//!
//! ```
//! let body = r#"{"model": "claude-x", "usage": {"input_tokens": 4, "cache_read_input_tokens": 900, "output_tokens": 30}}"#;
//! let usage = mcoda_usage_reader::total(body, None).expect("the body has usage");
//! assert_eq!((usage.input, usage.cached, usage.total), (Some(904), Some(900), Some(934)));
//! ```
#![forbid(unsafe_code)]

mod body;
mod call;
mod call_reader;
mod collector;
mod documents;
mod encoded;
mod fields;
mod locate;
mod log_lines;
mod names;
pub mod number;
mod otel_attributes;
mod parsed_usage;
mod runs;
mod session;
mod shapes;
mod source;
mod sources;
mod stream;
pub mod time;
mod unread;
mod usage_projection;

pub use self::call::{Circumstances, DedupKey, ExtractedCall};
pub use self::call_reader::{CallReader, Skipped};
pub use self::parsed_usage::ParsedUsage;
pub use self::session::{Report, reduce, remainder, total_of_reports};

use self::call::{Calls, whole};
use self::collector::Collector;
use self::documents::{Piece, split};

/// Longer text is not looked at: 1 GiB.
pub const MAX_EXTRACT_BYTES: usize = 1 << 30;

/// What the text reports about all its calls: their sum.
///
/// `text` is a response body, its `usage` object, metadata of an adapter that wraps one, or the lines of a
/// stream or of an agent's transcript, JSON each. The shape is found by its structure. `provider` helps where
/// that does not say what a number means. `None` where the text reports nothing, and where it is longer than
/// [`MAX_EXTRACT_BYTES`].
pub fn total(text: &str, provider: Option<&str>) -> Option<ParsedUsage> {
    whole(by_model(text, provider))
}

/// What the text reports about its calls, one for each model, in the order of their first appearance. Their sum
/// is [`total`].
pub fn by_model(text: &str, provider: Option<&str>) -> Vec<ParsedUsage> {
    let (calls, rest) = collect(text, Collector::new(provider).naming_in_memory());
    let models = call::by_model(calls.each());
    if models.is_empty() { rest.into_iter().collect() } else { models }
}

/// The calls of the text one by one, and [`total`].
pub fn calls(text: &str, provider: Option<&str>) -> (Vec<ExtractedCall>, Option<ParsedUsage>) {
    let (calls, rest) = collect(text, Collector::new(provider));
    let each = calls.unsettled().to_vec();
    let models = call::by_model(calls.each());
    (each, if models.is_empty() { rest } else { whole(models) })
}

/// The calls, and what a single object reported beside any.
fn collect(text: &str, mut collector: Collector) -> (Calls, Option<ParsedUsage>) {
    if text.len() > MAX_EXTRACT_BYTES {
        return (Calls::default(), None);
    }
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
