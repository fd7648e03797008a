//! What can go wrong in a call, and how Python sees it.

use std::fmt;

use mcoda_core::Error;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// An error of the engine, or an exception that Python code of the caller raised.
#[derive(Debug)]
pub(crate) enum Failure {
    Engine(Error),
    Python(PyErr),
}

impl Failure {
    /// Puts `context` before the engine's message.
    pub(crate) fn context(self, context: impl fmt::Display) -> Self {
        match self {
            Self::Engine(error) => Self::Engine(error.context(context)),
            python => python,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Python(error) => error,
            Failure::Engine(error) => {
                Python::attach(|py| exception(py, &error).unwrap_or_else(|other| other))
            }
        }
    }
}

/// The exception for an engine's error. The classes are Python's own, so that they can be pickled,
/// subclassed and shown as any other.
fn exception(py: Python<'_>, error: &Error) -> PyResult<PyErr> {
    static FROM_ENGINE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let from_engine = FROM_ENGINE.import(py, "mcoda._errors", "from_engine")?;
    let parts = (error.kind().code(), error.message(), error.field(), error.detail());
    Ok(PyErr::from_value(from_engine.call1(parts)?))
}
