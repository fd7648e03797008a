//! What needs no database: reading answers of providers, and tables as text.

use mcoda_core::report::{self, read};
use mcoda_core::{Dimension, TokenUsageQuery, extract_usage, extract_usages};
use serde_json::json as object;

use crate::answer::{Failure, Outcome, json};
use crate::arguments::Arguments;
use crate::engine::unknown;

/// A function of the package, with its arguments.
pub(crate) fn call(name: &str, arguments: &Arguments) -> Outcome {
    let given = arguments.value(0);
    let text = match name {
        "extractUsage" => return json(&extract_usage(arguments.text(0)?, arguments.optional_text(1))),
        "extractUsages" => return json(&extract_usages(arguments.text(0)?, arguments.optional_text(1))),
        "renderTokensTable" => {
            report::render_tokens_table(&read::<Vec<_>>("rows", given)?, &group_by(arguments)?)
        }
        "renderJobTokens" => report::render_job_tokens(&read::<Vec<_>>("rows", given)?),
        "renderJobs" => report::render_jobs(&read::<Vec<_>>("jobs", given)?),
        "renderJobInspection" => report::render_job_inspection(&read("inspection", given)?),
        "renderEstimate" => report::render_estimate_json(given)?,
        "renderVelocity" => report::render_velocity_json(given)?,
        "renderStatusEvents" => report::render_status_events(&read::<Vec<_>>("events", given)?),
        "renderTelemetryConfig" => report::render_telemetry_config(&read("config", given)?),
        _ => return Err(unknown(name)),
    };
    json(&text)
}

fn group_by(arguments: &Arguments) -> Result<Vec<Dimension>, Failure> {
    Ok(TokenUsageQuery::from_summary_json(&object!({"groupBy": arguments.value(1)}))?.1)
}
