//! Extracting the usage of a response and writing its records in one call.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use mcoda_usage_reader::{Call, CallReader, Identity};
use rusqlite::Connection;

use super::agent_context::AgentContext;
use super::agent_ids::{self, SessionIds};
use super::record::{Logging, Prepared, UpsertOutcome};
use super::recorder::Recorder;
use super::usage::TokenUsage;
use super::{delta, log_writer, price, reader};
use crate::definition::record;
use crate::error::{Error, ErrorKind, Result};
use crate::paths;
use crate::repository::token_usage::{self, TokenUsageRecord};
use crate::time::Timestamp;

/// The number of lines of an input per transaction.
const LINES: u64 = 1000;

const BUFFER: usize = 256 * 1024;

record! {
    /// The usage of a response, and the outcome of its records.
    #[derive(Debug, Clone, PartialEq)]
    #[non_exhaustive]
    pub struct RecordedResponse("response", "camelCase"): {
        /// The usage of the whole response, as [`extract_usage`](crate::extract_usage) returns it.
        pub usage: TokenUsage,
        /// One record for each call and each model within it; empty if the response has no usage.
        pub records: Vec<ResponseRecord>,
    }
}

record! {
    /// The outcome of one record of a response.
    #[derive(Debug, Clone, PartialEq)]
    #[non_exhaustive]
    pub struct ResponseRecord("record", "camelCase"): {
        /// The record's id, derived from the provider's id of the response or the session; a new one if there is none.
        pub id: String,
        /// The model of the record.
        pub model_name: Option<String>,
        /// Whether the record is kept. `false` where the config says `telemetry.strict`.
        pub recorded: bool,
        /// Whether it contained nothing new.
        pub duplicate: bool,
        /// Whether it replaced an earlier version of itself.
        pub updated: bool,
        /// Whether the JSON log contains it, as in [`Recorded`](crate::Recorded).
        pub logged: bool,
        /// Why the log could not be written, as in [`Recorded`](crate::Recorded).
        #[serde(skip_serializing_if = "Option::is_none")]
        pub log_error: Option<String>,
    }
}

record! {
    /// The number of skipped objects and lines, by reason.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct Skipped("skipped", "camelCase"): {
        /// JSON objects without usage.
        pub without_usage: u64,
        /// Invalid or incomplete JSON.
        pub damaged: u64,
        /// Lines of text that are not JSON.
        pub not_json: u64,
        /// Lines of more than 64 MiB.
        pub too_long: u64,
    }
}

record! {
    /// The outcome of reading an input.
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    #[non_exhaustive]
    pub struct ImportSummary("summary", "camelCase"): {
        /// Bytes read.
        pub bytes: u64,
        /// Lines read.
        pub lines: u64,
        /// JSON objects found.
        pub objects: u64,
        /// New records.
        pub recorded: u64,
        /// Records that replaced an earlier version of themselves.
        pub updated: u64,
        /// Records that existed already.
        pub duplicates: u64,
        /// Records that the telemetry settings forbid.
        pub refused: u64,
        /// Whether the JSON log contains all of them.
        pub logged: bool,
        /// What was skipped.
        pub skipped: Skipped,
        /// Why the log could not be written, for the first time that it failed.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub log_error: Option<String>,
    }
}

/// A record to be written, and how it relates to existing records.
struct PendingRecord {
    usage: TokenUsage,
    session: Option<(SessionIds, bool)>,
    is_known: bool,
}

/// The draft of a pending record, unless its session gets further records before it is written.
struct Draft {
    pending: PendingRecord,
    earlier: Vec<TokenUsageRecord>,
    prepared: Prepared,
    is_new: bool,
}

/// The maximum length of a body that is parsed as a whole, which needs memory for the body and its parsed form.
const LARGEST_BODY: usize = 512 << 20;

