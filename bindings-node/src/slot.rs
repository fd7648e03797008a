//! What a handle has open, until it is closed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Holds what is open. It is freed on the thread that closes it: the object of JavaScript lives until it is
/// garbage-collected, and what a thousand closed handles would keep lies between the memory that their connections free.
#[derive(Debug)]
pub(crate) struct Slot<T>(Mutex<State<T>>);

#[derive(Debug)]
enum State<T> {
    NotOpen,
    Open(Arc<T>),
    Closed,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(Mutex::new(State::NotOpen))
    }
}

impl<T> Slot<T> {
    pub(crate) fn put(&self, value: T) -> Arc<T> {
        let value = Arc::new(value);
        *self.lock() = State::Open(Arc::clone(&value));
        value
    }

    /// What is open, if anything is.
    pub(crate) fn get(&self) -> Option<Arc<T>> {
        match &*self.lock() {
            State::Open(value) => Some(Arc::clone(value)),
            State::NotOpen | State::Closed => None,
        }
    }

    /// Takes out what is open.
    pub(crate) fn take(&self) -> Option<Arc<T>> {
        match std::mem::replace(&mut *self.lock(), State::Closed) {
            State::Open(value) => Some(value),
            State::NotOpen | State::Closed => None,
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        matches!(*self.lock(), State::Closed)
    }

    pub(crate) fn is_not_open_yet(&self) -> bool {
        matches!(*self.lock(), State::NotOpen)
    }

    /// No panic leaves the state half-changed.
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
