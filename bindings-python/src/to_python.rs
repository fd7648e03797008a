//! The engine's JSON as Python's values.

use std::collections::HashMap;

use mcoda_core::Timestamp;
use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyDict, PyList, PyString, PyTzInfo};
use serde_json::Value;

/// The value as dicts, lists, texts, numbers, bools and None.
pub(crate) fn to_python(py: Python<'_>, value: &Value) -> PyResult<Py<PyAny>> {
    Ok(Conversion { py, names: HashMap::new() }.value(value)?.unbind())
}

struct Conversion<'py, 'v> {
    py: Python<'py>,
    /// Many rows have the same names; each becomes one text.
    names: HashMap<&'v str, Bound<'py, PyString>>,
}

impl<'py, 'v> Conversion<'py, 'v> {
    fn value(&mut self, value: &'v Value) -> PyResult<Bound<'py, PyAny>> {
        let py = self.py;
        Ok(match value {
            Value::Null => py.None().into_bound(py),
            Value::Bool(truth) => truth.into_pyobject(py)?.to_owned().into_any(),
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(whole), _) => whole.into_pyobject(py)?.into_any(),
                (None, Some(whole)) => whole.into_pyobject(py)?.into_any(),
                (None, None) => number.as_f64().into_pyobject(py)?.into_any(),
            },
            Value::String(text) => PyString::new(py, text).into_any(),
            Value::Array(values) => {
                let list = PyList::empty(py);
                for value in values {
                    list.append(self.value(value)?)?;
                }
                list.into_any()
            }
            Value::Object(fields) => {
                let dict = PyDict::new(py);
                for (name, value) in fields {
                    let value = self.value(value)?;
                    dict.set_item(self.name(name), value)?;
                }
                dict.into_any()
            }
        })
    }

    fn name(&mut self, name: &'v str) -> Bound<'py, PyString> {
        let py = self.py;
        self.names.entry(name).or_insert_with(|| PyString::new(py, name)).clone()
    }
}

/// The time in UTC; `None` in year 0, which `datetime` does not have.
pub(crate) fn datetime(py: Python<'_>, time: Timestamp) -> PyResult<Option<Bound<'_, PyDateTime>>> {
    if !has_datetime(time) {
        return Ok(None);
    }
    // 2026-03-20T12:00:00.123Z
    let text = time.to_string();
    let year = text.get(..4).and_then(|digits| digits.parse().ok()).unwrap_or_default();
    let number =
        |start: usize| text.get(start..start + 2).and_then(|digits| digits.parse().ok()).unwrap_or(0);
    let micros = time.millis().rem_euclid(1000) as u32 * 1000;
    let utc = PyTzInfo::utc(py)?;
    let (month, day, hour, minute, second) = (number(5), number(8), number(11), number(14), number(17));
    PyDateTime::new(py, year, month, day, hour, minute, second, micros, Some(&utc)).map(Some)
}

/// Whether `datetime` has the time's year.
pub(crate) fn has_datetime(time: Timestamp) -> bool {
    const YEAR_1_MILLIS: i64 = -62_135_596_800_000;
    time.millis() >= YEAR_1_MILLIS
}
