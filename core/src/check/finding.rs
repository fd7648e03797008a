//! The options of a check, and its result.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::definition::{Described, Kind, record};
use crate::error::{Error, Result};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// Worth knowing.
    #[default]
    Info,
    /// Something is missing, or may go wrong.
    Warning,
    /// Records are lost, damaged or refused, or that could not be ruled out.
    Error,
}

impl Severity {
    /// Its name: `info`, `warning` or `error`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl Described for Severity {
    const KIND: Kind = Kind::Choice("Severity", &["info", "warning", "error"]);
}

record! {
    /// How thorough a check is.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct CheckOptions("options", "camelCase"): input {
        /// Whether each index is compared with its table, too, which takes several times as long. Default: false.
        pub full: Option<bool>,
        /// How long the check may take, in milliseconds, above 0. What is not examined by then is a finding.
        /// Default: no limit.
        pub time_limit_ms: Option<i64>,
    }
}

record! {
    /// One thing that a check has found.
    #[derive(Debug, Clone, Default, PartialEq, Deserialize)]
    #[non_exhaustive]
    pub struct Finding("finding", "camelCase"): {
        /// What it is, as one word that stays the same, for example `damaged` or `disk_low`.
        pub code: String,
        /// How bad it is.
        pub severity: Severity,
        /// The file, folder, table or process that it is about.
        pub subject: String,
        /// What was found.
        pub message: String,
        /// What to do about it.
        pub advice: String,
        /// How many there are, where it is about several rows, entries or files.
        pub count: Option<i64>,
        /// Some of them: ids, numbers of rows, or what SQLite says.
        pub examples: Vec<String>,
    }
}

record! {
    /// What a check has found.
    #[derive(Debug, Clone, Default, PartialEq, Deserialize)]
    #[non_exhaustive]
    pub struct CheckReport("report", "camelCase"): {
        /// The database file.
        pub database: String,
        /// `workspace` or `global`, where that is known.
        pub kind: Option<String>,
        /// The version of its schema, where it can be read.
        pub schema_version: Option<i64>,
        /// Whether each index was compared with its table.
        pub full: bool,
        /// Whether no finding is an error.
        pub ok: bool,
        /// What was examined to the end: `files`, `permissions`, `disk`, `settings`, `otherSqlite`, `writeAheadLog`,
        /// `schema`, `integrity`, `foreignKeys`, `rows`, `workspaceIds` and `jsonLog`.
        pub checked: Vec<String>,
        /// What was found, the worst first.
        pub findings: Vec<Finding>,
    }
}

/// The maximum number of examples in a finding.
pub(super) const EXAMPLES: usize = 5;

impl CheckOptions {
    pub(crate) fn is_full(&self) -> bool {
        self.full.unwrap_or_default()
    }

    pub(crate) fn time_limit(&self) -> Result<Option<Duration>> {
        let Some(millis) = self.time_limit_ms else { return Ok(None) };
        let limit = u64::try_from(millis).ok().filter(|limit| *limit > 0);
        let limit = limit
            .ok_or_else(|| Error::invalid("timeLimitMs", millis, "a whole number of milliseconds above 0"))?;
        Ok(Some(Duration::from_millis(limit)))
    }
}

impl Finding {
    pub(super) fn new(
        severity: Severity,
        code: &str,
        subject: impl ToString,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            code: code.to_owned(),
            severity,
            subject: subject.to_string(),
            message: message.into(),
            advice: advice.into(),
            ..Self::default()
        }
    }

    /// A finding for an error that opening the database would fail with, or that an examination failed with.
    pub(super) fn of_error(severity: Severity, code: &str, subject: impl ToString, error: &Error) -> Self {
        let advice = "do what the message says, and check again";
        Self::new(severity, code, subject, error.message(), advice)
    }

    /// A finding for a database that is damaged.
    pub(super) fn damaged(subject: impl ToString, message: impl Into<String>) -> Self {
        let advice = "make no more records in it, copy the file and what lies beside it (-wal, -shm) away, and restore a backup";
        Self::new(Severity::Error, "damaged", subject, message, advice)
    }

    pub(super) fn counted(self, count: u64) -> Self {
        Self { count: Some(i64::try_from(count).unwrap_or(i64::MAX)), ..self }
    }

    pub(super) fn with_examples(self, examples: Vec<String>) -> Self {
        Self { examples, ..self }
    }
}
