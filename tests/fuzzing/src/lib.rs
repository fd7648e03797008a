//! Properties that must hold for any input, one function per kind of input. They panic on a violation.
//!
//! `fuzz/` runs them under libFuzzer, and `tests/short.rs` on the same corpus and some thousand mutations of it.

mod damage;
mod databases;
mod json_log;
mod records;
mod rows;
mod rules;
mod sessions;
mod times;
mod usage_bodies;
mod usage_sources;

pub use databases::databases;
pub use json_log::json_log;
pub use records::records;
pub use rows::rows;
pub use sessions::sessions;
pub use times::times;
pub use usage_bodies::usage_bodies;
pub use usage_sources::{damaged_line, fixture_of, fixtures, sources_of, usage_sources};

use mcoda_core::{Clock, Environment, Error, ErrorKind, Options, Timestamp, Workspace};

/// The name of a target, which is also that of its corpus, and its function.
pub type Target = (&'static str, fn(&[u8]));

pub const TARGETS: &[Target] = &[
    ("databases", databases),
    ("json_log", json_log),
    ("records", records),
    ("rows", rows),
    ("sessions", sessions),
    ("times", times),
    ("usage_bodies", usage_bodies),
    ("usage_sources", usage_sources),
];

fn noon() -> Timestamp {
    "2026-03-20T12:00:00Z".parse().expect("a moment")
}

/// No files of the user, and a fixed clock.
fn options() -> Options {
    Workspace::options().environment(Environment::default()).clock(Clock::fixed(noon())).workspace_id("w")
}

/// Any error is allowed, except one that reports a bug in the library.
fn expect_no_fault(error: &Error) {
    assert_ne!(error.kind(), ErrorKind::Internal, "{error}");
    assert!(!error.message().contains('\n'), "{error}");
    assert!(error.message().len() < 4096, "{error}");
}
