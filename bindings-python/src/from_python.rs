//! A caller's values as the engine's JSON.
//!
//! No value is changed to fit: what JSON cannot express is refused with the name of its field. In what a provider
//! returned such values are skipped.

use std::borrow::Cow;
use std::time::Duration;

use mcoda_core::definition::{Definition, Kind};
use mcoda_core::{Error, Timestamp};
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyUnicodeEncodeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDate, PyDateTime, PyDelta, PyDict, PyFloat, PyInt, PyList, PyMapping,
    PyString, PyTuple, PyType, PyTzInfo,
};
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::to_python::has_datetime;

/// More levels than the engine allows, and few enough for the stack.
const DEEPEST: usize = 128;

/// The fields of one call: the caller's mapping, and the keywords that are not None. `what` is the name in the error
/// where it is not a mapping, which the engine refuses.
pub(crate) fn fields(
    what: &str,
    given: &Bound<'_, PyAny>,
    keywords: &Bound<'_, PyDict>,
) -> Result<Value, Failure> {
    let mut value = input(what, given)?;
    if let Value::Object(fields) = &mut value {
        for (name, keyword) in keywords.iter().filter(|(_, keyword)| !keyword.is_none()) {
            let name: String = name.extract()?;
            if fields.get(&name).is_some_and(|value| !value.is_null()) {
                return Err(Error::invalid(&name, "the same field twice", "each field once").into());
            }
            let keyword = nested(&json_name(&name), &keyword)?;
            fields.insert(name, keyword);
        }
    }
    Ok(value)
}

/// A list of records. An error says which one it is about, as the engine does. Anything but a list is passed on, for
/// the engine to refuse.
pub(crate) fn list(
    what: &str,
    record: &Definition,
    noun: &str,
    given: &Bound<'_, PyAny>,
) -> Result<Value, Failure> {
    let Ok(values) = given.cast::<PyList>() else { return input(what, given) };
    let one = |(index, value)| {
        let read = || {
            let fields = input(record.noun, &value)?;
            check_times(record, &fields)?;
            Ok(fields)
        };
        read().map_err(|error: Failure| match values.len() {
            1 => error,
            many => error.context(format_args!("{noun} {} of {many}", index + 1)),
        })
    };
    values.iter().enumerate().map(one).collect::<Result<Vec<_>, _>>().map(Value::Array)
}

/// Text that is an argument of its own.
pub(crate) fn text(field: &str, given: &Bound<'_, PyAny>) -> Result<String, Failure> {
    match given.cast::<PyString>() {
        Ok(text) => string(field, text),
        Err(_) => Err(Error::invalid(field, kind_of(given), "text").into()),
    }
}

/// A time that is an argument of its own, as text.
pub(crate) fn time_text(field: &str, given: &Bound<'_, PyAny>) -> Result<String, Failure> {
    let text = match time(field, given)? {
        Some(text) => text,
        None => text(field, given)?,
    };
    in_datetimes_years(field, &text)?;
    Ok(text)
}

/// Refuses a time of year 0 in any field of a record: its result would hold it as a `datetime`, which cannot.
pub(crate) fn check_times(record: &Definition, fields: &Value) -> Result<(), Failure> {
    for field in record.all_fields().filter(|field| matches!(field.kind, Kind::Time)) {
        for name in [field.json, field.name] {
            if let Some(text) = fields.get(name).and_then(Value::as_str) {
                in_datetimes_years(field.json, text)?;
            }
        }
    }
    Ok(())
}

/// Anything that is not a time is left for the engine to refuse.
fn in_datetimes_years(field: &str, text: &str) -> Result<(), Failure> {
    match text.parse::<Timestamp>() {
        Ok(time) if !has_datetime(time) => {
            let allowed = "a time in the years that datetime has, 1 to 9999";
            Err(Error::invalid(field, format_args!("{text:?}"), allowed).into())
        }
        _ => Ok(()),
    }
}

/// A duration in seconds; None is the default.
pub(crate) fn seconds(field: &str, given: &Bound<'_, PyAny>) -> Result<Option<Duration>, Failure> {
    if given.is_none() {
        return Ok(None);
    }
    let allowed = "a number of seconds above 0";
    let is_number = given.is_instance_of::<PyFloat>()
        || given.is_instance_of::<PyInt>() && !given.is_instance_of::<PyBool>();
    let Some(number) = is_number.then(|| given.extract::<f64>().ok()).flatten() else {
        return Err(Error::invalid(field, kind_of(given), allowed).into());
    };
    match Duration::try_from_secs_f64(number) {
        Ok(span) if !span.is_zero() => Ok(Some(span)),
        _ => Err(Error::invalid(field, number, allowed).into()),
    }
}

