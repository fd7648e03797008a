//! Writes the calls that the usage reader extracted, each once, however often it is reported.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};

use mcoda_usage_reader::{DedupKey, ExtractedCall, ParsedUsage, Report, Twin, reduce};
use rusqlite::Connection;

use super::agent_context::AgentContext;
use super::agent_ids::{self, SessionIds};
use super::agent_response::ResponseRecord;
use super::price_override::{self, PriceOverride};
use super::record::{Logging, Prepared, UpsertOutcome};
use super::recorder::Recorder;
use super::session_count::{self, Change};
use super::usage::TokenUsage;
use super::{log_writer, price, reader, session_delta, settings, twin};
use crate::error::Result;
use crate::paths::Config;
use crate::repository::session_usage;
use crate::repository::token_usage::{self, TokenUsageRecord};
use crate::time::Timestamp;

/// Names the record of the part of a response's cost that belongs to none of its models.
const NO_MODEL: &str = "(no model)";

/// A record to be written.
enum Pending {
    /// One model's part of a call.
    Call(Box<PendingCall>),
    /// A count of a whole session.
    Count(PendingCount),
}

struct PendingCall {
    /// The record as it is if there is no earlier version, with its price.
    prepared: Prepared,
    parsed: ParsedUsage,
    /// The key of the call, and the one that it gets if another call has the first.
    keys: Option<[String; 2]>,
    /// The model as it was reported, of a part that is not the first.
    model: Option<String>,
    session: Option<String>,
    twin: Option<Twin>,
    is_first: bool,
}

struct PendingCount {
    session: String,
    report: Report,
}

/// A record and the outcome of writing it.
type Written = (Prepared, UpsertOutcome);

/// What all records of one transaction have in common.
struct Batch<'a> {
    context: &'a AgentContext,
    configs: &'a [Config],
    /// The price overrides of the call, then those of the config files, once they are needed.
    overrides: OnceCell<Vec<PriceOverride>>,
    written_at: Option<Timestamp>,
    now: Timestamp,
    /// `now` as the database has it.
    now_text: String,
    queue_for_log: bool,
}

impl Batch<'_> {
    fn overrides(&self) -> Result<&[PriceOverride]> {
        if self.overrides.get().is_none() {
            let mut overrides = price_override::newest_first(self.context.price_overrides.clone());
            overrides.extend(price_override::of_configs(self.configs)?);
            // Nobody else has set it.
            let _ = self.overrides.set(overrides);
        }
        Ok(self.overrides.get().map_or(&[], Vec::as_slice))
    }

    /// Adds what the host knows. The time of the host is not inferred; without any, it is that of now, which the record
    /// says.
    fn add_context(&self, usage: &mut TokenUsage, is_first: bool) {
        self.context.apply(usage, is_first);
        if self.context.timestamp.is_some() {
            reader::forget_time_source(usage);
        } else if usage.timestamp.is_none() {
            reader::note_time_of_now(usage);
        }
    }

    /// Computes the cost where this call asks for it, or where an earlier call has asked for that of `stored`, of which
    /// `usage` is the later version.
    fn fill_cost(&self, usage: &mut TokenUsage, stored: Option<&TokenUsageRecord>) -> Result<()> {
        match stored {
            _ if self.context.compute_cost => price::fill(usage, self.overrides()?, self.now),
            Some(stored) => self.fill_cost_again(usage, stored)?,
            None => {}
        }
        Ok(())
    }

    /// Computes the cost of a later version of `stored`, if that was computed.
    fn fill_cost_again(&self, usage: &mut TokenUsage, stored: &TokenUsageRecord) -> Result<()> {
        if reader::is_cost_computed(stored) {
            price::fill_again(usage, stored, self.overrides()?, self.now);
        }
        Ok(())
    }
}

