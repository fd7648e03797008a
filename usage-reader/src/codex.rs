//! OpenAI Codex: the events of `codex exec --json` and the rollout files of its sessions. Both count from the
//! thread's beginning, so only the last count is of everything.

use crate::call::{Call, Identity};
use crate::fields::{Object, count, moment, object, text};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};

/// Lines that are written at once are no further apart; no model answers so fast.
const AT_ONCE_MS: i64 = 500;

/// The threads of one input, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Codex {
    thread: Option<String>,
    model: Option<String>,
    /// The last count, from which the next one is told apart.
    last: Option<RawCounts>,
    parts: Vec<ParsedUsage>,
    /// When the last line of the origin's history was written, which a fork repeats at its beginning.
    repeated_at: Option<i64>,
    first_at: Option<i64>,
    last_at: Option<i64>,
}

/// What a line was to Codex.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Usage,
    Context,
    Other,
}

impl Codex {
    /// Takes a line that is one of Codex's. A thread that is over goes to `done`.
    pub(crate) fn observe(&mut self, line: &Object, done: &mut Vec<Call>) -> Seen {
        let payload = object(line, &["payload", "msg"]);
        let kind = text(line, &["type"]);
        let inner = payload.and_then(|payload| text(payload, &["type"]));
        self.follow_repetition(moment(line, &["timestamp"]));
        match (kind, payload) {
            (Some("thread.started"), _) => self.begin(text(line, &["thread_id"]), done),
            (Some("session_meta"), Some(meta)) => {
                self.begin(text(meta, &["id", "session_id"]), done);
                if is_fork(meta) && self.parts.is_empty() && self.last.is_none() {
                    self.repeated_at = moment(line, &["timestamp"]).or_else(|| moment(meta, &["timestamp"]));
                }
            }
            (Some("turn_context"), Some(context)) => self.switch(text(context, &["model"])),
            (Some("turn.completed"), _) => {
                let Some(usage) = object(line, &["usage"]) else { return Seen::Other };
                self.count_up(reported(usage), moment(line, &["timestamp"]));
                return Seen::Usage;
            }
            (_, Some(payload)) if inner == Some("session_configured") => {
                self.begin(text(payload, &["session_id"]), done);
                self.switch(text(payload, &["model"]));
            }
            (_, Some(payload)) if inner == Some("token_count") => {
                return self.token_count(payload, moment(line, &["timestamp"]));
            }
            _ if is_info(line) || object(line, &["info"]).is_some_and(is_info) => {
                return self.token_count(line, moment(line, &["timestamp"]));
            }
            (Some("token_count"), None) => return self.token_count(line, moment(line, &["timestamp"])),
            _ => return Seen::Other,
        }
        Seen::Context
    }

    /// Whether the thread that is counted is known by a name.
    pub(crate) fn has_thread(&self) -> bool {
        self.thread.is_some()
    }

    /// `info` has the thread's total and the last call's own numbers: one or the other, never both.
    fn token_count(&mut self, event: &Object, at: Option<i64>) -> Seen {
        let info = object(event, &["info"]).unwrap_or(event);
        let total = object(info, &["total_token_usage"]);
        let last = object(info, &["last_token_usage"]).map(reported);
        if self.repeated_at.is_some() {
            self.last = total.map(reported).or(self.last);
            return Seen::Context;
        }
        match (total, last) {
            (Some(total), last) => {
                let total = reported(total);
                let before = self.last.unwrap_or_default();
                // A thread that counts from the beginning again did so after what was counted.
                if goes_back(before, total) {
                    self.add(last.unwrap_or(total), at);
                    self.last = Some(total);
                } else {
                    self.count_up(total, at);
                }
            }
            (None, Some(last)) => self.add(last, at),
            (None, None) if info.contains_key("input_tokens") => self.count_up(reported(info), at),
            (None, None) => return Seen::Context,
        }
        Seen::Usage
    }

    /// A fork writes its origin's history at once, with its own time or with the old ones. What comes later
    /// than that is its own.
    fn follow_repetition(&mut self, at: Option<i64>) {
        if let (Some(before), Some(now)) = (self.repeated_at, at) {
            let is_own = now - before > AT_ONCE_MS;
            self.repeated_at = (!is_own).then(|| before.max(now));
        }
    }

