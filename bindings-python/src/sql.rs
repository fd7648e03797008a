//! Parameters of SQL, and the values that it returns.

use mcoda_core::{Error, SqlParams, SqlValue};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyByteArray, PyBytes, PyFloat, PyList, PyMapping, PyString, PyTuple};

use crate::failure::Failure;
use crate::from_python::{is_missing, kind_of, numpy_scalar, string, text, time};

/// What a value is for.
#[derive(Clone, Copy)]
enum Place {
    Parameter,
    /// A cell of a table, which may hold an infinity, as SQLite does.
    Cell,
}

impl Place {
    fn field(self) -> &'static str {
        match self {
            Self::Parameter => "params",
            Self::Cell => "rows",
        }
    }
}

/// The parameters of a statement: None, a list or tuple, or a mapping of names.
pub(crate) fn params(given: &Bound<'_, PyAny>) -> Result<SqlParams, Failure> {
    if given.is_none() {
        Ok(SqlParams::default())
    } else if given.is_instance_of::<PyList>() || given.is_instance_of::<PyTuple>() {
        let values = given.try_iter()?.map(|one| value(Place::Parameter, &one?));
        Ok(SqlParams::Positional(values.collect::<Result<_, _>>()?))
    } else if let Ok(mapping) = given.cast::<PyMapping>() {
        let named = mapping.items()?.iter().map(|item| {
            let (name, one): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
            Ok::<_, Failure>((text(Place::Parameter.field(), &name)?, value(Place::Parameter, &one)?))
        });
        Ok(SqlParams::Named(named.collect::<Result<_, _>>()?))
    } else {
        let allowed = "a list, a tuple, or a mapping of names";
        Err(Error::invalid(Place::Parameter.field(), kind_of(given), allowed).into())
    }
}

/// A row of values.
pub(crate) fn values(given: &Bound<'_, PyAny>) -> Result<Vec<SqlValue>, Failure> {
    given.try_iter()?.map(|one| value(Place::Cell, &one?)).collect()
}

fn value(place: Place, given: &Bound<'_, PyAny>) -> Result<SqlValue, Failure> {
    if is_missing(given)? {
        Ok(SqlValue::Null)
    } else if let Ok(text) = given.cast::<PyString>() {
        Ok(SqlValue::Text(string(place.field(), text)?))
    } else if let Ok(truth) = given.cast::<PyBool>() {
        Ok(SqlValue::Integer(truth.is_true().into()))
    } else if let Ok(number) = given.cast::<PyFloat>() {
        real(place, number.value())
    } else if let Ok(bytes) = given.cast::<PyBytes>() {
        Ok(SqlValue::Blob(bytes.as_bytes().to_vec()))
    } else if let Ok(bytes) = given.cast::<PyByteArray>() {
        Ok(SqlValue::Blob(bytes.to_vec()))
    } else if let Some(time) = time(place.field(), given)? {
        Ok(SqlValue::Text(time))
    } else if let Some(scalar) = numpy_scalar(given)? {
        value(place, &scalar)
    } else if let Ok(number) = given.extract::<i64>() {
        Ok(SqlValue::Integer(number))
    } else {
        Err(refused(place, given))
    }
}

fn real(place: Place, number: f64) -> Result<SqlValue, Failure> {
    if number.is_finite() || matches!(place, Place::Cell) {
        return Ok(SqlValue::Real(number));
    }
    Err(Error::invalid(place.field(), number, "a finite number").into())
}

pub(crate) fn cell(py: Python<'_>, value: SqlValue) -> PyResult<Bound<'_, PyAny>> {
    Ok(match value {
        SqlValue::Null => py.None().into_bound(py),
        SqlValue::Integer(number) => number.into_pyobject(py)?.into_any(),
        SqlValue::Real(number) => number.into_pyobject(py)?.into_any(),
        SqlValue::Text(text) => text.into_pyobject(py)?.into_any(),
        SqlValue::Blob(bytes) => PyBytes::new(py, &bytes).into_any(),
    })
}

fn refused(place: Place, given: &Bound<'_, PyAny>) -> Failure {
    let allowed = "None, bool, a whole number of 64 bits, float, str, bytes, datetime or date";
    Error::invalid(place.field(), kind_of(given), allowed).into()
}
