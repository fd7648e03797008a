//! The handles of databases, which may be closed while other threads call.
//!
//! A host that closes in one thread what another one uses would make a plain pointer dangle. So these
//! handles are numbers that look like pointers: they name an entry of a table, none is given out twice, and
//! nothing is ever read where they point to. A call holds its entry for as long as it runs. A handle that
//! was closed, or that never was one, is in no table, and the call answers `MCODA_CLOSED`.

use std::collections::BTreeMap;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::boundary::call;
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};

/// The open handles of one kind; `H` is the type that C knows them by.
pub(crate) struct Handles<T, H> {
    open: RwLock<BTreeMap<usize, Arc<T>>>,
    looks_like: std::marker::PhantomData<fn(H)>,
}

/// Both kinds count together, so that a handle of one kind is none of the other. Odd numbers are no
/// addresses of objects; those of the first page make some hosts' runtimes suspicious.
static NEXT: AtomicUsize = AtomicUsize::new(0x1001);

impl<T, H> Handles<T, H> {
    pub(crate) const fn new() -> Self {
        Self { open: RwLock::new(BTreeMap::new()), looks_like: std::marker::PhantomData }
    }

    /// Gives out a handle of what `open` opens. Nothing is opened for a caller who could not use it.
    pub(crate) unsafe fn give(
        &self,
        name: &str,
        out: *mut *mut H,
        error: *mut *mut mcoda_error,
        open: impl FnOnce() -> Result<T>,
    ) -> mcoda_code {
        call(error, || {
            if out.is_null() {
                return Err(mcoda_error::null(name));
            }
            out.write(self.add(open()?));
            Ok(())
        })
    }

    fn add(&self, opened: T) -> *mut H {
        // 64 bits last for ever, and 32 bits for two thousand million handles.
        let number = NEXT.fetch_add(2, Ordering::Relaxed);
        self.open.write().unwrap_or_else(PoisonError::into_inner).insert(number, Arc::new(opened));
        ptr::without_provenance_mut(number)
    }

    pub(crate) fn get(&self, name: &str, handle: *const H) -> Result<Arc<T>> {
        if handle.is_null() {
            return Err(mcoda_error::null(name));
        }
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        open.get(&handle.addr()).cloned().ok_or_else(mcoda_error::closed)
    }

    /// Takes the handle out of the table: from now on it is closed.
    pub(crate) fn take(&self, handle: *const H) -> Option<Arc<T>> {
        self.open.write().unwrap_or_else(PoisonError::into_inner).remove(&handle.addr())
    }
}
