//! Allocations whose size a caller chooses: where memory is lacking, the call fails and the host goes on.

use std::cell::Cell;
use std::collections::TryReserveError;
use std::io::{self, Write};

use crate::error::{Error, ErrorKind, Result};

thread_local! {
    static MAY_FAIL: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread expects that its allocation may fail. The allocator of the C library ends the process otherwise.
pub fn may_fail() -> bool {
    // A thread that is ending may have no thread-local data any more.
    MAY_FAIL.try_with(Cell::get).unwrap_or(false)
}

/// Makes room for `more` bytes in a result.
pub fn reserve_text(text: &mut String, more: usize) -> Result<()> {
    if text.capacity() - text.len() >= more {
        return Ok(());
    }
    expecting_failure(|| text.try_reserve_exact(more)).map_err(lacking)
}

/// Makes room for `more` items, and for about as many again as there are.
pub(crate) fn reserve<T>(items: &mut Vec<T>, more: usize) -> Result<(), TryReserveError> {
    if items.capacity() - items.len() >= more {
        return Ok(());
    }
    expecting_failure(|| items.try_reserve(more))
}

/// Makes room for exactly `more` items.
pub(crate) fn reserve_exact<T>(items: &mut Vec<T>, more: usize) -> Result<(), TryReserveError> {
    expecting_failure(|| items.try_reserve_exact(more))
}

/// Appends bytes, as long as there is memory.
pub(crate) fn append(to: &mut Vec<u8>, bytes: &[u8]) -> io::Result<()> {
    reserve(to, bytes.len())?;
    to.extend_from_slice(bytes);
    Ok(())
}

/// Writes by [`append`].
pub(crate) struct Growing<'v>(pub(crate) &'v mut Vec<u8>);

impl Write for Growing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        append(self.0, bytes).map(|()| bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) fn lacking(cause: impl std::error::Error + Send + Sync + 'static) -> Error {
    let message = "there is not enough memory for the result: ask for less, for example with LIMIT";
    Error::new(ErrorKind::Storage, message).with_source(cause)
}

fn expecting_failure<T>(allocate: impl FnOnce() -> T) -> T {
    let set = |value| MAY_FAIL.try_with(|own| own.replace(value)).unwrap_or(false);
    let before = set(true);
    let done = allocate();
    set(before);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allocation_that_fails_is_an_error() {
        let mut items = vec![0_u8];
        // No system has so much.
        assert!(reserve(&mut items, isize::MAX as usize - 1).is_err());
        assert!(reserve_exact(&mut items, isize::MAX as usize - 1).is_err());
        let error = reserve_text(&mut String::new(), isize::MAX as usize).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Storage);
        assert!(error.detail().is_some());
        assert!(!may_fail());
        assert!(expecting_failure(may_fail));
    }
}
