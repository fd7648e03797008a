//! The work that is left, and when it will be done.

use std::ffi::c_char;

use mcoda_core::{Backlog, Completion, Estimate, PerLane, Timestamp};

use crate::boundary::{free, or_default_on_panic, write_required_out};
use crate::code::mcoda_code;
use crate::error::mcoda_error;
use crate::estimate_options::mcoda_estimate_options;
use crate::input::{estimate_options, shared};
use crate::string::{Text, mcoda_string};
use crate::velocity::{mcoda_lane_number, of_lane, speeds};
use crate::workspace::{self, mcoda_workspace};

/// The milestones that the tasks of a backlog reach. The numbers are stable.
#[derive(Debug, Clone, Copy)]
#[repr(i32)]
pub enum mcoda_milestone {
    /// Implemented: ready for review, or further.
    MCODA_MILESTONE_READY_TO_REVIEW = 0,
    /// Reviewed: ready for QA, or further.
    MCODA_MILESTONE_READY_TO_QA = 1,
    /// Completed.
    MCODA_MILESTONE_COMPLETE = 2,
}

use mcoda_milestone::*;

/// The type of a parameter that the header declares as `mcoda_milestone`. It is any number, since C does not
/// check that.
pub type mcoda_milestone_number = i32;

fn milestone(number: mcoda_milestone_number) -> Option<mcoda_milestone> {
    let all = [MCODA_MILESTONE_READY_TO_REVIEW, MCODA_MILESTONE_READY_TO_QA, MCODA_MILESTONE_COMPLETE];
    all.into_iter().find(|own| *own as i32 == number)
}

/// The work that is left, the velocity, and when it will be done. The caller owns it and frees it with
/// `mcoda_estimate_free`.
pub struct mcoda_estimate_result {
    estimate: Estimate,
    now: Text,
    etas: [Option<Text>; 3],
}

impl From<Estimate> for mcoda_estimate_result {
    fn from(estimate: Estimate) -> Self {
        let text = |time: Timestamp| Text::new(time.to_string());
        let etas = &estimate.etas;
        let etas =
            [etas.ready_to_review_eta, etas.ready_to_qa_eta, etas.complete_eta].map(|eta| eta.map(text));
        Self { now: text(estimate.now), etas, estimate }
    }
}

impl mcoda_estimate_result {
    fn backlog(&self, lane: mcoda_lane_number) -> Option<Backlog> {
        let totals = self.estimate.backlog_totals;
        let lanes = PerLane { implementation: totals.implementation, review: totals.review, qa: totals.qa };
        of_lane(&lanes, lane)
    }

    fn completion(&self, number: mcoda_milestone_number) -> Option<Completion> {
        let completion = self.estimate.completion;
        Some(match milestone(number)? {
            MCODA_MILESTONE_READY_TO_REVIEW => completion.work_on_tasks,
            MCODA_MILESTONE_READY_TO_QA => completion.ready_to_qa,
            MCODA_MILESTONE_COMPLETE => completion.done,
        })
    }
}

/// The work that is left, the velocity, and when it will be done. Writes nothing. `options` may be NULL: the
/// defaults. `estimate` receives the result.
///
/// Errors: `MCODA_INVALID_INPUT` for an invalid option or config file, `MCODA_NOT_FOUND` for an unknown key,
/// `MCODA_CLOSED`. Threads: any; `options` one at a time. Frees: the caller, `estimate` with
/// `mcoda_estimate_free`, and `options`, which are only read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_estimate(
    workspace: *mut mcoda_workspace,
    options: *const mcoda_estimate_options,
    estimate: *mut *mut mcoda_estimate_result,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_required_out("estimate", estimate, error, || {
        let options = estimate_options(options)?;
        Ok(workspace::one_call(workspace, |open| open.estimate(&options))?.into())
    })
}

/// The time that the estimate starts from, RFC 3339 in UTC with milliseconds; NULL for NULL. The text
/// belongs to `estimate`. `length` (may be NULL) receives its length in bytes without the NUL. Threads:
/// any, until it is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_estimate_now(
    estimate: *const mcoda_estimate_result,
    length: *mut usize,
) -> *const c_char {
    Text::borrow(length, || Some(&estimate.as_ref()?.now))
}

