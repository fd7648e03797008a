//! Recorded status events.

use rusqlite::Connection;

use crate::definition::record;
use crate::error::{Error, Result};
use crate::repository::status_events::{self, StatusEvent};
use crate::repository::tasks;
use crate::sorting::sort_by_cached_key;
use crate::time::{Range, Timestamp, Zone};

record! {
    /// Selects the events; by default all of them.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct StatusEventsQuery("query", "camelCase"): input {
        /// The task, by id or key.
        pub task: Option<String>,
        /// Events at or after this timestamp, or within this time span before now (`7d`), or from a day of the time zone on: a
        /// date, `today`, `yesterday`, `this-week`.
        pub since: Option<String> = span,
        /// Events at or before this timestamp, or this time span before now, or to the end of a day of the time zone: a date
        /// includes that day.
        pub until: Option<String> = span,
        /// The time zone of these days, by its name in the IANA database (`Europe/Berlin`). Absent: UTC.
        pub time_zone: Option<String>,
        /// The time from which spans count back. Absent: the handle's clock.
        pub now: Option<Timestamp>,
    }
}

/// The events in order of time; events of the same time in the order in which they were recorded, events with an
/// invalid time last.
pub(crate) fn status_events(
    tx: &Connection,
    query: &StatusEventsQuery,
    now: Timestamp,
) -> Result<Vec<StatusEvent>> {
    let zone = Zone::read("timeZone", query.time_zone.as_deref())?;
    let range = Range::read(query.since.as_deref(), query.until.as_deref(), query.now.unwrap_or(now), zone)?;
    let task_id = match &query.task {
        Some(task) => {
            let found = tasks::find(tx, task)?;
            Some(found.ok_or_else(|| Error::not_found("task", "task with id or key", task))?.id)
        }
        None => None,
    };
    let mut events = status_events::list(tx, task_id.as_deref())?;
    events.retain(|event| range.holds(&event.timestamp));
    sort_by_cached_key(&mut events, |event| {
        let time = Timestamp::read(&event.timestamp);
        (time.is_none(), time)
    });
    Ok(events)
}
