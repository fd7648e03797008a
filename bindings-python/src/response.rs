//! A response that is read while it arrives.

use std::sync::{Mutex, PoisonError};

use mcoda_core::{Error, ResponseReader, Result};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyString};

use crate::failure::Failure;
use crate::from_python::{body, text};

/// What came back in one call, as far as it has; nothing of it once it was recorded.
#[pyclass(frozen, module = "mcoda._mcoda")]
pub(crate) struct Response(Mutex<Option<ResponseReader>>);

impl Response {
    /// Takes what was read so far.
    pub(crate) fn take(&self) -> Result<ResponseReader> {
        let reader = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        reader.ok_or_else(|| Error::invalid("response", "one that was recorded before", "one that was not"))
    }
}

#[pymethods]
impl Response {
    #[new]
    #[pyo3(signature = (provider, /))]
    fn new(provider: &Bound<'_, PyAny>) -> Result<Self, Failure> {
        let provider = if provider.is_none() { None } else { Some(text("provider", provider)?) };
        Ok(Self(Mutex::new(Some(ResponseReader::new(provider.as_deref())))))
    }

    /// Reads a body, an event, or a part of their text. What comes after the recording is not read.
    #[pyo3(signature = (piece, /))]
    fn push(&self, py: Python<'_>, piece: &Bound<'_, PyAny>) -> Result<(), Failure> {
        let content = body(piece)?;
        let is_text = piece.is_instance_of::<PyString>()
            || piece.is_instance_of::<PyBytes>()
            || piece.is_instance_of::<PyByteArray>();
        py.detach(|| {
            if let Some(reader) = self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
                if is_text { reader.push(&content) } else { reader.push_value(&content) }
            }
        });
        Ok(())
    }
}
