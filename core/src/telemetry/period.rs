//! The time range of an answer, and the calls that it leaves out.

use std::cmp::Ordering;

use rusqlite::Connection;

use super::query::{Filter, Projection, ScanRow, for_each};
use crate::definition::record;
use crate::error::Result;
use crate::time::Timestamp;

record! {
    /// The time range of a query.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct UsageRange("range", "camelCase"): {
        /// The first time that is included; absent without a limit.
        pub since: Option<Timestamp>,
        /// The last time that is included; absent without a limit.
        pub until: Option<Timestamp>,
        /// The time from which spans such as `7d` count back. Given in the query, it fixes them.
        pub now: Timestamp,
    }
}

record! {
    /// The calls that a summary leaves out because of its time range.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    #[non_exhaustive]
    pub struct CallsOutside("callsOutside", "camelCase"): {
        /// All of them: those before and after the range, and those with an invalid time.
        pub calls: u64,
        /// Those before the range.
        pub before: u64,
        /// Those after the range.
        pub after: u64,
    }
}

/// The time range of a report, and what it leaves out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportPeriod {
    /// Where it begins; `None` if it has no beginning.
    pub since: Option<Timestamp>,
    /// Where it ends; `None` if it has no end.
    pub until: Option<Timestamp>,
    /// The calls that match the query but for its time range.
    pub outside: CallsOutside,
}

impl ReportPeriod {
    /// The period of the filter, with the calls outside of it that `matches` accepts.
    pub(super) fn of(
        tx: &Connection,
        filter: &Filter,
        projection: Projection,
        matches: impl FnMut(&ScanRow<'_>) -> Result<bool>,
    ) -> Result<Self> {
        let (since, until) = filter.range.ends();
        Ok(Self { since, until, outside: CallsOutside::count(tx, filter, projection, matches)? })
    }
}

impl CallsOutside {
    /// Counts the calls that the filter leaves out because of its time range only, and that `matches` accepts.
    pub(super) fn count(
        tx: &Connection,
        filter: &Filter,
        projection: Projection,
        mut matches: impl FnMut(&ScanRow<'_>) -> Result<bool>,
    ) -> Result<Self> {
        let mut outside = Self::default();
        if filter.range.bounds().is_none() {
            return Ok(outside);
        }
        for_each(tx, &filter.of_all_times(), projection, |row| {
            let place = filter.range.place(row.time);
            if place != Some(Ordering::Equal) && matches(row)? {
                outside.calls += 1;
                outside.before += u64::from(place == Some(Ordering::Less));
                outside.after += u64::from(place == Some(Ordering::Greater));
            }
            Ok(())
        })?;
        Ok(outside)
    }
}
