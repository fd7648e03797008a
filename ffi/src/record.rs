//! Recording what agent calls cost.

use std::ffi::c_char;

use mcoda_core::Recorded;

use crate::boundary::{call, free, or_default_on_panic, write_out};
use crate::code::mcoda_code;
use crate::error::{Result, mcoda_error};
use crate::input::shared;
use crate::string::Text;
use crate::token_usage::mcoda_token_usage;
use crate::workspace::{self, mcoda_workspace};

/// The result of recording one agent call. The caller owns it and frees it with `mcoda_recorded_free`.
pub struct mcoda_recorded {
    id: Text,
    recorded: bool,
    duplicate: bool,
    logged: bool,
    log_error: Option<Text>,
}

impl From<Recorded> for mcoda_recorded {
    fn from(done: Recorded) -> Self {
        Self {
            id: Text::new(done.id),
            recorded: done.recorded,
            duplicate: done.duplicate,
            logged: done.logged,
            log_error: done.log_error.map(Text::new),
        }
    }
}

/// Records what one agent call cost: the row, the agent's attribution to its command run and job, and the
/// entry in the JSON log. `recorded` (may be NULL) receives the result.
///
/// Errors: `MCODA_INVALID_INPUT` (the error names the field, the value and what is allowed), `MCODA_NOT_FOUND` for an
/// unknown job, task or other id, `MCODA_CONFLICT` where a record with this id has other content,
/// `MCODA_BUSY`, `MCODA_STORAGE`, `MCODA_CLOSED`. Nothing is written then. Threads: any; `usage` one at a
/// time. Frees: the caller, `recorded` with `mcoda_recorded_free`, and `usage`, which is only read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_record_token_usage(
    workspace: *mut mcoda_workspace,
    usage: *const mcoda_token_usage,
    recorded: *mut *mut mcoda_recorded,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_out(recorded, error, || {
        let usage = shared("usage", usage)?.read()?;
        Ok(workspace::one_call(workspace, |open| open.record(usage))?.into())
    })
}

/// Records the usage of many calls in one transaction: all of them or none. `usages` is an array of `count` handles; one
/// handle may be in it several times, and counts each time, unless its id is set. An error names the record. `duplicates`
/// (may be NULL) receives the number of records that were stored already with the same content.
///
/// Errors: as `mcoda_record_token_usage`, and `MCODA_INVALID_INPUT` for a handle that is NULL. Threads: any; `usages` one at
/// a time. Frees: `usages`, which are only read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_record_token_usages(
    workspace: *mut mcoda_workspace,
    usages: *const *const mcoda_token_usage,
    count: usize,
    duplicates: *mut u64,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    call(error, || {
        let read = |index: usize| shared("usages", *usages.add(index))?.read();
        if usages.is_null() && count > 0 {
            return Err(mcoda_error::null("usages"));
        }
        let usages = (0..count).map(read).collect::<Result<Vec<_>>>()?;
        let recorded = workspace::one_call(workspace, |open| open.record_all(usages))?;
        if !duplicates.is_null() {
            duplicates.write(recorded.iter().filter(|one| one.duplicate).count() as u64);
        }
        Ok(())
    })
}

/// The record's id: the one that was set, else a new one. NULL for NULL. The text belongs to `recorded`.
/// `length` (may be NULL) receives its length in bytes without the NUL. Threads: any, until it is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_recorded_id(
    recorded: *const mcoda_recorded,
    length: *mut usize,
) -> *const c_char {
    Text::borrow(length, || Some(&recorded.as_ref()?.id))
}

/// Whether the record was stored: false where the config sets `telemetry.strict`, and for NULL. Threads: any,
/// until it is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_recorded_is_recorded(recorded: *const mcoda_recorded) -> bool {
    or_default_on_panic(false, || Some(recorded.as_ref()?.recorded))
}

/// Whether the same record was stored already; false for NULL. Threads: any, until it is
/// freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_recorded_is_duplicate(recorded: *const mcoda_recorded) -> bool {
    or_default_on_panic(false, || Some(recorded.as_ref()?.duplicate))
}

/// Whether the JSON log has the record: false where the log is turned off or could not be written, and for
/// NULL. Threads: any, until it is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_recorded_is_logged(recorded: *const mcoda_recorded) -> bool {
    or_default_on_panic(false, || Some(recorded.as_ref()?.logged))
}

/// Why the JSON log could not be written: NULL where it has the record or is turned off, and for NULL. The text
/// belongs to `recorded`. `length` (may be NULL) receives its length in bytes without the NUL. Threads: any, until it
/// is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_recorded_log_error(
    recorded: *const mcoda_recorded,
    length: *mut usize,
) -> *const c_char {
    Text::borrow(length, || recorded.as_ref()?.log_error.as_ref())
}

/// Frees it; NULL is fine. Its text is gone with it. Threads: any, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_recorded_free(recorded: *mut mcoda_recorded) {
    free(recorded);
}
