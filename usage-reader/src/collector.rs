//! Combines events into calls: each line of a stream or of an agent's transcript may report a part of a call, or repeat
//! what was reported before.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use crate::call::{DedupKey, ExtractedCall, Twin};
use crate::draft::Draft;
use crate::elements;
use crate::fields::{Fields, Object, text};
use crate::locate::{Located, locate, time_of};
use crate::parsed_usage::{COPY, ParsedUsage};
use crate::runs::Runs;
use crate::several;
use crate::shapes::is_of_interest;
use crate::source::{Role, Work};
use crate::sources::{self, Codex, CodexSeen, Journal};
use crate::spans::Spans;
use crate::stream::{id_of, merge, stream_of};
use crate::text_names::TextNames;

/// How many calls stay open for further events. Events of one call are close together; if a version of the call comes
/// later, the caller merges it.
pub(crate) const OPEN: usize = 64;

/// How many calls without a model wait for the name of their thread's model.
const MOST_UNMODELLED: usize = 1024;

/// The last event that reported usage.
#[derive(Debug)]
struct Before {
    kind: String,
    counts: [Option<i64>; 4],
    has_id: bool,
    key: Option<String>,
    agent: &'static str,
}

/// Collects calls. [`Collector::take_closed`] returns the complete ones early, so that long input needs little memory.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    provider_hint: Option<String>,
    open: VecDeque<Draft>,
    codex: Codex,
    journal: Journal,
    /// The last Codex call that was counted; a later `token_usage_record` may report it again.
    counted: Option<ExtractedCall>,
    /// Calls of a resumed Codex thread that has not named its model yet.
    unmodelled: Vec<ExtractedCall>,
    /// The text of the last line that was counted for the Codex thread.
    codex_text: Option<String>,
    /// The time of the newest line before that one.
    codex_earlier_ms: Option<i64>,
    runs: Runs,
    /// The id of the message that each stream is currently in.
    messages: HashMap<String, String>,
    spans: Spans,
    /// A response that arrives in pieces, and its key if no piece has an id.
    piece: Option<(Draft, Option<String>)>,
    /// Whether the newest piece was the last one of its response.
    is_answer_over: bool,
    before: Option<Before>,
    model: Option<String>,
    /// The session that the last beginning of a run named, if the lines of the run do not.
    session: Option<String>,
    closed: Vec<ExtractedCall>,
    /// Values that were reported without any usage.
    rest: Option<ParsedUsage>,
    /// Names the responses without an id.
    names: Option<TextNames>,
    /// The names of bodies that cannot be read.
    unread: Vec<String>,
    /// The time of the newest line that has one.
    last_ms: Option<i64>,
}

impl Collector {
    pub(crate) fn new(provider_hint: Option<&str>) -> Self {
        let provider_hint = provider_hint.map(str::trim).filter(|hint| !hint.is_empty()).map(str::to_owned);
        Self { provider_hint, ..Self::default() }
    }

    /// Identifies calls without an id by their text and the number of its occurrence, so that a file that is read
    /// again, or that has grown, gives the same keys.
    pub(crate) fn naming_by_text(mut self) -> Self {
        self.names = Some(TextNames::default());
        self
    }

    /// Like [`Self::naming_by_text`], but with cheaper keys that are valid for this input only.
    pub(crate) fn naming_in_memory(mut self) -> Self {
        self.names = Some(TextNames::temporary());
        self
    }

    /// Processes one object of the input and its text, and returns whether it reported any usage.
    pub(crate) fn observe(&mut self, event: Object, source: &str) -> bool {
        if Journal::is_entry(&event) {
            let requests = self.journal.observe(event);
            return requests.into_iter().filter(|request| self.event(request.clone(), source, None)).count()
                > 0;
        }
        let time = time_of(Fields::of(&event));
        // In a fork of a Codex thread, the times of all lines are needed to find where its own work begins.
        let is_of_interest = self.codex.is_repeating() || is_of_interest(&event);
        let is_usage = is_of_interest && self.event(event, source, None);
        self.last_ms = time.or(self.last_ms);
        is_usage
    }

