//! From events to calls: the lines of a stream or of an agent's transcript, each of which may report a part of
//! a call, or report again what was reported before.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::call::{Call, Identity};
use crate::claude_code::COST_OF_NO_MODEL;
use crate::codex::{Codex, Seen as CodexSeen};
use crate::fields::{Object, object, reported_sum, text};
use crate::locate::{Located, locate};
use crate::parsed_usage::ParsedUsage;
use crate::shapes::interpret;

/// How many calls are kept open for further events. Events of one call stand close together; a version that
/// comes later than that replaces the whole call.
const OPEN: usize = 64;

/// The run of Copilot CLI's calls. Their session is named once, at its beginning.
pub(crate) const COPILOT: &str = "copilot";

/// What begins the name of an answer that has no id.
const TEXT: &str = "text:";

const ID: &[&str] = &[
    "id",
    "responseId",
    "response_id",
    "messageId",
    "message_id",
    "generation_id",
    "requestId",
    "RequestId",
    "request_id",
];

/// A call that further events may still change.
#[derive(Debug)]
struct Draft {
    id: Option<String>,
    body: Object,
    /// What the body says, where it is known already.
    usages: Option<Vec<ParsedUsage>>,
    /// The run of an agent that may say at its end what all its calls came to.
    run: Option<String>,
}

/// Collects calls. What is over is handed out by [`Collector::take_closed`], so that long input needs little
/// memory.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    hint: Option<String>,
    open: VecDeque<Draft>,
    /// Calls of runs that are not over.
    in_runs: Vec<(String, Call)>,
    codex: Codex,
    /// The last count of each run that was reported as a whole.
    runs: Vec<Call>,
    /// Which message a stream is in the middle of, by the run it belongs to.
    messages: HashMap<String, String>,
    /// An answer without an id that comes in pieces, and the text of the last one.
    pieces: Option<(Object, String)>,
    /// The steps of a run of the Vercel AI SDK, whose end has their total.
    steps: Vec<Call>,
    model: Option<String>,
    /// The session of Copilot CLI.
    session: Option<String>,
    closed: Vec<Call>,
    /// What was reported beside any usage.
    rest: Option<ParsedUsage>,
    /// Of a file that is read again, what has no id is known by its text; how often each text was seen.
    seen: Option<HashMap<u64, u32>>,
    /// The text of the last line that counted for Codex.
    codex_text: Option<String>,
}

impl Collector {
    pub(crate) fn new(hint: Option<&str>) -> Self {
        let hint = hint.map(str::trim).filter(|hint| !hint.is_empty()).map(str::to_owned);
        Self { hint, ..Self::default() }
    }

    /// Knows what has no id by its text, and by how often that text came before: a file that is read again,
    /// or has grown, gives the same names.
    pub(crate) fn naming_by_text(mut self) -> Self {
        self.seen = Some(HashMap::new());
        self
    }

    /// Takes one object of the input and its text, and says whether it reported any usage.
    pub(crate) fn observe(&mut self, event: Object, source: &str) -> bool {
        let closed_before = self.closed.len();
        let seen = self.codex.observe(&event, &mut self.closed);
        for thread in &mut self.closed[closed_before..] {
            thread.name_if_unknown(self.codex_text.take());
        }
        match seen {
            CodexSeen::Usage => {
                if self.seen.is_some() && !self.codex.has_thread() {
                    self.codex_text = self.name(source);
                }
                return true;
            }
            CodexSeen::Context => return false,
            CodexSeen::Other => {}
        }
        if is_context(&event) {
            self.model = text(&event, &["model"]).map(str::to_owned).or(self.model.take());
            return false;
        }
        if is_of_the_user(&event) {
            return false;
        }
        if text(&event, &["type"]) == Some("session.start") {
            self.session =
                object(&event, &["data"]).and_then(|data| text(data, &["sessionId"])).map(str::to_owned);
        }
        match locate(event, self.hint.as_deref()) {
            Located::Body(body, usages) => self.body(body, usages, source),
            Located::Events(events) => {
                // All of them, whatever the first ones report.
                events.into_iter().filter_map(|event| self.observe(event, source).then_some(())).count() > 0
            }
            Located::Rest(usages) => {
                self.rest = usages.into_iter().next();
                false
            }
            Located::Message(body) => {
                self.begin_message(&body);
                let run = run_of(&body);
                self.draft(id_of(&body), body, None, run);
                false
            }
            Located::Nothing => false,
        }
    }

