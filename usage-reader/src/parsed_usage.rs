//! What was read about one call of one model, with the same meaning for every provider.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::call::Circumstances;
use crate::fields::{Object, reported_sum, sum};
use crate::number::{self, exact_sum};

/// Whether a provider's input count includes the cached tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CachedTokens {
    /// They are included in the input, unless the total shows otherwise.
    Included,
    /// They are counted in addition to the input, unless the total shows otherwise.
    Additional,
    /// They are counted in addition to the input, and the total was computed without them by somebody other than the
    /// provider.
    AdditionalToTotal,
}

/// Numbers as the provider reported them.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct RawCounts {
    pub(crate) input: Option<i64>,
    pub(crate) output: Option<i64>,
    pub(crate) total: Option<i64>,
    pub(crate) cached: Option<i64>,
    pub(crate) cache_read: Option<i64>,
    pub(crate) cache_write: Option<i64>,
    pub(crate) reasoning: Option<i64>,
}

impl RawCounts {
    /// All input tokens. The total decides whether the input includes the cache: if it equals the sum with the cache
    /// added, it does not; if it equals the sum without it, it does. Otherwise the rule of the source applies.
    fn whole_input(&self, cached_tokens: CachedTokens) -> Option<i64> {
        let (read, write) = (self.cache_read.or(self.cached), self.cache_write);
        let all = reported_sum([self.input, read, write]);
        let cached = read.unwrap_or(0) + write.unwrap_or(0);
        let default = if cached_tokens == CachedTokens::Included { self.input } else { all };
        let (Some(input), Some(output), Some(total)) = (self.input, self.output, self.total) else {
            return default;
        };
        if cached == 0 || cached_tokens == CachedTokens::AdditionalToTotal {
            return default;
        }
        // Reasoning may be included in the output or not; either may explain the total.
        let explains = |input: i64| {
            let reasoning = self.reasoning.unwrap_or(0);
            sum([input, output]) == Some(total) || sum([input, output, reasoning]) == Some(total)
        };
        let parts = [Some(input), all, reported_sum([Some(input), write]), reported_sum([Some(input), read])];
        match default {
            Some(default) if explains(default) => Some(default),
            _ => parts.into_iter().flatten().find(|input| explains(*input)).or(default),
        }
    }
}

/// The note that marks what a session has beyond its calls.
const REMAINDER: &str = "remainder";

/// The note that marks a possible copy of a call.
pub(crate) const COPY: &str = "copy";

/// One call of one model, or the sum of several. Absent means not reported; a reported 0 stays 0.
///
/// Counts are whole numbers from 0 to 2^53 − 1, costs and durations finite and not negative. Times are milliseconds
/// since 1970-01-01T00:00:00Z, of years 0 to 9999.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ParsedUsage {
    /// The provider of the model.
    pub provider: Option<String>,
    /// The model that returned the response.
    pub model: Option<String>,
    /// How the adapter called the agent, according to the adapter.
    pub invocation_kind: Option<String>,
    /// The currency of `cost`.
    pub currency: Option<String>,
    /// All input tokens, including cached ones.
    pub input: Option<i64>,
    /// All output tokens, including reasoning.
    pub output: Option<i64>,
    /// The provider's own total, else input + output where both are reported.
    pub total: Option<i64>,
    /// Input tokens that came from a cache.
    pub cached: Option<i64>,
    /// Input tokens that were read from a cache.
    pub cache_read: Option<i64>,
    /// Input tokens that were written to a cache.
    pub cache_write: Option<i64>,
    /// The cost that the provider reports.
    pub cost: Option<f64>,
    /// How long the call took, in milliseconds.
    pub duration_ms: Option<f64>,
    /// When the call began.
    pub started_at_ms: Option<i64>,
    /// When the call ended; not before it began.
    pub finished_at_ms: Option<i64>,
    /// The time to which the call is attributed.
    pub timestamp_ms: Option<i64>,
    /// If no time is reported: when the nearest line before was written.
    pub earlier_ms: Option<i64>,
    /// Values without a field of their own: the source, reasoning, web searches and others. See `docs/extract.md`.
    pub extra: Map<String, Value>,
    /// The names of numbers that were not read although their names suggest tokens, cost or cache.
    pub unread: Vec<String>,
    /// The models of a sum over several models; otherwise empty.
    pub models: Vec<ParsedUsage>,
}

