//! Rows of token usage, a few at a time.

use std::sync::{Mutex, PoisonError};

use mcoda_core::TokenUsageCursor;
use pyo3::prelude::*;

use crate::call::{Answer, answer};
use crate::from_python::seconds;

/// The engine's cursor. Its handle is kept open by whoever holds it: the package's iterator.
#[pyclass(frozen, module = "mcoda._mcoda")]
pub(crate) struct Cursor(pub(crate) Mutex<TokenUsageCursor>);

#[pymethods]
impl Cursor {
    /// The next rows; none at the end.
    #[pyo3(signature = (limit, timeout, /))]
    fn next_rows(&self, py: Python<'_>, limit: usize, timeout: &Bound<'_, PyAny>) -> Answer {
        answer(py, seconds("timeout", timeout)?, || {
            // A chunk that panicked was not taken.
            let mut cursor = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            cursor.next_chunk(limit)
        })
    }
}
