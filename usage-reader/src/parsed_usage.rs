//! What was read of one call by one model, with the same meaning whichever provider reported it.

use serde_json::{Map, Value};

use crate::fields::{Object, reported_sum, sum};
use crate::number::{self, exact_sum};

/// Whether a provider's input count has the cached tokens in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CachedTokens {
    /// They are part of the input.
    Included,
    /// They are counted in addition to the input.
    Additional,
}

/// Numbers as a provider gave them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RawCounts {
    pub(crate) input: Option<i64>,
    pub(crate) output: Option<i64>,
    pub(crate) total: Option<i64>,
    pub(crate) cached: Option<i64>,
    pub(crate) cache_read: Option<i64>,
    pub(crate) cache_write: Option<i64>,
    pub(crate) reasoning: Option<i64>,
}

/// One call by one model, or the sum of several. Absent means not reported; 0 is reported as 0.
///
/// Counts are whole numbers from 0 to 2^53 − 1, costs and durations finite and not negative. Times are milliseconds
/// since 1970-01-01T00:00:00Z, of years 0 to 9999.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ParsedUsage {
    /// Who provides the model.
    pub provider: Option<String>,
    /// The model that answered.
    pub model: Option<String>,
    /// How an adapter says that it called the agent.
    pub invocation_kind: Option<String>,
    /// The currency of `cost`.
    pub currency: Option<String>,
    /// All input tokens, cached ones included.
    pub input: Option<i64>,
    /// All output tokens, reasoning included.
    pub output: Option<i64>,
    /// The provider's own total, else input + output where both are reported.
    pub total: Option<i64>,
    /// Input tokens that came from a cache.
    pub cached: Option<i64>,
    /// Input tokens that were read from a cache.
    pub cache_read: Option<i64>,
    /// Input tokens that were written to a cache.
    pub cache_write: Option<i64>,
    /// What the provider says that it cost.
    pub cost: Option<f64>,
    /// How long the call took, in milliseconds.
    pub duration_ms: Option<f64>,
    /// When the call began.
    pub started_at_ms: Option<i64>,
    /// When the call ended; not before it began.
    pub finished_at_ms: Option<i64>,
    /// When the call counts.
    pub timestamp_ms: Option<i64>,
    /// What has no field of its own: the source, reasoning, web searches and the like. See `docs/extract.md`.
    pub extra: Map<String, Value>,
    /// Of a sum over several models: each of them. Else empty.
    pub models: Vec<ParsedUsage>,
}

impl ParsedUsage {
    pub(crate) fn new(source: &str, reported: RawCounts, cached_tokens: CachedTokens) -> Self {
        let cache_read = reported.cache_read.or(reported.cached);
        let input = match cached_tokens {
            CachedTokens::Additional => reported_sum([reported.input, cache_read, reported.cache_write]),
            CachedTokens::Included => reported.input,
        };
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

    /// Whether anything was reported that counts.
    pub(crate) fn has_usage(&self) -> bool {
        [self.input, self.output, self.total, self.cached, self.cache_read, self.cache_write]
            .iter()
            .any(Option::is_some)
            || self.cost.is_some()
            || self.extra.keys().any(|name| name.starts_with("billed_"))
    }

    /// Makes the numbers agree with each other, and notes what they leave open.
    pub(crate) fn settle(&mut self) {
        match (self.cached, self.cache_read) {
            (None, read) => self.cached = read,
            (cached, None) => self.cache_read = cached,
            _ => {}
        }
        let read = self.cached.max(self.cache_read);
        if self.input.is_some() && read > self.input {
            // More came from the cache than there was input: then it was counted in addition, whoever says otherwise.
            self.input = reported_sum([self.input, read, self.cache_write]);
        }
        self.note_rest();
        if self.finished_at_ms.is_some() && self.finished_at_ms < self.started_at_ms {
            self.finished_at_ms = None;
        }
    }

    fn note_rest(&mut self) {
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

    /// What a total says beyond input and output, negative where it says less.
    pub(crate) fn note_residual(&mut self) {
        self.extra.shift_remove("residual");
        let (Some(input), Some(output)) = (self.input, self.output) else { return };
        match self.total {
            None => self.total = sum([input, output]),
            Some(total) if total != input + output => self.note("residual", total - (input + output)),
            Some(_) => {}
        }
    }

    /// Adds another call's numbers. What is reported of one alone stays reported.
    pub(crate) fn add(&mut self, other: &Self) {
        for (own, other) in [
            (&mut self.input, other.input),
            (&mut self.output, other.output),
            (&mut self.total, other.total),
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
        self.timestamp_ms = [self.timestamp_ms, other.timestamp_ms].into_iter().flatten().max();
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
    }

    /// Amounts in different currencies are no sum; neither is one of them the cost of both.
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

/// Numbers are added; of the rest stays what all say.
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
