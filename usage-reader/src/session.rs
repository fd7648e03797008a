//! The total of a session, from whichever of its counts are known, in any order.
//!
//! A session is reported by cumulative counts, by its calls, or by both. The total is the larger of the two for each
//! number, since a call that is in both counts once. So the result depends on what was reported, but not on the order,
//! and repeating a report changes nothing.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::call::{DedupKey, ExtractedCall};
use crate::number::exact_sum;
use crate::parsed_usage::ParsedUsage;

/// One cumulative count of a session, as the agent reported it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// The id of the report; a replay has the same one.
    pub id: String,
    /// Whether the count starts at 0 with this report's own work (`true`), continues an earlier count (`false`), or
    /// neither is known.
    pub began_anew: Option<bool>,
    /// Input, output, cached and written tokens before this report's own work, if known.
    pub before: Option<[i64; 4]>,
    /// When it was written, if known.
    pub at_ms: Option<i64>,
    /// The report that includes this one.
    pub parent: Option<String>,
    /// Whether calls of the session replace the count, because it may count them again.
    pub gives_way: bool,
    /// Whether there is a counter for each model. Otherwise a session that changes its model reports its only counter
    /// under the new name.
    pub is_by_model: bool,
    /// The numbers, one entry for each model.
    pub models: Vec<ParsedUsage>,
}

impl Report {
    fn counts(&self) -> [i64; 5] {
        Self::counts_of(&self.models.iter().collect::<Vec<_>>())
    }

    fn counts_of(models: &[&ParsedUsage]) -> [i64; 5] {
        let sum = |of: fn(&ParsedUsage) -> Option<i64>| {
            models.iter().filter_map(|one| of(one)).fold(0_i64, i64::saturating_add)
        };
        [
            sum(|one| one.input),
            sum(|one| one.output),
            sum(|one| one.cached),
            sum(|one| one.cache_write),
            (exact_sum(models.iter().filter_map(|one| one.cost)) * 1e9) as i64,
        ]
    }

    /// Whether no model's counter is lower than in `earlier`. What an older version reported without a model may belong
    /// to any of them.
    fn has_room_for_each_model(&self, earlier: &Self) -> bool {
        let of = |report: &Self, model: &Option<String>| {
            let models = report.models.iter().filter(|one| one.model == *model);
            Self::counts_of(&models.collect::<Vec<_>>())
        };
        let is_named = |report: &Self| {
            report.models.iter().all(|one| one.model.is_some() || one.reported_counts() == [None; 4])
        };
        let mut named = earlier.models.iter().map(|one| &one.model).filter(|model| model.is_some());
        !self.is_by_model
            || !is_named(self)
            || !is_named(earlier)
            || named.all(|model| is_at_least(of(self, model), of(earlier, model)))
    }

    /// Whether this may be a later count of the same session as `earlier`: no number is lower.
    pub fn goes_on_from(&self, earlier: &Self) -> bool {
        self.has_room_for(earlier)
    }

    /// This report in place of `earlier`, which has the same id. A model that only one of them names is that of both, and
    /// models that only `earlier` has remain, without counts.
    #[must_use]
    pub fn replacing(mut self, earlier: &Self) -> Self {
        let mut named = earlier.models.iter().filter(|one| one.model.is_some() && one.counts_for_something());
        if let ([own], Some(other), None) = (&mut self.models[..], named.next(), named.next())
            && own.model.is_none()
        {
            own.model.clone_from(&other.model);
        }
        for other in &earlier.models {
            if !self.models.iter().any(|own| own.model == other.model) {
                self.models.push(other.clone().emptied());
            }
        }
        self
    }

    /// Whether this may be a later count of the same process as `earlier`.
    fn may_go_on_from(&self, earlier: &Self) -> bool {
        // A report's own work may be only its last call. If `earlier` started at 0, the numbers before this report's
        // own work must not be lower than those of `earlier`.
        let was_before =
            |before: [i64; 4]| before.iter().zip(earlier.counts()).all(|(own, other)| *own >= other);
        let has_room = earlier.began_anew != Some(true) || self.before.is_none_or(was_before);
        self.began_anew != Some(true)
            && self.has_room_for(earlier)
            && self.has_room_for_each_model(earlier)
            && has_room
    }

    /// Whether this count directly follows `earlier`: the numbers before its own work are those of `earlier`.
    fn is_next_after(&self, earlier: &Self) -> bool {
        self.may_go_on_from(earlier) && self.before.is_some_and(|before| before == earlier.counts()[..4])
    }

    /// Whether no number is lower than in `earlier`.
    fn has_room_for(&self, earlier: &Self) -> bool {
        is_at_least(self.counts(), earlier.counts())
    }
}

fn is_at_least(own: [i64; 5], earlier: [i64; 5]) -> bool {
    own.iter().zip(earlier).all(|(own, earlier)| *own >= earlier)
}

/// The total of all reports of a session: later reports of a process replace earlier ones, and the processes are added.
///
/// A report that started at 0, or that is not at least as high as any earlier one (for each model, if each has a
/// counter), belongs to a new process. Any other report continues the one whose counts it starts from, or else the last one
/// that is not higher. Reports are ordered by time, or by size if times are missing.
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
    // One process may have reported cached tokens without its input.
    models.iter_mut().for_each(ParsedUsage::settle_sum);
    models
}

/// What the total has in addition to the calls that are known individually. Each call is subtracted from its own model
/// first; a call of a model that the total does not name is subtracted from the others.
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

/// Reduces the parts of a session's count, starting with the last one, until their sum does not exceed `rest`. Returns
/// the indexes of those that changed.
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

/// Combines the counts and the calls of the sessions in an input.
#[derive(Debug, Default)]
pub(crate) struct Sessions;

impl Sessions {
    /// Combines the reports of each session, and subtracts the calls that are listed individually.
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
                // All reports of a session become one call, in the place of the first.
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