    fn event(&mut self, mut event: Object, source: &str, outer: Option<Work>) -> bool {
        self.name_session(&mut event);
        if let Some(is_usage) = self.is_of_codex(&event, source) {
            return is_usage;
        }
        let line = Fields::of(&event);
        let work = sources::work(line).map(|work| self.runs.complete(work)).or(outer);
        match work.as_ref().map(|work| work.role) {
            Some(Role::Context) => {
                let is_start = line.text(&["type", "subtype"]) != Some("user");
                if let Some(model) = line.text(&["model"]).filter(|_| is_start) {
                    self.model = Some(model.to_owned());
                }
                return false;
            }
            Some(Role::Repeated) => return false,
            _ => {}
        }
        if line.text(&["type"]) == Some("init") {
            self.model = line.text(&["model"]).map(str::to_owned).or(self.model.take());
            self.session = line.text(&["session_id"]).map(str::to_owned);
            return false;
        }
        let time = time_of(line);
        match locate(event, self.provider_hint.as_deref()) {
            Located::Body(body, usages) => {
                let inner = || sources::work(Fields::of(&body)).map(|work| self.runs.complete(work));
                let work = work.or_else(inner).unwrap_or_default();
                self.body(body, usages, work, source)
            }
            Located::Events(events) => {
                // All events are read, whatever the first ones report. A single event inherits the role of its line.
                let outer = if events.len() == 1 { work } else { None };
                let texts = self.texts_of(&events, source, time);
                let source = |index: usize| texts.as_ref().map_or(source, |texts| &texts[index]);
                let is_usage = |(index, event)| self.event(event, source(index), outer.clone()).then_some(());
                events.into_iter().enumerate().filter_map(is_usage).count() > 0
            }
            Located::Rest(usages) => {
                self.rest = usages.into_iter().next();
                false
            }
            Located::Message(body) => {
                self.begin_message(&body);
                let key = id_of(&body);
                self.draft(self.new_draft(key, Some(body), Vec::new(), work.unwrap_or_default()));
                false
            }
            Located::Unreadable(name) => {
                if !self.unread.contains(&name) {
                    self.unread.push(name);
                }
                false
            }
            Located::Nothing => false,
        }
    }

