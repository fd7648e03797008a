//! Rows of token usage, a few at a time.

use std::sync::{Mutex, PoisonError};

use mcoda_core::TokenUsageCursor;
use mcoda_core::calls::Reply;
use pyo3::prelude::*;

use crate::call::{Returned, detached};
use crate::from_python::seconds;
use crate::to_python::to_python;

/// The engine's cursor. The package's iterator keeps its handle open.
#[pyclass(frozen, module = "mcoda._mcoda")]
pub(crate) struct Cursor(pub(crate) Mutex<TokenUsageCursor>);

#[pymethods]
impl Cursor {
    /// The next rows; none at the end.
    #[pyo3(signature = (limit, timeout, /))]
    fn next_rows(&self, py: Python<'_>, limit: usize, timeout: &Bound<'_, PyAny>) -> Returned {
        let rows = detached(py, seconds("timeout", timeout)?, || {
            // A chunk that panicked was not taken.
            let mut cursor = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Ok(Reply::next_rows(&mut cursor, limit)?.to_value())
        })?;
        Ok(to_python(py, &rows)?)
    }
}
