//! What a caller asks of a velocity or an estimate.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::input::Fields;
use crate::time::Timestamp;

/// Where a velocity comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum VelocityMode {
    /// From the config files and the call's overrides alone.
    #[default]
    Config,
    /// From history; lanes without history use the config.
    Empirical,
    /// α × empirical + (1 − α) × config, lane by lane.
    Mixed,
}

impl VelocityMode {
    /// The mode with this name: `config`, `empirical` or `mixed`.
    pub fn from_name(name: &str) -> Result<Self> {
        match name {
            "config" => Ok(Self::Config),
            "empirical" => Ok(Self::Empirical),
            "mixed" => Ok(Self::Mixed),
            other => Err(Error::invalid("mode", format_args!("{other:?}"), "config, empirical or mixed")),
        }
    }

    /// The mode's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Empirical => "empirical",
            Self::Mixed => "mixed",
        }
    }
}

/// The options of `velocity`, `estimate` and `backfill_status_events`; all of them may be absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EstimateOptions {
    /// Only tasks of the project with this key.
    pub project_key: Option<String>,
    /// Only tasks of the epic with this key.
    pub epic_key: Option<String>,
    /// Only tasks of the user story with this key.
    pub story_key: Option<String>,
    /// Only tasks of this person; case does not matter.
    pub assignee: Option<String>,
    /// Where the velocity comes from. Absent: `config`.
    pub mode: Option<VelocityMode>,
    /// How many of the newest samples of a lane make its velocity, 1 or more. Absent: 10.
    pub window_tasks: Option<i64>,
    /// Story points per hour of every lane, in place of the config's.
    pub sp_per_hour_all: Option<f64>,
    /// Story points per hour of the implementation, in place of the config's.
    pub sp_per_hour_implementation: Option<f64>,
    /// Story points per hour of the review, in place of the config's.
    pub sp_per_hour_review: Option<f64>,
    /// Story points per hour of QA, in place of the config's.
    pub sp_per_hour_qa: Option<f64>,
    /// The present moment. Absent: the handle's clock.
    pub now: Option<Timestamp>,
}

const FIELDS: &[&str] = &[
    "projectKey",
    "epicKey",
    "storyKey",
    "assignee",
    "mode",
    "windowTasks",
    "spPerHourAll",
    "spPerHourImplementation",
    "spPerHourReview",
    "spPerHourQa",
    "now",
];

const DEFAULT_WINDOW: i64 = 10;

impl EstimateOptions {
    /// Reads options from a JSON object with camelCase or snake_case names.
    pub fn from_json(input: &Value) -> Result<Self> {
        let fields = Fields::new("options", input, FIELDS)?;
        Ok(Self {
            project_key: fields.text("projectKey")?,
            epic_key: fields.text("epicKey")?,
            story_key: fields.text("storyKey")?,
            assignee: fields.text("assignee")?,
            mode: fields.text("mode")?.map(|name| VelocityMode::from_name(&name)).transpose()?,
            window_tasks: fields.whole("windowTasks")?,
            sp_per_hour_all: fields.number("spPerHourAll")?,
            sp_per_hour_implementation: fields.number("spPerHourImplementation")?,
            sp_per_hour_review: fields.number("spPerHourReview")?,
            sp_per_hour_qa: fields.number("spPerHourQa")?,
            now: fields.time("now")?,
        })
    }

    /// Checks what types alone do not: the window and the speeds.
    pub(super) fn check(&self) -> Result<()> {
        if let Some(window) = self.window_tasks
            && window < 1
        {
            return Err(Error::invalid("windowTasks", window, "a whole number, 1 or more"));
        }
        for (field, speed) in [
            ("spPerHourAll", self.sp_per_hour_all),
            ("spPerHourImplementation", self.sp_per_hour_implementation),
            ("spPerHourReview", self.sp_per_hour_review),
            ("spPerHourQa", self.sp_per_hour_qa),
        ] {
            if let Some(speed) = speed
                && !speed.is_finite()
            {
                return Err(Error::invalid(
                    field,
                    speed,
                    "a finite number (0 or less: the lane never finishes)",
                ));
            }
        }
        Ok(())
    }

    pub(super) fn window(&self) -> usize {
        usize::try_from(self.window_tasks.unwrap_or(DEFAULT_WINDOW)).unwrap_or(usize::MAX)
    }
}