impl Recorder<'_> {
    pub(crate) fn record_response(&self, body: &str, context: &AgentContext) -> Result<RecordedResponse> {
        if body.len() > LARGEST_BODY {
            let given = format!("{} bytes", body.len());
            let allowed = format!("at most {LARGEST_BODY} bytes: record a larger one as a file");
            return Err(Error::invalid("body", given, &allowed));
        }
        let (calls, total) = mcoda_usage_reader::calls(body, context.provider.as_deref());
        let records = self.record_calls(calls, context)?;
        Ok(RecordedResponse { usage: reader::record_or_empty(total), records })
    }

    pub(crate) fn import(
        &self,
        input: impl BufRead,
        context: &AgentContext,
        progress: &mut dyn FnMut(u64),
    ) -> Result<ImportSummary> {
        let mut source = CallReader::new(input, context.provider.as_deref());
        let mut summary = ImportSummary { logged: true, ..ImportSummary::default() };
        let read = |error| {
            Error::new(ErrorKind::Storage, format!("cannot read the input: {error}")).with_source(error)
        };
        while let Some(calls) = source.next_calls(LINES).map_err(read)? {
            for one in self.record_calls(calls, context)? {
                let count = match &one {
                    ResponseRecord { recorded: false, .. } => &mut summary.refused,
                    ResponseRecord { duplicate: true, .. } => &mut summary.duplicates,
                    ResponseRecord { updated: true, .. } => &mut summary.updated,
                    _ => &mut summary.recorded,
                };
                *count += 1;
                summary.logged &= one.logged;
                summary.log_error = summary.log_error.or(one.log_error);
            }
            progress(source.bytes());
        }
        summary.bytes = source.bytes();
        summary.lines = source.lines();
        summary.objects = source.objects();
        let skipped = source.skipped();
        summary.skipped = Skipped {
            without_usage: skipped.without_usage,
            damaged: skipped.damaged,
            not_json: skipped.not_json,
            too_long: skipped.too_long,
        };
        Ok(summary)
    }

    pub(crate) fn import_file(&self, file: &Path, context: &AgentContext) -> Result<ImportSummary> {
        self.access.database().check_open()?;
        let input = open(file).map_err(|error| Error::storage("read", file, error))?;
        self.import(input, context, &mut |_| ())
    }

    fn record_calls(&self, calls: Vec<Call>, context: &AgentContext) -> Result<Vec<ResponseRecord>> {
        self.access.database().check_open()?;
        context.check()?;
        let now = self.clock.now();
        let pending_records: Vec<PendingRecord> =
            calls.into_iter().flat_map(|call| pending_records(call, context)).collect();
        if pending_records.is_empty() {
            return Ok(Vec::new());
        }
        if self.is_strict()? {
            let refused = |pending: &PendingRecord| {
                self.prepare(&pending.usage, now).map(|one| outcome(&one, None, &Logging::default()))
            };
            return pending_records.iter().map(refused).collect();
        }
        match self.log {
            Some(log) if self.access.database().is_turned_off() => {
                let priced = pending_records.into_iter().map(|pending| priced(pending.usage, context, now));
                let batch: Vec<Prepared> =
                    priced.map(|usage| self.prepare(&usage, now)).collect::<Result<_>>()?;
                let done = log_writer::upsert_alone(log, &batch, self.clock, self.busy_timeout)?;
                Ok(batch
                    .iter()
                    .zip(done)
                    .map(|(one, done)| outcome(one, Some(done), &Logging::done()))
                    .collect())
            }
            log => {
                let drafts: Vec<Draft> = pending_records
                    .into_iter()
                    .map(|pending| self.draft(pending, context, now))
                    .collect::<Result<_>>()?;
                let write =
                    |draft: &Draft, tx: &Connection| self.write(tx, draft, context, log.is_some(), now);
                let done = log_writer::write(self.access, log, |tx| {
                    drafts.iter().map(|draft| write(draft, tx)).collect::<Result<Vec<_>>>()
                })?;
                let ids: Vec<&str> = done.iter().map(|(one, _)| one.record().id.as_str()).collect();
                let is_queued = done.iter().any(|(_, done)| *done != UpsertOutcome::Duplicate);
                let log = self.complete_log(&ids, is_queued);
                Ok(done.iter().map(|(one, done)| outcome(one, Some(*done), &log)).collect())
            }
        }
    }

    fn prepare(&self, usage: &TokenUsage, now: Timestamp) -> Result<Prepared> {
        Prepared::new(usage, self.workspace_id, self.ids, now)
    }

    /// The draft of the pending record in the current state. Its price is looked up here, before the write lock is
    /// taken.
    fn draft(&self, pending: PendingRecord, context: &AgentContext, now: Timestamp) -> Result<Draft> {
        let earlier = match &pending.session {
            Some((ids, _)) => self.access.read_on_writer(|tx| earlier(tx, ids))?,
            None => Vec::new(),
        };
        let (usage, is_new) = pending.after(&earlier, context, now);
        Ok(Draft { pending, earlier, prepared: self.prepare(&usage, now)?, is_new })
    }

    /// Writes one record within the caller's transaction.
    fn write(
        &self,
        tx: &Connection,
        draft: &Draft,
        context: &AgentContext,
        queue_for_log: bool,
        now: Timestamp,
    ) -> Result<(Prepared, UpsertOutcome)> {
        let pending = &draft.pending;
        let (mut prepared, mut is_new) = (draft.prepared.clone(), draft.is_new);
        if let Some((ids, _)) = &pending.session {
            let earlier = earlier(tx, ids)?;
            // The session has got further records since the draft was made, by another writer or by the same call.
            if earlier != draft.earlier {
                let usage;
                (usage, is_new) = pending.after(&earlier, context, now);
                prepared = self.prepare(&usage, now)?;
            }
        }
        if !is_new {
            return Ok((prepared, UpsertOutcome::Duplicate));
        }
        let now = now.to_string();
        let done = if pending.is_known {
            prepared.upsert(tx, self.workspace_id, queue_for_log, &now)?
        } else {
            prepared.insert(tx, self.workspace_id, queue_for_log, &now)?;
            UpsertOutcome::Inserted
        };
        Ok((prepared, done))
    }
}

