//! What was read of one call by one model, in the meaning of the record's columns.

use serde_json::{Value, json};

use super::fields::{Object, sum, told_sum};
use crate::number::{self, exact_sum};
use crate::telemetry::usage::TokenUsage;
use crate::time::Timestamp;

/// Whether a provider's input count has the cached tokens in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cache {
    Part,
    OnTop,
}

/// Numbers as a provider gave them.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Told {
    pub(super) input: Option<i64>,
    pub(super) output: Option<i64>,
    pub(super) total: Option<i64>,
    pub(super) cached: Option<i64>,
    pub(super) read: Option<i64>,
    pub(super) write: Option<i64>,
    pub(super) reasoning: Option<i64>,
}

/// One call by one model. `extra` is what becomes `metadata.usage`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Reading {
    pub(super) provider: Option<String>,
    pub(super) model: Option<String>,
    pub(super) invocation_kind: Option<String>,
    pub(super) currency: Option<String>,
    pub(super) prompt: Option<i64>,
    pub(super) completion: Option<i64>,
    pub(super) total: Option<i64>,
    pub(super) cached: Option<i64>,
    pub(super) cache_read: Option<i64>,
    pub(super) cache_write: Option<i64>,
    pub(super) cost: Option<f64>,
    pub(super) duration_ms: Option<f64>,
    pub(super) started_at: Option<Timestamp>,
    pub(super) finished_at: Option<Timestamp>,
    pub(super) timestamp: Option<Timestamp>,
    pub(super) extra: Object,
}

impl Reading {
    pub(super) fn new(source: &str, told: Told, cache: Cache) -> Self {
        let read = told.read.or(told.cached);
        let on_top = |input: Option<i64>| told_sum([input, read, told.write]);
        let prompt = match cache {
            Cache::OnTop => on_top(told.input),
            Cache::Part => told.input,
        };
        let mut extra = Object::new();
        extra.insert("source".into(), source.into());
        let mut reading = Self {
            prompt,
            completion: told.output,
            total: told.total,
            cached: told.cached.or(told.read),
            cache_read: read,
            cache_write: told.write,
            extra,
            ..Self::default()
        };
        reading.note_count("reasoning", told.reasoning);
        reading
    }

    pub(super) fn note(&mut self, name: &str, value: impl Into<Value>) {
        self.extra.insert(name.into(), value.into());
    }

    pub(super) fn note_count(&mut self, name: &str, value: Option<i64>) {
        if let Some(value) = value {
            self.note(name, value);
        }
    }

    pub(super) fn note_number(&mut self, name: &str, value: Option<f64>) {
        if let Some(value) = value {
            self.note(name, number::to_json(value));
        }
    }

    pub(super) fn note_text(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.note(name, value);
        }
    }

    pub(super) fn noted_count(&self, name: &str) -> Option<i64> {
        self.extra.get(name).and_then(Value::as_i64)
    }

    /// Whether anything was told that counts.
    pub(super) fn tells_usage(&self) -> bool {
        [self.prompt, self.completion, self.total, self.cached, self.cache_read, self.cache_write]
            .iter()
            .any(Option::is_some)
            || self.cost.is_some()
            || self.extra.keys().any(|name| name.starts_with("billed_"))
    }

    /// Makes the numbers agree with each other, and notes what they leave open.
    pub(super) fn settle(&mut self) {
        match (self.cached, self.cache_read) {
            (None, read) => self.cached = read,
            (cached, None) => self.cache_read = cached,
            _ => {}
        }
        let read = self.cached.max(self.cache_read);
        if self.prompt.is_some() && read > self.prompt {
            // More came from the cache than there was input: then it comes on top, whoever says so.
            self.prompt = told_sum([self.prompt, read, self.cache_write]);
        }
        self.note_rest();
        if self.finished_at.is_some() && self.finished_at < self.started_at {
            self.finished_at = None;
        }
    }

    fn note_rest(&mut self) {
        if let Some(prompt) = self.prompt
            && (self.cache_read.is_some() || self.cache_write.is_some())
        {
            let read = self.cached.max(self.cache_read).unwrap_or(0);
            self.note("input_uncached", (prompt - read - self.cache_write.unwrap_or(0)).max(0));
        }
        let split = told_sum([self.noted_count("cache_write_5m"), self.noted_count("cache_write_1h")]);
        if let (Some(split), Some(write)) = (split, self.cache_write)
            && split < write
        {
            self.note("cache_write_unsplit", write - split);
        }
        self.note_residual();
    }

    /// What a total says beyond input and output, negative where it says less.
    pub(super) fn note_residual(&mut self) {
        self.extra.shift_remove("residual");
        let (Some(prompt), Some(completion)) = (self.prompt, self.completion) else { return };
        match self.total {
            None => self.total = sum([prompt, completion]),
            Some(total) if total != prompt + completion => {
                self.note("residual", total - (prompt + completion))
            }
            Some(_) => {}
        }
    }

    /// Adds another call's numbers. What is told of one alone stays told.
    pub(super) fn add(&mut self, other: &Self) {
        for (own, other) in [
            (&mut self.prompt, other.prompt),
            (&mut self.completion, other.completion),
            (&mut self.total, other.total),
            (&mut self.cached, other.cached),
            (&mut self.cache_read, other.cache_read),
            (&mut self.cache_write, other.cache_write),
        ] {
            *own = told_sum([*own, other]);
        }
        self.add_cost(other);
        self.duration_ms = match (self.duration_ms, other.duration_ms) {
            (Some(own), Some(other)) => Some(exact_sum([own, other])),
            (own, other) => own.or(other),
        };
        self.started_at = [self.started_at, other.started_at].into_iter().flatten().min();
        self.finished_at = [self.finished_at, other.finished_at].into_iter().flatten().max();
        self.timestamp = [self.timestamp, other.timestamp].into_iter().flatten().max();
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

    pub(super) fn into_usage(mut self) -> TokenUsage {
        if self.cost.is_some() {
            self.extra.entry("cost_source").or_insert_with(|| "provider".into());
        }
        let notes = [("usage".to_owned(), Value::Object(self.extra))];
        let metadata = notes.into_iter().filter(|(_, usage)| usage != &Value::Object(Object::new()));
        TokenUsage {
            model_name: self.model,
            invocation_kind: self.invocation_kind,
            provider: self.provider,
            currency: self.currency,
            tokens_prompt: self.prompt,
            tokens_completion: self.completion,
            tokens_total: self.total,
            tokens_cached: self.cached,
            tokens_cache_read: self.cache_read,
            tokens_cache_write: self.cache_write,
            cost_estimate: self.cost,
            duration_ms: self.duration_ms,
            started_at: self.started_at,
            finished_at: self.finished_at,
            timestamp: self.timestamp,
            metadata: Some(metadata.collect()).filter(|metadata: &Object| !metadata.is_empty()),
            ..TokenUsage::default()
        }
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

/// The numbers of one model, as they stand in the whole's `metadata.usage.models`.
pub(super) fn summary(reading: &Reading) -> Value {
    let cost = reading.cost.map_or(Value::Null, number::to_json);
    let numbers = json!({
        "tokens_prompt": reading.prompt,
        "tokens_completion": reading.completion,
        "tokens_cache_read": reading.cache_read,
        "tokens_cache_write": reading.cache_write,
        "cost": cost,
    });
    match numbers {
        Value::Object(numbers) => numbers.into_iter().filter(|(_, value)| !value.is_null()).collect(),
        other => other,
    }
}