/// True or false, an argument of its own.
pub(crate) fn truth(field: &str, given: &Bound<'_, PyAny>) -> Result<bool, Failure> {
    match given.cast::<PyBool>() {
        Ok(truth) => Ok(truth.is_true()),
        Err(_) => Err(Error::invalid(field, kind_of(given), "True or False").into()),
    }
}

/// What a provider returned, as text: text or bytes unchanged, other values as JSON. It may hold anything, so values
/// that JSON cannot express are skipped; only what is neither text nor an object or a list is refused.
pub(crate) fn body<'a>(given: &'a Bound<'_, PyAny>) -> Result<Cow<'a, str>, Failure> {
    if let Ok(text) = given.cast::<PyString>() {
        Ok(text.to_string_lossy())
    } else if let Ok(bytes) = given.cast::<PyBytes>() {
        Ok(String::from_utf8_lossy(bytes.as_bytes()))
    } else if let Ok(bytes) = given.cast::<PyByteArray>() {
        Ok(String::from_utf8_lossy(&bytes.to_vec()).into_owned().into())
    } else {
        let value = Walk { field: "body", inside: Vec::new(), skips: true }.value(given)?;
        if value.is_object() || value.is_array() {
            return Ok(value.to_string().into());
        }
        let allowed = "text, bytes, a mapping, a list, or an object with model_dump() or to_dict()";
        Err(Error::invalid("body", kind_of(given), allowed).into())
    }
}

/// The path of a file or folder: text, or an `os.PathLike`.
pub(crate) fn path(field: &str, given: &Bound<'_, PyAny>) -> Result<std::path::PathBuf, Failure> {
    let refused = || Error::invalid(field, kind_of(given), "a path: text or an os.PathLike").into();
    given.extract().map_err(|error: PyErr| caused_by_type(given.py(), error, refused))
}

/// The value of one field, with everything inside of it.
pub(crate) fn nested(field: &str, given: &Bound<'_, PyAny>) -> Result<Value, Failure> {
    Walk { field, inside: Vec::new(), skips: false }.value(given)
}

/// One object whose names are fields; anything else is passed on, for the engine to refuse.
pub(crate) fn input(what: &str, given: &Bound<'_, PyAny>) -> Result<Value, Failure> {
    let Ok(mapping) = given.cast::<PyMapping>() else { return nested(what, given) };
    let mut fields = Map::new();
    for item in mapping.items()?.iter() {
        let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
        let name = text(what, &name)?;
        let value = nested(&json_name(&name), &value)?;
        fields.insert(name, value);
    }
    Ok(Value::Object(fields))
}

/// The conversion of one of the caller's values.
struct Walk<'a> {
    /// The field that errors name.
    field: &'a str,
    /// The addresses of the containers around the current value, to find one that contains itself.
    inside: Vec<usize>,
    /// Whether values that JSON cannot express are skipped instead of refused.
    skips: bool,
}