    fn body(&mut self, mut body: Object, mut usages: Vec<ParsedUsage>, source: &str) -> bool {
        if text(&body, &["model"]) == Some("<synthetic>") {
            return false;
        }
        let kind = text(&body, &["event", "type"]).unwrap_or_default().to_owned();
        let run = run_of(&body);
        match &*kind {
            "message_start" => self.begin_message(&body),
            "message_delta" | "message_stop" => {
                let current = self.messages.get(&stream_of(&body));
                if let Some(id) = current {
                    body.insert("id".into(), id.clone().into());
                } else if kind == "message_stop" {
                    return false;
                }
            }
            "result" if is_whole_run(&body) => {
                self.end_run(&body, usages, source);
                return true;
            }
            _ if body.contains_key("modelMetrics") => {
                self.end_copilot(&body, usages, source);
                return true;
            }
            // Kimi records a step's usage by itself, too.
            "step.end" => return false,
            "finish-step" | "step-finish" | "step_finish" => {
                let identity =
                    id_of(&body).or_else(|| self.name(source)).map_or(Identity::None, Identity::Response);
                self.steps.push(Call { identity, is_cumulative: false, parts: usages });
                return true;
            }
            "finish" if self.steps_have_all(&usages) => return true,
            "finish" => self.steps.clear(),
            "result" => {
                if let Some(model) = &self.model {
                    body.entry("model").or_insert_with(|| model.clone().into());
                    if let [only] = &mut usages[..] {
                        only.model.get_or_insert_with(|| model.clone());
                    }
                }
            }
            _ => {}
        }
        if text(&body, &["object"]) == Some("thread.run") {
            self.forget_calls_of(text(&body, &["id"]).unwrap_or_default());
        }
        let usages = usages;
        let id = id_of(&body).or_else(|| gemini_cli_id(&body, &usages));
        if id.is_none() && self.piece(&body, source) {
            return true;
        }
        let id = id.or_else(|| self.name(source));
        self.draft(id, body, Some(usages), run);
        true
    }

    /// Whether the end of a run of the Vercel AI SDK only adds its steps up, which report more of themselves:
    /// their models, their providers' metadata.
    fn steps_have_all(&self, end: &[ParsedUsage]) -> bool {
        let output = |parsed: &ParsedUsage| parsed.output;
        let of_steps = reported_sum(self.steps.iter().flat_map(|step| &step.parts).map(output));
        of_steps.is_some() && of_steps == reported_sum(end.iter().map(output))
    }

    /// The name of an answer without an id.
    fn name(&mut self, source: &str) -> Option<String> {
        use std::hash::{DefaultHasher, Hash, Hasher};
        let seen = self.seen.as_mut()?;
        let mut hasher = DefaultHasher::new();
        source.hash(&mut hasher);
        let times = seen.entry(hasher.finish()).or_default();
        *times += 1;
        let digest: String = Sha256::digest(source).iter().map(|byte| format!("{byte:02x}")).collect();
        Some(format!("{TEXT}{digest}:{times}"))
    }

    fn begin_message(&mut self, body: &Object) {
        if let Some(id) = text(body, &["id"]) {
            if self.messages.len() > OPEN {
                self.messages.clear();
            }
            self.messages.insert(stream_of(body), id.to_owned());
        }
    }

