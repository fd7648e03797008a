//! The handle of the user's global database.

use std::sync::Mutex;

use mcoda_core::{AgentContext, Options, TokenUsage, TokenUsageQuery};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::call::{Answer, answer, detached, summary};
use crate::cursor::Cursor;
use crate::failure::Failure;
use crate::from_python::{body, fields, list, path, text};
use crate::sql;

/// The engine's global database; arguments as those of `Workspace`.
#[pyclass(frozen, module = "mcoda._mcoda")]
pub(crate) struct Global(mcoda_core::Global);

impl Drop for Global {
    fn drop(&mut self) {
        // As for a workspace.
        Python::try_attach(|py| drop(py.detach(|| self.0.close())));
    }
}

#[pymethods]
impl Global {
    #[staticmethod]
    #[pyo3(signature = (given, keywords, /))]
    fn open(py: Python<'_>, given: &Bound<'_, PyAny>, keywords: &Bound<'_, PyDict>) -> Result<Self, Failure> {
        let options = fields("options", given, keywords)?;
        Ok(Self(detached(py, || Options::from_json(&options)?.open_global())?))
    }

    #[staticmethod]
    #[pyo3(signature = (path_, given, keywords, /))]
    fn open_db(
        py: Python<'_>,
        path_: &Bound<'_, PyAny>,
        given: &Bound<'_, PyAny>,
        keywords: &Bound<'_, PyDict>,
    ) -> Result<Self, Failure> {
        let (file, options) = (path("path", path_)?, fields("options", given, keywords)?);
        Ok(Self(detached(py, || Options::from_json(&options)?.open_global_db(file))?))
    }

    #[getter]
    fn database_path(&self) -> &std::path::Path {
        self.0.database_path()
    }

    #[pyo3(signature = (/))]
    fn close(&self, py: Python<'_>) -> Result<(), Failure> {
        detached(py, || self.0.close())
    }

    #[pyo3(signature = (given, keywords, /))]
    fn record_token_usage(
        &self,
        py: Python<'_>,
        given: &Bound<'_, PyAny>,
        keywords: &Bound<'_, PyDict>,
    ) -> Answer {
        let usage = fields("usage", given, keywords)?;
        answer(py, || self.0.record_token_usage(&TokenUsage::from_json(&usage)?))
    }

    #[pyo3(signature = (usages, /))]
    fn record_token_usages(&self, py: Python<'_>, usages: &Bound<'_, PyAny>) -> Answer {
        let usages = list("usages", "usage", "record", usages)?;
        answer(py, || self.0.record_token_usages(&TokenUsage::list_from_json(&usages)?))
    }

    #[pyo3(signature = (body_, given, keywords, /))]
    fn record_agent_response(
        &self,
        py: Python<'_>,
        body_: &Bound<'_, PyAny>,
        given: &Bound<'_, PyAny>,
        keywords: &Bound<'_, PyDict>,
    ) -> Answer {
        let (text, context) = (body(body_)?, fields("context", given, keywords)?);
        answer(py, || self.0.record_agent_response(&text, &AgentContext::from_json(&context)?))
    }

    #[pyo3(signature = (path_, given, keywords, /))]
    fn record_agent_file(
        &self,
        py: Python<'_>,
        path_: &Bound<'_, PyAny>,
        given: &Bound<'_, PyAny>,
        keywords: &Bound<'_, PyDict>,
    ) -> Answer {
        let (file, context) = (path("path", path_)?, fields("context", given, keywords)?);
        answer(py, || self.0.record_agent_file(file, &AgentContext::from_json(&context)?))
    }

    #[pyo3(signature = (given, keywords, /))]
    fn token_usage(&self, py: Python<'_>, given: &Bound<'_, PyAny>, keywords: &Bound<'_, PyDict>) -> Answer {
        let query = fields("query", given, keywords)?;
        answer(py, || self.0.token_usage(&TokenUsageQuery::from_json(&query)?))
    }

    #[pyo3(signature = (given, keywords, /))]
    fn token_usage_cursor(
        &self,
        py: Python<'_>,
        given: &Bound<'_, PyAny>,
        keywords: &Bound<'_, PyDict>,
    ) -> Result<Cursor, Failure> {
        let query = fields("query", given, keywords)?;
        let cursor = detached(py, || self.0.token_usage_cursor(&TokenUsageQuery::from_json(&query)?))?;
        Ok(Cursor(Mutex::new(cursor)))
    }

    #[pyo3(signature = (given, keywords, /))]
    fn token_usage_summary(
        &self,
        py: Python<'_>,
        given: &Bound<'_, PyAny>,
        keywords: &Bound<'_, PyDict>,
    ) -> Result<(Py<PyAny>, String), Failure> {
        let query = fields("query", given, keywords)?;
        summary(py, &query, |query, group_by| self.0.token_usage_summary(query, group_by))
    }

    #[pyo3(signature = (sql, params, /))]
    fn query<'py>(
        &self,
        py: Python<'py>,
        sql: &Bound<'py, PyAny>,
        params: &Bound<'py, PyAny>,
    ) -> Result<(Vec<String>, Bound<'py, PyList>), Failure> {
        let (sql, params) = (text("sql", sql)?, sql::params(params)?);
        Ok(sql::rows(py, detached(py, || self.0.query(&sql, &params))?)?)
    }

    #[pyo3(signature = (path_, /))]
    fn backup_to(&self, py: Python<'_>, path_: &Bound<'_, PyAny>) -> Result<(), Failure> {
        let path = path("path", path_)?;
        detached(py, || self.0.backup_to(path))
    }
}
