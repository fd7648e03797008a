//! Runs of agents whose end reports the sum of their calls. A call that both report is counted once.

use std::collections::HashMap;

use crate::call::{Channel, DedupKey, ExtractedCall};
use crate::fields::{Fields, reported_sum};
use crate::parsed_usage::ParsedUsage;
use crate::session::Report;
use crate::several::SUM;
use crate::source::{Role, Work};
use crate::sources::{self, COST_OF_NO_MODEL, began_anew, counts_before};

/// A call of a run that has not ended.
#[derive(Debug)]
struct Held {
    agent: &'static str,
    session: Option<String>,
    call: ExtractedCall,
}

/// The runs of one input.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    held: Vec<Held>,
    /// The session that each agent named most recently.
    sessions: HashMap<&'static str, String>,
    /// The newest count of each agent's run.
    ends: HashMap<&'static str, (Counts, Option<String>)>,
    /// The newest count of each agent's session without a name. A later count of the same session replaces it.
    unnamed: HashMap<&'static str, ExtractedCall>,
    /// The output tokens of all messages of the newest session of each agent.
    outputs: HashMap<&'static str, (Option<String>, i64)>,
}

/// Input, output, cached and written tokens of each model.
type Counts = Vec<[Option<i64>; 4]>;

impl Runs {
    /// Adds the session from earlier lines if this line does not name one.
    pub(crate) fn complete(&mut self, mut work: Work) -> Work {
        match &work.session {
            Some(session) if work.role != Role::Call => {
                self.sessions.insert(work.agent, session.clone());
            }
            None if work.role != Role::Call || work.channel == Some(Channel::Transcript) => {
                work.session = self.sessions.get(work.agent).cloned();
            }
            _ => {}
        }
        work
    }

    /// Keeps a call until its run ends.
    pub(crate) fn hold(&mut self, work: &Work, call: ExtractedCall) {
        let output = call.parts.iter().filter_map(|part| part.output).fold(0, i64::saturating_add);
        let known = self.outputs.entry(work.agent).or_default();
        if known.0 != work.session {
            *known = (work.session.clone(), 0);
        }
        known.1 = known.1.saturating_add(output);
        self.held.push(Held { agent: work.agent, session: work.session.clone(), call });
    }

    /// Processes the end of a run, and the counts that it reports.
    pub(crate) fn end(
        &mut self,
        work: &Work,
        body: Fields<'_>,
        mut usages: Vec<ParsedUsage>,
        name: Option<String>,
        model: Option<&str>,
        closed: &mut Vec<ExtractedCall>,
    ) {
        complete_usages(&mut usages, work, body, model);
        let is_of_it = |held: &Held| {
            held.agent == work.agent
                && (held.session == work.session || held.session.is_none() || work.session.is_none())
        };
        let (own, others) = std::mem::take(&mut self.held).into_iter().partition(is_of_it);
        self.held = others;
        let own: Vec<Held> = own;
        let session = self.session(work, &own);
        let counts: Counts = usages.iter().map(ParsedUsage::reported_counts).collect();
        let is_again = own.is_empty()
            && work.role == Role::Run
            && self.ends.get(work.agent).is_some_and(|(last, _)| *last == counts);
        if is_again {
            return;
        }
        let session = session.or_else(|| {
            let (_, before) = self.ends.get(work.agent)?;
            before.clone().filter(|_| own.is_empty() && work.session.is_none() && work.role == Role::Run)
        });
        self.ends.insert(work.agent, (counts, session.clone()));
        let parts: Vec<&ParsedUsage> = own.iter().flat_map(|held| &held.call.parts).collect();
        let own_output = reported_sum(parts.iter().map(|part| part.output)).unwrap_or(0);
        let mut fit = Fit::of(&usages, &parts);
        // A cost alone says nothing about the tokens of the calls.
        let is_cost_alone = usages.iter().all(|one| one.reported_counts() == [None; 4]);
        // The agent's own count of its session is preferred to its lines, unless it is 0.
        if work.role == Role::Session
            && fit == Fit::TooSmall
            && usages.iter().any(ParsedUsage::counts_for_something)
        {
            fit = Fit::Room;
        }
        let keep = |held: Vec<Held>, closed: &mut Vec<ExtractedCall>| {
            let named = |held: Held| ExtractedCall { session: session.clone(), ..held.call };
            closed.extend(held.into_iter().map(named));
        };
        if work.role == Role::Run && fit == Fit::Same {
            // The calls have more detail: the time and the model of each.
            return keep(own, closed);
        }
        // Counts lower than the sum of the calls belong to something else.
        let is_separate = fit == Fit::TooSmall && work.session.is_none();
        if fit == Fit::TooSmall || is_cost_alone {
            keep(own, closed);
        } else if work.session.is_some() {
            // A shorter input without the end of the run may have recorded these calls, without their session.
            keep(own.into_iter().filter(|held| held.session.is_none()).collect(), closed);
        }
        let id = body.text(&["uuid"]).map(str::to_owned).or(name);
        let session = session.filter(|_| !is_separate);
        let began_anew = self.began_anew(work, &usages, own_output);
        let mut call = whole(work, body, usages, id, session);
        if let (Some(report), Some(true)) = (&mut call.report, began_anew) {
            report.began_anew = began_anew;
        }
        if work.role == Role::Session && call.session.is_none() {
            closed.extend(self.count_unnamed(work.agent, call));
        } else {
            closed.push(call);
        }
    }