    /// Gemini's stream counts up in every piece, and not every server gives the answer an id.
    fn piece(&mut self, body: &Object, source: &str) -> bool {
        let Some(is_last) = body.get("candidates").and_then(Value::as_bool) else { return false };
        let (whole, last) = self.pieces.get_or_insert_default();
        merge(whole, body.clone());
        source.clone_into(last);
        if is_last {
            self.end_pieces();
        }
        true
    }

    /// It ended, or broke off.
    fn end_pieces(&mut self) {
        if let Some((whole, last)) = self.pieces.take() {
            let name = self.name(&last);
            self.draft(name, whole, None, None);
        }
    }

    fn draft(
        &mut self,
        id: Option<String>,
        body: Object,
        usages: Option<Vec<ParsedUsage>>,
        run: Option<String>,
    ) {
        if id.is_some()
            && let Some(draft) = self.open.iter_mut().rev().find(|draft| draft.id == id)
        {
            merge(&mut draft.body, body);
            draft.usages = None;
            draft.run = draft.run.take().or(run);
            return;
        }
        self.open.push_back(Draft { id, body, usages, run });
        if self.open.len() > OPEN
            && let Some(draft) = self.open.pop_front()
        {
            self.close(draft);
        }
    }

    fn close(&mut self, draft: Draft) {
        let reported = draft.usages.or_else(|| interpret(&draft.body, self.hint.as_deref()));
        let Some(mut parts) = reported else { return };
        let Some(first) = parts.first_mut() else { return };
        first.note_text("response_id", draft.id.as_deref().filter(|id| !id.starts_with(TEXT)));
        let identity = draft.id.map_or(Identity::None, Identity::Response);
        let call = Call { identity, is_cumulative: false, parts };
        match draft.run {
            Some(run) => self.in_runs.push((run, call)),
            None => self.closed.push(call),
        }
    }

    /// The run's own count is of all its calls, so these are not counted again. A run that is counted twice,
    /// since it went on, counts with its last count.
    fn end_run(&mut self, body: &Object, mut usages: Vec<ParsedUsage>, source: &str) {
        let session = text(body, &["session_id", "sessionId"]).map(str::to_owned);
        let is_of_it = |run: &Option<String>| run.is_some() && (session.is_none() || *run == session);
        self.open.retain(|draft| !is_of_it(&draft.run));
        self.in_runs.retain(|(run, _)| !is_of_it(&Some(run.clone())));
        let counts_on = object(body, &["modelUsage", "model_usage"]).is_some_and(|models| !models.is_empty());
        let key = match (&session, text(body, &["uuid"])) {
            (Some(session), _) if counts_on => Identity::Session(format!("claude-code\0{session}")),
            (_, Some(uuid)) => Identity::Response(uuid.to_owned()),
            (Some(session), None) => Identity::Session(format!("claude-code\0{session}")),
            (None, None) => self.name(source).map_or(Identity::None, Identity::Response),
        };
        for parsed in &mut usages {
            if parsed.model.is_none() && !parsed.extra.contains_key(COST_OF_NO_MODEL) {
                parsed.model.clone_from(&self.model);
            }
            parsed.note_text("session", session.as_deref());
        }
        if counts_on {
            usages.iter_mut().for_each(|parsed| parsed.note("cumulative", true));
        }
        self.put_run(Call { identity: key, is_cumulative: counts_on, parts: usages });
    }

    fn put_run(&mut self, call: Call) {
        match self.runs.iter_mut().find(|run| run.identity != Identity::None && run.identity == call.identity)
        {
            Some(run) => *run = call,
            None => self.runs.push(call),
        }
        if self.runs.len() > OPEN {
            self.closed.push(self.runs.remove(0));
        }
    }

    /// Copilot CLI counts from its session's beginning, also where it went on.
    fn end_copilot(&mut self, body: &Object, mut usages: Vec<ParsedUsage>, source: &str) {
        self.forget_calls_of(COPILOT);
        let session = self.session.clone();
        usages.iter_mut().for_each(|parsed| parsed.note_text("session", session.as_deref()));
        let identity = match session {
            Some(session) => Identity::Session(format!("{COPILOT}\0{session}")),
            None => id_of(body).or_else(|| self.name(source)).map_or(Identity::None, Identity::Response),
        };
        self.put_run(Call { identity, is_cumulative: true, parts: usages });
    }

