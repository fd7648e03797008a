//! The result of a call, in the forms that the bindings need.

use serde::Serialize;
use serde_json::Value;

use super::pieces::pieces;
use crate::error::{Error, ErrorKind, Result};

/// The result of a call.
pub struct Reply(Box<dyn Returned>);

impl Reply {
    pub(super) fn new(value: impl Serialize + Send + 'static) -> Self {
        Self(Box::new(value))
    }

    /// As JSON text.
    pub fn to_json(&self) -> Result<String> {
        self.0.to_json().map_err(not_json)
    }

    /// As JSON text in pieces, for a host that reads a large result a piece at a time. An array is several arrays with its
    /// items in their order, each of which ends after the item with which it reaches `bytes`; anything else is one piece.
    pub fn to_json_pieces(&self, bytes: usize) -> Result<Vec<String>> {
        self.0.to_json_pieces(bytes).map_err(not_json)
    }

    /// As a JSON value.
    #[must_use]
    pub fn to_value(&self) -> Value {
        // A value that cannot be serialized, such as an infinite number, is null.
        self.0.to_value().unwrap_or_default()
    }
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Reply").field(&self.to_value()).finish()
    }
}

trait Returned: Send {
    fn to_json(&self) -> serde_json::Result<String>;
    fn to_json_pieces(&self, bytes: usize) -> serde_json::Result<Vec<String>>;
    fn to_value(&self) -> serde_json::Result<Value>;
}

impl<T: Serialize + Send> Returned for T {
    fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    fn to_json_pieces(&self, bytes: usize) -> serde_json::Result<Vec<String>> {
        pieces(self, bytes)
    }

    fn to_value(&self) -> serde_json::Result<Value> {
        serde_json::to_value(self)
    }
}

fn not_json(error: serde_json::Error) -> Error {
    let message = "this is a bug in libmcoda, please report it: the result cannot be serialized as JSON";
    Error::new(ErrorKind::Internal, message).with_source(error)
}
