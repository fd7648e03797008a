//! OpenAI Codex, the only source whose lines depend on the lines before them.
//!
//! | lines | what the counter spans |
//! |---|---|
//! | `turn.completed` of `codex exec --json`, `thread/tokenUsage/updated` of the app server | the thread, resumed or not |
//! | `token_count` of rollout files | `total_token_usage` the thread, `last_token_usage` the last call |
//! | `token_usage_record` of rollout files, from version 0.153 on | the response, the compaction of the context included |
//!
//! So the first kind are counts of a session, and the others are calls.

use crate::call::{Channel, DedupKey, ExtractedCall, Twin};
use crate::fields::Fields;
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::session::Report;
use crate::several::SUM;
use crate::time;

/// Lines that are written together are no further apart than this; no model responds so fast.
const AT_ONCE_MS: i64 = 500;

/// The agent in the keys of sessions.
const AGENT: &str = "codex";

/// The threads of one input, in sequence.
#[derive(Debug, Default)]
pub(crate) struct Codex {
    thread: Option<String>,
    /// Whether the input has the beginning of the thread, so that its first count includes no earlier work.
    has_beginning: bool,
    model: Option<String>,
    /// The service tier of the turn.
    tier: Option<String>,
    /// The newest count of the thread, which is subtracted from the next one.
    last: Option<RawCounts>,
    /// The counts of the last call, if reported.
    last_call: Option<RawCounts>,
    /// Counts of the thread as a whole, one for each model.
    parts: Vec<ParsedUsage>,
    /// In a fork, which begins with a copy of its origin's history: when the last line of the copy was written.
    repeated_at: Option<i64>,
    /// When the fork was created.
    forked_at: Option<i64>,
    /// Whether the turns of the copied history say when they began.
    repeats_dated_turns: bool,
    /// Whether the calls have records of their own, which the counts repeat.
    has_records: bool,
    /// How many counts there were before the first record.
    counts: u32,
    last_at: Option<i64>,
}

/// The meaning of a line for Codex.
#[derive(Debug, PartialEq)]
pub(crate) enum Seen {
    /// One call, and whether the `token_count` before it reports a call of an earlier part of the rollout.
    Call(Box<ExtractedCall>, bool),
    /// One call that a `token_usage_record` may report again.
    Counted(Box<ExtractedCall>),
    /// A new count of the thread.
    Count,
    /// Usage that other lines report as well.
    Repeated,
    /// Context for the following lines.
    Context,
    /// Not a line of Codex.
    Other,
}

impl Codex {
    /// Processes a line. The count of a thread that has ended is added to `done`.
    pub(crate) fn observe(&mut self, line: Fields<'_>, done: &mut Vec<ExtractedCall>) -> Seen {
        // A notification of the MCP server contains an event of a conversation.
        let event = line.object(&["params"]).filter(|params| params.object(&["msg"]).is_some());
        if let Some(conversation) = event.and_then(|event| event.text(&["conversationId"])) {
            self.begin(Some(conversation), done);
        }
        let line = event.unwrap_or(line);
        let payload = line.object(&["payload", "msg"]);
        let kind = line.text(&["type"]);
        let inner = payload.and_then(|payload| payload.text(&["type"]));
        let at = line.moment(&["timestamp"]);
        self.follow_repetition(at, payload);
        match (kind, payload) {
            (Some("thread.started"), _) => self.begin(line.text(&["thread_id"]), done),
            (Some("session_meta"), Some(meta)) => self.begin_file(meta, at, done),
            (Some("turn_context"), Some(context)) => {
                self.switch(context.text(&["model"]));
                self.tier = context.text(&["service_tier"]).map(str::to_owned);
            }
            (Some("turn.completed"), _) => {
                let Some(usage) = line.object(&["usage"]) else { return Seen::Other };
                self.count_up(reported(usage), at);
                return Seen::Count;
            }
            (Some("token_usage_record"), Some(record)) => return self.record(record, at),
            (_, Some(payload)) if inner == Some("token_usage_record") => return self.record(payload, at),
            (_, Some(payload)) if inner == Some("session_configured") => {
                self.begin(payload.text(&["session_id"]), done);
                self.switch(payload.text(&["model"]));
            }
            (_, Some(payload)) if inner == Some("token_count") => return self.token_count(payload, at),
            _ if line.text(&["method"]) == Some("thread/tokenUsage/updated") => {
                return self.notification(line, done);
            }
            _ if is_info(line) || line.object(&["info"]).is_some_and(is_info) => {
                return self.bare_count(line, at);
            }
            (Some("token_count"), None) => return self.bare_count(line, at),
            _ => return Seen::Other,
        }
        Seen::Context
    }