    /// The run counts them itself.
    fn forget_calls_of(&mut self, run: &str) {
        self.open.retain(|draft| draft.run.as_deref() != Some(run));
        self.in_runs.retain(|(of, _)| of != run);
    }

    /// The calls that are over.
    pub(crate) fn take_closed(&mut self) -> Vec<Call> {
        std::mem::take(&mut self.closed)
    }

    /// All calls that were not handed out yet, and what was reported beside any usage.
    pub(crate) fn finish(mut self) -> (Vec<Call>, Option<ParsedUsage>) {
        self.end_pieces();
        while let Some(draft) = self.open.pop_front() {
            self.close(draft);
        }
        let mut calls = self.closed;
        calls.extend(self.in_runs.into_iter().map(|(_, call)| call));
        calls.append(&mut self.steps);
        calls.append(&mut self.runs);
        calls.extend(self.codex.take().map(|mut call| {
            call.name_if_unknown(self.codex_text);
            call
        }));
        (calls, self.rest)
    }
}

/// Lines that say which model a run uses.
fn is_context(event: &Object) -> bool {
    matches!(text(event, &["type"]), Some("init")) || text(event, &["subtype"]) == Some("init")
}

/// What came back from tools and people may hold anything, and is no answer of a model.
fn is_of_the_user(event: &Object) -> bool {
    text(event, &["type"]) == Some("user")
}

/// The run whose events are streamed, or whose step this is.
fn run_of(body: &Object) -> Option<String> {
    let of_step = || text(body, &["run_id"]).filter(|_| text(body, &["object"]) == Some("thread.run.step"));
    text(body, &["run"]).or_else(of_step).map(str::to_owned)
}

/// Which stream of messages an event is of: the agents below an agent have streams of their own.
fn stream_of(body: &Object) -> String {
    let of = |name| text(body, &[name]).unwrap_or_default();
    format!("{}\0{}", of("run"), of("parent_tool_use_id"))
}

/// Gemini CLI reports its session alone, which counts from the beginning in every run.
fn gemini_cli_id(body: &Object, usages: &[ParsedUsage]) -> Option<String> {
    object(body, &["stats"])?;
    let session = text(body, &["session_id", "sessionId"])?;
    let counts: Vec<String> = usages
        .iter()
        .map(|parsed| format!("{}-{}", parsed.input.unwrap_or(0), parsed.output.unwrap_or(0)))
        .collect();
    Some(format!("{session}:{}", counts.join(":")))
}

fn is_whole_run(body: &Object) -> bool {
    ["modelUsage", "model_usage", "total_cost_usd"].iter().any(|name| body.contains_key(*name))
}

/// The provider's id of the answer. Ollama numbers its answers at random below 1,000, which is no id; with
/// the second in which it was made it is one.
fn id_of(body: &Object) -> Option<String> {
    let named = |object: &Object| text(object, ID).map(str::to_owned);
    let beside = || named(object(body, &["response", "message", "ResponseMetadata", "$metadata"])?);
    let id = named(body).or_else(beside)?;
    match (id.strip_prefix("chatcmpl-"), body.get("created").and_then(Value::as_i64)) {
        (Some(number), Some(created)) if number.len() <= 3 => Some(format!("{id}@{created}")),
        _ => Some(id),
    }
}

/// Lays a later version over an earlier one: what it reports replaces what was reported.
fn merge(earlier: &mut Object, later: Object) {
    for (name, value) in later {
        match (earlier.get_mut(&name), value) {
            (Some(Value::Object(before)), Value::Object(after)) => merge(before, after),
            (_, value) => {
                earlier.insert(name, value);
            }
        }
    }
}