impl ParsedUsage {
    pub(crate) fn new(source: &str, reported: RawCounts, cached_tokens: CachedTokens) -> Self {
        let cache_read = reported.cache_read.or(reported.cached);
        let input = reported.whole_input(cached_tokens);
        let mut extra = Object::new();
        extra.insert("source".into(), source.into());
        let mut parsed = Self {
            input,
            output: reported.output,
            total: reported.total,
            cached: reported.cached.or(reported.cache_read),
            cache_read,
            cache_write: reported.cache_write,
            extra,
            ..Self::default()
        };
        parsed.note_count("reasoning", reported.reasoning);
        parsed
    }

    pub(crate) fn note(&mut self, name: &str, value: impl Into<Value>) {
        self.extra.insert(name.into(), value.into());
    }

    pub(crate) fn note_count(&mut self, name: &str, value: Option<i64>) {
        if let Some(value) = value {
            self.note(name, value);
        }
    }

    pub(crate) fn note_number(&mut self, name: &str, value: Option<f64>) {
        if let Some(value) = value {
            self.note(name, number::to_json(value));
        }
    }

    pub(crate) fn note_text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.note(name, value);
        }
    }

    pub(crate) fn noted_count(&self, name: &str) -> Option<i64> {
        self.extra.get(name).and_then(Value::as_i64)
    }

    /// Whether any usage was reported.
    pub(crate) fn has_usage(&self) -> bool {
        [self.input, self.output, self.total, self.cached, self.cache_read, self.cache_write]
            .iter()
            .any(Option::is_some)
            || self.cost.is_some()
            || self.extra.keys().any(|name| name.starts_with("billed_"))
    }

    /// Whether a cost was reported that is not 0, which is also that of what is no call.
    pub(crate) fn costs_something(&self) -> bool {
        self.cost.is_some_and(|cost| cost > 0.0)
    }

    /// Makes the numbers consistent, and notes what remains unknown.
    pub(crate) fn settle(&mut self) {
        match (self.cached, self.cache_read) {
            (None, read) => self.cached = read,
            (cached, None) => self.cache_read = cached,
            _ => {}
        }
        let read = self.cached.max(self.cache_read);
        // The calls of a remainder may have taken more from one number than from another.
        let written = self.cache_write.filter(|_| !self.extra.contains_key(REMAINDER));
        if self.input.is_some() && read.max(written) > self.input {
            // Cached tokens cannot exceed the input, so the input does not include them, whatever the source claims.
            self.input = reported_sum([self.input, read, self.cache_write]);
        }
        self.note_rest();
    }

    fn note_rest(&mut self) {
        self.drop_impossible();
        self.drop_impossible_end();
        if let Some(input) = self.input
            && (self.cache_read.is_some() || self.cache_write.is_some())
        {
            let read = self.cached.max(self.cache_read).unwrap_or(0);
            self.note("input_uncached", (input - read - self.cache_write.unwrap_or(0)).max(0));
        }
        let split = reported_sum([self.noted_count("cache_write_5m"), self.noted_count("cache_write_1h")]);
        if let (Some(split), Some(write)) = (split, self.cache_write)
            && split < write
        {
            self.note("cache_write_unsplit", write - split);
        }
        self.note_residual();
    }

    /// An end before the beginning is none. Another version or call may have reported the one or the other.
    fn drop_impossible_end(&mut self) {
        if self.finished_at_ms.is_some() && self.finished_at_ms < self.started_at_ms {
            self.finished_at_ms = None;
        }
    }

    /// Of an input and an output that no total could hold, at least the larger one is damaged.
    fn drop_impossible(&mut self) {
        if let (Some(input), Some(output)) = (self.input, self.output)
            && sum([input, output]).is_none()
        {
            let larger = if input > output { &mut self.input } else { &mut self.output };
            *larger = None;
        }
    }

    /// Notes the difference between the total and input + output; negative if the total is lower.
    pub(crate) fn note_residual(&mut self) {
        self.extra.shift_remove("residual");
        let (Some(input), Some(output)) = (self.input, self.output) else { return };
        match self.total {
            None => self.total = sum([input, output]),
            Some(total) if total != input + output => self.note("residual", total - (input + output)),
            Some(_) => {}
        }
    }

    /// The properties that show whether another call with the same key is this one.
    pub fn circumstances(&self) -> Circumstances<'_> {
        let noted = |name: &str| self.extra.get(name)?.as_str();
        Circumstances {
            id: noted("response_id"),
            session: noted("session"),
            timestamp_ms: self.timestamp_ms,
            input: self.input,
            is_copy: self.is_copy(),
        }
    }

    /// Whether this may be a copy of a call that another agent made; the original is then preferred.
    fn is_copy(&self) -> bool {
        self.extra.contains_key(COPY)
    }

    /// Merges two versions of one call. If one is a copy, the result is the original.
    #[must_use]
    pub fn merged_with(mut self, other: Self) -> Self {
        match (self.is_copy(), other.is_copy()) {
            (true, false) => other,
            (false, true) => self,
            _ => {
                self.merge_version(other);
                self
            }
        }
    }

    /// Merges another version of the same call into this one: the larger value of each count, and for the other fields
    /// the version with more tokens, then the other one.
    fn merge_version(&mut self, other: Self) {
        let size = |one: &Self| (one.output, one.input, one.cost.map(|cost| (cost * 1e9) as i64));
        let (mut fuller, lesser) = if size(&other) >= size(self) {
            (other, std::mem::take(self))
        } else {
            (std::mem::take(self), other)
        };
        let is_total_own = |one: &Self| one.total.is_some() && one.total != plus(one.input, one.output);
        let keeps_total = is_total_own(&fuller);
        for (own, other) in [
            (&mut fuller.input, lesser.input),
            (&mut fuller.output, lesser.output),
            (&mut fuller.cached, lesser.cached),
            (&mut fuller.cache_read, lesser.cache_read),
            (&mut fuller.cache_write, lesser.cache_write),
        ] {
            *own = (*own).max(other);
        }
        // The input of one version may be unknown although its cached tokens are not.
        fuller.cover_cached();
        fuller.total =
            if keeps_total { fuller.total } else { plus(fuller.input, fuller.output) }.or(fuller.total);
        if fuller.cost.is_none() && fuller.counts() == lesser.counts() {
            (fuller.cost, fuller.currency) = (lesser.cost, lesser.currency);
        }
        fuller.provider = fuller.provider.or(lesser.provider);
        fuller.model = fuller.model.or(lesser.model);
        fuller.invocation_kind = fuller.invocation_kind.or(lesser.invocation_kind);
        fuller.duration_ms = fuller.duration_ms.or(lesser.duration_ms);
        fuller.started_at_ms = fuller.started_at_ms.or(lesser.started_at_ms);
        fuller.finished_at_ms = fuller.finished_at_ms.or(lesser.finished_at_ms);
        fuller.timestamp_ms = fuller.timestamp_ms.or(lesser.timestamp_ms);
        fuller.earlier_ms = fuller.earlier_ms.or(lesser.earlier_ms);
        for (name, value) in lesser.extra {
            fuller.extra.entry(name).or_insert(value);
        }
        fuller.note_rest();
        *self = fuller;
    }

    fn counts(&self) -> [Option<i64>; 5] {
        [self.input, self.output, self.cached, self.cache_read, self.cache_write]
    }

    /// Input, output, cached and written tokens.
    pub(crate) fn reported_counts(&self) -> [Option<i64>; 4] {
        [self.input, self.output, self.cached, self.cache_write]
    }

    /// Subtracts from these numbers what `part` has in common with them, and returns the rest of `part`.
    pub(crate) fn take_off(&mut self, part: &Self) -> Self {
        let mut rest = part.clone();
        let fields = |one: &mut Self| {
            [
                std::mem::take(&mut one.input),
                std::mem::take(&mut one.output),
                std::mem::take(&mut one.total),
                std::mem::take(&mut one.cached),
                std::mem::take(&mut one.cache_read),
                std::mem::take(&mut one.cache_write),
            ]
        };
        let (own, others) = (fields(self), fields(&mut rest));
        let taken = own.map(|own| own.unwrap_or(0));
        let mut left = [None; 6];
        let mut over = [None; 6];
        for index in 0..own.len() {
            let part = others[index].unwrap_or(0);
            left[index] = own[index].map(|own| (own - part).max(0));
            over[index] = others[index].map(|part| (part - taken[index]).max(0));
        }
        [self.input, self.output, self.total, self.cached, self.cache_read, self.cache_write] = left;
        [rest.input, rest.output, rest.total, rest.cached, rest.cache_read, rest.cache_write] = over;
        if self.currency == part.currency || part.cost.is_none() {
            let (own, part) = (self.cost.unwrap_or(0.0), part.cost.unwrap_or(0.0));
            self.cost = self.cost.map(|_| exact_sum([own, -part]).max(0.0));
            rest.cost = rest.cost.map(|_| exact_sum([part, -own]).max(0.0));
        }
        rest
    }

    /// Makes the sum of several reports of one session consistent.
    pub(crate) fn settle_sum(&mut self) {
        let before = self.input;
        self.cover_cached();
        if self.input != before {
            self.total = plus(self.input, self.output).or(self.total);
            self.note_rest();
        }
    }

    /// Raises the input, if it is known, to what was read from the cache.
    fn cover_cached(&mut self) {
        let read = self.cached.max(self.cache_read).unwrap_or(0);
        self.input = self.input.map(|input| input.max(read));
    }

    /// Removes the notes that are about all calls together, after some of the calls were subtracted from the numbers.
    pub(crate) fn settle_remainder(&mut self) {
        for name in [
            "reasoning",
            "cache_write_5m",
            "cache_write_1h",
            "cache_write_unsplit",
            "residual",
            "input_uncached",
        ] {
            self.extra.shift_remove(name);
        }
        // The calls may have taken more from the input than from the cache, if the whole does not count their writes.
        self.cover_cached();
        self.total = plus(self.input, self.output).or(self.total);
        self.note(REMAINDER, true);
        self.settle();
    }

    /// The same usage with 0 for everything that was reported.
    pub fn emptied(mut self) -> Self {
        let whole = self.clone();
        self.take_off(&whole);
        self.settle_remainder();
        self
    }

    /// Whether any number is more than 0.
    pub(crate) fn counts_for_something(&self) -> bool {
        self.counts().into_iter().flatten().any(|count| count > 0)
            || self.cost.is_some_and(|cost| cost > 1e-12)
    }

    /// Adds another call's numbers. A number that only one of the two reports is kept.
    pub(crate) fn add(&mut self, other: &Self) {
        if self.total.is_some() || other.total.is_some() {
            self.total = reported_sum([self.known_total(), other.known_total()]);
        }
        for (own, other) in [
            (&mut self.input, other.input),
            (&mut self.output, other.output),
            (&mut self.cached, other.cached),
            (&mut self.cache_read, other.cache_read),
            (&mut self.cache_write, other.cache_write),
        ] {
            *own = reported_sum([*own, other]);
        }
        self.add_cost(other);
        self.duration_ms = match (self.duration_ms, other.duration_ms) {
            (Some(own), Some(other)) => Some(exact_sum([own, other])),
            (own, other) => own.or(other),
        };
        self.started_at_ms = [self.started_at_ms, other.started_at_ms].into_iter().flatten().min();
        self.finished_at_ms = [self.finished_at_ms, other.finished_at_ms].into_iter().flatten().max();
        self.drop_impossible_end();
        self.timestamp_ms = [self.timestamp_ms, other.timestamp_ms].into_iter().flatten().max();
        self.earlier_ms = [self.earlier_ms, other.earlier_ms].into_iter().flatten().max();
        for (own, other) in [
            (&mut self.provider, &other.provider),
            (&mut self.model, &other.model),
            (&mut self.invocation_kind, &other.invocation_kind),
        ] {
            if *own != *other {
                *own = None;
            }
        }
        add_notes(&mut self.extra, &other.extra);
        for name in &other.unread {
            if !self.unread.contains(name) {
                self.unread.push(name.clone());
            }
        }
    }

    /// The total, or what is known of it, so that the total of a sum covers the input and output of the sum.
    fn known_total(&self) -> Option<i64> {
        self.total.or_else(|| reported_sum([self.input, self.output]))
    }

    /// Amounts in different currencies cannot be added, and neither of them is the cost of both calls.
    fn add_cost(&mut self, other: &Self) {
        if self.cost.is_some() && other.cost.is_some() && self.currency != other.currency {
            (self.cost, self.currency) = (None, None);
            self.note("cost_in_several_currencies", true);
            return;
        }
        if self.extra.contains_key("cost_in_several_currencies") {
            return;
        }
        self.cost = match (self.cost, other.cost) {
            (Some(own), Some(other)) => Some(exact_sum([own, other])),
            (own, other) => own.or(other),
        };
        self.currency = self.currency.take().or_else(|| other.currency.clone());
    }
}

fn plus(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    one.zip(other).and_then(|(one, other)| sum([one, other]))
}

/// Adds numbers; of other notes keeps those that are equal in both.
fn add_notes(own: &mut Object, other: &Object) {
    for (name, value) in other {
        let Some(before) = own.get(name) else {
            if value.is_number() || value.is_boolean() {
                own.insert(name.clone(), value.clone());
            }
            continue;
        };
        if before == value && !value.is_number() {
            continue;
        }
        let sum = match (before.as_i64(), value.as_i64(), before.as_f64(), value.as_f64()) {
            (Some(own), Some(other), ..) => own.checked_add(other).map(Value::from),
            (_, _, Some(own), Some(other)) => Some(number::to_json(exact_sum([own, other]))),
            _ => None,
        };
        match sum {
            Some(sum) => own.insert(name.clone(), sum),
            None => own.shift_remove(name),
        };
    }
}
