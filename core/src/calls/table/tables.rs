//! Results as text tables.

use serde_json::Value;

use crate::calls::Call;
use crate::calls::argument::Json;
use crate::calls::macros::calls;
use crate::report;
use crate::telemetry::{TokenUsageQuery, TokenUsageRow, TokenUsageSummaryRow};

#[allow(unused_doc_comments, reason = "the docs of an entry become a part of it")]
pub(super) const CALLS: &[Call] = calls! {
    /// Renders a summary as a text table.
    Library "render_tokens_table"(
        /// The result of `token_usage_summary`.
        rows: Json,
        /// The dimensions that it was grouped by. Absent: the default.
        group_by: Option<Json>,
    ) -> String [InvalidInput] |_library| {
        let rows: Vec<TokenUsageSummaryRow> = report::read("rows", &rows.0)?;
        let group_by = group_by.map_or(Value::Null, |json| json.0);
        let (_, group_by) = TokenUsageQuery::from_summary_json(&serde_json::json!({ "groupBy": group_by }))?;
        Ok(report::render_tokens_table(&rows, &group_by, None))
    };

    /// Renders single agent calls as a text table.
    Library "render_job_tokens"(
        /// The result of `token_usage`.
        rows: Json,
    ) -> String [InvalidInput] |_library| {
        let rows: Vec<TokenUsageRow> = report::read("rows", &rows.0)?;
        Ok(report::render_job_tokens(&rows, &crate::telemetry::BacklogKeys::default(), None))
    };

    /// Renders jobs as a text table.
    Library "render_jobs"(
        /// The result of `jobs.list`.
        jobs: Json,
    ) -> String [InvalidInput] |_library| Ok(report::render_jobs(&report::read::<Vec<_>>("jobs", &jobs.0)?, None));

    /// Renders a job with its runs and its usage as text.
    Library "render_job_inspection"(
        /// The result of `inspect_job`.
        inspection: Json,
    ) -> String [InvalidInput] |_library| {
        Ok(report::render_job_inspection(&report::read("inspection", &inspection.0)?, None))
    };

    /// Renders an estimate as text.
    Library "render_estimate"(
        /// The result of `estimate`.
        estimate: Json,
    ) -> String [InvalidInput] |_library| report::render_estimate_json(&estimate.0);

    /// Renders a velocity as text.
    Library "render_velocity"(
        /// The result of `velocity`.
        velocity: Json,
    ) -> String [InvalidInput] |_library| report::render_velocity_json(&velocity.0);

    /// Renders what finished work costs as a text table.
    Library "render_economics"(
        /// The result of `economics`.
        economics: Json,
    ) -> String [InvalidInput] |_library| {
        Ok(report::render_economics(&report::read("economics", &economics.0)?, None))
    };

    /// Renders status events as a text table.
    Library "render_status_events"(
        /// The result of `status_events`.
        events: Json,
    ) -> String [InvalidInput] |_library| {
        Ok(report::render_status_events(&report::read::<Vec<_>>("events", &events.0)?, None))
    };

    /// Renders the telemetry settings as a text table.
    Library "render_telemetry_config"(
        /// The result of `telemetry_config`.
        config: Json,
    ) -> String [InvalidInput] |_library| {
        Ok(report::render_telemetry_config(&report::read("config", &config.0)?, None))
    };

    /// What a check has found, for people.
    Library "render_check"(
        /// What `check` returned.
        report: Json,
    ) -> String [InvalidInput] |_library| Ok(report::render_check(&report::read("report", &report.0)?));
};
