//! The private module `mcoda._mcoda`, on which the package `mcoda` stands: types, errors and threads of
//! Python on one side, the engine on the other.
//!
//! Every call converts its arguments, lets go of the interpreter, calls the engine, and converts the
//! answer: plain dicts, lists and tuples, of which the package makes its typed objects.

// Without unwinding a panic would end the host's process: nothing could be caught at the border.
#[cfg(not(panic = "unwind"))]
compile_error!("this crate has to be built with panic = \"unwind\"");

mod agent;
mod call;
mod cursor;
mod failure;
mod from_python;
mod global;
mod render;
mod sql;
mod to_python;
mod workspace;

use pyo3::prelude::*;

#[pymodule]
mod _mcoda {
    use super::*;

    #[pymodule_export]
    use super::agent::{extract_usage, extract_usages};
    #[pymodule_export]
    use super::cursor::Cursor;
    #[pymodule_export]
    use super::global::Global;
    #[pymodule_export]
    use super::render::{
        render_estimate, render_job_inspection, render_job_tokens, render_jobs, render_status_events,
        render_telemetry_config, render_tokens_table, render_velocity,
    };
    #[pymodule_export]
    use super::workspace::Workspace;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        // Not `add_function`, which would make it a public name.
        #[cfg(debug_assertions)]
        module.setattr("_panic_for_a_test", wrap_pyfunction!(super::panic_for_a_test, module)?)?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}

/// Panics as a fault of the engine would; in builds for development alone.
#[cfg(debug_assertions)]
#[pyfunction]
fn panic_for_a_test(py: Python<'_>) -> Result<(), failure::Failure> {
    call::detached(py, || panic!("a fault made for a test"))
}
