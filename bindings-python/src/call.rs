//! Calls of the engine: arguments in, results out.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mcoda_core::calls::{Call, Param, ParamKind, Target};
use mcoda_core::{AgentContext, CancelToken, Error, Result, Session, catch_panic};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyMapping, PyTuple};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::columns::Columns;
use crate::failure::Failure;
use crate::from_python::{
    body, check_times, fields, input, is_missing, list, nested, path, text, time_text, truth,
};
use crate::to_python::to_python;

/// The result of most methods.
pub(crate) type Returned = Result<Py<PyAny>, Failure>;

/// Runs `work` without the GIL, so that other threads run while it waits, for at most as long as the limit. Signals are
/// checked meanwhile: an exception of their handlers ends a call that waits or reads.
pub(crate) fn detached<T: Send>(
    py: Python<'_>,
    limit: Option<Duration>,
    work: impl FnOnce() -> Result<T> + Send,
) -> Result<T, Failure> {
    let raised = Arc::new(Mutex::new(None));
    let own = Arc::clone(&raised);
    let token = CancelToken::with_check(limit, move || {
        // While the interpreter shuts down there is no handler to run.
        let checked = Python::try_attach(|py| py.check_signals()).unwrap_or(Ok(()));
        checked.map_err(|error| *own.lock().unwrap_or_else(PoisonError::into_inner) = Some(error)).is_err()
    });
    let done = py.detach(|| token.during(|| catch_panic(work)));
    // Also where the call succeeded: nothing else raises it.
    let raised = raised.lock().unwrap_or_else(PoisonError::into_inner).take();
    raised.map_or_else(|| Ok(done?), |error| Err(Failure::Python(error)))
}

/// [`detached`], with the result as Python's dicts and lists.
pub(crate) fn returned<T: Serialize>(
    py: Python<'_>,
    limit: Option<Duration>,
    work: impl FnOnce() -> Result<T> + Send,
) -> Returned {
    let value = detached(py, limit, || work().map(|result| json(&result)))?;
    Ok(to_python(py, &value)?)
}

fn json<T: Serialize>(result: &T) -> Value {
    serde_json::to_value(result).expect("every result of the engine is JSON")
}

/// Makes a call with a caller's arguments. A record is a pair: the caller's mapping, and the keywords.
pub(crate) fn call(
    py: Python<'_>,
    target: Target<'_>,
    name: &str,
    given: &Bound<'_, PyTuple>,
    limit: Option<Duration>,
) -> Returned {
    let call = Call::named(name)?;
    let (arguments, raw_path) = arguments_of(call, given)?;
    let (reply, others) = detached(py, limit, || match &raw_path {
        Some(path) => with_raw_path(target, call, path, &arguments).map(|reply| (reply, Vec::new())),
        None => {
            let reply = target.call(call.name, &arguments)?;
            Ok((reply.to_value(), reply.other_workspaces().to_vec()))
        }
    })?;
    warn_of_others(py, target, &others)?;
    Ok(to_python(py, &reply)?)
}

/// [`call`] for a call that returns rows.
pub(crate) fn columns(
    py: Python<'_>,
    target: Target<'_>,
    name: &str,
    given: &Bound<'_, PyTuple>,
    limit: Option<Duration>,
) -> Result<Columns, Failure> {
    let (arguments, _) = arguments_of(Call::named(name)?, given)?;
    let (columns, others) = detached(py, limit, || target.columns(name, &arguments))?;
    warn_of_others(py, target, &others)?;
    Ok(Columns(columns))
}

/// The arguments as JSON, and a path that JSON cannot express.
fn arguments_of(call: &Call, given: &Bound<'_, PyTuple>) -> Result<(Vec<Value>, Option<PathBuf>), Failure> {
    let mut arguments = Vec::with_capacity(given.len());
    let mut raw_path = None;
    for (index, given) in given.iter().enumerate() {
        arguments.push(match call.params.get(index) {
            Some(Param { kind: ParamKind::Record(record), .. }) => {
                let (mapping, keywords): (Bound<'_, PyAny>, Bound<'_, PyDict>) = given.extract()?;
                if mapping.is_none() {
                    return Err(Error::invalid(record.noun, "None", "a mapping of fields").into());
                }
                let fields = fields(record.noun, &mapping, &keywords)?;
                check_times(record, &fields)?;
                fields
            }
            Some(Param { kind: ParamKind::Path, json, .. }) => match path_text(json, &given)? {
                Ok(path) => path.into(),
                Err(path) => {
                    raw_path = Some(path);
                    Value::Null
                }
            },
            Some(param) => argument(param, &given)?,
            None => nested("arguments", &given)?,
        });
    }
    Ok((arguments, raw_path))
}

/// Warns that a result is empty because the database has rows of other workspaces only.
pub(crate) fn warn_of_others(py: Python<'_>, target: Target<'_>, others: &[String]) -> PyResult<()> {
    static WARN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let Target::Workspace(workspace) = target else { return Ok(()) };
    if others.is_empty() {
        return Ok(());
    }
    WARN.import(py, "mcoda._errors", "warn_of_others")?.call1((workspace.id(), others)).map(drop)
}

