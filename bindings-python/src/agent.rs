//! What providers and agents returned, read without any database.

use pyo3::prelude::*;

use crate::call::{Answer, answer};
use crate::from_python::{body, optional_text};

#[pyfunction]
#[pyo3(signature = (body_, provider, /))]
pub(crate) fn extract_usage(py: Python<'_>, body_: &Bound<'_, PyAny>, provider: &Bound<'_, PyAny>) -> Answer {
    let (text, provider) = (body(body_)?, optional_text("provider", provider)?);
    answer(py, || Ok(mcoda_core::extract_usage(&text, provider.as_deref())))
}

#[pyfunction]
#[pyo3(signature = (body_, provider, /))]
pub(crate) fn extract_usages(
    py: Python<'_>,
    body_: &Bound<'_, PyAny>,
    provider: &Bound<'_, PyAny>,
) -> Answer {
    let (text, provider) = (body(body_)?, optional_text("provider", provider)?);
    answer(py, || Ok(mcoda_core::extract_usages(&text, provider.as_deref())))
}