    /// Whether the current thread has a name.
    pub(crate) fn has_thread(&self) -> bool {
        self.thread.is_some()
    }

    /// The model, once it is named.
    pub(crate) fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    /// The key of the current thread.
    pub(crate) fn session(&self) -> Option<String> {
        self.thread.as_ref().map(|thread| format!("{AGENT}\0{thread}"))
    }

    /// Whether the lines of a fork may still be a copy of its origin's history.
    pub(crate) fn is_repeating(&self) -> bool {
        self.repeated_at.is_some()
    }

    /// Processes a notification of the app server, which has the total of a thread.
    fn notification(&mut self, line: Fields<'_>, done: &mut Vec<ExtractedCall>) -> Seen {
        let usage =
            line.object(&["params"]).and_then(|params| Some((params, params.object(&["tokenUsage"])?)));
        let Some((params, total)) =
            usage.and_then(|(params, usage)| Some((params, usage.object(&["total"])?)))
        else {
            return Seen::Context;
        };
        let thread = params.text(&["threadId"]);
        if self.thread.as_deref() != thread {
            done.extend(self.take());
            self.thread = thread.map(str::to_owned);
        }
        self.count_up(reported(total), None);
        Seen::Count
    }

    /// A response. The lines that report it again are skipped.
    fn record(&mut self, record: Fields<'_>, at: Option<i64>) -> Seen {
        // In a part without the beginning, the first count repeats the last record of the part before.
        let is_of_earlier_part = !self.has_records && !self.has_beginning && self.counts == 1;
        self.has_records = true;
        let Some(usage) = record.object(&["usage"]).map(reported) else { return Seen::Context };
        if self.repeated_at.is_some() {
            return Seen::Context;
        }
        let thread = record.text(&["thread_id"]).map(str::to_owned).or_else(|| self.thread.clone());
        let key = record.text(&["response_id"]).map(str::to_owned);
        Seen::Call(Box::new(self.call(usage, key, thread, at)), is_of_earlier_part && self.thread.is_none())
    }

    /// `info` has the thread's total and the counts of the last call; only one of them is used.
    fn token_count(&mut self, event: Fields<'_>, at: Option<i64>) -> Seen {
        let info = event.object(&["info"]).unwrap_or(event);
        let bare = info.has("input_tokens").then(|| reported(info));
        let total = info.object(&["total_token_usage"]).map(reported).or(bare);
        let last = info.object(&["last_token_usage"]).map(reported);
        if total.is_none() && last.is_none() {
            return Seen::Context;
        }
        let (before, last_call) = (self.last, self.last_call);
        self.last = total.or(self.last);
        self.last_call = last.or(self.last_call);
        self.counts = self.counts.saturating_add(1);
        if self.has_records {
            return Seen::Repeated;
        }
        if self.repeated_at.is_some() {
            return Seen::Context;
        }
        let own = match (total, before) {
            // An unchanged total means that there was no new call.
            (Some(total), Some(before)) if total == before => return Seen::Repeated,
            (None, _) if last == last_call => return Seen::Repeated,
            // A lower total means that the thread's counter has restarted.
            (Some(total), Some(before)) if goes_back(before, total) => last.unwrap_or(total),
            (Some(total), Some(before)) => {
                each(total, before, |now, before| Some(now? - before.unwrap_or(0)))
            }
            (Some(total), None) if self.has_beginning => total,
            (Some(total), None) => last.unwrap_or(total),
            (None, _) => last.unwrap_or_default(),
        };
        let key = key(total, last, at);
        let mut call = self.call(own, key, self.thread.clone(), at);
        // The lines of other calls may be missing.
        if last.is_none_or(|last| [last.input, last.output] != [own.input, own.output]) {
            call.parts.iter_mut().for_each(|parsed| parsed.note(SUM, true));
        }
        Seen::Counted(Box::new(call))
    }

