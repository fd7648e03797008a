//! How long tasks spend in each lane.

use serde::{Deserialize, Serialize};

use super::forecast::{Outcome, Stay, Survival, Visit, visits};
use super::lane::PerLane;
use super::timeline::Timeline;
use crate::number;
use crate::sorting::sort_by;

/// How long tasks spend in one lane, in hours, by the newest visits of the window and those that are still open; null
/// if fewer visits than that have ended. An open visit counts as lasting longer than it has so far (Kaplan–Meier).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LaneTime {
    /// Half of the visits end within these hours.
    #[serde(serialize_with = "number::json_option")]
    pub p50: Option<f64>,
    /// 85 % of the visits end within these hours.
    #[serde(serialize_with = "number::json_option")]
    pub p85: Option<f64>,
    /// 95 % of the visits end within these hours.
    #[serde(serialize_with = "number::json_option")]
    pub p95: Option<f64>,
    /// The number of visits, open ones included.
    pub visits: usize,
    /// The number of open visits.
    pub open: usize,
    /// The ages, in hours, from which a task in the lane is older than 50, 70, 85 and 95 % of the visits.
    pub bands: AgingBands,
}

/// Ages, in hours, that separate the bands of a chart of work in progress; null if too few visits have ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the shares in percent")]
#[non_exhaustive]
pub struct AgingBands {
    #[serde(serialize_with = "number::json_option")]
    pub p50: Option<f64>,
    #[serde(serialize_with = "number::json_option")]
    pub p70: Option<f64>,
    #[serde(serialize_with = "number::json_option")]
    pub p85: Option<f64>,
    #[serde(serialize_with = "number::json_option")]
    pub p95: Option<f64>,
}

pub(super) fn lane_times(timeline: &Timeline, window: usize) -> PerLane<LaneTime> {
    let pipeline = &timeline.pipeline;
    let all = visits(pipeline).all;
    PerLane::from_fn(|lane| {
        let own = all.iter().filter(|visit| visit.lane == lane as usize);
        let (open, mut over): (Vec<&Visit>, Vec<&Visit>) = own.partition(|visit| visit.left.is_none());
        let left = |visit: &Visit| visit.left.unwrap_or(pipeline.now);
        sort_by(&mut over, |a, b| left(b).total_cmp(&left(a)));
        over.truncate(window);
        let stay = |visit: &&Visit| Stay {
            hours: (left(visit) - visit.entered).max(0.0),
            is_over: visit.left.is_some() && visit.outcome != Outcome::Cancelled,
        };
        let survival = Survival::new(open.iter().chain(&over).map(stay).collect());
        let [p50, p70, p85, p95] = [0.5, 0.7, 0.85, 0.95].map(|share| survival.quantile(share));
        LaneTime {
            p50,
            p85,
            p95,
            visits: open.len() + over.len(),
            open: open.len(),
            bands: AgingBands { p50, p70, p85, p95 },
        }
    })
}
