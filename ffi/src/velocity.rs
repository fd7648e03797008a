//! The velocity of each lane.

use std::ffi::c_char;

use mcoda_core::{PerLane, Velocity};

use crate::boundary::{free, or_default_on_panic, write_required_out};
use crate::code::mcoda_code;
use crate::error::mcoda_error;
use crate::estimate_options::mcoda_estimate_options;
use crate::input::{estimate_options, shared};
use crate::string::{Text, mcoda_string};
use crate::workspace::{self, mcoda_workspace};

/// A lane that tasks pass through. The numbers are stable.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_lane {
    /// From `in_progress` to `ready_to_code_review`.
    MCODA_LANE_IMPLEMENTATION = 0,
    /// From `ready_to_code_review` to `ready_to_qa`.
    MCODA_LANE_REVIEW = 1,
    /// From `ready_to_qa` to `completed`.
    MCODA_LANE_QA = 2,
}

use mcoda_lane::*;

/// The type of a parameter that the header declares as `mcoda_lane`. It is any number, since C does not check that.
pub type mcoda_lane_number = i32;

/// The lane's value; `None` for a number that is not a lane.
pub(crate) fn of_lane<T: Copy>(values: &PerLane<T>, lane: mcoda_lane_number) -> Option<T> {
    const LANES: [mcoda_lane; 3] = [MCODA_LANE_IMPLEMENTATION, MCODA_LANE_REVIEW, MCODA_LANE_QA];
    match LANES.into_iter().find(|own| *own as i32 == lane)? {
        MCODA_LANE_IMPLEMENTATION => Some(values.implementation),
        MCODA_LANE_REVIEW => Some(values.review),
        MCODA_LANE_QA => Some(values.qa),
    }
}

/// The velocity of each lane, in story points per hour. The caller owns it and frees it with
/// `mcoda_velocity_free`.
pub struct mcoda_velocity_result {
    velocity: Velocity,
    source: Text,
}

impl From<Velocity> for mcoda_velocity_result {
    fn from(velocity: Velocity) -> Self {
        Self { source: Text::new(velocity.source.name()), velocity }
    }
}

/// The velocity of every lane, from the config, from history or from both. Writes nothing. `options` may be
/// NULL: the defaults. `velocity` receives the result.
///
/// Errors: `MCODA_INVALID_INPUT` for an invalid option or config file, `MCODA_NOT_FOUND` for an unknown key,
/// `MCODA_CLOSED`. Threads: any; `options` one at a time. Frees: the caller, `velocity` with
/// `mcoda_velocity_free`, and `options`, which are only read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_velocity(
    workspace: *mut mcoda_workspace,
    options: *const mcoda_estimate_options,
    velocity: *mut *mut mcoda_velocity_result,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_required_out("velocity", velocity, error, || {
        let options = estimate_options(options)?;
        Ok(workspace::one_call(workspace, |open| open.velocity(&options))?.into())
    })
}

/// The lane's velocity in story points per hour; NaN for NULL and for a number that is not a `mcoda_lane`.
/// Threads: any, until it is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_velocity_sp_per_hour(
    velocity: *const mcoda_velocity_result,
    lane: mcoda_lane_number,
) -> f64 {
    or_default_on_panic(f64::NAN, || of_lane(&speeds(&velocity.as_ref()?.velocity), lane))
}

/// How many samples of history the lane's velocity is computed from: 0 where it is the config's, for NULL, and for
/// a number that is not a `mcoda_lane`. Threads: any, until it is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_velocity_samples(
    velocity: *const mcoda_velocity_result,
    lane: mcoda_lane_number,
) -> u64 {
    or_default_on_panic(0, || Some(of_lane(&velocity.as_ref()?.velocity.samples, lane)? as u64))
}

/// Where the numbers come from: "config" (no lane had history), "empirical" or "mixed"; NULL for NULL. The
/// text belongs to `velocity`. `length` (may be NULL) receives its length in bytes without the NUL.
/// Threads: any, until it is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_velocity_source(
    velocity: *const mcoda_velocity_result,
    length: *mut usize,
) -> *const c_char {
    Text::borrow(length, || Some(&velocity.as_ref()?.source))
}

/// All of it as JSON goes to `json`: `{"implementationSpPerHour", "reviewSpPerHour", "qaSpPerHour",
/// "source", "requestedMode", "windowTasks", "samples"}`.
///
/// Errors: `MCODA_INVALID_INPUT` for NULL. Threads: any, until it is freed. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_velocity_to_json(
    velocity: *const mcoda_velocity_result,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_required_out("json", json, error, || mcoda_string::json(&shared("velocity", velocity)?.velocity))
}

/// Frees it; NULL is fine. Its text is gone with it. Threads: any, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_velocity_free(velocity: *mut mcoda_velocity_result) {
    free(velocity);
}

pub(crate) fn speeds(velocity: &Velocity) -> PerLane<f64> {
    PerLane {
        implementation: velocity.implementation_sp_per_hour,
        review: velocity.review_sp_per_hour,
        qa: velocity.qa_sp_per_hour,
    }
}