impl PendingRecord {
    /// What to record if the session has these records already, and whether it is new.
    fn after(
        &self,
        earlier: &[TokenUsageRecord],
        context: &AgentContext,
        now: Timestamp,
    ) -> (TokenUsage, bool) {
        let mut usage = self.usage.clone();
        let mut is_new = true;
        if let Some((ids, as_deltas)) = &self.session {
            let last = earlier.last().map_or(0, |record| SessionIds::number_of(&record.id));
            // Once a session is recorded in deltas, its total would count them again.
            if *as_deltas || last > 0 {
                match delta::since(&usage, earlier) {
                    Some(more) => {
                        usage = TokenUsage { id: Some(ids.number(last.saturating_add(1))), ..more };
                    }
                    None => {
                        usage.id = Some(ids.number(last));
                        is_new = false;
                    }
                }
            } else if delta::is_older(&usage, earlier) {
                // A replay of an older count contains nothing new.
                is_new = false;
            }
        }
        (priced(usage, context, now), is_new)
    }
}

/// The existing records of a session, the one with its last count first.
fn earlier(tx: &Connection, ids: &SessionIds) -> Result<Vec<TokenUsageRecord>> {
    token_usage::between(tx, &ids.number(0), &ids.number(u32::MAX))
}

fn open(file: &Path) -> io::Result<BufReader<File>> {
    let file = paths::open_regular(file, OpenOptions::new().read(true))?;
    Ok(BufReader::with_capacity(BUFFER, file))
}

fn priced(mut usage: TokenUsage, context: &AgentContext, now: Timestamp) -> TokenUsage {
    if context.compute_cost {
        price::fill(&mut usage, now);
    }
    usage
}

fn outcome(one: &Prepared, done: Option<UpsertOutcome>, log: &Logging) -> ResponseRecord {
    ResponseRecord {
        id: one.record().id.clone(),
        model_name: one.record().model_name.clone(),
        recorded: done.is_some(),
        duplicate: done == Some(UpsertOutcome::Duplicate),
        updated: done == Some(UpsertOutcome::Updated),
        logged: log.is_logged,
        log_error: log.error.clone(),
    }
}

/// Names the record of the part of a response's cost that belongs to none of its models.
const NO_MODEL: &str = "(no model)";

/// The records of a call, each with its id.
fn pending_records(call: Call, context: &AgentContext) -> Vec<PendingRecord> {
    let identity = match (call.identity, &context.session_id, &context.response_id) {
        (Identity::None, Some(session), _) if call.is_cumulative => Identity::Session(session.clone()),
        (Identity::None, _, Some(response)) => Identity::Response(response.clone()),
        (identity, ..) => identity,
    };
    let pending = |(index, mut usage): (usize, TokenUsage)| {
        let is_first = index == 0;
        let model_name = usage.model_name.clone();
        context.apply(&mut usage, is_first);
        let session = match &identity {
            Identity::Session(session) => Some((
                SessionIds::new(session, model_name.as_deref()),
                context.as_deltas && call.is_cumulative,
            )),
            _ => None,
        };
        usage.id = match (&identity, &session) {
            (Identity::Response(id), _) => {
                let model = model_name.as_deref().unwrap_or(NO_MODEL);
                Some(agent_ids::response(id, (!is_first).then_some(model)))
            }
            (_, Some((ids, _))) => Some(ids.number(0)),
            _ => None,
        };
        let is_known = usage.id.is_some();
        PendingRecord { usage, session, is_known }
    };
    call.parts.into_iter().map(reader::record).enumerate().map(pending).collect()
}
