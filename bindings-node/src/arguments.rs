//! The arguments of a call, as the package wrote them.

use mcoda_core::ErrorKind;
use serde_json::{Map, Value};

use crate::answer::Failure;

/// Read on the handle's thread, so that large batches do not hold up the event loop.
pub(crate) struct Arguments(Vec<Value>);

impl Arguments {
    pub(crate) fn read(json: &str) -> Result<Self, Failure> {
        let read = serde_json::from_str(json);
        read.map(Self).map_err(|error| {
            let message = format!("the arguments cannot be read: {error}");
            Failure::new(ErrorKind::InvalidInput, message)
        })
    }

    pub(crate) fn value(&self, place: usize) -> &Value {
        self.0.get(place).unwrap_or(&Value::Null)
    }

    /// The options of a call that needs none: where they are left out they are empty.
    pub(crate) fn options(&self, place: usize) -> Value {
        match self.value(place) {
            Value::Null => Value::Object(Map::new()),
            options => options.clone(),
        }
    }

    /// A switch that the package has checked to be one; left out it is off.
    pub(crate) fn is_true(&self, place: usize) -> bool {
        self.value(place) == &Value::Bool(true)
    }

    pub(crate) fn optional_text(&self, place: usize) -> Option<&str> {
        self.value(place).as_str()
    }

    /// Text that the package has checked to be text.
    pub(crate) fn text(&self, place: usize) -> Result<&str, Failure> {
        self.optional_text(place).ok_or_else(|| {
            let message = format!("a fault of @mcoda/native, please report it: argument {place} is no text");
            Failure::new(ErrorKind::Internal, message)
        })
    }

    /// The items of an argument that the package has checked to be an array.
    pub(crate) fn items(&self, place: usize) -> &[Value] {
        self.value(place).as_array().map_or(&[], Vec::as_slice)
    }
}