impl Walk<'_> {
    fn value(&mut self, given: &Bound<'_, PyAny>) -> Result<Value, Failure> {
        if is_missing(given)? {
            Ok(Value::Null)
        } else if let Ok(text) = given.cast::<PyString>() {
            string(self.field, text).map(Value::String)
        } else if let Ok(truth) = given.cast::<PyBool>() {
            Ok(truth.is_true().into())
        } else if let Ok(number) = given.cast::<PyFloat>() {
            self.real(number.value())
        } else if given.is_instance_of::<PyInt>() {
            self.whole(given)
        } else if let Some(time) = time(self.field, given)? {
            Ok(time.into())
        } else if let Some(scalar) = numpy_scalar(given)? {
            self.value(&scalar)
        } else if self.is_bound() && given.is_instance_of::<PyDelta>() {
            span(self.field, given).map(Value::String)
        } else if given.is_instance_of::<PyList>() || given.is_instance_of::<PyTuple>() {
            self.container(given, Self::array)
        } else if given.is_instance_of::<PyMapping>() {
            self.container(given, Self::object)
        } else if given.hasattr(intern!(given.py(), "__index__"))? {
            self.whole(given)
        } else if self.skips
            && let Some(fields) = fields_of(given)?
        {
            self.container(given, |walk, _| walk.value(&fields))
        } else {
            Err(self.refused(kind_of(given)))
        }
    }

    /// Whether the value is the beginning or the end of a time range, which may be a time span before now.
    fn is_bound(&self) -> bool {
        self.inside.is_empty() && matches!(self.field, "since" | "until")
    }

    fn real(&self, number: f64) -> Result<Value, Failure> {
        if number.is_finite() {
            return Ok(number.into());
        }
        Err(Error::invalid(self.field, number, "a finite number").into())
    }

    fn whole(&self, given: &Bound<'_, PyAny>) -> Result<Value, Failure> {
        if let Ok(number) = given.extract::<i64>() {
            return Ok(number.into());
        }
        let refused = || Error::invalid(self.field, kind_of(given), "a whole number of 64 bits").into();
        given.extract::<u64>().map(Value::from).map_err(|error| caused_by_type(given.py(), error, refused))
    }

    fn container(
        &mut self,
        given: &Bound<'_, PyAny>,
        convert: impl FnOnce(&mut Self, &Bound<'_, PyAny>) -> Result<Value, Failure>,
    ) -> Result<Value, Failure> {
        let address = given.as_ptr() as usize;
        if self.inside.contains(&address) {
            return Err(self.refused(format!("{} that holds itself", kind_of(given))));
        }
        if self.inside.len() == DEEPEST {
            return Err(self.refused(format!("something nested in more than {DEEPEST} levels")));
        }
        self.inside.push(address);
        let converted = convert(self, given);
        self.inside.pop();
        converted
    }

    fn array(&mut self, given: &Bound<'_, PyAny>) -> Result<Value, Failure> {
        let mut values = Vec::new();
        for value in given.try_iter()? {
            values.extend(self.inner(&value?)?);
        }
        Ok(Value::Array(values))
    }

    /// Over a copy of the items, which the caller's code cannot change meanwhile.
    fn object(&mut self, given: &Bound<'_, PyAny>) -> Result<Value, Failure> {
        let mapping = given.cast::<PyMapping>().map_err(PyErr::from)?;
        let mut object = Map::new();
        for item in mapping.items()?.iter() {
            let (name, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
            let name = self.name(&name);
            if let Some(name) = self.or_nothing(name)?
                && let Some(value) = self.inner(&value)?
            {
                object.insert(name, value);
            }
        }
        Ok(Value::Object(object))
    }

    fn name(&self, given: &Bound<'_, PyAny>) -> Result<String, Failure> {
        match given.cast::<PyString>() {
            Ok(name) => string(self.field, name),
            Err(_) => Err(self.refused(format!("a mapping with a key that is {}", kind_of(given)))),
        }
    }

    /// A value inside of another one; `None` where it is skipped.
    fn inner(&mut self, given: &Bound<'_, PyAny>) -> Result<Option<Value>, Failure> {
        let value = self.value(given);
        self.or_nothing(value)
    }

    fn or_nothing<T>(&self, read: Result<T, Failure>) -> Result<Option<T>, Failure> {
        match read {
            Err(Failure::Engine(_)) if self.skips => Ok(None),
            read => read.map(Some),
        }
    }

    fn refused(&self, given: impl std::fmt::Display) -> Failure {
        let allowed = "None, bool, int, float, str, datetime, date, or lists, tuples and mappings of these";
        Error::invalid(self.field, given, allowed).into()
    }
}

/// Whether the value is None, or what pandas has in its place: NaN, `pandas.NA` or `pandas.NaT`.
pub(crate) fn is_missing(given: &Bound<'_, PyAny>) -> PyResult<bool> {
    if let Ok(number) = given.cast::<PyFloat>() {
        return Ok(number.value().is_nan());
    }
    if given.is_none() {
        return Ok(true);
    }
    if is_of_builtins(given) {
        return Ok(false);
    }
    let kind = given.get_type();
    let name = kind.name()?;
    Ok(matches!(&*name.to_cow()?, "NAType" | "NaTType") && kind.module()?.to_cow()?.starts_with("pandas."))
}

/// The Python value of a NumPy scalar, for example of `numpy.float32` or `numpy.bool_`. `None` for other values, arrays too, and
/// for a time of NumPy, which has no time zone.
pub(crate) fn numpy_scalar<'py>(given: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = given.py();
    if is_of_builtins(given) || &*given.get_type().module()?.to_cow()? != "numpy" {
        return Ok(None);
    }
    let Ok(kind) = given.getattr(intern!(py, "dtype")).and_then(|dtype| dtype.getattr(intern!(py, "kind")))
    else {
        return Ok(None);
    };
    let kind: String = kind.extract()?;
    if given.getattr(intern!(py, "ndim"))?.extract::<usize>()? > 0 {
        return Ok(None);
    }
    match &*kind {
        "b" | "i" | "u" => given.call_method0(intern!(py, "item")).map(Some),
        // The item of a `longdouble` is one, too.
        "f" => Ok(Some(PyFloat::new(py, given.extract()?).into_any())),
        // A missing time has no value; others are refused, since no time zone is known.
        "M" | "m" if given.ne(given)? => Ok(Some(py.None().into_bound(py))),
        _ => Ok(None),
    }
}

/// Whether the value has one of the types that nearly all values have, none of which is of pandas or NumPy.
fn is_of_builtins(given: &Bound<'_, PyAny>) -> bool {
    given.is_exact_instance_of::<PyString>()
        || given.is_exact_instance_of::<PyInt>()
        || given.is_exact_instance_of::<PyBool>()
        || given.is_exact_instance_of::<PyDict>()
        || given.is_exact_instance_of::<PyList>()
        || given.is_exact_instance_of::<PyTuple>()
}

