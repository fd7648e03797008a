//! The switch with which tests turn the locks off: the variable `MCODA_TEST_LOCKS`, in builds with the feature
//! `test-switches`.
//!
//! It shows that tests fail without the locks. It applies to the whole process, since the layer is installed for all of
//! a process or not at all.

/// Whether SQLite uses its own locking: records are lost beside another copy of it.
pub(crate) fn is_off() -> bool {
    is_set_to("off")
}

/// Whether the layer behaves as if the system had no open file description locks.
pub(crate) fn is_refused() -> bool {
    is_set_to("refused")
}

#[cfg(feature = "test-switches")]
#[allow(clippy::disallowed_methods, reason = "a switch of the tests, in no build that is shipped")]
fn is_set_to(word: &str) -> bool {
    std::env::var_os("MCODA_TEST_LOCKS").is_some_and(|value| value == word)
}

#[cfg(not(feature = "test-switches"))]
fn is_set_to(_word: &str) -> bool {
    false
}