/// Warns that a workspace is new, and others may have its history.
pub(crate) fn warn_of_left_behind(py: Python<'_>, advice: &[String]) -> PyResult<()> {
    if advice.is_empty() {
        return Ok(());
    }
    py.import("mcoda._errors")?.getattr("warn_of_left_behind")?.call1((advice,)).map(drop)
}

/// A path as text; unchanged where it is not UTF-8.
fn path_text(field: &str, given: &Bound<'_, PyAny>) -> Result<Result<String, PathBuf>, Failure> {
    Ok(path(field, given)?.into_os_string().into_string().map_err(PathBuf::from))
}

/// Makes a call with a path that is not UTF-8, which JSON cannot express.
fn with_raw_path(target: Target<'_>, call: &Call, path: &Path, arguments: &[Value]) -> Result<Value> {
    let session: &Session = match target {
        Target::Workspace(workspace) => workspace,
        Target::Global(global) => global,
        Target::Library => return Err(not_utf8("path", path)),
    };
    match (call.name, arguments) {
        ("backup_to", _) => session.backup_to(path).map(|()| Value::Null),
        ("record_agent_file", [_, context, ..]) => {
            session.record_agent_file(path, &AgentContext::from_json(context)?).map(|summary| json(&summary))
        }
        _ => Err(not_utf8("path", path)),
    }
}

fn not_utf8(field: &str, path: &Path) -> Error {
    Error::invalid(field, path.display(), "a path that UTF-8 can hold")
}

/// An argument as the engine's JSON; a record is only a mapping.
fn argument(param: &Param, given: &Bound<'_, PyAny>) -> Result<Value, Failure> {
    let name = param.json;
    Ok(match param.kind {
        ParamKind::Boolean => truth(name, given)?.into(),
        _ if param.is_optional && is_missing(given)? => Value::Null,
        ParamKind::Text | ParamKind::Word(..) => text(name, given)?.into(),
        ParamKind::Path => path_text(name, given)?.map_err(|path| not_utf8(name, &path))?.into(),
        ParamKind::Time => time_text(name, given)?.into(),
        ParamKind::Body => body(given)?.into_owned().into(),
        ParamKind::SqlParams | ParamKind::Json => nested(name, given)?,
        ParamKind::Record(record) => {
            let fields = input(record.noun, given)?;
            check_times(record, &fields)?;
            fields
        }
        ParamKind::Records(record, noun) => list(name, record, noun, given)?,
        ParamKind::Calls => calls(name, given)?,
    })
}

/// The calls of a batch. The arguments of each are converted as those of a single call.
fn calls(name: &str, given: &Bound<'_, PyAny>) -> Result<Value, Failure> {
    let Ok(calls) = given.cast::<PyList>() else { return nested(name, given) };
    let count = calls.len();
    let one = |(index, given): (usize, Bound<'_, PyAny>)| {
        one_of_batch(name, &format!("call {} of {count}", index + 1), &given)
    };
    calls.iter().enumerate().map(one).collect::<Result<Vec<_>, _>>().map(Value::Array)
}

/// One call of a batch; `place` says which one in errors. Anything but a mapping is passed on, for the engine to refuse.
fn one_of_batch(name: &str, place: &str, given: &Bound<'_, PyAny>) -> Result<Value, Failure> {
    let Ok(mapping) = given.cast::<PyMapping>() else {
        return nested(name, given).map_err(|error| error.context(place));
    };
    let (mut call, mut args) = (Map::new(), None);
    for item in mapping.items()?.iter() {
        let (field, value): (Bound<'_, PyAny>, Bound<'_, PyAny>) = item.extract()?;
        let field = text(name, &field).map_err(|error| error.context(place))?;
        if field == "args" {
            args = Some(value);
        } else {
            let value = nested(&field, &value).map_err(|error| error.context(place))?;
            call.insert(field, value);
        }
    }
    if let Some(args) = args {
        let called = call.get("call").and_then(Value::as_str).and_then(|name| Call::named(name).ok());
        let args = match called {
            Some(called) if is_list(&args) => arguments(called, &args)
                .map_err(|error| error.context(format_args!("{place} ({})", called.name)))?,
            _ => nested("args", &args).map_err(|error| error.context(place))?,
        };
        call.insert("args".to_owned(), args);
    }
    Ok(Value::Object(call))
}

fn arguments(call: &Call, given: &Bound<'_, PyAny>) -> Result<Value, Failure> {
    let mut arguments = Vec::new();
    for (index, given) in given.try_iter()?.enumerate() {
        let given = given?;
        arguments.push(match call.params.get(index) {
            Some(param) => argument(param, &given)?,
            None => nested("args", &given)?,
        });
    }
    Ok(Value::Array(arguments))
}

fn is_list(given: &Bound<'_, PyAny>) -> bool {
    given.is_instance_of::<PyList>() || given.is_instance_of::<PyTuple>()
}
