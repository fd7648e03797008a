//! The engine's JSON as Python's values.

use std::collections::HashMap;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
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
