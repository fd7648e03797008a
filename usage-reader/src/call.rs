//! One call as its input reported it, the merge of two versions of a call, and the sum of many calls.

use std::collections::HashMap;

use crate::parsed_usage::ParsedUsage;
use crate::session::{Report, Sessions};

/// What identifies a call, so that a second report of it is not counted again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum DedupKey {
    /// Nothing: each report is a call of its own.
    #[default]
    None,
    /// The provider's id of the message or response.
    Response(String),
    /// The session, which has one cumulative count.
    Session(String),
}

/// The way in which an agent reports its calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Channel {
    Transcript,
    Telemetry,
}

/// What the transcript and the telemetry of an agent have in common if they report the same call: they give it
/// different ids, but the same session and the same input, which no two calls of a session share.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Twin {
    call: String,
    channel: Channel,
}

impl Twin {
    /// `None` if the session or the input is unknown.
    pub(crate) fn of(parts: &[ParsedUsage], channel: Channel) -> Option<Self> {
        let [only] = parts else { return None };
        let session = only.extra.get("session")?.as_str()?;
        let input = only.input.filter(|input| *input > 0)?;
        let [read, write] = [only.cache_read, only.cache_write].map(Option::unwrap_or_default);
        Some(Self { call: format!("{session}\0{input}\0{read}\0{write}"), channel })
    }

    /// The name that reports of this call by the same channel share.
    pub fn own_name(&self) -> String {
        self.name(self.channel)
    }

    /// The name that reports of this call by the other channel share.
    pub fn other_name(&self) -> String {
        self.name(match self.channel {
            Channel::Transcript => Channel::Telemetry,
            Channel::Telemetry => Channel::Transcript,
        })
    }

    fn name(&self, channel: Channel) -> String {
        let channel = match channel {
            Channel::Transcript => "transcript",
            Channel::Telemetry => "telemetry",
        };
        format!("twin\0{channel}\0{}", self.call)
    }
}

/// One call, or one session that is counted as a whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExtractedCall {
    /// What identifies the call.
    pub key: DedupKey,
    /// The session that the call belongs to, or that it counts as a whole.
    pub session: Option<String>,
    /// Whether the numbers are cumulative: those of the session since its beginning.
    pub is_cumulative: bool,
    /// The agent's report, if this is a count of a session.
    pub report: Option<Report>,
    /// What a report of the same call by another channel has in common with this one.
    pub twin: Option<Twin>,
    /// One entry for each model that was used; the first is the model that was requested.
    pub parts: Vec<ParsedUsage>,
}

/// The properties by which two calls with the same key are recognised as versions of one call, or as different calls.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Circumstances<'a> {
    /// The provider's id.
    pub id: Option<&'a str>,
    /// The session.
    pub session: Option<&'a str>,
    /// When the call was made, in milliseconds since 1970, if reported.
    pub timestamp_ms: Option<i64>,
    /// All input tokens.
    pub input: Option<i64>,
    /// Whether the call may be a copy of another one.
    pub is_copy: bool,
}

impl Circumstances<'_> {
    /// Whether these are different calls although their keys are equal: some gateways and local servers give every
    /// response the same id. Calls with one id differ if their sessions or times differ and their inputs differ, too.
    /// If both the session and the time differ, the input does not matter: a session that copies the history of another
    /// one keeps its times. In one session, the lines of a call have different times, but the same input. Where the key
    /// is not the id, different ids in one session are different calls, too.
    pub fn is_another_call(&self, other: &Self) -> bool {
        let differ =
            |one: Option<&str>, other: Option<&str>| one.zip(other).is_some_and(|(one, other)| one != other);
        let another_session = differ(self.session, other.session);
        if self.is_copy != other.is_copy && !another_session {
            return false;
        }
        let another_id = differ(self.id, other.id) && !another_session && self.session.is_some();
        let times = self.timestamp_ms.zip(other.timestamp_ms);
        let another_time = times.is_some_and(|(one, other)| one != other);
        let inputs = self.input.zip(other.input);
        let another_input = inputs.is_some_and(|(one, other)| one != other && one > 0 && other > 0);
        another_id
            || (another_session && another_time)
            || ((another_session || another_time) && another_input)
    }
}

impl ExtractedCall {
    pub(crate) fn of(parts: Vec<ParsedUsage>) -> Self {
        Self { parts, ..Self::default() }
    }

    pub(crate) fn name_if_unknown(&mut self, name: Option<String>) {
        if let (DedupKey::None, Some(name)) = (&self.key, name) {
            self.key = DedupKey::Response(name);
        }
    }

