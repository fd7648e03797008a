//! Extracting the usage of a response and writing its records in one call.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use mcoda_usage_reader::{CallReader, ExtractedCall, ParsedUsage, Pieces};

use super::agent_context::AgentContext;
use super::reader;
use super::recorder::Recorder;
use super::usage::TokenUsage;
use crate::definition::record;
use crate::error::{Error, ErrorKind, Result};
use crate::paths;
use crate::repository::token_usage::TokenUsageRecord;
use crate::time::Timestamp;

/// The number of lines of an input per transaction.
const LINES: u64 = 1000;

const BUFFER: usize = 256 * 1024;

/// At most this many names of unread numbers are listed.
const MOST_UNREAD: usize = 64;

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
        /// The names of numbers that were not read although the names say tokens, cost or cache.
        pub unread: Vec<String>,
        /// Why the log could not be written, for the first time that it failed.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub log_error: Option<String>,
    }
}

/// A response of a provider or an agent that arrives in pieces: the events of a stream, or parts of its text. It keeps
/// only what may be usage, so its memory does not grow with what the response says.
///
/// ```
/// # fn main() -> mcoda_core::Result<()> {
/// use mcoda_core::{AgentContext, ResponseReader, Workspace};
///
/// let mut response = ResponseReader::new(None);
/// response.push(r#"data: {"id": "msg_1", "usage": {"input_tok"#);
/// response.push("ens\": 12, \"output_tokens\": 5}}\n\n");
/// let workspace = Workspace::open_db(":memory:")?;
/// let done = workspace.record_agent_pieces(response, &AgentContext::default())?;
/// assert_eq!(done.usage.tokens_prompt, Some(12));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct ResponseReader(Pieces);

impl ResponseReader {
    /// A reader of one response. `provider` is needed only if the format leaves the meaning of a number open.
    #[must_use]
    pub fn new(provider: Option<&str>) -> Self {
        Self(Pieces::new(provider))
    }

    /// Reads a part of the text, which may end anywhere. If no part contains a line break, each is a line.
    pub fn push(&mut self, text: &str) {
        self.0.push(text);
    }

    /// Reads one event or body as a whole: the text of one JSON value.
    pub fn push_value(&mut self, json: &str) {
        self.0.push_value(json);
    }
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
        self.record_read(mcoda_usage_reader::calls(body, context.provider.as_deref()), context)
    }

    pub(crate) fn record_pieces(
        &self,
        response: ResponseReader,
        context: &AgentContext,
    ) -> Result<RecordedResponse> {
        self.record_read(response.0.finish(), context)
    }

    fn record_read(
        &self,
        (mut calls, total): (Vec<ExtractedCall>, Option<ParsedUsage>),
        context: &AgentContext,
    ) -> Result<RecordedResponse> {
        if calls.is_empty() && context.record_empty {
            calls.push(ExtractedCall { parts: vec![ParsedUsage::default()], ..ExtractedCall::default() });
        }
        let recorded = self.record_calls(calls, context, None)?;
        let mut usage = reader::record_or_empty(total);
        if usage.cost_estimate.is_none() {
            let records: Vec<&TokenUsageRecord> = recorded.iter().map(|(record, _)| record).collect();
            reader::add_computed_cost(&mut usage, &records);
        }
        Ok(RecordedResponse { usage, records: recorded.into_iter().map(|(_, outcome)| outcome).collect() })
    }

    pub(crate) fn import(
        &self,
        input: impl BufRead,
        context: &AgentContext,
        progress: &mut dyn FnMut(u64),
        written_at: Option<Timestamp>,
    ) -> Result<ImportSummary> {
        let mut source = CallReader::new(input, context.provider.as_deref());
        let mut summary = ImportSummary { logged: true, ..ImportSummary::default() };
        let read = |error| {
            Error::new(ErrorKind::Storage, format!("cannot read the input: {error}")).with_source(error)
        };
        while let Some(calls) = source.next_calls(LINES).map_err(read)? {
            calls.iter().flat_map(|call| &call.parts).for_each(|parsed| summary.add_unread(&parsed.unread));
            for (_, one) in self.record_calls(calls, context, written_at)? {
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
        summary.add_unread(source.unread());
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

    pub(crate) fn import_file(
        &self,
        file: &Path,
        context: &AgentContext,
        progress: &mut dyn FnMut(u64),
    ) -> Result<ImportSummary> {
        self.access.database().check_open()?;
        let (input, written_at) = open(file).map_err(|error| Error::storage("read", file, error))?;
        self.import(input, context, progress, written_at)
    }
}

impl ImportSummary {
    /// Adds names that are not listed yet.
    fn add_unread(&mut self, names: &[String]) {
        for name in names {
            if self.unread.len() < MOST_UNREAD && !self.unread.contains(name) {
                self.unread.push(name.clone());
            }
        }
    }
}

/// The file, and when it was last written.
fn open(file: &Path) -> io::Result<(BufReader<File>, Option<Timestamp>)> {
    let file = paths::open_regular(file, OpenOptions::new().read(true))?;
    let written = file.metadata().and_then(|metadata| metadata.modified()).ok();
    Ok((BufReader::with_capacity(BUFFER, file), written.and_then(|time| time.try_into().ok())))
}
