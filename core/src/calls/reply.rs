//! What a call returned, for whichever form a language wants.

use serde::Serialize;
use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};

/// What a call returned.
pub struct Reply(Box<dyn Returned>);

impl Reply {
    pub(super) fn new(value: impl Serialize + Send + 'static) -> Self {
        Self(Box::new(value))
    }

    /// As JSON text.
    pub fn to_json(&self) -> Result<String> {
        self.0.to_json().map_err(not_json)
    }

    /// As a JSON value.
    pub fn to_value(&self) -> Value {
        // What cannot be written is null, as a number that is infinite is.
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
    fn to_value(&self) -> serde_json::Result<Value>;
}

impl<T: Serialize + Send> Returned for T {
    fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    fn to_value(&self) -> serde_json::Result<Value> {
        serde_json::to_value(self)
    }
}

fn not_json(error: serde_json::Error) -> Error {
    let message = "a fault of libmcoda, please report it: the result cannot be written as JSON";
    Error::new(ErrorKind::Internal, message).with_source(error)
}
