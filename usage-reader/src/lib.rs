//! Reads the token usage and the cost from the responses of providers and the output of agents.
//!
//! It uses no clock, no environment and no files. [`total`], [`by_model`] and [`calls`] read a text in memory;
//! [`CallReader`] reads input of any length line by line, [`Pieces`] a response while it arrives. Each returns
//! [`ParsedUsage`], in which every number has the same meaning for every provider.
//!
//! `documents` splits the input into objects, `usage_projection` keeps only what may be usage, `locate` finds the body
//! in its wrappers, each file in `sources` defines what the numbers of one format mean, and `collector` combines the
//! events of a call.
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
mod damage;
mod documents;
mod draft;
mod elements;
mod encoded;
mod fields;
mod locate;
mod log_lines;
mod names;
pub mod number;
mod otel_attributes;
mod parsed_usage;
mod pieces;
mod runs;
mod session;
mod several;
mod shapes;
mod source;
mod sources;
mod spans;
mod stream;
mod text_names;
pub mod time;
mod unread;
mod unread_body;
mod usage_projection;

pub use self::call::{Circumstances, DedupKey, ExtractedCall, Twin};
pub use self::call_reader::{CallReader, Skipped};
pub use self::parsed_usage::ParsedUsage;
pub use self::pieces::Pieces;
pub use self::session::{Report, reduce, remainder, total_of_reports};

use self::call::whole;
use self::collector::Collector;
use self::documents::split;
use self::pieces::Collected;

/// The maximum length of a text: 1 GiB.
pub const MAX_EXTRACT_BYTES: usize = 1 << 30;

/// The sum of all calls in the text.
///
/// `text` is a response body, its `usage` object, the metadata of an adapter that contains one, or the JSON lines of a
/// stream or of an agent's transcript. The format is detected from the structure. `provider` is needed only if the
/// format leaves the meaning of a number open. `None` if the text reports no usage, or is longer than
/// [`MAX_EXTRACT_BYTES`].
pub fn total(text: &str, provider: Option<&str>) -> Option<ParsedUsage> {
    whole(by_model(text, provider))
}

/// The usage of the calls in the text, one entry for each model, in the order of their first appearance. Their sum is
/// [`total`].
pub fn by_model(text: &str, provider: Option<&str>) -> Vec<ParsedUsage> {
    collect(text, Collector::new(provider).naming_in_memory()).models()
}

/// Each call in the text, and [`total`].
pub fn calls(text: &str, provider: Option<&str>) -> (Vec<ExtractedCall>, Option<ParsedUsage>) {
    collect(text, Collector::new(provider)).totalled()
}

fn collect(text: &str, collector: Collector) -> Collected {
    let mut collected = Collected::new(collector);
    if text.len() <= MAX_EXTRACT_BYTES {
        split(text, &mut |piece| collected.see(piece));
    }
    collected
}