    fn begin(&mut self, thread: Option<&str>, done: &mut Vec<Call>) {
        // A file may say twice which thread it is of, and a fork repeats its origin's history from its name on.
        let is_same = thread.is_some() && thread == self.thread.as_deref();
        if is_same || (self.thread.is_some() && self.parts.is_empty()) {
            return;
        }
        done.extend(self.take());
        self.thread = thread.map(str::to_owned);
    }

    fn switch(&mut self, model: Option<&str>) {
        if let Some(model) = model {
            self.model = Some(model.to_owned());
        }
    }

    /// The thread's count is now `total`.
    fn count_up(&mut self, total: RawCounts, at: Option<i64>) {
        let before = self.last.unwrap_or_default();
        if goes_back(before, total) {
            // Of two counts from the beginning the last one holds.
            self.parts.clear();
            self.add(total, at);
        } else {
            self.add(each(total, before, |now, before| Some(now? - before.unwrap_or(0))), at);
        }
        self.last = Some(total);
    }

    fn add(&mut self, own: RawCounts, at: Option<i64>) {
        self.first_at = self.first_at.or(at);
        self.last_at = at.or(self.last_at);
        let mut parsed = ParsedUsage::new("codex", own, CachedTokens::Included);
        parsed.provider = Some("openai".into());
        parsed.model.clone_from(&self.model);
        match self.parts.iter_mut().find(|part| part.model == self.model) {
            Some(part) => part.add(&parsed),
            None => self.parts.push(parsed),
        }
    }

    /// The thread so far.
    pub(crate) fn take(&mut self) -> Option<Call> {
        let this = std::mem::take(self);
        let mut parts = this.parts;
        for part in &mut parts {
            part.note("cumulative", true);
            part.note_text("session", this.thread.as_deref());
            part.timestamp_ms = this.last_at;
            part.settle();
        }
        let identity =
            this.thread.map_or(Identity::None, |thread| Identity::Session(format!("codex\0{thread}")));
        (!parts.is_empty()).then_some(Call { identity, is_cumulative: true, parts })
    }
}

/// Whether the thread began with another one's history, the agents below an agent included.
fn is_fork(meta: &Object) -> bool {
    meta.contains_key("forked_from_id")
        || object(meta, &["source"]).is_some_and(|source| object(source, &["subagent"]).is_some())
}

/// Whether the object is what rollouts call `info`.
fn is_info(object: &Object) -> bool {
    object.contains_key("total_token_usage") || object.contains_key("last_token_usage")
}

fn reported(usage: &Object) -> RawCounts {
    RawCounts {
        input: count(usage, &["input_tokens"]),
        output: count(usage, &["output_tokens"]),
        total: count(usage, &["total_tokens"]),
        cached: count(usage, &["cached_input_tokens"]),
        cache_write: count(usage, &["cache_write_input_tokens"]),
        reasoning: count(usage, &["reasoning_output_tokens"]),
        ..RawCounts::default()
    }
}

fn goes_back(before: RawCounts, now: RawCounts) -> bool {
    let less =
        |before: Option<i64>, now: Option<i64>| before.zip(now).is_some_and(|(before, now)| now < before);
    [
        (before.input, now.input),
        (before.output, now.output),
        (before.total, now.total),
        (before.cached, now.cached),
        (before.cache_write, now.cache_write),
        (before.reasoning, now.reasoning),
    ]
    .into_iter()
    .any(|(before, now)| less(before, now))
}

fn each(a: RawCounts, b: RawCounts, with: impl Fn(Option<i64>, Option<i64>) -> Option<i64>) -> RawCounts {
    RawCounts {
        input: with(a.input, b.input),
        output: with(a.output, b.output),
        total: with(a.total, b.total),
        cached: with(a.cached, b.cached),
        cache_read: with(a.cache_read, b.cache_read),
        cache_write: with(a.cache_write, b.cache_write),
        reasoning: with(a.reasoning, b.reasoning),
    }
}
