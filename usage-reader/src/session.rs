//! What the counts of a session come to, whichever of them are known and in whatever order they came.
//!
//! A session is reported by counts of all its calls, by its calls, or by both. Of each number that is the larger of
//! the two: a call that both have counts once. So the result depends on what was reported, not on its order, and
//! reporting it again changes nothing.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::call::{DedupKey, ExtractedCall};
use crate::number::exact_sum;
use crate::parsed_usage::ParsedUsage;

/// One count of a session, as the agent reported it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// What the report is known by; a replay has the same.
    pub id: String,
    /// Whether the count is known to begin with this report's own work (`true`), to go on from an earlier one
    /// (`false`), or neither.
    pub began_anew: Option<bool>,
    /// The report of which this one is a part.
    pub parent: Option<String>,
    /// Whether the count is of no use where calls of the session are known: it may hold other counts again.
    pub gives_way: bool,
    /// The numbers, one for each model.
    pub models: Vec<ParsedUsage>,
}

impl Report {
    fn counts(&self) -> [i64; 5] {
        let sum = |of: fn(&ParsedUsage) -> Option<i64>| {
            self.models.iter().filter_map(of).fold(0_i64, i64::saturating_add)
        };
        [
            sum(|one| one.input),
            sum(|one| one.output),
            sum(|one| one.cached),
            sum(|one| one.cache_write),
            (exact_sum(self.models.iter().filter_map(|one| one.cost)) * 1e9) as i64,
        ]
    }

    /// Whether the count is a later one of the same session than `earlier`: no number is lower.
    pub fn goes_on_from(&self, earlier: &Self) -> bool {
        self.has_room_for(earlier)
    }

    /// Whether no number is lower than in `earlier`.
    fn has_room_for(&self, earlier: &Self) -> bool {
        self.counts().iter().zip(earlier.counts()).all(|(own, earlier)| *own >= earlier)
    }
}

/// What all reports of a session come to: those of one process replace each other, and processes are added.
///
/// A report that began anew, or that has no room for any earlier one, is of a process of its own; any other one goes
/// on from the largest report that it has room for.
pub fn total_of_reports(reports: &[Report]) -> Vec<ParsedUsage> {
    let mut all: Vec<&Report> = Vec::new();
    for report in reports {
        let known = all.iter_mut().find(|known| known.id == report.id);
        if let Some(known) = known {
            if report.has_room_for(known) {
                *known = report;
            }
            continue;
        }
        let is_part =
            report.parent.as_ref().is_some_and(|parent| reports.iter().any(|one| one.id == *parent));
        if !is_part {
            all.push(report);
        }
    }
    all.sort_by(|a, b| a.counts().cmp(&b.counts()).then_with(|| a.id.cmp(&b.id)));
    let mut processes: Vec<&Report> = Vec::new();
    for report in all {
        let goes_on = report.began_anew != Some(true);
        let before = processes.iter().enumerate().rev().find(|(_, tip)| goes_on && report.has_room_for(tip));
        match before.map(|(index, _)| index) {
            Some(index) => {
                processes.remove(index);
                processes.push(report);
            }
            None => processes.push(report),
        }
    }
    let mut models: Vec<ParsedUsage> = Vec::new();
    for parsed in processes.into_iter().flat_map(|report| &report.models) {
        match models.iter_mut().find(|model| model.model == parsed.model) {
            Some(model) => model.add(parsed),
            None => models.push(parsed.clone()),
        }
    }
    models
}

/// What the whole has beyond the calls that are known beside it. First of the model of each call; a call of a model
/// that the whole does not name is taken off the others.
pub fn remainder(mut whole: Vec<ParsedUsage>, calls: &[ParsedUsage]) -> Vec<ParsedUsage> {
    let is_touched = !calls.is_empty();
    let mut rest: Vec<ParsedUsage> = Vec::new();
    for call in calls {
        let model = whole.iter_mut().find(|one| one.model == call.model);
        rest.push(model.map_or_else(|| call.clone(), |model| model.take_off(call)));
    }
    for mut call in rest {
        for model in &mut whole {
            call = model.take_off(&call);
        }
    }
    if is_touched {
        whole.iter_mut().for_each(ParsedUsage::settle_remainder);
    }
    whole
}

/// The sessions among the calls of an input.
#[derive(Debug, Default)]
pub(crate) struct Sessions;

impl Sessions {
    /// Puts the reports of each session together, and takes off what its calls have of them.
    pub(crate) fn settle(calls: Vec<ExtractedCall>) -> Vec<ExtractedCall> {
        let mut reports: HashMap<String, Vec<Report>> = HashMap::new();
        for call in &calls {
            if let (DedupKey::Session(session), Some(report)) = (&call.key, &call.report) {
                reports.entry(session.clone()).or_default().push(report.clone());
            }
        }
        let is_whole = |call: &ExtractedCall| matches!(call.key, DedupKey::Session(_));
        let mut parts: HashMap<String, Vec<ParsedUsage>> = HashMap::new();
        for call in calls.iter().filter(|call| !is_whole(call)) {
            if let Some(session) = &call.session {
                parts.entry(session.clone()).or_default().extend(call.parts.iter().cloned());
            }
        }
        let mut settled = Vec::new();
        for mut call in calls {
            let DedupKey::Session(session) = &call.key else {
                settled.push(call);
                continue;
            };
            let parts = parts.get(session).map(Vec::as_slice).unwrap_or_default();
            if let Some(report) = &call.report {
                // All reports of a session are one call, where the last of them stands.
                let Some(mut all) = reports.remove(session) else { continue };
                if report.gives_way && !parts.is_empty() {
                    continue;
                }
                all.retain(|one| !one.gives_way || parts.is_empty());
                call.parts = total_of_reports(&all);
            }
            call.parts = remainder(call.parts, parts);
            call.parts.retain(|part| parts.is_empty() || part.counts_for_something());
            if !call.parts.is_empty() {
                settled.push(call);
            }
        }
        settled
    }
}
