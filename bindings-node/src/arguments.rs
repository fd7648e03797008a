//! The arguments of a call, as the package wrote them.

use mcoda_core::ErrorKind;
use serde_json::{Map, Value};

use crate::reply::Failure;

/// Read on the handle's thread, so that large batches do not block the event loop.
pub(crate) struct Arguments(Vec<Value>);

impl Arguments {
    pub(crate) fn read(json: &str) -> Result<Self, Failure> {
        let read = serde_json::from_str(json);
        read.map(Self).map_err(|error| {
            let message = format!("the arguments cannot be read: {error}");
            Failure::new(ErrorKind::InvalidInput, message)
        })
    }

    pub(crate) fn all(&self) -> &[Value] {
        &self.0
    }

    pub(crate) fn value(&self, place: usize) -> &Value {
        self.0.get(place).unwrap_or(&Value::Null)
    }

    /// Optional options: absent ones are an empty object.
    pub(crate) fn options(&self, place: usize) -> Value {
        match self.value(place) {
            Value::Null => Value::Object(Map::new()),
            options => options.clone(),
        }
    }

    /// Text that the package has checked to be text.
    pub(crate) fn text(&self, place: usize) -> Result<&str, Failure> {
        self.value(place).as_str().ok_or_else(|| Failure::fault(format_args!("argument {place} is not text")))
    }

    /// The items of an argument that the package has checked to be an array.
    pub(crate) fn items(&self, place: usize) -> &[Value] {
        self.value(place).as_array().map_or(&[], Vec::as_slice)
    }
}