    /// Whether the count of a session is lower than the output of all its messages, but not than that of the messages
    /// since its previous count: then it began after that.
    fn began_anew(&self, work: &Work, usages: &[ParsedUsage], own_output: i64) -> Option<bool> {
        let (session, messages) = self.outputs.get(work.agent)?;
        let counted = reported_sum(usages.iter().map(|one| one.output))?;
        let is_of_it = work.role == Role::Session && *session == work.session;
        (is_of_it && own_output > 0 && (own_output..*messages).contains(&counted)).then_some(true)
    }

    /// Keeps the count of a session without a name, and returns the previous count if it belongs to another session.
    fn count_unnamed(&mut self, agent: &'static str, call: ExtractedCall) -> Option<ExtractedCall> {
        let report = |call: &ExtractedCall| Report { models: call.parts.clone(), ..Report::default() };
        let before = self.unnamed.remove(agent);
        let goes_on = before.as_ref().is_some_and(|before| report(&call).goes_on_from(&report(before)));
        match before {
            Some(before) if goes_on => {
                self.unnamed.insert(agent, ExtractedCall { key: before.key, ..call });
                None
            }
            before => {
                self.unnamed.insert(agent, call);
                before
            }
        }
    }

    /// The name of the session; if the agent does not report one, it is derived from the run's first call.
    fn session(&self, work: &Work, own: &[Held]) -> Option<String> {
        let named = work.session.as_ref().or_else(|| own.iter().find_map(|held| held.session.as_ref()));
        named.map(|session| format!("{}\0{session}", work.agent)).or_else(|| first_call(work.agent, own))
    }

    /// The calls of runs that have not ended.
    pub(crate) fn finish(self, calls: &mut Vec<ExtractedCall>) {
        let mut first: HashMap<&'static str, Option<String>> = HashMap::new();
        for held in self.held {
            let session = match &held.session {
                Some(session) => Some(format!("{}\0{session}", held.agent)),
                None => first
                    .entry(held.agent)
                    .or_insert_with(|| first_call(held.agent, std::slice::from_ref(&held)))
                    .clone(),
            };
            calls.push(ExtractedCall { session, ..held.call });
        }
        let mut unnamed: Vec<(&str, ExtractedCall)> = self.unnamed.into_iter().collect();
        unnamed.sort_by_key(|(agent, _)| *agent);
        calls.extend(unnamed.into_iter().map(|(_, call)| call));
    }
}

/// Adds the model, the session and the id of the run if the end of the run does not report them.
fn complete_usages(usages: &mut [ParsedUsage], work: &Work, body: Fields<'_>, model: Option<&str>) {
    for parsed in &mut *usages {
        if parsed.model.is_none() && !parsed.extra.contains_key(COST_OF_NO_MODEL) {
            parsed.model = model.map(str::to_owned);
        }
        parsed.note_text("session", work.session.as_deref().filter(|_| !work.is_named_by_trace()));
        // A count of a session says so itself.
        if work.session.is_none() || work.gives_way {
            parsed.note(SUM, true);
        }
    }
    if work.role == Role::Run
        && let Some(first) = usages.first_mut()
    {
        first.note_text("response_id", body.text(&["id", "uuid"]));
    }
}

