//! The private module `mcoda._mcoda`, which the package `mcoda` is built on: it translates types, errors and threads
//! between Python and the engine.
//!
//! Every call converts its arguments, releases the GIL, calls the engine, and converts the result into plain dicts,
//! lists and tuples, from which the package makes its typed objects.

// Without unwinding a panic would end the host's process: it could not be caught.
#[cfg(not(panic = "unwind"))]
compile_error!("this crate has to be built with panic = \"unwind\"");

mod call;
mod columns;
mod cursor;
mod failure;
mod from_python;
mod handle;
mod response;
mod sql;
mod to_python;

use std::sync::OnceLock;

use mcoda_core::calls::Target;
use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;
use pyo3::types::{PyDateTime, PyTuple};

#[pymodule]
mod _mcoda {
    use super::*;

    #[pymodule_export]
    use super::call_of_library;
    #[pymodule_export]
    use super::columns::Columns;
    #[pymodule_export]
    use super::cursor::Cursor;
    #[pymodule_export]
    use super::handle::Handle;
    #[pymodule_export]
    use super::in_html;
    #[pymodule_export]
    use super::mcodactl;
    #[pymodule_export]
    use super::read_time;
    #[pymodule_export]
    use super::response::Response;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        refuse_subinterpreters(module.py())?;
        // Not `add_function`, which would make it a public name.
        #[cfg(debug_assertions)]
        module.setattr("_panic_for_a_test", wrap_pyfunction!(super::panic_for_a_test, module)?)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}

/// Classes of exceptions and names are kept once in the process, and belong to the interpreter that loaded them first.
fn refuse_subinterpreters(py: Python<'_>) -> PyResult<()> {
    static OWNER: OnceLock<usize> = OnceLock::new();
    // Each interpreter has a `sys` of its own.
    let sys = py.import("sys")?.as_ptr() as usize;
    if *OWNER.get_or_init(|| sys) == sys {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "mcoda cannot be used in several interpreters of one process (subinterpreters): use the one that imported it \
         first, or another process",
    ))
}

/// Makes a call that needs no database.
#[pyfunction(name = "call")]
#[pyo3(signature = (name, /, *arguments))]
fn call_of_library(py: Python<'_>, name: &str, arguments: &Bound<'_, PyTuple>) -> call::Returned {
    call::call(py, Target::Library, name, arguments, None)
}

/// The text of a result as HTML.
#[pyfunction]
#[pyo3(signature = (text, /))]
fn in_html(text: &str) -> String {
    mcoda_core::report::in_html(text)
}

/// A time as the engine reads it, as an aware `datetime` in UTC; None where the text is not a time, or `datetime` does
/// not have its year.
#[pyfunction]
#[pyo3(signature = (text, /))]
fn read_time<'py>(py: Python<'py>, text: &str) -> PyResult<Option<Bound<'py, PyDateTime>>> {
    text.parse().ok().and_then(|time| to_python::datetime(py, time).transpose()).transpose()
}

/// Runs mcodactl with these arguments, of which the first is the program's name, and returns the exit code.
#[pyfunction]
#[pyo3(signature = (arguments, /))]
fn mcodactl(py: Python<'_>, arguments: Vec<std::ffi::OsString>) -> u8 {
    py.detach(|| mcoda_cli::main(arguments))
}

/// Panics as a bug of the engine would; only in builds for development.
#[cfg(debug_assertions)]
#[pyfunction]
fn panic_for_a_test(py: Python<'_>) -> Result<(), failure::Failure> {
    call::detached(py, None, || panic!("a fault made for a test"))
}