/// A time span before now, as text.
fn span(field: &str, given: &Bound<'_, PyAny>) -> Result<String, Failure> {
    let part = |name: &str| given.getattr(name)?.extract::<i64>();
    let millis = (part("days")? * 86_400 + part("seconds")?) * 1000 + part("microseconds")? / 1000;
    if millis < 0 {
        return Err(
            Error::invalid(field, format_args!("{given}"), "a timedelta before now, 0 or more").into()
        );
    }
    Ok(format!("{millis}ms"))
}

/// The fields of an object that a provider's package returned; a class has none.
fn fields_of<'py>(given: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = given.py();
    if given.is_instance_of::<PyType>() {
        return Ok(None);
    }
    // A data frame has such a method, too, which would copy all of it.
    if given.hasattr(intern!(py, "__array__"))? {
        return Ok(None);
    }
    // Models of pydantic have the first, generated clients and messages of protobuf the second.
    for name in [intern!(py, "model_dump"), intern!(py, "to_dict")] {
        if let Some(dump) = given.getattr_opt(name)? {
            return dump.call0().map(Some);
        }
    }
    let Some(names) = given.getattr_opt(intern!(py, "__dataclass_fields__"))? else { return Ok(None) };
    let fields = PyDict::new(py);
    for name in names.try_iter()? {
        let name = name?.cast_into::<PyString>()?;
        fields.set_item(&name, given.getattr(&name)?)?;
    }
    Ok(Some(fields.into_any()))
}

/// A datetime in the form in which the engine stores times, UTC with milliseconds; a date as its text. `None` for other
/// values.
pub(crate) fn time(field: &str, given: &Bound<'_, PyAny>) -> Result<Option<String>, Failure> {
    let py = given.py();
    if given.is_instance_of::<PyDateTime>() {
        if given.call_method0(intern!(py, "utcoffset"))?.is_none() {
            let shown = format!("a datetime without a time zone ({given})");
            let allowed = "one with tzinfo, for example datetime.now(timezone.utc)";
            return Err(Error::invalid(field, shown, allowed).into());
        }
        let utc = given.call_method1(intern!(py, "astimezone"), (PyTzInfo::utc(py)?,)).map_err(|error| {
            let refused = || Error::invalid(field, given, "a time that UTC has too").into();
            caused_by_value(py, error, refused)
        })?;
        let text: String = utc.call_method1(intern!(py, "isoformat"), ("T", "milliseconds"))?.extract()?;
        Ok(Some(text.replace("+00:00", "Z")))
    } else if given.is_instance_of::<PyDate>() {
        Ok(Some(given.call_method0(intern!(py, "isoformat"))?.extract()?))
    } else {
        Ok(None)
    }
}

/// Python's text may contain lone surrogates, which UTF-8 cannot express.
pub(crate) fn string(field: &str, text: &Bound<'_, PyString>) -> Result<String, Failure> {
    text.extract().map_err(|error: PyErr| {
        if error.is_instance_of::<PyUnicodeEncodeError>(text.py()) {
            Error::invalid(field, "text with half of a surrogate pair", "text that UTF-8 can hold").into()
        } else {
            error.into()
        }
    })
}

/// The type of a value, for an error: the value itself may be long or secret.
pub(crate) fn kind_of(given: &Bound<'_, PyAny>) -> String {
    let name = given.get_type().name().map(|name| name.to_string()).unwrap_or_default();
    match &*name {
        "NoneType" => "None".to_owned(),
        "int" if given.extract::<i64>().is_err() => "a whole number beyond 64 bits".to_owned(),
        _ => format!("a value of type {name}"),
    }
}

/// The name that the engine has for a keyword: `tokensPrompt` for `tokens_prompt`.
fn json_name(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |camel, word| {
        let mut letters = word.chars();
        let head = letters.next().map(|letter| letter.to_ascii_uppercase());
        camel + &head.into_iter().chain(letters).collect::<String>()
    })
}

/// `refused` where the exception is about the value's type; other exceptions, for example an interrupt, unchanged.
fn caused_by_type(py: Python<'_>, error: PyErr, refused: impl FnOnce() -> Failure) -> Failure {
    let of_type = error.is_instance_of::<PyTypeError>(py) || error.is_instance_of::<PyOverflowError>(py);
    if of_type { refused() } else { error.into() }
}

fn caused_by_value(py: Python<'_>, error: PyErr, refused: impl FnOnce() -> Failure) -> Failure {
    let of_value = error.is_instance_of::<PyValueError>(py) || error.is_instance_of::<PyOverflowError>(py);
    if of_value { refused() } else { error.into() }
}
