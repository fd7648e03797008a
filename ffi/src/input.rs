//! Reading a caller's arguments, with errors that name the parameter.

use std::ffi::{CStr, c_char};

use mcoda_core::EstimateOptions;
use serde_json::{Map, Value};

use crate::error::{Result, mcoda_error};
use crate::estimate_options::mcoda_estimate_options;

impl mcoda_error {
    /// The caller passed NULL where that is not allowed.
    pub(crate) fn null(name: &str) -> Self {
        Self::invalid(name, "NULL", "a value")
    }
}

/// Required text.
pub(crate) unsafe fn text<'a>(name: &str, text: *const c_char) -> Result<&'a str> {
    optional_text(name, text)?.ok_or_else(|| mcoda_error::null(name))
}

/// Text, or `None` for NULL.
pub(crate) unsafe fn optional_text<'a>(name: &str, text: *const c_char) -> Result<Option<&'a str>> {
    if text.is_null() {
        return Ok(None);
    }
    let text = CStr::from_ptr(text).to_str();
    text.map(Some).map_err(|cause| {
        mcoda_error::invalid(name, "text that is not UTF-8", "UTF-8").with_detail(cause.to_string())
    })
}

/// Required JSON.
pub(crate) unsafe fn json(name: &str, json: *const c_char) -> Result<Value> {
    parse(name, text(name, json)?)
}

/// JSON, or null for NULL.
pub(crate) unsafe fn optional_json(name: &str, json: *const c_char) -> Result<Value> {
    optional_text(name, json)?.map_or(Ok(Value::Null), |text| parse(name, text))
}

/// JSON, or an object without fields for NULL.
pub(crate) unsafe fn json_or_empty(name: &str, json: *const c_char) -> Result<Value> {
    optional_text(name, json)?.map_or(Ok(Value::Object(Map::new())), |text| parse(name, text))
}

/// The options of an estimate; the defaults for NULL.
pub(crate) unsafe fn estimate_options(options: *const mcoda_estimate_options) -> Result<EstimateOptions> {
    options.as_ref().map_or_else(|| Ok(EstimateOptions::default()), mcoda_estimate_options::read)
}

/// A required handle, to read from.
pub(crate) unsafe fn shared<'a, T>(name: &str, handle: *const T) -> Result<&'a T> {
    handle.as_ref().ok_or_else(|| mcoda_error::null(name))
}

/// A required handle, to change.
pub(crate) unsafe fn exclusive<'a, T>(name: &str, handle: *mut T) -> Result<&'a mut T> {
    handle.as_mut().ok_or_else(|| mcoda_error::null(name))
}

pub(crate) fn parse(name: &str, text: &str) -> Result<Value> {
    serde_json::from_str(text).map_err(|cause| {
        mcoda_error::invalid(name, "text that is not JSON", "JSON").with_detail(cause.to_string())
    })
}
