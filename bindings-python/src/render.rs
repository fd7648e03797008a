//! The engine's tables for people, of answers that the caller has.

use mcoda_core::{JobInspection, Result, TelemetryConfig, TokenUsageQuery, report};
use pyo3::prelude::*;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::call::detached;
use crate::failure::Failure;
use crate::from_python::nested;

/// Reads the answer that the caller has, and writes its text.
fn rendered<T: DeserializeOwned>(
    py: Python<'_>,
    field: &str,
    given: &Bound<'_, PyAny>,
    render: impl FnOnce(T) -> Result<String> + Send,
) -> Result<String, Failure> {
    let answer = nested(field, given)?;
    detached(py, || render(report::read(field, &answer)?))
}

#[pyfunction]
#[pyo3(signature = (rows, group_by, /))]
pub(crate) fn render_tokens_table(
    py: Python<'_>,
    rows: &Bound<'_, PyAny>,
    group_by: &Bound<'_, PyAny>,
) -> Result<String, Failure> {
    let group_by = json!({"groupBy": nested("groupBy", group_by)?});
    rendered(py, "rows", rows, |rows: Vec<_>| {
        let (_, group_by) = TokenUsageQuery::from_summary_json(&group_by)?;
        Ok(report::render_tokens_table(&rows, &group_by))
    })
}

#[pyfunction]
#[pyo3(signature = (rows, /))]
pub(crate) fn render_job_tokens(py: Python<'_>, rows: &Bound<'_, PyAny>) -> Result<String, Failure> {
    rendered(py, "rows", rows, |rows: Vec<_>| Ok(report::render_job_tokens(&rows)))
}

#[pyfunction]
#[pyo3(signature = (jobs, /))]
pub(crate) fn render_jobs(py: Python<'_>, jobs: &Bound<'_, PyAny>) -> Result<String, Failure> {
    rendered(py, "jobs", jobs, |jobs: Vec<_>| Ok(report::render_jobs(&jobs)))
}

#[pyfunction]
#[pyo3(signature = (inspection, /))]
pub(crate) fn render_job_inspection(
    py: Python<'_>,
    inspection: &Bound<'_, PyAny>,
) -> Result<String, Failure> {
    rendered(py, "inspection", inspection, |inspection: JobInspection| {
        Ok(report::render_job_inspection(&inspection))
    })
}

#[pyfunction]
#[pyo3(signature = (estimate, /))]
pub(crate) fn render_estimate(py: Python<'_>, estimate: &Bound<'_, PyAny>) -> Result<String, Failure> {
    let answer = nested("estimate", estimate)?;
    detached(py, || report::render_estimate_json(&answer))
}

#[pyfunction]
#[pyo3(signature = (velocity, /))]
pub(crate) fn render_velocity(py: Python<'_>, velocity: &Bound<'_, PyAny>) -> Result<String, Failure> {
    let answer = nested("velocity", velocity)?;
    detached(py, || report::render_velocity_json(&answer))
}

#[pyfunction]
#[pyo3(signature = (events, /))]
pub(crate) fn render_status_events(py: Python<'_>, events: &Bound<'_, PyAny>) -> Result<String, Failure> {
    rendered(py, "events", events, |events: Vec<_>| Ok(report::render_status_events(&events)))
}

#[pyfunction]
#[pyo3(signature = (config, /))]
pub(crate) fn render_telemetry_config(py: Python<'_>, config: &Bound<'_, PyAny>) -> Result<String, Failure> {
    rendered(py, "config", config, |config: TelemetryConfig| Ok(report::render_telemetry_config(&config)))
}
