//! Messages of the library: what it has to say that no result contains.
//!
//! The engine writes them to the `log` crate, which it shares with no other library of the process. A message is kept
//! until the call that caused it has ended, so that the callback never runs while the library holds a lock. Nothing here
//! takes a lock either: a process that is forked while another thread holds one would wait for it forever.

use std::cell::{Cell, RefCell};
use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};
use std::time::Duration;

use log::{Level, LevelFilter, Metadata, Record};

use crate::boundary::{call, or_default_on_panic};
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::string::Text;

/// How important a message is. A more detailed level includes those before it. The numbers are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum mcoda_log_level {
    /// No messages.
    MCODA_LOG_OFF = 0,
    /// Something failed, and no call returns it as an error.
    MCODA_LOG_ERROR = 1,
    /// Something is not as it should be, and the library could continue: a damaged log was repaired, a cost is unknown.
    MCODA_LOG_WARN = 2,
    /// Something happened once: a database was created or migrated, an index was built.
    MCODA_LOG_INFO = 3,
    /// What helps to find the cause of a problem: a call waits for another writer.
    MCODA_LOG_DEBUG = 4,
}

use mcoda_log_level::*;

/// The type of a parameter that the header declares as `mcoda_log_level`. It is any number, since C does not check that.
pub type mcoda_log_level_number = i32;

fn filter(level: mcoda_log_level_number) -> Result<LevelFilter> {
    let levels = [
        (MCODA_LOG_OFF, LevelFilter::Off),
        (MCODA_LOG_ERROR, LevelFilter::Error),
        (MCODA_LOG_WARN, LevelFilter::Warn),
        (MCODA_LOG_INFO, LevelFilter::Info),
        (MCODA_LOG_DEBUG, LevelFilter::Debug),
    ];
    let found = levels.into_iter().find(|(own, _)| *own as i32 == level);
    found
        .map(|(_, filter)| filter)
        .ok_or_else(|| mcoda_error::invalid("level", &level.to_string(), "a constant of mcoda_log_level"))
}

/// A message. It belongs to the library, and exists only while the callback runs.
pub struct mcoda_log_message {
    level: mcoda_log_level,
    topic: Text,
    text: Text,
}

/// A function that receives messages; see `mcoda_set_log`. `user_data` is the pointer that was given there.
pub type mcoda_log_callback =
    Option<unsafe extern "C" fn(message: *const mcoda_log_message, user_data: *mut c_void)>;

/// What was set: a callback, or none. It is never freed: a thread may be about to call it.
struct Receiver {
    callback: mcoda_log_callback,
    user_data: *mut c_void,
    /// The process in which threads may be running it. In a forked child those of the parent do not exist.
    process: u32,
    /// How many threads run it.
    running: AtomicUsize,
    /// The one before, kept reachable so that leak checkers do not report it.
    _before: *const Self,
}

static RECEIVER: AtomicPtr<Receiver> = AtomicPtr::new(ptr::null_mut());

thread_local! {
    /// How many calls this thread is within.
    static CALLS: Cell<usize> = const { Cell::new(0) };
    /// The messages of those calls.
    static KEPT: RefCell<Vec<mcoda_log_message>> = const { RefCell::new(Vec::new()) };
    /// Whether this thread is within the callback.
    static IN_CALLBACK: Cell<bool> = const { Cell::new(false) };
}

fn is_in_callback() -> bool {
    // A thread that is ending is not.
    IN_CALLBACK.try_with(Cell::get).unwrap_or(false)
}

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        current().is_some_and(|receiver| receiver.callback.is_some()) && !is_in_callback()
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let level = match record.level() {
            Level::Error => MCODA_LOG_ERROR,
            Level::Warn => MCODA_LOG_WARN,
            Level::Info => MCODA_LOG_INFO,
            Level::Debug | Level::Trace => MCODA_LOG_DEBUG,
        };
        // Only the engine's own: its dependencies write no messages that users should see.
        let Some(topic) = record.target().strip_prefix("mcoda::") else { return };
        let message = mcoda_log_message {
            level,
            topic: Text::new(topic),
            text: Text::new(record.args().to_string().replace('\0', "")),
        };
        if CALLS.try_with(Cell::get).unwrap_or(0) > 0 {
            // A thread that is ending keeps nothing.
            let _ = KEPT.try_with(|kept| keep(&mut kept.borrow_mut(), message));
        } else {
            // A thread of the library, which holds nothing where it writes a message.
            deliver(&[message]);
        }
    }

    fn flush(&self) {}
}

/// The number of messages of one call that are kept. A call that records a whole file may have one for each line.
const MOST_KEPT: usize = 100;

