//! Results as columns of Arrow, and the rows that they hold.

use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use mcoda_core::calls::Call;
use mcoda_core::{Columns as Content, Error, RecordColumns, SqlColumns, report};
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyList, PyTuple};
use serde_json::Value;

use crate::call::detached;
use crate::failure::Failure;
use crate::from_python::nested;
use crate::sql;
use crate::to_python::to_python;

/// The columns of a result. They do not change.
#[pyclass(frozen, module = "mcoda._mcoda")]
pub(crate) struct Columns(pub(crate) Content);

#[pymethods]
impl Columns {
    /// The columns of rows that are JSON, as the call with this name returns them.
    #[staticmethod]
    #[pyo3(signature = (call, rows, /))]
    fn from_json(py: Python<'_>, call: &str, rows: &Bound<'_, PyAny>) -> Result<Self, Failure> {
        let record =
            Call::named(call)?.rows().ok_or_else(|| Error::invalid("call", call, "one that returns rows"))?;
        let Value::Array(rows) = nested("rows", rows)? else {
            return Err(Error::invalid("rows", "another value", "a list of rows").into());
        };
        Ok(Self(Content::Records(detached(py, None, || RecordColumns::from_json(record, rows))?)))
    }

    /// The columns of tuples of the values that SQLite has. `types` are those of the columns that the rows were in.
    #[staticmethod]
    #[pyo3(signature = (names, rows, types, /))]
    fn from_values(
        names: Vec<String>,
        rows: &Bound<'_, PyAny>,
        types: Option<Vec<String>>,
    ) -> Result<Self, Failure> {
        let rows = rows.try_iter()?.map(|row| sql::values(&row?)).collect::<Result<Vec<_>, Failure>>()?;
        Ok(Self(Content::Sql(SqlColumns::from_rows(names, types.as_deref(), rows)?)))
    }

    /// The names of the columns.
    #[getter]
    fn names(&self) -> Vec<String> {
        self.0.names()
    }

    /// The types of the columns of a statement; None for those of records, which are always the same.
    #[getter]
    fn types(&self) -> Option<Vec<&'static str>> {
        match &self.0 {
            Content::Records(_) => None,
            Content::Sql(columns) => Some(columns.types()),
        }
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    /// These rows alone.
    #[pyo3(signature = (start, stop, /))]
    fn slice(&self, start: usize, stop: usize) -> Self {
        Self(self.0.slice(start..stop))
    }

    /// These rows: dicts of JSON, or tuples of the values that a statement returned.
    #[pyo3(signature = (start, stop, /))]
    fn rows<'py>(&self, py: Python<'py>, start: usize, stop: usize) -> Result<Bound<'py, PyAny>, Failure> {
        match self.0.slice(start..stop) {
            Content::Records(records) => {
                let rows = detached(py, None, || Ok(Value::Array(records.to_json())))?;
                Ok(to_python(py, &rows)?.into_bound(py))
            }
            Content::Sql(columns) => {
                let list = PyList::empty(py);
                for row in detached(py, None, || Ok(columns.to_rows()))? {
                    let values = row.into_iter().map(|value| sql::cell(py, value));
                    list.append(PyTuple::new(py, values.collect::<PyResult<Vec<_>>>()?)?)?;
                }
                Ok(list.into_any())
            }
        }
    }

    /// The rows as a text table. `total` has one row, which sums them up.
    #[pyo3(signature = (total, /))]
    fn text(&self, py: Python<'_>, total: Option<&Self>) -> Result<String, Failure> {
        detached(py, None, || report::rows_text(&self.0, total.map(|total| &total.0)))
    }

    /// The rows as an HTML table.
    #[pyo3(signature = (total, /))]
    fn html(&self, py: Python<'_>, total: Option<&Self>) -> Result<String, Failure> {
        detached(py, None, || report::rows_html(&self.0, total.map(|total| &total.0)))
    }

    /// The columns as a stream of Arrow's C interface, in the capsule of Arrow's protocol for Python.
    #[pyo3(signature = (/))]
    fn stream<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyCapsule>, Failure> {
        let reader = detached(py, None, || self.0.reader())?;
        // A capsule whose stream nobody took releases it.
        Ok(PyCapsule::new_with_value(py, FFI_ArrowArrayStream::new(reader), c"arrow_array_stream")?)
    }
}
