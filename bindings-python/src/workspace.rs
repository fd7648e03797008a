//! The handle of a project's database.

use std::sync::Mutex;

use mcoda_core::{
    AgentContext, CommandRunEnd, EstimateOptions, NewCommandRun, NewEpic, NewJob, NewProject, NewStory,
    NewTask, NewTaskRun, Options, StatusEventsQuery, TokenUsage, TokenUsageQuery, TransitionContext, report,
};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::call::{Answer, answer, answer_with_text, detached, summary};
use crate::cursor::Cursor;
use crate::failure::Failure;
use crate::from_python::{body, fields, list, optional_text, optional_time, path, text, truth};
use crate::sql;

/// The engine's workspace. Arguments named `given` are the caller's mapping, those named `keywords` the
/// keywords beside it.
#[pyclass(frozen, module = "mcoda._mcoda")]
pub(crate) struct Workspace(mcoda_core::Workspace);

impl Drop for Workspace {
    fn drop(&mut self) {
        // Closing waits for the disk, and for nothing that needs the interpreter. Where that is going away, the
        // engine's own handle closes itself.
        Python::try_attach(|py| drop(py.detach(|| self.0.close())));
    }
}

#[pymethods]
impl Workspace {
    #[staticmethod]
    #[pyo3(signature = (root, given, keywords, /))]
    fn open(
        py: Python<'_>,
        root: &Bound<'_, PyAny>,
        given: &Bound<'_, PyAny>,
        keywords: &Bound<'_, PyDict>,
    ) -> Result<Self, Failure> {
        let (root, options) = (path("root", root)?, fields("options", given, keywords)?);
        Ok(Self(detached(py, || Options::from_json(&options)?.open(root))?))
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
        Ok(Self(detached(py, || Options::from_json(&options)?.open_db(file))?))
    }

