//! An open database, or a transaction of one.

use std::path::Path;
use std::sync::Mutex;

use mcoda_core::calls::{Held, Target};
use mcoda_core::{AgentContext, Options, TokenUsageQuery};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::call::{self, Returned, detached, returned};
use crate::columns::Columns;
use crate::cursor::Cursor;
use crate::failure::Failure;
use crate::from_python::{fields, path, seconds, text};
use crate::response::Response;
use crate::sql;

/// What calls are made on. Arguments named `given` are the caller's mapping, those named `keywords` the keywords
/// beside it.
#[pyclass(frozen, module = "mcoda._mcoda")]
pub(crate) struct Handle {
    held: Held,
    /// A transaction holds its handle, which would close itself otherwise and end it.
    _owner: Option<Py<Self>>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        // Closing waits for the disk, and for nothing that needs the interpreter. Where that is going away, the
        // engine's own handle closes itself.
        Python::try_attach(|py| drop(py.detach(|| self.held.end())));
    }
}

impl From<Held> for Handle {
    fn from(held: Held) -> Self {
        Self { held, _owner: None }
    }
}

#[pymethods]
impl Handle {
    #[staticmethod]
    #[pyo3(signature = (root, given, keywords, /))]
    fn open_workspace(
        py: Python<'_>,
        root: &Bound<'_, PyAny>,
        given: &Bound<'_, PyAny>,
        keywords: &Bound<'_, PyDict>,
    ) -> Result<Self, Failure> {
        let (root, options) = (path("root", root)?, fields("options", given, keywords)?);
        let workspace = detached(py, None, || Options::from_json(&options)?.open(root))?;
        call::warn_of_left_behind(py, workspace.left_behind())?;
        Ok(Held::Workspace(workspace).into())
    }

    #[staticmethod]
    #[pyo3(signature = (path_, given, keywords, /))]
    fn open_workspace_db(
        py: Python<'_>,
        path_: &Bound<'_, PyAny>,
        given: &Bound<'_, PyAny>,
        keywords: &Bound<'_, PyDict>,
    ) -> Result<Self, Failure> {
        let (file, options) = (path("path", path_)?, fields("options", given, keywords)?);
        let workspace = detached(py, None, || Options::from_json(&options)?.open_db(file))?;
        Ok(Held::Workspace(workspace).into())
    }

    #[staticmethod]
    #[pyo3(signature = (given, keywords, /))]
    fn open_global(
        py: Python<'_>,
        given: &Bound<'_, PyAny>,
        keywords: &Bound<'_, PyDict>,
    ) -> Result<Self, Failure> {
        let options = fields("options", given, keywords)?;
        let global = detached(py, None, || Options::from_json(&options)?.open_global())?;
        Ok(Held::Global(global).into())
    }

    #[staticmethod]
    #[pyo3(signature = (path_, given, keywords, /))]
    fn open_global_db(
        py: Python<'_>,
        path_: &Bound<'_, PyAny>,
        given: &Bound<'_, PyAny>,
        keywords: &Bound<'_, PyDict>,
    ) -> Result<Self, Failure> {
        let (file, options) = (path("path", path_)?, fields("options", given, keywords)?);
        let global = detached(py, None, || Options::from_json(&options)?.open_global_db(file))?;
        Ok(Held::Global(global).into())
    }

    /// The workspace's id; the global database has none.
    #[getter]
    fn id(&self) -> Option<&str> {
        match self.held.target() {
            Target::Workspace(workspace) => Some(workspace.id()),
            Target::Global(_) | Target::Library => None,
        }
    }

    #[getter]
    fn database_path(&self) -> &Path {
        self.held.session().database_path()
    }

    /// Makes the call with this name. A record is given as a pair: the caller's mapping, and the keywords beside it.
    #[pyo3(signature = (name, /, *arguments, timeout))]
    fn call(
        &self,
        py: Python<'_>,
        name: &str,
        arguments: &Bound<'_, PyTuple>,
        timeout: &Bound<'_, PyAny>,
    ) -> Returned {
        call::call(py, self.held.target(), name, arguments, seconds("timeout", timeout)?)
    }

    /// [`Handle::call`] for a call that returns rows.
    #[pyo3(signature = (name, /, *arguments, timeout))]
    fn columns(
        &self,
        py: Python<'_>,
        name: &str,
        arguments: &Bound<'_, PyTuple>,
        timeout: &Bound<'_, PyAny>,
    ) -> Result<Columns, Failure> {
        call::columns(py, self.held.target(), name, arguments, seconds("timeout", timeout)?)
    }

    #[pyo3(signature = (sql, params, /, *, timeout))]
    fn query(
        &self,
        py: Python<'_>,
        sql: &Bound<'_, PyAny>,
        params: &Bound<'_, PyAny>,
        timeout: &Bound<'_, PyAny>,
    ) -> Result<Columns, Failure> {
        let limit = seconds("timeout", timeout)?;
        let (sql, params) = (text("sql", sql)?, sql::params(params)?);
        let columns = detached(py, limit, || self.held.session().query_columns(&sql, &params))?;
        Ok(Columns(mcoda_core::Columns::Sql(columns)))
    }

    #[pyo3(signature = (given, keywords, /, *, timeout))]
    fn token_usage_cursor(
        &self,
        py: Python<'_>,
        given: &Bound<'_, PyAny>,
        keywords: &Bound<'_, PyDict>,
        timeout: &Bound<'_, PyAny>,
    ) -> Result<Cursor, Failure> {
        let limit = seconds("timeout", timeout)?;
        let query = fields("query", given, keywords)?;
        let session = self.held.session();
        let cursor =
            detached(py, limit, || session.token_usage_cursor(&TokenUsageQuery::from_json(&query)?))?;
        call::warn_of_others(py, self.held.target(), cursor.other_workspaces())?;
        Ok(Cursor(Mutex::new(cursor)))
    }

    #[pyo3(signature = (response, given, keywords, /, *, timeout))]
    fn record_agent_pieces(
        &self,
        py: Python<'_>,
        response: &Bound<'_, Response>,
        given: &Bound<'_, PyAny>,
        keywords: &Bound<'_, PyDict>,
        timeout: &Bound<'_, PyAny>,
    ) -> Returned {
        let limit = seconds("timeout", timeout)?;
        let context = fields("context", given, keywords)?;
        let response = response.get();
        returned(py, limit, || {
            let context = AgentContext::from_json(&context)?;
            self.held.session().record_agent_pieces(response.take()?, &context)
        })
    }

    /// Begins a transaction, which is rolled back after this many seconds.
    #[pyo3(signature = (limit, /))]
    fn begin(slf: &Bound<'_, Self>, limit: &Bound<'_, PyAny>) -> Result<Self, Failure> {
        let limit = seconds("limit", limit)?;
        let handle = slf.get();
        let held = detached(slf.py(), None, || handle.held.begin(limit, Some(std::thread::current().id())))?;
        Ok(Self { held, _owner: Some(slf.clone().unbind()) })
    }

    #[pyo3(signature = (/))]
    fn commit(&self, py: Python<'_>) -> Result<bool, Failure> {
        detached(py, None, || self.held.commit())
    }

    #[pyo3(signature = (/))]
    fn rollback(&self, py: Python<'_>) -> Result<(), Failure> {
        detached(py, None, || self.held.rollback())
    }
}