/// Each once, and the first of many.
fn keep(kept: &mut Vec<mcoda_log_message>, message: mcoda_log_message) {
    let is_same = |other: &mcoda_log_message| other.text.as_str() == message.text.as_str();
    if kept.len() < MOST_KEPT && !kept.iter().any(is_same) {
        kept.push(message);
    }
}

/// Keeps the messages of `work` until it has ended.
pub(crate) fn after_the_call<T>(work: impl FnOnce() -> T) -> T {
    /// Also where `work` panics.
    struct Within;
    impl Drop for Within {
        fn drop(&mut self) {
            let _ = CALLS.try_with(|calls| calls.set(calls.get() - 1));
        }
    }
    // Also while there is no callback: one that is set meanwhile must not be called within this call.
    if CALLS.try_with(|calls| calls.set(calls.get() + 1)).is_err() {
        return work();
    }
    let within = Within;
    let done = work();
    drop(within);
    if CALLS.try_with(Cell::get) == Ok(0) {
        let kept = KEPT.try_with(RefCell::take).unwrap_or_default();
        if !kept.is_empty() {
            deliver(&kept);
        }
    }
    done
}

fn deliver(messages: &[mcoda_log_message]) {
    /// The end of a call of the callback.
    struct Running(&'static Receiver);
    impl Drop for Running {
        fn drop(&mut self) {
            let _ = IN_CALLBACK.try_with(|inside| inside.set(false));
            self.0.running.fetch_sub(1, Ordering::SeqCst);
        }
    }
    for message in messages {
        let Some(receiver) = receiver() else { return };
        receiver.running.fetch_add(1, Ordering::SeqCst);
        let running = Running(receiver);
        // Another one that was set in between waits for this one, unless it has seen that this one does not run.
        let is_set = ptr::eq(RECEIVER.load(Ordering::SeqCst), receiver);
        if let Some(callback) = receiver.callback.filter(|_| is_set)
            && IN_CALLBACK.try_with(|inside| inside.set(true)).is_ok()
        {
            // SAFETY: the host has promised that the callback may be called until another one is set.
            unsafe { callback(message, receiver.user_data) };
        }
        drop(running);
    }
}

fn current() -> Option<&'static Receiver> {
    // SAFETY: it is null or came from a box that nobody frees.
    unsafe { RECEIVER.load(Ordering::SeqCst).as_ref() }
}

fn address(receiver: Option<&'static Receiver>) -> *const Receiver {
    receiver.map_or(ptr::null(), ptr::from_ref)
}

/// The callback of this process. A forked child gets a copy of its parent's, in which none of the parent's threads run.
fn receiver() -> Option<&'static Receiver> {
    loop {
        let found = current().filter(|found| found.callback.is_some())?;
        let process = std::process::id();
        if found.process == process {
            return Some(found);
        }
        let own = Receiver { process, running: AtomicUsize::new(0), _before: found, ..*found };
        exchange(Some(found), own);
    }
}

/// Sets another one, if `before` is the one that is set.
fn exchange(before: Option<&'static Receiver>, next: Receiver) -> bool {
    let before = address(before).cast_mut();
    let next = Box::into_raw(Box::new(next));
    let is_set = RECEIVER.compare_exchange(before, next, Ordering::SeqCst, Ordering::SeqCst).is_ok();
    if !is_set {
        // SAFETY: it came from a box, and no other thread has seen it.
        drop(unsafe { Box::from_raw(next) });
    }
    is_set
}

fn set(callback: mcoda_log_callback, user_data: *mut c_void, level: LevelFilter) -> Result<()> {
    static LOGGER: Once = Once::new();
    if is_in_callback() {
        let message = "the callback of a log cannot set another one: return from it first";
        return Err(mcoda_error::unsupported(message));
    }
    // Fails only if there is one already, and nobody else in this library sets one.
    LOGGER.call_once(|| {
        let _ = log::set_logger(&Logger);
    });
    let callback = callback.filter(|_| level != LevelFilter::Off);
    log::set_max_level(if callback.is_some() { level } else { LevelFilter::Off });
    let before = loop {
        let before = current();
        let (process, running) = (std::process::id(), AtomicUsize::new(0));
        let next = Receiver { callback, user_data, process, running, _before: address(before) };
        if exchange(before, next) {
            break before;
        }
    };
    if let Some(before) = before.filter(|before| before.process == std::process::id()) {
        while before.running.load(Ordering::SeqCst) > 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    Ok(())
}

/// Sets the function that receives the messages of the library, for the whole process: what happened that no result
/// contains. Off by default. `callback` may be NULL: no messages, as with the level `MCODA_LOG_OFF`. `user_data` (may be
/// NULL) is passed to it. It receives messages of `level` and of more important ones.
///
/// The callback runs in the thread of the call that caused the message, when that call has done its work and holds no
/// lock, before it returns; in a thread of the library where no call caused it. A call passes on each of its messages
/// once, and not more than 100. The callback may therefore run in several threads at
/// once. It may make calls, whose messages are dropped. It must not set another callback, and must return: no exception, and
/// no `longjmp`.
///
/// When this function returns, the callback that was set before does not run any more, so its `user_data` may be freed.
/// Until then, this function waits: do not hold a lock for which the callback waits.
///
/// Errors: `MCODA_INVALID_INPUT` for an unknown level, `MCODA_UNSUPPORTED` within the callback. Threads: any. Frees:
/// nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_set_log(
    callback: mcoda_log_callback,
    user_data: *mut c_void,
    level: mcoda_log_level_number,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || set(callback, user_data, filter(level)?))
}