    #[getter]
    fn id(&self) -> &str {
        self.0.id()
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

    #[pyo3(signature = (task, to_status, given, keywords, /))]
    fn record_status_transition(
        &self,
        py: Python<'_>,
        task: &Bound<'_, PyAny>,
        to_status: &Bound<'_, PyAny>,
        given: &Bound<'_, PyAny>,
        keywords: &Bound<'_, PyDict>,
    ) -> Answer {
        let (task, to_status) = (text("task", task)?, text("toStatus", to_status)?);
        let context = fields("context", given, keywords)?;
        answer(py, || {
            let context = TransitionContext::from_json(&context)?;
            self.0.record_status_transition(&task, &to_status, &context)
        })
    }

    #[pyo3(signature = (given, keywords, /))]
    fn status_events(
        &self,
        py: Python<'_>,
        given: &Bound<'_, PyAny>,
        keywords: &Bound<'_, PyDict>,
    ) -> Answer {
        let query = fields("query", given, keywords)?;
        answer(py, || self.0.status_events(&StatusEventsQuery::from_json(&query)?))
    }

    #[pyo3(signature = (given, keywords, /))]
    fn backfill_status_events(
        &self,
        py: Python<'_>,
        given: &Bound<'_, PyAny>,
        keywords: &Bound<'_, PyDict>,
    ) -> Answer {
        let options = fields("options", given, keywords)?;
        answer(py, || self.0.backfill_status_events(&EstimateOptions::from_json(&options)?))
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

    #[pyo3(signature = (given, keywords, /))]
    fn velocity(
        &self,
        py: Python<'_>,
        given: &Bound<'_, PyAny>,
        keywords: &Bound<'_, PyDict>,
    ) -> Result<(Py<PyAny>, String), Failure> {
        let options = fields("options", given, keywords)?;
        let velocity = || self.0.velocity(&EstimateOptions::from_json(&options)?);
        answer_with_text(py, velocity, report::render_velocity)
    }

    #[pyo3(signature = (given, keywords, /))]
    fn estimate(
        &self,
        py: Python<'_>,
        given: &Bound<'_, PyAny>,
        keywords: &Bound<'_, PyDict>,
    ) -> Result<(Py<PyAny>, String), Failure> {
        let options = fields("options", given, keywords)?;
        let estimate = || self.0.estimate(&EstimateOptions::from_json(&options)?);
        answer_with_text(py, estimate, report::render_estimate)
    }

    #[pyo3(signature = (job_id, /))]
    fn inspect_job(&self, py: Python<'_>, job_id: &Bound<'_, PyAny>) -> Result<(Py<PyAny>, String), Failure> {
        let job_id = text("jobId", job_id)?;
        answer_with_text(py, || self.0.inspect_job(&job_id), report::render_job_inspection)
    }

    #[pyo3(signature = (/))]
    fn telemetry_config(&self, py: Python<'_>) -> Result<(Py<PyAny>, String), Failure> {
        answer_with_text(py, || self.0.telemetry_config(), report::render_telemetry_config)
    }

    #[pyo3(signature = (strict, /))]
    fn opt_out(&self, py: Python<'_>, strict: &Bound<'_, PyAny>) -> Result<(Py<PyAny>, String), Failure> {
        let strict = truth("strict", strict)?;
        answer_with_text(py, || self.0.opt_out(strict), report::render_telemetry_config)
    }

    #[pyo3(signature = (/))]
    fn opt_in(&self, py: Python<'_>) -> Result<(Py<PyAny>, String), Failure> {
        answer_with_text(py, || self.0.opt_in(), report::render_telemetry_config)
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

    #[pyo3(signature = (given, keywords, /))]
    fn projects_ensure(
        &self,
        py: Python<'_>,
        given: &Bound<'_, PyAny>,
        keywords: &Bound<'_, PyDict>,
    ) -> Answer {
        let new = fields("project", given, keywords)?;
        answer(py, || self.0.projects().ensure(&NewProject::from_json(&new)?))
    }

    #[pyo3(signature = (key, /))]
    fn projects_get(&self, py: Python<'_>, key: &Bound<'_, PyAny>) -> Answer {
        let key = text("key", key)?;
        answer(py, || self.0.projects().get(&key))
    }

    #[pyo3(signature = (/))]
    fn projects_list(&self, py: Python<'_>) -> Answer {
        answer(py, || self.0.projects().list())
    }

    #[pyo3(signature = (given, keywords, /))]
    fn epics_create(&self, py: Python<'_>, given: &Bound<'_, PyAny>, keywords: &Bound<'_, PyDict>) -> Answer {
        let new = fields("epic", given, keywords)?;
        answer(py, || self.0.epics().create(&NewEpic::from_json(&new)?))
    }

    #[pyo3(signature = (id, /))]
    fn epics_get(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> Answer {
        let id = text("id", id)?;
        answer(py, || self.0.epics().get(&id))
    }

    #[pyo3(signature = (project_id, /))]
    fn epics_list(&self, py: Python<'_>, project_id: &Bound<'_, PyAny>) -> Answer {
        let project_id = optional_text("projectId", project_id)?;
        answer(py, || self.0.epics().list(project_id.as_deref()))
    }

    #[pyo3(signature = (given, keywords, /))]
    fn stories_create(
        &self,
        py: Python<'_>,
        given: &Bound<'_, PyAny>,
        keywords: &Bound<'_, PyDict>,
    ) -> Answer {
        let new = fields("story", given, keywords)?;
        answer(py, || self.0.stories().create(&NewStory::from_json(&new)?))
    }

    #[pyo3(signature = (id, /))]
    fn stories_get(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> Answer {
        let id = text("id", id)?;
        answer(py, || self.0.stories().get(&id))
    }

    #[pyo3(signature = (epic_id, /))]
    fn stories_list(&self, py: Python<'_>, epic_id: &Bound<'_, PyAny>) -> Answer {
        let epic_id = optional_text("epicId", epic_id)?;
        answer(py, || self.0.stories().list(epic_id.as_deref()))
    }

    #[pyo3(signature = (given, keywords, /))]
    fn tasks_create(&self, py: Python<'_>, given: &Bound<'_, PyAny>, keywords: &Bound<'_, PyDict>) -> Answer {
        let new = fields("task", given, keywords)?;
        answer(py, || self.0.tasks().create(&NewTask::from_json(&new)?))
    }

    #[pyo3(signature = (tasks, /))]
    fn tasks_create_many(&self, py: Python<'_>, tasks: &Bound<'_, PyAny>) -> Answer {
        let new = list("tasks", "task", "task", tasks)?;
        answer(py, || self.0.tasks().create_many(&NewTask::list_from_json(&new)?))
    }

    #[pyo3(signature = (id_or_key, /))]
    fn tasks_get(&self, py: Python<'_>, id_or_key: &Bound<'_, PyAny>) -> Answer {
        let id_or_key = text("task", id_or_key)?;
        answer(py, || self.0.tasks().get(&id_or_key))
    }

    #[pyo3(signature = (user_story_id, /))]
    fn tasks_list(&self, py: Python<'_>, user_story_id: &Bound<'_, PyAny>) -> Answer {
        let user_story_id = optional_text("userStoryId", user_story_id)?;
        answer(py, || self.0.tasks().list(user_story_id.as_deref()))
    }

    #[pyo3(signature = (given, keywords, /))]
    fn jobs_create(&self, py: Python<'_>, given: &Bound<'_, PyAny>, keywords: &Bound<'_, PyDict>) -> Answer {
        let new = fields("job", given, keywords)?;
        answer(py, || self.0.jobs().create(&NewJob::from_json(&new)?))
    }

    #[pyo3(signature = (id, /))]
    fn jobs_get(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> Answer {
        let id = text("id", id)?;
        answer(py, || self.0.jobs().get(&id))
    }

    #[pyo3(signature = (/))]
    fn jobs_list(&self, py: Python<'_>) -> Answer {
        answer(py, || self.0.jobs().list())
    }

    #[pyo3(signature = (id, state, error_summary, /))]
    fn jobs_finish(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        state: &Bound<'_, PyAny>,
        error_summary: &Bound<'_, PyAny>,
    ) -> Answer {
        let (id, state) = (text("id", id)?, text("state", state)?);
        let error_summary = optional_text("errorSummary", error_summary)?;
        answer(py, || self.0.jobs().finish(&id, &state, error_summary.as_deref()))
    }

    #[pyo3(signature = (given, keywords, /))]
    fn command_runs_create(
        &self,
        py: Python<'_>,
        given: &Bound<'_, PyAny>,
        keywords: &Bound<'_, PyDict>,
    ) -> Answer {
        let new = fields("commandRun", given, keywords)?;
        answer(py, || self.0.command_runs().create(&NewCommandRun::from_json(&new)?))
    }

    #[pyo3(signature = (id, /))]
    fn command_runs_get(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> Answer {
        let id = text("id", id)?;
        answer(py, || self.0.command_runs().get(&id))
    }

    #[pyo3(signature = (id, given, keywords, /))]
    fn command_runs_finish(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        given: &Bound<'_, PyAny>,
        keywords: &Bound<'_, PyDict>,
    ) -> Answer {
        let (id, end) = (text("id", id)?, fields("commandRunEnd", given, keywords)?);
        answer(py, || self.0.command_runs().finish(&id, &CommandRunEnd::from_json(&end)?))
    }

    #[pyo3(signature = (given, keywords, /))]
    fn task_runs_create(
        &self,
        py: Python<'_>,
        given: &Bound<'_, PyAny>,
        keywords: &Bound<'_, PyDict>,
    ) -> Answer {
        let new = fields("taskRun", given, keywords)?;
        answer(py, || self.0.task_runs().create(&NewTaskRun::from_json(&new)?))
    }

    #[pyo3(signature = (id, /))]
    fn task_runs_get(&self, py: Python<'_>, id: &Bound<'_, PyAny>) -> Answer {
        let id = text("id", id)?;
        answer(py, || self.0.task_runs().get(&id))
    }

    #[pyo3(signature = (task_id, /))]
    fn task_runs_list(&self, py: Python<'_>, task_id: &Bound<'_, PyAny>) -> Answer {
        let task_id = text("taskId", task_id)?;
        answer(py, || self.0.task_runs().list(&task_id))
    }

    #[pyo3(signature = (id, status, finished_at, /))]
    fn task_runs_finish(
        &self,
        py: Python<'_>,
        id: &Bound<'_, PyAny>,
        status: &Bound<'_, PyAny>,
        finished_at: &Bound<'_, PyAny>,
    ) -> Answer {
        let (id, status) = (text("id", id)?, text("status", status)?);
        let finished_at = optional_time("finishedAt", finished_at)?;
        answer(py, || self.0.task_runs().finish(&id, &status, finished_at))
    }
}