/// When the last task reaches the milestone, RFC 3339 in UTC with milliseconds; NULL where it never does,
/// for NULL, and for a number that is not a `mcoda_milestone`. The text belongs to `estimate`. `length` (may
/// be NULL) receives its length in bytes without the NUL, 0 for NULL. Threads: any, until it is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_estimate_eta(
    estimate: *const mcoda_estimate_result,
    milestone: mcoda_milestone_number,
    length: *mut usize,
) -> *const c_char {
    Text::borrow(length, || estimate.as_ref()?.etas.get(self::milestone(milestone)? as usize)?.as_ref())
}

/// How many tasks have reached the milestone, in percent of all; NaN for NULL, and for a number that is no
/// `mcoda_milestone`. Threads: any, until it is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_estimate_percent(
    estimate: *const mcoda_estimate_result,
    milestone: mcoda_milestone_number,
) -> f64 {
    or_default_on_panic(f64::NAN, || Some(estimate.as_ref()?.completion(milestone)?.percent))
}

/// How many tasks wait for the lane; 0 for NULL, and for a number that is not a `mcoda_lane`. Threads:
/// any, until it is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_estimate_tasks(
    estimate: *const mcoda_estimate_result,
    lane: mcoda_lane_number,
) -> u64 {
    or_default_on_panic(0, || Some(estimate.as_ref()?.backlog(lane)?.tasks as u64))
}

/// How many story points wait for the lane; NaN for NULL, and for a number that is not a `mcoda_lane`.
/// Threads: any, until it is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_estimate_story_points(
    estimate: *const mcoda_estimate_result,
    lane: mcoda_lane_number,
) -> f64 {
    or_default_on_panic(f64::NAN, || Some(estimate.as_ref()?.backlog(lane)?.story_points))
}

/// The lane's velocity in story points per hour; NaN for NULL, and for a number that is not a `mcoda_lane`.
/// Threads: any, until it is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_estimate_sp_per_hour(
    estimate: *const mcoda_estimate_result,
    lane: mcoda_lane_number,
) -> f64 {
    or_default_on_panic(f64::NAN, || of_lane(&speeds(&estimate.as_ref()?.estimate.effective_velocity), lane))
}

/// Hours of work that the lane has left; NaN where it never finishes, for NULL, and for a number that is not a
/// `mcoda_lane`. Threads: any, until it is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_estimate_hours(
    estimate: *const mcoda_estimate_result,
    lane: mcoda_lane_number,
) -> f64 {
    or_default_on_panic(f64::NAN, || {
        let hours = estimate.as_ref()?.estimate.durations_hours;
        let lanes = PerLane {
            implementation: hours.implementation_hours,
            review: hours.review_hours,
            qa: hours.qa_hours,
        };
        of_lane(&lanes, lane)?
    })
}

/// Hours until all lanes are done, working in parallel; NaN where one never is, and for NULL.
/// Threads: any, until it is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_estimate_total_hours(estimate: *const mcoda_estimate_result) -> f64 {
    or_default_on_panic(f64::NAN, || estimate.as_ref()?.estimate.durations_hours.total_hours)
}

/// All of it as JSON goes to `json`: scope, backlog, velocity, hours, ETAs, counts, work in progress and
/// next transitions, by the names of the OpenAPI contract.
///
/// Errors: `MCODA_INVALID_INPUT` for NULL. Threads: any, until it is freed. Frees: the caller, `json` with
/// `mcoda_string_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_estimate_to_json(
    estimate: *const mcoda_estimate_result,
    json: *mut *mut mcoda_string,
    error: *mut *mut mcoda_error,
) -> mcoda_code {
    write_required_out("json", json, error, || mcoda_string::json(&shared("estimate", estimate)?.estimate))
}

/// Frees it; NULL is fine. Its texts are gone with it. Threads: any, once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcoda_estimate_free(estimate: *mut mcoda_estimate_result) {
    free(estimate);
}
