//! The way into the engine and back.

use mcoda_core::{Dimension, Result, TokenUsageQuery, TokenUsageSummaryRow, catch_panic, report};
use pyo3::prelude::*;
use serde::Serialize;
use serde_json::Value;

use crate::failure::Failure;
use crate::to_python::to_python;

/// What most methods give back.
pub(crate) type Answer = Result<Py<PyAny>, Failure>;

/// Runs `work` without holding the interpreter, so that other threads go on while it waits.
pub(crate) fn detached<T: Send>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T> + Send,
) -> Result<T, Failure> {
    Ok(py.detach(|| catch_panic(work))?)
}

/// [`detached`], with the answer as Python's dicts and lists.
pub(crate) fn answer<T: Serialize>(py: Python<'_>, work: impl FnOnce() -> Result<T> + Send) -> Answer {
    let answer = detached(py, || work().map(|answer| json(&answer)))?;
    Ok(to_python(py, &answer)?)
}

/// [`answer`] for what also has a text for people, which is given beside it.
pub(crate) fn answer_with_text<T: Serialize>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<T> + Send,
    text: impl FnOnce(&T) -> String + Send,
) -> Result<(Py<PyAny>, String), Failure> {
    let (answer, text) = detached(py, || work().map(|answer| (json(&answer), text(&answer))))?;
    Ok((to_python(py, &answer)?, text))
}

/// The rows of a summary, and their table. Both handles have summaries.
pub(crate) fn summary(
    py: Python<'_>,
    query: &Value,
    summary: impl FnOnce(&TokenUsageQuery, &[Dimension]) -> Result<Vec<TokenUsageSummaryRow>> + Send,
) -> Result<(Py<PyAny>, String), Failure> {
    let (rows, text) = detached(py, || {
        let (query, group_by) = TokenUsageQuery::from_summary_json(query)?;
        let rows = summary(&query, &group_by)?;
        Ok((json(&rows), report::render_tokens_table(&rows, &group_by)))
    })?;
    Ok((to_python(py, &rows)?, text))
}

fn json<T: Serialize>(answer: &T) -> Value {
    serde_json::to_value(answer).expect("every answer of the engine is JSON")
}
