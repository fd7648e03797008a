//! Text tables of results.
//!
//! They are for display. Programs should use the JSON of the results. A host that has only the JSON of a result parses
//! it with [`read`].

mod check;
mod color;
mod decimals;
mod economics;
mod estimate;
mod forecast;
mod format;
mod html;
mod jobs;
#[cfg(feature = "arrow")]
mod rows;
mod settings;
mod shorten;
mod table;
mod timeline;
mod tokens;
mod workspaces;

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;

pub use crate::printable::printable;
pub use check::render_check;
pub use color::in_color;
pub use economics::render_economics;
pub use estimate::{render_estimate, render_estimate_json, render_velocity, render_velocity_json};
pub use forecast::{render_backtest, render_forecast};
pub use format::count;
pub use html::in_html;
pub use jobs::{render_job_inspection, render_job_report, render_job_tokens, render_jobs};
#[cfg(feature = "arrow")]
pub use rows::{rows_html, rows_text};
pub use settings::render_telemetry_config;
pub use shorten::wrap;
pub use timeline::render_status_events;
pub use tokens::{render_tokens_report, render_tokens_table};
pub use workspaces::render_workspaces;

use crate::check::CheckReport;
use crate::error::{Error, Result};
use crate::estimate::{Backtest, Estimate, Forecast, Velocity};
use crate::json;
use crate::telemetry::{JobInspection, TelemetryConfig};

/// Parses the JSON of a result: rows of token usage or of a summary, jobs, status events, and others. Fields that are
/// optional in the contract may be missing, except in a velocity or an estimate, for which there are
/// [`render_velocity_json`] and [`render_estimate_json`]. Unknown fields are ignored.
///
/// `InvalidInput` with the name `field` for any other JSON.
pub fn read<T: DeserializeOwned>(field: &str, result: &Value) -> Result<T> {
    json::read(result).map_err(|error| {
        let allowed = format!("the JSON of a result ({error})");
        Error::invalid(field, "another JSON value", &allowed)
    })
}

/// Gives a result the text of its function as `Display`.
macro_rules! displayed {
    ($($result:ty: $render:ident$(($width:expr))?;)+) => {$(
        #[doc = concat!("The text of [`", stringify!($render), "`].")]
        impl fmt::Display for $result {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&$render(self$(, $width)?))
            }
        }
    )+};
}

displayed! {
    Backtest: render_backtest(None);
    CheckReport: render_check;
    Estimate: render_estimate(None);
    Velocity: render_velocity(None);
    JobInspection: render_job_inspection(None);
    TelemetryConfig: render_telemetry_config(None);
}

/// The text of [`render_forecast`].
impl fmt::Display for Forecast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&forecast::forecast_text(self, None))
    }
}
