//! The handles of databases, which may be closed while other threads call.
//!
//! If one thread closes a handle that another thread uses, a plain pointer would dangle. So these handles are
//! numbers that look like pointers: each is the key of an entry in a table, no number is used twice, and none is
//! dereferenced. A call holds its entry for as long as it runs. A handle that is closed, or never was one, is in no
//! table, and the call returns `MCODA_CLOSED`.
//!
//! A forked child begins with an empty table: the parent's handles are closed there, and the lock of the
//! parent's table, which a thread that does not exist in the child may hold, is never taken.

use std::collections::BTreeMap;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::boundary::call;
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};

/// The open handles of one kind; `H` is the type that C knows them by.
pub(crate) struct Handles<T: 'static, H> {
    table: AtomicPtr<Table<T>>,
    looks_like: std::marker::PhantomData<fn(H)>,
}

/// The handles that one process has open. It is never freed.
struct Table<T: 'static> {
    process: u32,
    open: RwLock<BTreeMap<usize, Arc<T>>>,
    /// The parent's, kept reachable so that leak checkers do not report it.
    _inherited: Option<&'static Self>,
}

/// All types share the counter, so that no handle is valid as one of another type. Odd numbers are never addresses
/// of objects; some runtimes reject pointers into the first page.
static NEXT: AtomicUsize = AtomicUsize::new(0x1001);

impl<T: 'static, H> Handles<T, H> {
    pub(crate) const fn new() -> Self {
        Self { table: AtomicPtr::new(ptr::null_mut()), looks_like: std::marker::PhantomData }
    }

    /// The table of this process.
    fn table(&self) -> &'static Table<T> {
        let process = std::process::id();
        loop {
            let current = self.table.load(Ordering::Acquire);
            // SAFETY: it is null or came from a box that nobody frees.
            let inherited = unsafe { current.as_ref() };
            if let Some(own) = inherited.filter(|table| table.process == process) {
                return own;
            }
            let own = Table { process, open: RwLock::default(), _inherited: inherited };
            let own = Box::into_raw(Box::new(own));
            if self.table.compare_exchange(current, own, Ordering::AcqRel, Ordering::Acquire).is_err() {
                // SAFETY: another thread was faster, so nobody has seen this one.
                drop(unsafe { Box::from_raw(own) });
            }
        }
    }

    /// Writes a handle of what `open` opens to `out`. Where that is NULL nothing is opened.
    pub(crate) unsafe fn write_out(
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
        // 64 bits do not run out; 32 bits do after two thousand million handles.
        let number = NEXT.fetch_add(2, Ordering::Relaxed);
        self.table().open.write().unwrap_or_else(PoisonError::into_inner).insert(number, Arc::new(opened));
        ptr::without_provenance_mut(number)
    }

    pub(crate) fn get(&self, name: &str, handle: *const H) -> Result<Arc<T>> {
        if handle.is_null() {
            return Err(mcoda_error::null(name));
        }
        let open = self.table().open.read().unwrap_or_else(PoisonError::into_inner);
        open.get(&handle.addr()).cloned().ok_or_else(mcoda_error::closed)
    }

    /// Removes the handle from the table, which closes it for later calls.
    pub(crate) fn take(&self, handle: *const H) -> Option<Arc<T>> {
        self.table().open.write().unwrap_or_else(PoisonError::into_inner).remove(&handle.addr())
    }
}
