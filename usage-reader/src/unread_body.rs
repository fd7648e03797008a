//! Recorded bodies in an encoding that is not read: their calls are not counted, so the import names the encoding.

use serde_json::Value;

use crate::encoded;
use crate::fields::Object;
use crate::names::{self, LIST, TEXT, WRAPPER};

/// Encodings of bodies that are not read.
const ENCODINGS: &[&str] = &["br", "zstd", "compress", "dcb", "dcz"];

/// The names under which recorders keep the headers of a response.
const HEADERS: &[&str] =
    &["headers", "rawHeaders", "header", "ResponseHeaders", "responseHeaders", "response_headers"];

/// The beginning of an encoded text that is enough to recognise it.
pub(crate) const BEGINNING: usize = 64;

pub(crate) fn are_headers(name: &str) -> bool {
    HEADERS.contains(&name)
}

/// The encoding in the headers, if it is not read and the body may be a response of a model. Recorders keep headers as
/// an object or as a list of pairs; in both, the value follows the name.
pub(crate) fn encoding(headers: &str) -> Option<&'static str> {
    let headers = headers.to_ascii_lowercase();
    let value = |name: &str| {
        let (_, behind) = headers.split_once(&format!("\"{name}\""))?;
        behind.split('"').skip(1).step_by(2).find(|text| !matches!(*text, "value" | "values"))
    };
    let found = value("content-encoding")?;
    let kind = value("content-type").unwrap_or("json");
    let is_response = ["json", "event-stream", "eventstream"].iter().any(|part| kind.contains(part));
    let is_one = |known: &&&str| found.split(',').any(|one| one.trim() == **known);
    ENCODINGS.iter().find(is_one).copied().filter(|_| is_response)
}

/// Whether the text looks like encoded bytes.
pub(crate) fn looks_encoded(text: &str) -> bool {
    let beginning = &text.as_bytes()[..text.len().min(BEGINNING)];
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/_=-".contains(byte);
    !beginning.is_empty() && (beginning.iter().all(is_digit) || text.contains('\u{fffd}'))
}

/// The name of the body that cannot be read, if the object records one.
pub(crate) fn name(all: &Object) -> Option<String> {
    let encoding = HEADERS.iter().find_map(|name| all.get(*name)?.as_str())?;
    has_encoded(all).then(|| format!("body ({encoding})"))
}

fn has_encoded(all: &Object) -> bool {
    let is_unreadable = |text: &str| looks_encoded(text) && encoded::document(text).is_none();
    all.iter().any(|(name, value)| match value {
        Value::String(text) => names::is(name, TEXT) && is_unreadable(text),
        Value::Array(chunks) if names::is(name, LIST) => {
            let chunks: Vec<&str> = chunks.iter().map_while(Value::as_str).collect();
            chunks.first().is_some_and(|first| looks_encoded(first))
                && encoded::document_of_chunks(&chunks).is_none()
        }
        Value::Object(inner) => names::is(name, WRAPPER) && has_encoded(inner),
        _ => false,
    })
}
