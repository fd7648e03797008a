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
    /// Input, output, cached and written tokens before this report's own work, where the report says what that was.
    pub before: Option<[i64; 4]>,
    /// When it was written, where that is known.
    pub at_ms: Option<i64>,
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

    /// Whether the count may be a later one of the process of `earlier`.
    fn may_go_on_from(&self, earlier: &Self) -> bool {
        // A report's own work may be that of its last call alone. Where the earlier report says all of its own, what was
        // before this one has to have room for that.
        let was_before =
            |before: [i64; 4]| before.iter().zip(earlier.counts()).all(|(own, other)| *own >= other);
        let has_room = earlier.began_anew != Some(true) || self.before.is_none_or(was_before);
        self.began_anew != Some(true) && self.has_room_for(earlier) && has_room
    }

    /// Whether the count is the one after `earlier`: what it was before its own work is what that counted.
    fn is_next_after(&self, earlier: &Self) -> bool {
        self.may_go_on_from(earlier) && self.before.is_some_and(|before| before == earlier.counts()[..4])
    }

    /// Whether no number is lower than in `earlier`.
    fn has_room_for(&self, earlier: &Self) -> bool {
        self.counts().iter().zip(earlier.counts()).all(|(own, earlier)| *own >= earlier)
    }
}

/// What all reports of a session come to: those of one process replace each other, and processes are added.
///
/// A report that began anew, or that has no room for any earlier one, is of a process of its own; any other one goes
/// on from the one that it names, or from the last one that it has room for. They are in the order of their times, or of
/// their size where these are not known.
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
    let has_times = all.iter().all(|report| report.at_ms.is_some());
    let order = |report: &Report| (report.at_ms.filter(|_| has_times), report.counts());
    all.sort_by(|a, b| order(a).cmp(&order(b)).then_with(|| a.id.cmp(&b.id)));
    let mut processes: Vec<&Report> = Vec::new();
    for report in all {
        let last = |is_before: &dyn Fn(&Report) -> bool| processes.iter().rposition(|tip| is_before(tip));
        let before =
            last(&|tip| report.is_next_after(tip)).or_else(|| last(&|tip| report.may_go_on_from(tip)));
        match before {
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

/// Reduces the parts of a session's count, the last one first, until their sum is not more than `rest`. Returns which of
/// them changed.
pub fn reduce(parts: &mut [ParsedUsage], rest: &ParsedUsage) -> Vec<usize> {
    let mut excess = ParsedUsage::default();
    parts.iter().for_each(|part| excess.add(part));
    excess.take_off(rest);
    let mut changed = Vec::new();
    for (index, part) in parts.iter_mut().enumerate().rev() {
        if !excess.counts_for_something() {
            break;
        }
        let before = part.clone();
        excess = part.take_off(&excess);
        if part.reported_counts() != before.reported_counts() || part.cost != before.cost {
            part.settle_remainder();
            changed.push(index);
        }
    }
    changed
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