    /// Names the model of the parts that have none.
    pub(crate) fn name_model(&mut self, model: &str) {
        for part in self.parts.iter_mut().filter(|part| part.model.is_none()) {
            part.model = Some(model.to_owned());
        }
    }

    /// The properties that show whether another call with the same key is this one.
    pub fn circumstances(&self) -> Circumstances<'_> {
        self.parts.first().map(ParsedUsage::circumstances).unwrap_or_default()
    }

    /// The key of this call if the same key already belongs to another call.
    pub fn key_beside_another(&self) -> DedupKey {
        let DedupKey::Response(key) = &self.key else { return self.key.clone() };
        DedupKey::Response(self.key_beside(key))
    }

    /// The key of this call if `key` already belongs to another call.
    pub fn key_beside(&self, key: &str) -> String {
        let all = self.circumstances();
        let input = all.input.map_or_else(String::new, |input| input.to_string());
        [key, all.id.unwrap_or_default(), all.session.unwrap_or_default(), &input].join("@")
    }

    /// Merges another version of the call into this one, model by model.
    pub(crate) fn merge_versions(&mut self, other: Self) {
        let mut others = other.parts.into_iter();
        for own in &mut self.parts {
            match others.next() {
                Some(other) => *own = std::mem::take(own).merged_with(other),
                None => break,
            }
        }
        self.parts.extend(others);
        self.session = self.session.take().or(other.session);
    }
}

/// Calls in the order of their first appearance; versions of one call are merged.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    calls: Vec<ExtractedCall>,
    known: HashMap<DedupKey, usize>,
    /// The calls that a channel reports under a name, and that no other channel has reported yet.
    twins: HashMap<String, Vec<usize>>,
}

impl Calls {
    pub(crate) fn add(&mut self, mut call: ExtractedCall) {
        // The reports of a session are combined when all of them are known.
        if call.key == DedupKey::None || matches!(call.key, DedupKey::Session(_)) && call.report.is_some() {
            self.calls.push(call);
            return;
        }
        if let Some(index) = self.known.get(&call.key).copied() {
            let known = &self.calls[index];
            if !known.circumstances().is_another_call(&call.circumstances()) {
                return self.join(index, call);
            }
            call.key = call.key_beside_another();
            if let Some(index) = self.known.get(&call.key).copied() {
                return self.join(index, call);
            }
        }
        if let Some(twin) = &call.twin {
            if let Some(index) = self.twins.get_mut(&twin.other_name()).and_then(Vec::pop) {
                self.known.insert(call.key.clone(), index);
                return self.join(index, call);
            }
            self.twins.entry(twin.own_name()).or_default().push(self.calls.len());
        }
        self.known.insert(call.key.clone(), self.calls.len());
        self.calls.push(call);
    }

    fn join(&mut self, index: usize, call: ExtractedCall) {
        let known = &mut self.calls[index];
        if call.is_cumulative { *known = call } else { known.merge_versions(call) }
    }

    /// The calls as they were reported: the calls of a session in addition to its counts.
    pub(crate) fn unsettled(&self) -> &[ExtractedCall] {
        &self.calls
    }

    /// Each call; the count of a session is reduced by the calls that are listed individually.
    pub(crate) fn each(self) -> Vec<ExtractedCall> {
        Sessions::settle(self.calls)
    }
}

/// One entry for each model, in the order of their first appearance.
pub(crate) fn by_model(calls: Vec<ExtractedCall>) -> Vec<ParsedUsage> {
    let is_one = calls.len() == 1;
    let mut sums: Vec<(ParsedUsage, i64)> = Vec::new();
    let mut places: HashMap<Option<String>, usize> = HashMap::new();
    for parsed in calls.into_iter().flat_map(|call| call.parts) {
        match places.get(&parsed.model) {
            Some(place) => {
                let (sum, calls) = &mut sums[*place];
                sum.add(&parsed);
                *calls += 1;
            }
            None => {
                places.insert(parsed.model.clone(), sums.len());
                sums.push((parsed, 1));
            }
        }
    }
    let finished = |(mut sum, calls): (ParsedUsage, i64)| {
        if !is_one {
            sum.extra.shift_remove("response_id");
            sum.note("calls", calls);
            sum.note_residual();
        }
        sum
    };
    sums.into_iter().map(finished).collect()
}

/// The sum over all models; if there are several, each is listed in `models`.
pub(crate) fn whole(mut models: Vec<ParsedUsage>) -> Option<ParsedUsage> {
    if models.len() < 2 {
        return models.pop();
    }
    let mut whole = models.first()?.clone();
    for model in &models[1..] {
        whole.add(model);
    }
    // A sum of several models has no single model.
    whole.note_residual();
    whole.models = models;
    Some(whole)
}