    /// The texts that identify the elements of a document also after it has grown. Elements of documents with different
    /// times are different ones.
    fn texts_of<'a>(
        &self,
        events: &[Object],
        source: &'a str,
        time: Option<i64>,
    ) -> Option<Vec<Cow<'a, str>>> {
        let is_needed = self.names.as_ref().is_some_and(TextNames::are_lasting);
        let texts = is_needed.then(|| elements::texts(source, events))??;
        let with_time = |text| match time {
            Some(time) => Cow::Owned(format!("{time}\0{text}")),
            None => Cow::Borrowed(text),
        };
        Some(texts.into_iter().map(with_time).collect())
    }

    /// Names the session in the end of a run of Gemini CLI, which only the beginning of the run names.
    fn name_session(&self, event: &mut Object) {
        if let Some(session) = &self.session
            && text(event, &["type"]) == Some("result")
            && event.contains_key("stats")
            && !event.contains_key("session_id")
        {
            event.insert("session_id".into(), session.clone().into());
        }
    }

    /// Whether the line is from Codex; if so, whether it reported usage.
    fn is_of_codex(&mut self, event: &Object, source: &str) -> Option<bool> {
        let closed_before = self.closed.len();
        let seen = self.codex.observe(Fields::of(event), &mut self.closed);
        for thread in &mut self.closed[closed_before..] {
            thread.name_if_unknown(self.codex_text.take());
            note_earlier_of(thread, self.codex_earlier_ms);
        }
        match seen {
            CodexSeen::Call(mut call, is_count_of_earlier_part) => {
                call.name_if_unknown(self.name(source));
                note_earlier_of(&mut call, self.last_ms);
                let counts = |call: &ExtractedCall| call.parts.first().map(ParsedUsage::reported_counts);
                match self.counted.take() {
                    // A shorter input without this line has recorded the count.
                    Some(counted) if counts(&counted) == counts(&call) => call.key = counted.key,
                    counted => {
                        let counted = counted.filter(|_| !is_count_of_earlier_part);
                        counted.into_iter().for_each(|call| self.close_counted(call));
                    }
                }
                self.closed.push(*call);
                Some(true)
            }
            CodexSeen::Counted(mut call) => {
                call.name_if_unknown(self.name(source));
                note_earlier_of(&mut call, self.last_ms);
                let before = self.counted.replace(*call);
                before.into_iter().for_each(|call| self.close_counted(call));
                Some(true)
            }
            CodexSeen::Count => {
                self.codex_earlier_ms = self.last_ms;
                if self.names.is_some() && !self.codex.has_thread() {
                    self.codex_text = self.name(source);
                }
                Some(true)
            }
            CodexSeen::Repeated => Some(true),
            CodexSeen::Context => {
                if let Some(model) = self.codex.model() {
                    let session = self.codex.session();
                    let known = self.unmodelled.iter_mut().chain(&mut self.counted);
                    known.filter(|call| call.session == session).for_each(|call| call.name_model(model));
                    self.closed.append(&mut self.unmodelled);
                }
                Some(false)
            }
            CodexSeen::Other => None,
        }
    }

    /// Closes a call of a Codex thread. A resumed thread may name its model only after its calls.
    fn close_counted(&mut self, call: ExtractedCall) {
        let is_of_model = call.parts.iter().all(|part| part.model.is_some());
        if is_of_model || self.unmodelled.len() >= MOST_UNMODELLED {
            self.closed.push(call);
        } else {
            self.unmodelled.push(call);
        }
    }

    fn body(&mut self, mut body: Object, mut usages: Vec<ParsedUsage>, work: Work, source: &str) -> bool {
        if text(&body, &["model"]) == Some("<synthetic>") {
            return false;
        }
        several::mark(&body, &mut usages);
        match work.role {
            Role::Process | Role::Run | Role::Session => {
                note_earlier(&mut usages, self.last_ms);
                self.close_parts();
                let name = work.key.clone().or_else(|| text(&body, &["uuid"]).map(str::to_owned));
                let name = name.or_else(|| self.name(source));
                self.runs.end(
                    &work,
                    Fields::of(&body),
                    usages,
                    name,
                    self.model.as_deref(),
                    &mut self.closed,
                );
                return true;
            }
            Role::Piece { is_last, is_count_alone } => {
                self.piece(body, usages, work, source, is_last, is_count_alone);
                return true;
            }
            Role::Call | Role::Part | Role::Repeated | Role::Context => {}
        }
        let kind = text(&body, &["event", "type"]).unwrap_or_default().to_owned();
        let is_stream =
            work.key.is_none() && matches!(&*kind, "message_start" | "message_delta" | "message_stop");
        if is_stream {
            if kind == "message_start" {
                self.begin_message(&body);
            } else if let Some(id) = self.messages.get(&stream_of(&body)) {
                body.insert("id".into(), id.clone().into());
            } else if kind == "message_stop" {
                return false;
            }
        }
        if kind == "result"
            && let (Some(model), [only]) = (&self.model, &mut usages[..])
        {
            only.model.get_or_insert_with(|| model.clone());
        }
        let id = id_of(&body);
        let has_id = id.is_some() || work.key.is_some();
        let Some(first) = usages.first_mut() else { return false };
        first.note_text("response_id", id.as_deref());
        let counts = [first.input, first.output, first.cached, first.cache_write];
        if !is_stream
            && (self.is_reported_by_another_line(&kind, counts, has_id)
                || (self.is_another_block(counts, has_id, work.agent) && !body.contains_key("attributes"))
                || self.is_in_another_line(counts, work.agent))
        {
            return true;
        }
        let key = work.key.clone().or(id).or_else(|| self.name(source));
        let key = self.spans.key_of(&work, key, [counts[0], counts[1]]);
        self.before = Some(Before { kind, counts, has_id, key: key.clone(), agent: work.agent });
        let stream = is_stream.then_some(body);
        let draft = self.new_draft(key, stream, usages, work);
        self.draft(draft);
        true
    }

    /// Whether the event before is of another kind and reported the same counts, and at most one of the two has an id:
    /// a chunk with the usage, and the message that contains it. The event with an id is kept.
    fn is_reported_by_another_line(&mut self, kind: &str, counts: [Option<i64>; 4], has_id: bool) -> bool {
        let Some(before) = &self.before else { return false };
        let is_same =
            before.counts == counts && before.kind != kind && !kind.is_empty() && !before.kind.is_empty();
        if !is_same || (has_id && before.has_id) || counts[0].max(counts[1]).unwrap_or(0) == 0 {
            return false;
        }
        if has_id {
            let key = before.key.clone();
            self.open.retain(|draft| draft.key != key);
            return false;
        }
        true
    }

    /// Whether the line is another block of the message before, in a transcript of Claude Code without ids: each block
    /// repeats the counts of its message, and two messages that use the cache never have the same counts.
    fn is_another_block(&self, counts: [Option<i64>; 4], has_id: bool, agent: &str) -> bool {
        let Some(before) = &self.before else { return false };
        let has_cache = counts[2].max(counts[3]) > Some(0);
        agent == "claude-code"
            && before.agent == agent
            && before.counts == counts
            && has_cache
            && !has_id
            && !before.has_id
    }

    /// Whether this line of Copilot reports the same call as the line before: one has only the output, the other one
    /// all counts. The latter is kept.
    fn is_in_another_line(&mut self, counts: [Option<i64>; 4], agent: &str) -> bool {
        let Some(before) = &self.before else { return false };
        let is_one_of_both = before.agent == agent && agent == "copilot";
        let has_input = counts[0].is_some();
        if !is_one_of_both || before.counts[1] != counts[1] || before.counts[0].is_some() == has_input {
            return false;
        }
        if has_input {
            let key = before.key.clone();
            self.open.retain(|draft| draft.key != key);
        }
        !has_input
    }

    fn new_draft(
        &self,
        key: Option<String>,
        stream: Option<Object>,
        mut usages: Vec<ParsedUsage>,
        work: Work,
    ) -> Draft {
        for parsed in &mut usages {
            // A trace id is not a session.
            parsed.note_text("session", work.session.as_deref().filter(|_| !work.is_named_by_trace()));
            if work.is_copy {
                parsed.note(COPY, true);
            }
        }
        let call = ExtractedCall {
            session: work.session.as_ref().map(|session| format!("{}\0{session}", work.agent)),
            ..ExtractedCall::of(usages)
        };
        Draft { key, shared_key: None, stream, call, work, earlier_ms: self.last_ms }
    }

    /// A key for a response without an id, from its text.
    fn name(&mut self, source: &str) -> Option<String> {
        self.names.as_mut().map(|names| names.name(source))
    }

    fn begin_message(&mut self, body: &Object) {
        if let Some(id) = text(body, &["id"]) {
            if self.messages.len() > OPEN {
                self.messages.clear();
            }
            self.messages.insert(stream_of(body), id.to_owned());
        }
    }

    /// Adds a piece of a response with cumulative counts. Lower counts than before begin the next response.
    fn piece(
        &mut self,
        body: Object,
        mut usages: Vec<ParsedUsage>,
        work: Work,
        source: &str,
        is_last: bool,
        is_count_alone: bool,
    ) {
        let key = work.key.clone().or_else(|| id_of(&body));
        if let Some(first) = usages.first_mut() {
            first.note_text("response_id", key.as_deref());
        }
        let output = |parts: &[ParsedUsage]| parts.first().and_then(|parsed| parsed.output);
        if let Some((draft, _)) = &self.piece {
            let goes_back =
                output(&draft.call.parts).zip(output(&usages)).is_some_and(|(before, now)| now < before);
            let is_other = draft.key.as_ref().zip(key.as_ref()).is_some_and(|(before, now)| before != now);
            let is_of_next = self.is_answer_over && !is_count_alone;
            if goes_back || is_other || is_of_next || draft.work.agent != work.agent {
                self.end_pieces();
            }
        }
        let draft = self.new_draft(key, None, usages, work);
        match &mut self.piece {
            Some((whole, _)) => {
                whole.key = whole.key.take().or(draft.key);
                whole.call.merge_versions(draft.call);
            }
            // The first piece identifies the response also in a file that has grown since.
            None => self.piece = Some((draft, self.name(source))),
        }
        self.is_answer_over = is_last;
    }

    /// Closes the response that arrived in pieces, complete or truncated.
    fn end_pieces(&mut self) {
        self.is_answer_over = false;
        if let Some((mut draft, name)) = self.piece.take() {
            draft.key = draft.key.or(name);
            self.draft(draft);
        }
    }

    fn draft(&mut self, mut draft: Draft) {
        while draft.key.is_some()
            && let Some(open) = self.open.iter_mut().rev().find(|open| open.key == draft.key)
        {
            if let (Some(body), Some(stream)) = (&mut open.stream, &mut draft.stream) {
                merge(body, std::mem::take(stream));
                if draft.work.role != Role::Call {
                    open.work = draft.work;
                    open.call.session = open.call.session.take().or(draft.call.session);
                }
                return;
            }
            open.read_stream(self.provider_hint.as_deref());
            let (known, other) = (&open.call.circumstances(), &draft.call.circumstances());
            if open.stream.is_some() || !known.is_another_call(other) {
                open.work.channel = open.work.channel.or(draft.work.channel);
                open.call.merge_versions(draft.call);
                return;
            }
            // The loop terminates here at the latest: this key includes everything that can distinguish two calls.
            draft.shared_key = draft.shared_key.take().or_else(|| draft.key.clone());
            let key = draft.key.take().map_or(DedupKey::None, DedupKey::Response);
            let named = ExtractedCall { key, ..draft.call.clone() }.key_beside_another();
            match named {
                DedupKey::Response(name)
                    if !self.open.iter().any(|open| open.key.as_ref() == Some(&name)) =>
                {
                    draft.key = Some(name);
                    break;
                }
                DedupKey::Response(name) => draft.key = Some(name),
                _ => break,
            }
            let named = draft.key.clone();
            if let Some(open) = self.open.iter_mut().find(|open| open.key == named) {
                open.call.merge_versions(draft.call);
                return;
            }
        }
        self.open.push_back(draft);
        if self.open.len() > OPEN
            && let Some(draft) = self.open.pop_front()
        {
            self.close(draft);
        }
    }

    fn close(&mut self, mut draft: Draft) {
        draft.read_stream(self.provider_hint.as_deref());
        let Draft { key, shared_key, mut call, work, earlier_ms, .. } = draft;
        let Some(first) = call.parts.first_mut() else { return };
        if first.timestamp_ms.is_none() {
            note_earlier(&mut call.parts, earlier_ms);
        }
        // Other inputs may have the same call first, so the caller decides which call has the shared key.
        call.key = shared_key.or(key).map_or(DedupKey::None, DedupKey::Response);
        call.twin = work.channel.and_then(|channel| Twin::of(&call.parts, channel));
        match work.role {
            Role::Part => self.runs.hold(&work, call),
            _ => self.closed.push(call),
        }
    }

    /// Closes the calls of runs before the end of their run is processed.
    fn close_parts(&mut self) {
        let (parts, others): (Vec<Draft>, Vec<Draft>) =
            self.open.drain(..).partition(|draft| draft.work.role == Role::Part);
        self.open = others.into();
        parts.into_iter().for_each(|draft| self.close(draft));
    }

    /// The names of bodies that could not be read so far.
    pub(crate) fn unread(&self) -> &[String] {
        &self.unread
    }

    /// The calls that are complete.
    pub(crate) fn take_closed(&mut self) -> Vec<ExtractedCall> {
        std::mem::take(&mut self.closed)
    }

    /// All remaining calls, and what was reported without any usage.
    pub(crate) fn finish(mut self) -> (Vec<ExtractedCall>, Option<ParsedUsage>) {
        self.end_pieces();
        while let Some(draft) = self.open.pop_front() {
            self.close(draft);
        }
        let mut calls = self.closed;
        calls.extend(self.unmodelled);
        calls.extend(self.counted);
        self.runs.finish(&mut calls);
        calls.extend(self.codex.take().map(|mut call| {
            call.name_if_unknown(self.codex_text);
            note_earlier_of(&mut call, self.codex_earlier_ms);
            call
        }));
        (calls, self.rest)
    }
}

/// Notes the time of the line before for the usages without a time of their own.
fn note_earlier(usages: &mut [ParsedUsage], earlier_ms: Option<i64>) {
    for parsed in usages.iter_mut().filter(|parsed| parsed.timestamp_ms.is_none()) {
        parsed.earlier_ms = earlier_ms;
    }
}

fn note_earlier_of(call: &mut ExtractedCall, earlier_ms: Option<i64>) {
    note_earlier(&mut call.parts, earlier_ms);
    if let Some(report) = &mut call.report {
        note_earlier(&mut report.models, earlier_ms);
    }
}
