//! The fields of a usage record: defined once, for a caller's input, for a row, and for results.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::definition::record;
use crate::error::{Error, ErrorKind, Result};
use crate::json;
use crate::nullable::Nullable;
use crate::number;
use crate::time::{StoredTime, Timestamp};

/// Passes the token counts of a record to `$callback`, each with its documentation, followed by its other arguments. A
/// summary has a sum for each.
macro_rules! token_counts {
    ($callback:ident! $($rest:tt)*) => {
        $callback! {
            {
                /// All input tokens, including cached ones.
                tokens_prompt | "promptTokens",
                /// All output tokens, including reasoning.
                tokens_completion | "completionTokens",
                /// The provider's own total. Absent: prompt + completion, if both are known.
                tokens_total,
                /// Input tokens that came from a cache; they are included in `tokens_prompt`.
                tokens_cached,
                /// Input tokens that were read from a cache, if the provider reports them separately.
                tokens_cache_read,
                /// Input tokens that were written to a cache.
                tokens_cache_write,
            }
            $($rest)*
        }
    };
}
pub(crate) use token_counts;

/// Defines the records that have all columns. Fields are in the order of the columns.
macro_rules! usage_records {
    (
        { $($(#[doc = $count_doc:literal])* $count:ident $(| $count_alias:literal)*,)* }
        texts { $($(#[doc = $text_doc:literal])* $text:ident $(= $text_bound:ident)?,)* }
        amounts { $($(#[doc = $amount_doc:literal])* $amount:ident $(| $amount_alias:literal)*,)* }
    ) => {
        record! {
            /// The usage of one agent call. Every field is optional: absent means "not reported", 0 means "reported as
            /// zero".
            ///
            /// Token counts are integers from 0 to 2^53 − 1; costs and durations are finite and not negative. In JSON
            /// the names are camelCase (`tokensPrompt`).
            #[derive(Debug, Clone, Default, PartialEq)]
            pub struct TokenUsage("usage", "camelCase"): input list("usages", "record") {
                /// The record's id. Recording the same id with the same content again adds nothing, so a retry is
                /// safe. Absent: a new UUID.
                pub id: Option<String> = id,
                $($(#[doc = $text_doc])* pub $text: Option<String> $(= $text_bound)?,)*
                $($(#[doc = $count_doc])* pub $count: Option<i64> = count $(| $count_alias)*,)*
                $(
                    $(#[doc = $amount_doc])*
                    #[serde(serialize_with = "number::json_option")]
                    pub $amount: Option<f64> = non_negative $(| $amount_alias)*,
                )*
                /// When the call began.
                pub started_at: Option<Timestamp>,
                /// When the call ended; not before `started_at`.
                pub finished_at: Option<Timestamp>,
                /// The time by which queries select and order the call. Absent: now.
                pub timestamp: Option<Timestamp>,
                /// Additional data, kept unchanged. Command, action, invocation kind, provider and currency are added
                /// under their JSON names if the object lacks them, because older readers look for them there.
                pub metadata: Option<Map<String, Value>> = depth,
            }
        }

        record! {
            /// One row, and one entry of the JSON log. Columns that a database lacks are null.
            #[derive(Debug, Clone, Default, PartialEq)]
            pub(crate) struct TokenUsageRecord("record", "camelCase"): row(
                "token_usage",
                // The global table lacks these.
                "workspace_id", "job_id", "task_run_id", "task_id", "project_id", "epic_id", "user_story_id"
            ) {
                /// Its id.
                pub(crate) id: String,
                $($(#[doc = $text_doc])* pub(crate) $text: Option<String>,)*
                $($(#[doc = $count_doc])* pub(crate) $count: Option<i64>,)*
                $(
                    $(#[doc = $amount_doc])*
                    #[serde(serialize_with = "number::json_option")]
                    pub(crate) $amount: Option<f64>,
                )*
                /// When the call began.
                pub(crate) started_at: Option<String>,
                /// When the call ended.
                pub(crate) finished_at: Option<String>,
                /// The time by which queries select and order the call.
                pub(crate) timestamp: String,
                /// Additional data.
                pub(crate) metadata: Option<Map<String, Value>>,
            }
        }

        record! {
            /// The usage of one agent call. Null means "not reported", 0 means "reported as zero".
            ///
            /// Columns contain what was recorded. If the column is empty, the command is metadata `commandName`,
            /// `command_name` or `command`, the action is metadata `action` or `phase`, and `duration_ms` is
            /// `duration_seconds` to the nearest millisecond. Empty text counts as not reported.
            #[derive(Debug, Clone, Default, PartialEq, Deserialize)]
            #[serde(default)]
            #[non_exhaustive]
            pub struct TokenUsageRow("row", "snake_case"): {
                /// The record's id.
                pub id: String,
                $($(#[doc = $text_doc])* pub $text: Option<String>,)*
                $($(#[doc = $count_doc])* pub $count: Option<i64>,)*
                $(
                    $(#[doc = $amount_doc])*
                    #[serde(serialize_with = "number::json_option")]
                    pub $amount: Option<f64>,
                )*
                /// When the call began, as stored.
                pub started_at: Option<StoredTime>,
                /// When the call ended, as stored.
                pub finished_at: Option<StoredTime>,
                /// The time by which queries select and order the call, as stored.
                pub timestamp: StoredTime,
                /// The error of the call: metadata `error_kind`, `errorKind` or `error`.
                pub error_kind: Option<String>,
                /// Additional data; empty if there is none, or if it is not a JSON object.
                pub metadata: Nullable<Map<String, Value>>,
            }
        }

        impl TokenUsage {
            /// The row of this record, as far as it is known. Without a time it is one of `now`.
            pub(crate) fn into_record(self, now: Timestamp) -> TokenUsageRecord {
                TokenUsageRecord {
                    id: self.id.unwrap_or_default(),
                    $($text: self.$text,)*
                    $($count: self.$count,)*
                    $($amount: self.$amount,)*
                    started_at: self.started_at.map(|time| time.to_string()),
                    finished_at: self.finished_at.map(|time| time.to_string()),
                    timestamp: self.timestamp.unwrap_or(now).to_string(),
                    metadata: self.metadata,
                }
            }

            /// The token counts, in the order of the columns.
            pub(crate) fn counts_mut(&mut self) -> [&mut Option<i64>; COUNTS.len()] {
                [$(&mut self.$count),*]
            }

            /// The token counts, in the order of the columns.
            pub(crate) fn counts(&self) -> [Option<i64>; COUNTS.len()] {
                [$(self.$count),*]
            }
        }

        impl TokenUsageRecord {
            /// Takes each absent text from the other record.
            pub(crate) fn fill_texts(&mut self, other: &Self) {
                $(if self.$text.is_none() {
                    self.$text.clone_from(&other.$text);
                })*
            }

            /// The token counts, in the order of the columns.
            pub(crate) fn counts(&self) -> [Option<i64>; COUNTS.len()] {
                [$(self.$count),*]
            }
        }

        /// The columns, unchanged.
        impl From<TokenUsageRecord> for TokenUsageRow {
            fn from(record: TokenUsageRecord) -> Self {
                Self {
                    id: record.id,
                    $($text: record.$text,)*
                    $($count: record.$count,)*
                    $($amount: record.$amount,)*
                    started_at: record.started_at.map(StoredTime::from),
                    finished_at: record.finished_at.map(StoredTime::from),
                    timestamp: record.timestamp.into(),
                    error_kind: None,
                    metadata: record.metadata.into(),
                }
            }
        }

        /// The columns of the token counts.
        pub(crate) const COUNTS: [&str; [$(stringify!($count)),*].len()] = [$(stringify!($count)),*];
    };
}

token_counts! {
    usage_records!
    texts {
        /// The workspace to which the usage belongs. Absent: the handle's own.
        workspace_id = id,
        /// The agent of the call. It is added to the agents of the command run and of the job.
        agent_id = id,
        /// The model that responded.
        model_name,
        /// The job of the call; must exist.
        job_id,
        /// The command run of the call; must exist.
        command_run_id,
        /// The task run of the call; must exist.
        task_run_id,
        /// The task of the call; must exist.
        task_id,
        /// The project of the call; must exist.
        project_id,
        /// The epic of the call; must exist.
        epic_id,
        /// The user story of the call; must exist.
        user_story_id,
        /// The command, for example `work-on-tasks`.
        command_name,
        /// The step of the command, for example `plan`.
        action,
        /// How the agent was called, for example `chat`.
        invocation_kind,
        /// The provider of the model.
        provider,
        /// The currency of `cost_estimate`, for example `USD`.
        currency,
    }
    amounts {
        /// The cost of the call, in `currency`.
        cost_estimate | "costUsd",
        /// The duration of the call in seconds. Absent: computed from `duration_ms`, or else from start and finish.
        duration_seconds,
        /// The duration of the call in milliseconds. Absent: computed from start and finish, or else from
        /// `duration_seconds`.
        duration_ms,
    }
}

impl TokenUsageRecord {
    /// The fields that older readers look for in the metadata, by their names there.
    fn in_metadata(&self) -> [(&'static str, Option<&str>); 5] {
        [
            ("commandName", self.command_name.as_deref()),
            ("action", self.action.as_deref()),
            ("invocationKind", self.invocation_kind.as_deref()),
            ("provider", self.provider.as_deref()),
            ("currency", self.currency.as_deref()),
        ]
    }

    /// Adds those fields to the metadata, where it lacks them.
    pub(crate) fn complete_metadata(&mut self) {
        let mut metadata = self.metadata.take();
        let fields = self.in_metadata();
        for (name, value) in fields {
            if let Some(value) = value {
                let object = metadata.get_or_insert_with(|| Map::with_capacity(fields.len()));
                object.entry(name).or_insert_with(|| value.into());
            }
        }
        self.metadata = metadata;
    }

    /// The text of the completed metadata of a record that has none of its own. Most records have none, and the object
    /// would only be made to be written.
    pub(super) fn new_metadata(&self) -> Result<Option<String>> {
        let mut text = Vec::new();
        for (name, value) in self.in_metadata() {
            if let Some(value) = value {
                text.extend_from_slice(if text.is_empty() { b"{\"" } else { b",\"" });
                text.extend_from_slice(name.as_bytes());
                text.extend_from_slice(b"\":");
                serde_json::to_writer(&mut text, value).map_err(|error| unwritable().with_source(error))?;
            }
        }
        if text.is_empty() {
            return Ok(None);
        }
        text.push(b'}');
        String::from_utf8(text).map(Some).map_err(|error| unwritable().with_source(error))
    }

    /// The record as its entry in the JSON log.
    pub(crate) fn to_json(&self) -> Result<Map<String, Value>> {
        match json::value(self, false) {
            Ok(Value::Object(object)) => Ok(object),
            _ => Err(unwritable()),
        }
    }

    /// Whether an entry of the JSON log is this record. What the entry does not have is absent, as is metadata that is
    /// empty; a whole number may be written in either way.
    pub(crate) fn is_logged_as(&self, entry: &str) -> Result<bool> {
        if json::text(self, false).is_ok_and(|own| own == entry) {
            return Ok(true);
        }
        let Ok(Value::Object(entry)) = serde_json::from_str(entry) else { return Ok(false) };
        let is_same = |own: &Value, logged: &Value| match (own, logged) {
            (Value::Number(own), Value::Number(logged)) => own == logged || own.as_f64() == logged.as_f64(),
            (Value::Null, Value::Object(logged)) | (Value::Object(logged), Value::Null) => logged.is_empty(),
            _ => own == logged,
        };
        let own = self.to_json()?;
        Ok(own.iter().all(|(name, value)| is_same(value, entry.get(name).unwrap_or(&Value::Null))))
    }
}

fn unwritable() -> Error {
    Error::new(ErrorKind::Internal, "a record cannot be written as JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_that_is_written_directly_is_that_of_the_object() {
        let quoted = || Some("\"ä\"\n".to_owned());
        for record in [
            TokenUsageRecord::default(),
            TokenUsageRecord { provider: quoted(), ..TokenUsageRecord::default() },
            TokenUsageRecord {
                command_name: quoted(),
                action: Some(String::new()),
                invocation_kind: Some("chat".into()),
                provider: Some("p".into()),
                currency: Some("USD".into()),
                ..TokenUsageRecord::default()
            },
        ] {
            let mut completed = record.clone();
            completed.complete_metadata();
            let expected = completed.metadata.map(|metadata| Value::Object(metadata).to_string());
            assert_eq!(record.new_metadata().unwrap(), expected);
        }
    }
}
