//! The private module `mcoda._mcoda`, on which the package `mcoda` stands: types, errors and threads of
//! Python on one side, the engine on the other.
//!
//! Every call converts its arguments, lets go of the interpreter, calls the engine, and converts the
//! answer: plain dicts, lists and tuples, of which the package makes its typed objects.

// Without unwinding a panic would end the host's process: nothing could be caught at the border.
#[cfg(not(panic = "unwind"))]
compile_error!("this crate has to be built with panic = \"unwind\"");

mod call;
mod cursor;
mod failure;
mod from_python;
mod handle;
mod sql;
mod to_python;

use mcoda_core::calls::Target;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

#[pymodule]
mod _mcoda {
    use super::*;

    #[pymodule_export]
    use super::call_of_library;
    #[pymodule_export]
    use super::cursor::Cursor;
    #[pymodule_export]
    use super::handle::Handle;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        // Not `add_function`, which would make it a public name.
        #[cfg(debug_assertions)]
        module.setattr("_panic_for_a_test", wrap_pyfunction!(super::panic_for_a_test, module)?)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}

/// Makes a call that needs no database.
#[pyfunction(name = "call")]
#[pyo3(signature = (name, /, *arguments))]
fn call_of_library(py: Python<'_>, name: &str, arguments: &Bound<'_, PyTuple>) -> call::Answer {
    call::call(py, Target::Library, name, arguments, None)
}

/// Panics as a fault of the engine would; in builds for development alone.
#[cfg(debug_assertions)]
#[pyfunction]
fn panic_for_a_test(py: Python<'_>) -> Result<(), failure::Failure> {
    call::detached(py, None, || panic!("a fault made for a test"))
}
