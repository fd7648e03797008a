//! The text tables that people read.
//!
//! Programs read the JSON of the answers themselves; nothing here is meant to be parsed again. A host that
//! has an answer as JSON alone reads it back with [`read`].

mod check;
mod color;
mod decimals;
mod estimate;
mod jobs;
mod phrase;
mod settings;
mod table;
mod timeline;
mod tokens;

use serde::de::DeserializeOwned;
use serde_json::Value;

pub use crate::printable::printable;
pub use check::render_check;
pub use color::in_color;
pub use estimate::{render_estimate, render_estimate_json, render_velocity, render_velocity_json};
pub use jobs::{render_job_inspection, render_job_tokens, render_jobs};
pub use settings::render_telemetry_config;
pub use timeline::render_status_events;
pub use tokens::render_tokens_table;

use crate::error::{Error, Result};

/// An answer from its JSON: rows of token usage or of a summary, jobs, status events, an estimate and so on.
/// Fields that are optional in the contract may be left out, but of a velocity and an estimate: these have
/// [`render_velocity_json`] and [`render_estimate_json`]. Fields that nobody here knows are passed over.
///
/// `InvalidInput` under the name `field` where the JSON is something else.
pub fn read<T: DeserializeOwned>(field: &str, answer: &Value) -> Result<T> {
    T::deserialize(answer).map_err(|error| {
        let allowed = format!("the JSON of an answer ({error})");
        Error::invalid(field, "another JSON value", &allowed)
    })
}
