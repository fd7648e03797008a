//! Status changes of tasks, as a timeline.

use std::collections::HashMap;

use serde_json::Value;

use super::format::format_positive_duration;
use super::table::{Column, MISSING, Table};
use crate::repository::StatusEvent;
use crate::time::Timestamp;

/// Status events as a table, one per line, in the given order: the time, the old and new status, the time spent in the
/// old status, who changed it, and why. If there are events of several tasks, each line has the id of its task.
///
/// `width` is that of the terminal, if the table is to fit one. Every line ends with `\n`.
#[must_use]
pub fn render_status_events(events: &[StatusEvent], width: Option<usize>) -> String {
    let several = events.iter().any(|event| event.task_id != events[0].task_id);
    let mut table = Table::new([
        Column::time("TIME"),
        Column::text("TASK"),
        Column::text("FROM"),
        Column::text("TO"),
        Column::number("AFTER"),
        Column::text("COMMAND").minor(3),
        Column::text("AGENT").minor(2),
        Column::text("NOTE").minor(1),
    ]);
    let mut last: HashMap<&str, &StatusEvent> = HashMap::new();
    for event in events {
        let before = last.insert(&event.task_id, event);
        table.row([
            event.timestamp.to_string(),
            if several { event.task_id.clone() } else { MISSING.to_owned() },
            text(event.from_status.as_deref()),
            event.to_status.clone(),
            before.and_then(|before| between(before, event)).unwrap_or_else(|| MISSING.to_owned()),
            text(event.command_name.as_deref()),
            text(event.agent_id.as_deref()),
            note(event).unwrap_or_else(|| MISSING.to_owned()),
        ]);
    }
    table.text(width)
}

/// The time between two status changes.
fn between(before: &StatusEvent, event: &StatusEvent) -> Option<String> {
    let hours = Timestamp::read(&event.timestamp)?.hours_since(Timestamp::read(&before.timestamp)?);
    (hours >= 0.0).then(|| format_positive_duration(hours))
}

/// The reason in the event's metadata.
fn note(event: &StatusEvent) -> Option<String> {
    let is_set = |name: &str| event.metadata.get(name) == Some(&Value::Bool(true));
    let reason =
        |name: &str| event.metadata.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut notes = Vec::new();
    if is_set("revert_event") {
        notes.push("sent back".to_owned());
    }
    notes.extend(["revert_reason", "failed_reason"].into_iter().filter_map(reason).map(str::to_owned));
    if is_set("backfilled") {
        notes.push("inferred from a task run".to_owned());
    }
    (!notes.is_empty()).then(|| notes.join(": "))
}

fn text(value: Option<&str>) -> String {
    value.filter(|text| !text.is_empty()).unwrap_or(MISSING).to_owned()
}