/// The level of a message; `MCODA_LOG_OFF` for NULL. Threads: the one of the callback, while it runs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_log_message_level(message: *const mcoda_log_message) -> mcoda_log_level {
    or_default_on_panic(MCODA_LOG_OFF, || Some(message.as_ref()?.level))
}

/// What a message is about: `database`, `json_log`, `prices` or `workspace`; further ones may be added. NULL for NULL. It
/// belongs to the message. `length` (may be NULL) receives its length in bytes without the NUL. Threads: the one of the
/// callback, while it runs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_log_message_topic(
    message: *const mcoda_log_message,
    length: *mut usize,
) -> *const c_char {
    Text::borrow(length, || Some(&message.as_ref()?.topic))
}

/// The message: one line of English. It names files, ids and models, and contains nothing else of a record. NULL for
/// NULL. It belongs to the message. `length` (may be NULL) receives its length in bytes without the NUL. Threads: the one
/// of the callback, while it runs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_log_message_text(
    message: *const mcoda_log_message,
    length: *mut usize,
) -> *const c_char {
    Text::borrow(length, || Some(&message.as_ref()?.text))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    type Seen = Mutex<Vec<(i32, String, String)>>;

    unsafe extern "C" fn receive(message: *const mcoda_log_message, user_data: *mut c_void) {
        let text = |text: *const c_char| std::ffi::CStr::from_ptr(text).to_str().unwrap().to_owned();
        let (topic, words) = (
            mcoda_log_message_topic(message, ptr::null_mut()),
            mcoda_log_message_text(message, ptr::null_mut()),
        );
        let seen = &*user_data.cast::<Seen>();
        seen.lock().unwrap().push((mcoda_log_message_level(message) as i32, text(topic), text(words)));
        // Its own messages are dropped, or this would never end.
        after_the_call(|| log::warn!(target: "mcoda::database", "from within"));
        let mut error = ptr::null_mut();
        assert_eq!(mcoda_set_log(None, ptr::null_mut(), 0, &mut error), mcoda_code::MCODA_UNSUPPORTED);
        crate::error::mcoda_error_free(error);
    }

    /// One test, since a process has one log.
    #[test]
    fn messages_come_when_their_call_has_ended_and_only_those_of_the_level() {
        let seen: Seen = Mutex::default();
        let user_data = ptr::from_ref(&seen).cast_mut().cast();
        let set = |callback: mcoda_log_callback, level| {
            // SAFETY: `seen` lives until no callback is set any more.
            unsafe { mcoda_set_log(callback, user_data, level, ptr::null_mut()) }
        };
        let taken = || std::mem::take(&mut *seen.lock().unwrap());
        assert_eq!(set(Some(receive), 7), mcoda_code::MCODA_INVALID_INPUT);
        assert_eq!(set(Some(receive), MCODA_LOG_INFO as i32), mcoda_code::MCODA_OK);
        after_the_call(|| {
            after_the_call(|| log::info!(target: "mcoda::json_log", "one\0 {}", 1));
            log::debug!(target: "mcoda::json_log", "too detailed");
            log::error!(target: "other::crate", "not ours");
            assert!(taken().is_empty(), "the call has not ended");
        });
        assert_eq!(taken(), [(3, "json_log".to_owned(), "one 1".to_owned())]);
        // Outside of a call, at once.
        log::error!(target: "mcoda::database", "now");
        assert_eq!(taken(), [(1, "database".to_owned(), "now".to_owned())]);
        // A panic within a call leaves nothing behind.
        let panicked = std::panic::catch_unwind(|| after_the_call(|| panic!("as a test")));
        assert!(panicked.is_err() && CALLS.get() == 0);
        for level in [MCODA_LOG_OFF, MCODA_LOG_DEBUG] {
            assert_eq!(
                set(if level == MCODA_LOG_OFF { Some(receive) } else { None }, level as i32),
                mcoda_code::MCODA_OK
            );
            log::error!(target: "mcoda::database", "off");
            after_the_call(|| log::error!(target: "mcoda::database", "off"));
        }
        assert!(taken().is_empty());
    }
}
