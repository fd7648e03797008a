//! Reads the token usage and the cost from the responses of providers and the output of agents.
//!
//! It uses no clock, no environment and no files. [`total`], [`by_model`] and [`calls`] read a text in memory;
//! [`CallReader`] reads input of any length line by line. Each returns [`ParsedUsage`], in which every number has the
//! same meaning for every provider.
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
mod documents;
mod draft;
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
mod text_names;
pub mod time;
mod unread;
mod unread_body;
mod usage_projection;

pub use self::call::{Circumstances, DedupKey, ExtractedCall, Twin};
pub use self::call_reader::{CallReader, Skipped};
pub use self::parsed_usage::ParsedUsage;
pub use self::session::{Report, reduce, remainder, total_of_reports};

use self::call::{Calls, whole};
use self::collector::Collector;
use self::documents::{Piece, split};

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
    let (calls, rest) = collect(text, Collector::new(provider).naming_in_memory());
    models(calls, rest)
}

/// Each call in the text, and [`total`].
pub fn calls(text: &str, provider: Option<&str>) -> (Vec<ExtractedCall>, Option<ParsedUsage>) {
    let (calls, rest) = collect(text, Collector::new(provider));
    let each = calls.unsettled().to_vec();
    (each, whole(models(calls, rest)))
}

/// What an input reports beside its calls: what a single object reported without usage, and the bodies that cannot be
/// read.
struct Rest {
    reported: Option<ParsedUsage>,
    unread: Vec<String>,
}

fn models(calls: Calls, rest: Rest) -> Vec<ParsedUsage> {
    let mut models = call::by_model(calls.each());
    if models.is_empty() {
        let nothing = || (!rest.unread.is_empty()).then(ParsedUsage::default);
        models.extend(rest.reported.or_else(nothing));
    }
    if let Some(first) = models.first_mut() {
        first.unread.extend(rest.unread);
    }
    models
}

fn collect(text: &str, mut collector: Collector) -> (Calls, Rest) {
    let mut calls = Calls::default();
    if text.len() > MAX_EXTRACT_BYTES {
        return (calls, Rest { reported: None, unread: Vec::new() });
    }
    let mut objects = 0;
    split(text, &mut |piece| {
        if let Piece::Object(object, text) = piece {
            objects += 1;
            collector.observe(object, text);
            collector.take_closed().into_iter().for_each(|call| calls.add(call));
        }
    });
    let unread = collector.unread().to_vec();
    let (last, reported) = collector.finish();
    last.into_iter().for_each(|call| calls.add(call));
    // Of several objects, it is not known which one's times would apply.
    let reported = reported.filter(|_| objects == 1);
    (calls, Rest { reported, unread })
}