    /// A count without the line of a rollout around it belongs to the thread.
    fn bare_count(&mut self, line: Fields<'_>, at: Option<i64>) -> Seen {
        let info = line.object(&["info"]).unwrap_or(line);
        let total = info.object(&["total_token_usage"]).map(reported);
        match (total, info.object(&["last_token_usage"]).map(reported)) {
            (Some(total), last) => {
                let before = self.last.unwrap_or_default();
                if goes_back(before, total) {
                    self.add(last.unwrap_or(total), at);
                    self.last = Some(total);
                } else {
                    self.count_up(total, at);
                }
            }
            (None, Some(last)) => self.add(last, at),
            (None, None) if info.has("input_tokens") => self.count_up(reported(info), at),
            (None, None) => return Seen::Context,
        }
        Seen::Count
    }

    /// Tracks the copied history at the beginning of a fork. A turn that began before the fork is part of it. Where
    /// turns do not say when they began, the history is what was written within an instant, with the fork's time or
    /// with the original times; later lines are the fork's own.
    fn follow_repetition(&mut self, at: Option<i64>, payload: Option<Fields<'_>>) {
        let Some(before) = self.repeated_at else { return };
        let now = at.unwrap_or(before);
        if let Some((begun, forked)) = payload.and_then(turn_begun).zip(self.forked_at) {
            if begun >= forked {
                self.repeated_at = None;
                return;
            }
            self.repeats_dated_turns = true;
        }
        let is_own = !self.repeats_dated_turns
            && now.saturating_sub(before) > AT_ONCE_MS
            && self.forked_at.is_none_or(|forked| now > forked);
        self.repeated_at = (!is_own).then(|| before.max(now));
    }

    fn begin_file(&mut self, meta: Fields<'_>, at: Option<i64>, done: &mut Vec<ExtractedCall>) {
        let is_first = self.thread.is_none() && self.last.is_none();
        // The copied history includes the line that names the origin.
        if self.repeated_at.is_some() {
            return;
        }
        self.begin(meta.text(&["id", "session_id"]), done);
        if is_fork(meta) && self.parts.is_empty() && self.last.is_none() {
            let created = meta.text(&["id", "session_id"]).and_then(time::of_uuid);
            self.repeated_at = at.or_else(|| meta.moment(&["timestamp"])).or(created);
            // The file may be written only with the fork's first turn.
            self.forked_at = created.or(self.repeated_at);
            self.has_beginning = false;
        } else {
            self.has_beginning |= is_first || self.last.is_none();
        }
    }

