//! The result of a call, in the forms that the bindings need.

use serde::Serialize;
use serde_json::Value;

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
    let message = "this is a bug in libmcoda, please report it: the result cannot be serialized as JSON";
    Error::new(ErrorKind::Internal, message).with_source(error)
}
