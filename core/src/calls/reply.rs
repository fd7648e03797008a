//! The result of a call, in the forms that the bindings need.

use std::any::Any;

use serde::Serialize;
use serde_json::Value;

use super::batch;
use crate::error::{Error, ErrorKind, Result};
use crate::json::{self, ToJson};
use crate::repository::{CommandRun, Job};
use crate::telemetry::{CallsOutside, Economics, TokenUsageCursor, TokenUsageRow, TokenUsageSummaryRow};

/// The calls that select by the workspace's id.
pub const OF_ONE_WORKSPACE: [&str; 6] =
    ["token_usage", "token_usage_summary", "calls_outside", "economics", "jobs.list", "command_runs.list"];

/// The result of a call.
pub struct Reply {
    value: Box<dyn ToJson + Send>,
    pub(super) is_empty: bool,
    other_workspaces: Vec<String>,
    null_as_absent: bool,
}

impl Reply {
    pub(super) fn new(value: impl Serialize + Send + 'static) -> Self {
        let is_empty = is_empty(&value);
        Self { value: Box::new(value), is_empty, other_workspaces: Vec::new(), null_as_absent: false }
    }

    /// The next rows of a cursor; none at the end. Errors: as [`TokenUsageCursor::next_chunk`].
    pub fn next_rows(cursor: &mut TokenUsageCursor, limit: usize) -> Result<Self> {
        let reply = Self::new(cursor.next_chunk(limit)?).with_null_as_absent(cursor.null_as_absent);
        Ok(reply.with_other_workspaces(cursor.other_workspaces().to_vec()))
    }

    /// The same, with null for NULL where the value is otherwise empty.
    pub(super) fn with_null_as_absent(self, null_as_absent: bool) -> Self {
        Self { null_as_absent, ..self }
    }

    pub(super) fn with_other_workspaces(self, ids: Vec<String>) -> Self {
        Self { other_workspaces: ids, ..self }
    }

    /// The ids of other workspaces in the database, if the result is empty and the database has no rows of this workspace:
    /// the project was moved, or is opened with another id than before. Hosts say so; otherwise it would seem that nothing
    /// was recorded.
    #[must_use]
    pub fn other_workspaces(&self) -> &[String] {
        &self.other_workspaces
    }

    /// As JSON text.
    pub fn to_json(&self) -> Result<String> {
        json::text(&*self.value, self.null_as_absent).map_err(not_json)
    }

    /// As JSON text in pieces, for a host that reads a large result a piece at a time. An array is several arrays with its
    /// items in their order, each of which ends after the item with which it reaches `bytes`; anything else is one piece.
    pub fn to_json_pieces(&self, bytes: usize) -> Result<Vec<String>> {
        json::pieces(&*self.value, bytes, self.null_as_absent).map_err(not_json)
    }

    /// As a JSON value.
    #[must_use]
    pub fn to_value(&self) -> Value {
        // A value that cannot be serialized, such as an infinite number, is null.
        json::value(&*self.value, self.null_as_absent).unwrap_or_default()
    }
}

/// A result as JSON text, for a call that a binding does not make by its name.
pub fn json_of(result: &impl Serialize) -> Result<String> {
    json::text(result, false).map_err(not_json)
}

impl std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Reply").field(&self.to_value()).finish()
    }
}

/// Whether the result of a query that selects by the workspace's id has no rows, or counts none.
fn is_empty(value: &dyn Any) -> bool {
    value.downcast_ref::<Vec<TokenUsageRow>>().is_some_and(Vec::is_empty)
        || value.downcast_ref::<Vec<TokenUsageSummaryRow>>().is_some_and(Vec::is_empty)
        || value.downcast_ref::<Vec<Job>>().is_some_and(Vec::is_empty)
        || value.downcast_ref::<Vec<CommandRun>>().is_some_and(Vec::is_empty)
        || value.downcast_ref::<CallsOutside>().is_some_and(|outside| outside.calls == 0)
        || value.downcast_ref::<batch::Results>().is_some_and(|results| results.names_others)
        || value.downcast_ref::<Economics>().is_some_and(|economics| economics.rows.is_empty())
}

fn not_json(error: serde_json::Error) -> Error {
    let message = "this is a bug in libmcoda, please report it: the result cannot be serialized as JSON";
    Error::new(ErrorKind::Internal, message).with_source(error)
}