impl Recorder<'_> {
    /// Records the calls in one transaction. `written_at` is when their file was last written.
    pub(super) fn record_calls(
        &self,
        calls: Vec<ExtractedCall>,
        context: &AgentContext,
        written_at: Option<Timestamp>,
    ) -> Result<Vec<(TokenUsageRecord, ResponseRecord)>> {
        self.access.database().check_open()?;
        context.check()?;
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let configs = self.configs.load()?;
        let now = self.clock.now();
        let batch = Batch {
            context,
            configs: &configs,
            overrides: OnceCell::new(),
            written_at,
            now,
            now_text: now.to_string(),
            queue_for_log: self.log.is_some(),
        };
        if settings::is_strict(&configs)? {
            let prepared = self.prepared_alone(calls, &batch)?;
            return Ok(prepared.into_iter().map(|one| result_of(one, None, &Logging::default())).collect());
        }
        if let Some(log) = self.log.filter(|_| self.access.database().is_turned_off()) {
            let prepared = self.prepared_alone(calls, &batch)?;
            let done = log_writer::upsert_alone(log, &prepared, self.clock, self.busy_timeout)?;
            let results = prepared.into_iter().zip(done);
            return Ok(results.map(|(one, done)| result_of(one, Some(done), &Logging::done())).collect());
        }
        let mut pending = Vec::new();
        for call in calls {
            pending.extend(self.pending(call, &batch)?);
        }
        let ((written, others), locked) = self.write(|tx| self.write_all(tx, &pending, &batch))?;
        let ids: Vec<&str> = written.iter().map(|(one, _)| one.record().id.as_str()).collect();
        let is_changed = |(_, outcome): &Written| *outcome != UpsertOutcome::Duplicate;
        let is_queued = written.iter().any(is_changed) || others;
        let log = self.complete_log(locked, &ids, is_queued);
        Ok(written.into_iter().map(|(one, done)| result_of(one, Some(done), &log)).collect())
    }

    /// The records of the calls if there is no database to compare them with.
    fn prepared_alone(&self, calls: Vec<ExtractedCall>, batch: &Batch<'_>) -> Result<Vec<Prepared>> {
        let mut prepared = Vec::new();
        for call in calls {
            let key = call_key(&call, batch.context);
            for (index, parsed) in call.parts.into_iter().enumerate() {
                let id = match &key {
                    DedupKey::None => None,
                    DedupKey::Response(key) => Some(response_id(key, parsed.model.as_deref(), index == 0)),
                    DedupKey::Session(session) => {
                        Some(SessionIds::new(session, parsed.model.as_deref()).number(0))
                    }
                };
                prepared.push(self.prepared(parsed, id, index == 0, batch)?);
            }
        }
        Ok(prepared)
    }

    /// The record of one model's part of a call: with the host's context and its price.
    fn prepared(
        &self,
        parsed: ParsedUsage,
        id: Option<String>,
        is_first: bool,
        batch: &Batch<'_>,
    ) -> Result<Prepared> {
        self.completed(reader::timed_record(parsed, batch.written_at), None, id, is_first, batch)
    }

    fn completed(
        &self,
        mut usage: TokenUsage,
        stored: Option<&TokenUsageRecord>,
        id: Option<String>,
        is_first: bool,
        batch: &Batch<'_>,
    ) -> Result<Prepared> {
        batch.add_context(&mut usage, is_first);
        batch.fill_cost(&mut usage, stored)?;
        usage.id = id;
        Prepared::new(usage, self.workspace_id, self.ids, batch.now)
    }

    /// Converts a call to records. Prices are looked up here, before the write lock is taken.
    fn pending(&self, call: ExtractedCall, batch: &Batch<'_>) -> Result<Vec<Pending>> {
        let key = call_key(&call, batch.context);
        if let DedupKey::Session(session) = key {
            let report = call.report.unwrap_or_else(|| Report { models: call.parts, ..Report::default() });
            return Ok(vec![Pending::Count(PendingCount { session, report })]);
        }
        let keys = match key {
            DedupKey::Response(key) => {
                let beside = call.key_beside(&key);
                Some([key, beside])
            }
            _ => None,
        };
        let (session, twin) = (call.session, call.twin);
        let parts = call.parts.into_iter().enumerate().map(|(index, parsed)| {
            let is_first = index == 0;
            let model = parsed.model.clone();
            let id = keys.as_ref().map(|[key, _]| response_id(key, model.as_deref(), is_first));
            let prepared = self.prepared(parsed.clone(), id, is_first, batch)?;
            let (keys, session, twin) = (keys.clone(), session.clone(), twin.clone());
            Ok(Pending::Call(Box::new(PendingCall {
                prepared,
                parsed,
                keys,
                model,
                session,
                twin,
                is_first,
            })))
        });
        parts.collect()
    }

    /// Writes within the caller's transaction. Also returns whether records of other sessions changed.
    fn write_all(
        &self,
        tx: &Connection,
        pending: &[Pending],
        batch: &Batch<'_>,
    ) -> Result<(Vec<Written>, bool)> {
        let is_of_session = |one: &Pending| match one {
            Pending::Call(call) => call.session.is_some() || call.twin.is_some(),
            Pending::Count(_) => true,
        };
        if pending.iter().any(is_of_session) {
            session_usage::ensure(tx)?;
        }
        let mut written = Vec::new();
        // Whether the sessions have counts.
        let mut sessions: HashMap<&str, bool> = HashMap::new();
        // Counts come after the calls, and those of one session together: a record is written once.
        let mut counts: Vec<(&str, Vec<&Report>)> = Vec::new();
        let mut counted: BTreeSet<&str> = BTreeSet::new();
        for one in pending {
            match one {
                Pending::Call(call) => {
                    let done = self.write_call(tx, call, batch)?;
                    if let Some(session) = &call.session {
                        session_usage::add_call(tx, session, &done.0.record().id)?;
                        let is_counted = match sessions.get(&**session) {
                            Some(is_counted) => *is_counted,
                            None => {
                                *sessions.entry(session).or_insert(session_usage::has_report(tx, session)?)
                            }
                        };
                        if is_counted {
                            counted.insert(session);
                        }
                    }
                    written.push(done);
                }
                Pending::Count(count) => {
                    match counts.iter_mut().find(|(session, _)| *session == count.session) {
                        Some((_, reports)) => reports.push(&count.report),
                        None => counts.push((&count.session, vec![&count.report])),
                    }
                }
            }
        }
        for (session, reports) in counts {
            // Calls of the session take off what its records had of them, also where its counts were known.
            let change = if counted.remove(session) { Change::New } else { Change::Known };
            written.extend(self.write_counts(tx, session, &reports, change, batch)?);
        }
        let mut is_changed = false;
        for session in counted {
            is_changed |= self.settle_session(tx, session, batch)?;
        }
        Ok((written, is_changed))
    }

    /// Writes one model's part of a call, or merges it into the stored version.
    fn write_call(&self, tx: &Connection, call: &PendingCall, batch: &Batch<'_>) -> Result<Written> {
        let Some(keys) = &call.keys else {
            call.prepared.insert(tx, self.workspace_id, batch.queue_for_log, &batch.now_text)?;
            return Ok((call.prepared.clone(), UpsertOutcome::Inserted));
        };
        for key in keys {
            let id = response_id(key, call.model.as_deref(), call.is_first);
            let mut stored = token_usage::find(tx, &id)?;
            if let (None, Some(twin)) = (&stored, &call.twin) {
                stored = twin::find(tx, twin, &id)?;
                let record_id = stored.as_ref().map_or(&*id, |stored| &stored.id);
                twin::remember(tx, twin, &id, record_id)?;
                if let Some(stored) = stored {
                    return self.write_version(tx, call, &stored, batch);
                }
            }
            let Some(stored) = stored else {
                let prepared = if key == &keys[0] {
                    call.prepared.clone()
                } else {
                    self.prepared(call.parsed.clone(), Some(id), call.is_first, batch)?
                };
                prepared.insert_new(tx, self.workspace_id, batch.queue_for_log, &batch.now_text)?;
                return Ok((prepared, UpsertOutcome::Inserted));
            };
            let known = reader::parsed(&stored);
            if key == &keys[0] && known.circumstances().is_another_call(&call.parsed.circumstances()) {
                continue;
            }
            return self.write_version(tx, call, &stored, batch);
        }
        Ok((call.prepared.clone(), UpsertOutcome::Duplicate))
    }

    /// Merges one model's part of a call into the stored version.
    fn write_version(
        &self,
        tx: &Connection,
        call: &PendingCall,
        stored: &TokenUsageRecord,
        batch: &Batch<'_>,
    ) -> Result<Written> {
        let merged = reader::parsed(stored).merged_with(call.parsed.clone());
        let usage = reader::later_version(merged, stored);
        let prepared = self.completed(usage, Some(stored), Some(stored.id.clone()), call.is_first, batch)?;
        let done = prepared.upsert(tx, self.workspace_id, batch.queue_for_log, &batch.now_text)?;
        Ok((prepared, done))
    }

    /// Adds counts to a session, and updates the session's records.
    fn write_counts(
        &self,
        tx: &Connection,
        session: &str,
        reports: &[&Report],
        mut change: Change,
        batch: &Batch<'_>,
    ) -> Result<Vec<Written>> {
        for report in reports {
            if session_count::report(tx, session, report)? == Change::New {
                change = Change::New;
            }
        }
        let models = || reports.iter().flat_map(|report| &report.models);
        let is_own = |model: &Option<String>| models().any(|one| one.model == *model);
        let first = models().next().map(|one| one.model.clone());
        let mut written = Vec::new();
        for parsed in session_count::rest(tx, session)? {
            let model = parsed.model.clone();
            let ids = SessionIds::new(session, model.as_deref());
            let is_first = first.as_ref() == Some(&model);
            let done = self.write_rest(tx, parsed, &ids, change, is_first, batch)?;
            if is_own(&model) {
                written.push(done);
            }
        }
        Ok(written)
    }

    /// Writes one model's counts of a session: as the session's only record, or as the difference from its earlier records.
    fn write_rest(
        &self,
        tx: &Connection,
        parsed: ParsedUsage,
        ids: &SessionIds,
        change: Change,
        is_first: bool,
        batch: &Batch<'_>,
    ) -> Result<Written> {
        let mut earlier = token_usage::between(tx, &ids.number(0), &ids.number(u32::MAX))?;
        let last = earlier.last().map_or(0, |record| SessionIds::number_of(&record.id));
        let now = &*batch.now_text;
        if last > 0 && self.reduce_deltas(tx, &parsed, &earlier, batch)? {
            earlier = token_usage::between(tx, &ids.number(0), &ids.number(u32::MAX))?;
        }
        // Once a session is recorded in deltas, its total would count them again.
        if batch.context.as_deltas || last > 0 {
            let mut usage = reader::timed_record(parsed.clone(), batch.written_at);
            batch.add_context(&mut usage, is_first);
            let Some(mut more) = session_delta::since(&usage, &earlier) else {
                let known = self.prepared(parsed, Some(ids.number(last)), is_first, batch)?;
                return Ok((known, UpsertOutcome::Duplicate));
            };
            batch.fill_cost(&mut more, None)?;
            more.id = Some(ids.number(last.saturating_add(1)));
            let prepared = Prepared::new(more, self.workspace_id, self.ids, batch.now)?;
            let done = prepared.upsert(tx, self.workspace_id, batch.queue_for_log, now)?;
            return Ok((prepared, done));
        }
        let usage = reader::timed_record(parsed, batch.written_at);
        let prepared = self.completed(usage, earlier.first(), Some(ids.number(0)), is_first, batch)?;
        // A replay of a known count contains nothing new.
        if change == Change::Known && !earlier.is_empty() {
            return Ok((prepared, UpsertOutcome::Duplicate));
        }
        let done = prepared.upsert(tx, self.workspace_id, batch.queue_for_log, now)?;
        Ok((prepared, done))
    }

    /// Subtracts calls that were recorded since from the records of their session. The references of the records are kept.
    fn settle_session(&self, tx: &Connection, session: &str, batch: &Batch<'_>) -> Result<bool> {
        let mut is_changed = false;
        for parsed in session_count::rest(tx, session)? {
            let ids = SessionIds::new(session, parsed.model.as_deref());
            let stored = token_usage::between(tx, &ids.number(0), &ids.number(u32::MAX))?;
            is_changed |= match &stored[..] {
                [] => false,
                [only] if SessionIds::number_of(&only.id) == 0 => {
                    self.write_again(tx, parsed, only, batch)?
                }
                deltas => self.reduce_deltas(tx, &parsed, deltas, batch)?,
            };
        }
        Ok(is_changed)
    }

    /// Subtracts from a session's deltas what they hold beyond `rest`, and returns whether any changed.
    fn reduce_deltas(
        &self,
        tx: &Connection,
        rest: &ParsedUsage,
        deltas: &[TokenUsageRecord],
        batch: &Batch<'_>,
    ) -> Result<bool> {
        let mut parts: Vec<ParsedUsage> = deltas.iter().map(reader::parsed).collect();
        let mut is_changed = false;
        for index in reduce(&mut parts, rest) {
            is_changed |= self.write_again(tx, parts[index].clone(), &deltas[index], batch)?;
        }
        Ok(is_changed)
    }

    /// Writes other numbers into a session's record, whose time, model and references are kept.
    fn write_again(
        &self,
        tx: &Connection,
        parsed: ParsedUsage,
        stored: &TokenUsageRecord,
        batch: &Batch<'_>,
    ) -> Result<bool> {
        let mut usage = TokenUsage { id: Some(stored.id.clone()), ..reader::record(parsed) };
        usage.timestamp = stored.timestamp.parse().ok();
        usage.model_name.clone_from(&stored.model_name);
        if reader::is_cost_computed(stored) {
            price::fill_again(&mut usage, stored, batch.overrides()?, batch.now);
        }
        let prepared = Prepared::new(usage, self.workspace_id, self.ids, batch.now)?;
        let done = prepared.upsert(tx, self.workspace_id, batch.queue_for_log, &batch.now_text)?;
        Ok(done != UpsertOutcome::Duplicate)
    }
}

/// The key of the call, also by the ids that the host provides.
fn call_key(call: &ExtractedCall, context: &AgentContext) -> DedupKey {
    match (&call.key, &context.session_id, &context.response_id) {
        (DedupKey::None, Some(session), _) if call.is_cumulative => DedupKey::Session(session.clone()),
        (DedupKey::None, _, Some(response)) => DedupKey::Response(response.clone()),
        (key, ..) => key.clone(),
    }
}

fn response_id(key: &str, model: Option<&str>, is_first: bool) -> String {
    agent_ids::response(key, (!is_first).then_some(model.unwrap_or(NO_MODEL)))
}

fn result_of(
    one: Prepared,
    done: Option<UpsertOutcome>,
    log: &Logging,
) -> (TokenUsageRecord, ResponseRecord) {
    let record = one.into_record();
    let result = ResponseRecord {
        id: record.id.clone(),
        model_name: record.model_name.clone(),
        recorded: done.is_some(),
        duplicate: done == Some(UpsertOutcome::Duplicate),
        updated: done == Some(UpsertOutcome::Updated),
        logged: log.is_logged,
        log_error: log.error.clone(),
    };
    (record, result)
}
