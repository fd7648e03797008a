//! The fields of a usage record: written here once, for what a caller reports, for a row, and for what answers show.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::definition::record;
use crate::error::{Error, ErrorKind, Result};
use crate::number;
use crate::time::{StoredTime, Timestamp};

/// Hands the token counts of a record to `$callback`, each with its docs, and behind them what else it is given.
/// A summary has a sum for each.
macro_rules! token_counts {
    ($callback:ident! $($rest:tt)*) => {
        $callback! {
            {
                /// All input tokens, cached ones included.
                tokens_prompt | "promptTokens",
                /// All output tokens, reasoning included.
                tokens_completion | "completionTokens",
                /// The provider's own total. Absent: prompt + completion, where both are reported.
                tokens_total,
                /// Input tokens that came from a cache; they are included in `tokens_prompt`.
                tokens_cached,
                /// Input tokens that were read from a cache, where the provider reports them apart.
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
            /// What one agent call cost. Every field may be absent, which is "not reported"; 0 is "reported as none".
            ///
            /// Token counts are whole numbers from 0 to 2^53 − 1; costs and durations are finite and not negative.
            /// In JSON the names are camelCase (`tokensPrompt`).
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
                    pub $amount: Option<f64> = measure $(| $amount_alias)*,
                )*
                /// When the call began.
                pub started_at: Option<Timestamp>,
                /// When the call ended; not before `started_at`.
                pub finished_at: Option<Timestamp>,
                /// When the call counts. Absent: now.
                pub timestamp: Option<Timestamp>,
                /// Anything else, kept unchanged. Command, action, invocation kind, provider and currency are added
                /// under their JSON names where the object does not have them, since old readers look there.
                pub metadata: Option<Map<String, Value>> = depth,
            }
        }

        record! {
            /// One row, and one entry of the JSON log. Columns that a database has not are null.
            #[derive(Debug, Clone, Default, PartialEq)]
            pub(crate) struct TokenUsageRecord("record", "camelCase"): row(
                "token_usage",
                // The global table lacks these.
                "workspace_id", "job_id", "task_run_id", "task_id", "project_id", "epic_id", "user_story_id"
            ) {
                /// Its key.
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
                /// When the call counts.
                pub(crate) timestamp: String,
                /// Anything else.
                pub(crate) metadata: Option<Map<String, Value>>,
            }
        }

        record! {
            /// What one agent call cost. Null is "not reported", 0 is "reported as none".
            ///
            /// Columns hold what was recorded. Where the column is empty, the command is metadata `commandName`,
            /// `command_name` or `command`, the action is metadata `action` or `phase`, and `duration_ms` is
            /// `duration_seconds` to the nearest millisecond. Empty text counts as not reported.
            #[derive(Debug, Clone, Default, PartialEq, Deserialize)]
            #[serde(default)]
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
                /// When the call counts, as stored.
                pub timestamp: StoredTime,
                /// What went wrong: metadata `error_kind`, `errorKind` or `error`.
                pub error_kind: Option<String>,
                /// Whatever else was recorded; empty where there is nothing, or nothing that is a JSON object.
                pub metadata: Map<String, Value>,
            }
        }

        impl TokenUsage {
            /// The row that it becomes, as far as it says.
            pub(crate) fn to_record(&self) -> TokenUsageRecord {
                TokenUsageRecord {
                    id: self.id.clone().unwrap_or_default(),
                    $($text: self.$text.clone(),)*
                    $($count: self.$count,)*
                    $($amount: self.$amount,)*
                    started_at: self.started_at.map(|time| time.to_string()),
                    finished_at: self.finished_at.map(|time| time.to_string()),
                    timestamp: self.timestamp.map(|time| time.to_string()).unwrap_or_default(),
                    metadata: self.metadata.clone(),
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
            /// Takes each text that is absent from the other record.
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

        /// The columns as they are.
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
                    metadata: record.metadata.unwrap_or_default(),
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
        /// The workspace that is billed. Absent: the handle's own.
        workspace_id = id,
        /// The agent that called. It is added to the agents of the command run and of the job.
        agent_id = id,
        /// The model that answered.
        model_name,
        /// The job that the call was part of; must exist.
        job_id,
        /// The command run that the call was part of; must exist.
        command_run_id,
        /// The task run that the call was part of; must exist.
        task_run_id,
        /// The task that the call worked on; must exist.
        task_id,
        /// The project that the call worked for; must exist.
        project_id,
        /// The epic that the call worked for; must exist.
        epic_id,
        /// The user story that the call worked for; must exist.
        user_story_id,
        /// The command, for example `work-on-tasks`.
        command_name,
        /// The step of the command, for example `plan`.
        action,
        /// How the agent was called, for example `chat`.
        invocation_kind,
        /// Who provides the model.
        provider,
        /// The currency of `cost_estimate`, for example `USD`.
        currency,
    }
    amounts {
        /// What the call cost, in `currency`.
        cost_estimate | "costUsd",
        /// How long the call took, in seconds. Absent: from `duration_ms`, else from start and finish.
        duration_seconds,
        /// How long the call took, in milliseconds. Absent: from start and finish, else from `duration_seconds`.
        duration_ms,
    }
}

impl TokenUsageRecord {
    /// The record as its entry in the JSON log.
    pub(crate) fn to_json(&self) -> Result<Map<String, Value>> {
        match serde_json::to_value(self) {
            Ok(Value::Object(object)) => Ok(object),
            _ => Err(Error::new(ErrorKind::Internal, "a record cannot be written as JSON")),
        }
    }
}
