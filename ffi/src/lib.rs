//! libmcoda for C: the exports that `include/mcoda.h` declares, written from these sources by cbindgen.
//!
//! Nothing in here computes. An export reads its arguments, calls the engine within the panic boundary, and
//! writes the result to its out-parameters.
//!
//! # What the exports rely on
//!
//! Every export is `unsafe`, and for one reason: each pointer must be NULL, or be what the header requires.
//! Text ends with NUL and does not change during the call; an out-parameter may be written; a handle of
//! records, options or results came from this library, was not freed, and is not changed by another thread at
//! the same time. Handles of databases are not trusted at all: they are numbers in a table (`handles.rs`) and
//! never dereferenced.

#![allow(non_camel_case_types, reason = "types and constants have the names that they have in the header")]
#![allow(unsafe_code, reason = "an interface of pointers: see above what it relies on")]
#![allow(unsafe_op_in_unsafe_fn, reason = "a block in every export would only repeat the comment above")]
#![allow(clippy::missing_safety_doc, reason = "the same holds for every export: see above")]

// Without unwinding a panic would end the host's process: the panic boundary could not catch it.
#[cfg(not(panic = "unwind"))]
compile_error!("this crate has to be built with panic = \"unwind\"");

// The header has the types and functions in this order; within a group rustfmt sorts.
mod abi;
mod code;

mod error;
mod string;

mod options;
mod options_json;
mod workspace;

mod record;
mod token_usage;

mod transition;
mod transition_context;

mod backlog;
mod new_epic;
mod new_project;
mod new_story;
mod new_task;

mod cursor;
mod rows;

mod estimate;
mod estimate_options;
mod velocity;

mod global;

mod calls;

mod arrow;
mod log;

mod boundary;
mod fields;
mod handles;
mod input;
mod json_call;
mod memory;

pub use abi::MCODA_ABI_VERSION;
pub use code::{mcoda_abi_version, mcoda_code, mcoda_code_name, mcoda_version};
