//! The options of a velocity or an estimate.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::working_time::WorkingTime;
use crate::definition::{Described, FieldType, Kind, record};
use crate::error::{Error, Result};
use crate::time::Timestamp;

/// The source of a velocity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum VelocityMode {
    /// From the config files and the call's overrides only.
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
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Empirical => "empirical",
            Self::Mixed => "mixed",
        }
    }
}

impl Described for VelocityMode {
    const KIND: Kind = Kind::Choice("VelocityMode", &["config", "empirical", "mixed"]);
}

impl FieldType for VelocityMode {
    fn from_value(name: &str, value: &Value) -> Result<Self> {
        Self::from_name(&String::from_value(name, value)?)
    }

    fn absent(name: &str) -> Result<Self> {
        Err(Error::invalid(name, "nothing", "config, empirical or mixed"))
    }
}

record! {
    /// The options of `velocity`, `estimate`, `backtest`, `backfill_status_events` and the calls that return rows of the
    /// history; all of them are optional.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct EstimateOptions("options", "camelCase"): input {
        /// Only tasks of the project with this key.
        pub project_key: Option<String>,
        /// Only tasks of the epic with this key.
        pub epic_key: Option<String>,
        /// Only tasks of the user story with this key.
        pub story_key: Option<String>,
        /// Only tasks of this person; case is ignored.
        pub assignee: Option<String>,
        /// The source of the velocity. Absent: `config`.
        pub mode: Option<VelocityMode>,
        /// The number of newest samples of a lane from which its velocity is computed, 1 or more. Absent: 10.
        pub window_tasks: Option<i64> = positive,
        /// Story points per hour of every lane; overrides the config.
        pub sp_per_hour_all: Option<f64> = finite,
        /// Story points per hour of the implementation; overrides the config.
        pub sp_per_hour_implementation: Option<f64> = finite,
        /// Story points per hour of the review; overrides the config.
        pub sp_per_hour_review: Option<f64> = finite,
        /// Story points per hour of QA; overrides the config.
        pub sp_per_hour_qa: Option<f64> = finite,
        /// The current time. Absent: the handle's clock.
        pub now: Option<Timestamp>,
        /// Whether `estimate` makes a forecast. Absent: it does.
        pub forecast: Option<bool>,
        /// The number of trials of a forecast, 1 to 100,000; less are made if there are many tasks. Absent: 1,000, and 200 for
        /// each forecast of a backtest.
        pub trials: Option<i64> = positive,
        /// The time for which the forecast says how probable it is that everything is completed.
        pub by: Option<Timestamp>,
        /// The seed of the trials, 0 or more. Absent: 1.
        pub seed: Option<i64> = count,
        /// When work happens: `timeZone`, `hours` (`09:00-17:30`), `days` (`["mon", "tue"]`) and `daysOff`
        /// (`["2026-12-25"]`), each of them optional. Absent: the `calendar` of the settings, else the one that the events
        /// show.
        pub calendar: Option<Map<String, Value>>,
    }
}

const DEFAULT_WINDOW: i64 = 10;

impl EstimateOptions {
    /// Checks the fields, and reads the calendar.
    pub(super) fn check(&self) -> Result<Option<WorkingTime>> {
        const MOST_TRIALS: i64 = 100_000;
        self.check_fields()?;
        if let Some(trials) = self.trials.filter(|trials| *trials > MOST_TRIALS) {
            return Err(Error::invalid("trials", trials, "a whole number from 1 to 100000"));
        }
        self.calendar.as_ref().map(WorkingTime::read).transpose()
    }

    pub(super) fn window(&self) -> usize {
        usize::try_from(self.window_tasks.unwrap_or(DEFAULT_WINDOW)).unwrap_or(usize::MAX)
    }
}
