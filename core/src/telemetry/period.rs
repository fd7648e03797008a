//! The time range of an answer for people, and what it leaves out.

use super::query::Filter;
use crate::error::Result;
use crate::time::Timestamp;

/// The time range of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportPeriod {
    /// Where it begins; `None` if it has no beginning.
    pub since: Option<Timestamp>,
    /// Where it ends; `None` if it has no end.
    pub until: Option<Timestamp>,
    /// The number of calls before `since` that match the query otherwise. Calls without a valid time are not counted.
    pub earlier_calls: u64,
}

impl ReportPeriod {
    /// The period of the filter. `count` counts the calls that match another filter: the same one, for the time before.
    pub(super) fn of(filter: &Filter, count: impl FnOnce(&Filter) -> Result<u64>) -> Result<Self> {
        let (since, until) = filter.range.ends();
        let earlier_calls = filter.earlier().map_or(Ok(0), |earlier| count(&earlier))?;
        Ok(Self { since, until, earlier_calls })
    }
}