    fn begin(&mut self, thread: Option<&str>, done: &mut Vec<ExtractedCall>) {
        // A file may name its thread twice.
        if thread.is_some() && thread == self.thread.as_deref() {
            return;
        }
        if self.thread.is_some() && self.parts.is_empty() && self.last.is_none() {
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

    /// Sets the thread's count to `total`.
    fn count_up(&mut self, total: RawCounts, at: Option<i64>) {
        let before = self.last.unwrap_or_default();
        if goes_back(before, total) {
            // The counter has restarted, so the whole count is new.
            self.add(total, at);
        } else {
            self.add(each(total, before, |now, before| Some(now? - before.unwrap_or(0))), at);
        }
        self.last = Some(total);
    }

    fn add(&mut self, own: RawCounts, at: Option<i64>) {
        self.last_at = at.or(self.last_at);
        let parsed = self.usage(own);
        match self.parts.iter_mut().find(|part| part.model == self.model) {
            Some(part) => part.add(&parsed),
            None => self.parts.push(parsed),
        }
    }

    fn usage(&self, own: RawCounts) -> ParsedUsage {
        let mut parsed = ParsedUsage::new(AGENT, own, CachedTokens::Included);
        parsed.provider = Some("openai".into());
        parsed.model.clone_from(&self.model);
        parsed.note_text("service_tier", self.tier.as_deref());
        parsed
    }

    fn call(
        &self,
        own: RawCounts,
        key: Option<String>,
        thread: Option<String>,
        at: Option<i64>,
    ) -> ExtractedCall {
        let mut parsed = self.usage(own);
        parsed.note_text("session", thread.as_deref());
        parsed.timestamp_ms = at;
        parsed.settle();
        let parts = vec![parsed];
        ExtractedCall {
            twin: Twin::of(&parts, Channel::Transcript),
            key: key.map_or(DedupKey::None, DedupKey::Response),
            session: thread.map(|thread| format!("{AGENT}\0{thread}")),
            ..ExtractedCall::of(parts)
        }
    }

    /// Ends the thread and returns its count.
    pub(crate) fn take(&mut self) -> Option<ExtractedCall> {
        let this = std::mem::take(self);
        self.model.clone_from(&this.model);
        self.tier.clone_from(&this.tier);
        let mut parts = this.parts.clone();
        for part in &mut parts {
            part.note("cumulative", true);
            part.note_text("session", this.thread.as_deref());
            part.timestamp_ms = this.last_at;
            part.settle();
        }
        let session = this.session();
        let key = session.clone().map_or(DedupKey::None, DedupKey::Session);
        let report = session.as_ref().map(|_| Report { models: parts.clone(), ..Report::default() });
        (!parts.is_empty()).then_some(ExtractedCall {
            key,
            session,
            report,
            is_cumulative: true,
            ..ExtractedCall::of(parts)
        })
    }
}

/// The key of a call that a `token_count` reports. The same total after the same call is the same line again, wherever
/// it stands. The first calls of two threads may have the same counts, so their times distinguish them.
fn key(total: Option<RawCounts>, last: Option<RawCounts>, at: Option<i64>) -> Option<String> {
    let of = |raw: Option<RawCounts>| {
        let raw = raw.unwrap_or_default();
        [raw.input, raw.output, raw.cached, raw.reasoning]
            .map(|count| count.unwrap_or(-1).to_string())
            .join("/")
    };
    let is_first = total.is_none() || last.is_none() || total == last;
    let at = if is_first { at?.to_string() } else { String::new() };
    Some(format!("{AGENT}\0{at}\0{}\0{}", of(total), of(last)))
}

/// When the turn that the line belongs to began: from the turn's id, or to the end of a second.
fn turn_begun(payload: Fields<'_>) -> Option<i64> {
    let of_id = payload.text(&["turn_id"]).and_then(time::of_uuid);
    of_id.or_else(|| payload.moment(&["started_at"]).map(|begun| begun - begun % 1000 + 999))
}

/// Whether the thread begins with the history of another one. Subagents of an agent do so, too.
fn is_fork(meta: Fields<'_>) -> bool {
    meta.has_any(&["forked_from_id", "parent_thread_id"])
        || meta.object(&["source"]).is_some_and(|source| source.object(&["subagent"]).is_some())
}

/// Whether the object is the `info` of a rollout.
fn is_info(object: Fields<'_>) -> bool {
    object.has_any(&["total_token_usage", "last_token_usage"])
}

fn reported(usage: Fields<'_>) -> RawCounts {
    RawCounts {
        input: usage.count(&["input_tokens", "inputTokens"]),
        output: usage.count(&["output_tokens", "outputTokens"]),
        total: usage.count(&["total_tokens", "totalTokens"]),
        cached: usage.count(&["cached_input_tokens", "cachedInputTokens"]),
        cache_write: usage.count(&["cache_write_input_tokens", "cacheWriteInputTokens"]),
        reasoning: usage.count(&["reasoning_output_tokens", "reasoningOutputTokens"]),
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