fn first_call(agent: &str, own: &[Held]) -> Option<String> {
    match &own.first()?.call.key {
        DedupKey::Response(key) => Some(format!("{agent}\0run\0{key}")),
        _ => None,
    }
}

/// The call that represents a whole run or session.
fn whole(
    work: &Work,
    body: Fields<'_>,
    mut usages: Vec<ParsedUsage>,
    id: Option<String>,
    session: Option<String>,
) -> ExtractedCall {
    let Some(session) = session else {
        let key = id.map_or(DedupKey::None, DedupKey::Response);
        let is_cumulative = work.role == Role::Session;
        return ExtractedCall { key, is_cumulative, ..ExtractedCall::of(usages) };
    };
    let gives_way = work.gives_way;
    if !gives_way {
        usages.iter_mut().for_each(|parsed| parsed.note("cumulative", true));
    }
    let report = Report {
        // A count of a whole session needs no id, unless its agent provides one: the highest count is used.
        id: id
            .filter(|_| work.role != Role::Session || work.key.is_some())
            .or_else(|| (work.role != Role::Session).then(|| name_by_counts(&usages)))
            .unwrap_or_default(),
        began_anew: if work.role == Role::Process { began_anew(body) } else { work.began_anew },
        before: if work.role == Role::Process { counts_before(body) } else { None },
        at_ms: usages.iter().find_map(|parsed| parsed.timestamp_ms),
        parent: work.key.as_ref().and_then(|_| parent(body)),
        gives_way,
        is_by_model: sources::counts_by_model(body),
        models: usages.clone(),
    };
    ExtractedCall {
        key: DedupKey::Session(session.clone()),
        session: Some(session),
        is_cumulative: true,
        report: Some(report),
        ..ExtractedCall::of(usages)
    }
}

/// The id of a report that has none: the same counts are the same report again, any others those of another one.
fn name_by_counts(usages: &[ParsedUsage]) -> String {
    let of = |parsed: &ParsedUsage| {
        let counts =
            parsed.reported_counts().map(|count| count.map_or_else(String::new, |count| count.to_string()));
        let cost = parsed.cost.map_or_else(String::new, |cost| cost.to_string());
        [parsed.model.as_deref().unwrap_or_default(), &counts.join("/"), &cost].join("/")
    };
    format!("counts:{}", usages.iter().map(of).collect::<Vec<_>>().join(";"))
}

/// The parent of a span.
fn parent(body: Fields<'_>) -> Option<String> {
    let outer = || body.object(&["parentSpanContext"])?.text(&["spanId"]);
    let parent = body.text(&["parentSpanId", "parent_span_id", "parent_id"]).or_else(outer)?;
    let trace = body.text(&["traceId", "trace_id"]).unwrap_or_default();
    Some(format!("span\0{trace}\0{parent}"))
}

/// How the count of a run relates to the sum of its calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fit {
    /// There are calls, and the run's count is not lower than their sum.
    Room,
    /// The run counts exactly these calls.
    Same,
    /// The run counts less than its calls.
    TooSmall,
    /// There are no calls.
    Alone,
}

impl Fit {
    fn of(whole: &[ParsedUsage], parts: &[&ParsedUsage]) -> Self {
        if parts.is_empty() {
            return Self::Alone;
        }
        let of = |field: fn(&ParsedUsage) -> Option<i64>| {
            let whole = reported_sum(whole.iter().map(field));
            (whole, reported_sum(parts.iter().map(|part| field(part))).unwrap_or(0))
        };
        let all =
            [of(|one| one.input), of(|one| one.output), of(|one| one.cache_read), of(|one| one.cache_write)];
        let [(input, of_parts), (output, of_outputs), ..] = all;
        let says_cost =
            whole.iter().any(|one| one.cost.is_some()) && parts.iter().any(|one| one.cost.is_none());
        let says_model =
            whole.iter().all(|one| one.model.is_some()) && parts.iter().any(|one| one.model.is_none());
        // A run may report fewer cached tokens than its calls, but never more output tokens.
        if output == Some(of_outputs)
            && input.is_none_or(|input| input <= of_parts)
            && !says_cost
            && !says_model
        {
            return Self::Same;
        }
        let has_room = all.iter().all(|(whole, parts)| whole.is_none_or(|whole| whole >= *parts));
        if has_room { Self::Room } else { Self::TooSmall }
    }
}
