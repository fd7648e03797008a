//! The dimensions of economics.

use serde::{Deserialize, Serialize};

use crate::definition::{Described, FieldType, Kind, one_or_many};
use crate::error::{Error, Result};
use crate::telemetry::summary::each_once;

/// A property of calls by which their outcome is grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EconomicsDimension {
    /// The agent.
    Agent,
    /// The model.
    Model,
    /// The lane that the task was in.
    Lane,
    /// The epic.
    Epic,
    /// The project.
    Project,
    /// The week in which the task was completed, or else that of the call.
    Week,
}

impl EconomicsDimension {
    /// Every dimension.
    pub const ALL: &'static [Self] =
        &[Self::Agent, Self::Model, Self::Lane, Self::Epic, Self::Project, Self::Week];

    /// The default dimensions.
    pub const DEFAULT: &'static [Self] = &[Self::Agent, Self::Model];

    /// The dimension with this name: `agent`, `model`, `lane`, `epic`, `project` or `week`.
    pub fn from_name(name: &str) -> Result<Self> {
        let found = Self::ALL.iter().copied().find(|dimension| dimension.name() == name);
        found.ok_or_else(|| {
            Error::invalid(
                "groupBy",
                format_args!("{name:?}"),
                "one of agent, model, lane, epic, project, week",
            )
        })
    }

    /// The dimensions by which a query groups: each once, in their order, or the default ones if there are none.
    pub(super) fn of_query(given: &[Self]) -> Vec<Self> {
        each_once(given, Self::DEFAULT)
    }

    /// The dimension's name in a query.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Model => "model",
            Self::Lane => "lane",
            Self::Epic => "epic",
            Self::Project => "project",
            Self::Week => "week",
        }
    }
}

impl Described for EconomicsDimension {
    const KIND: Kind =
        Kind::Choice("EconomicsDimension", &["agent", "model", "lane", "epic", "project", "week"]);
}

impl FieldType for Vec<EconomicsDimension> {
    fn from_value(name: &str, value: &serde_json::Value) -> Result<Self> {
        one_or_many(name, value)?.iter().map(|name| EconomicsDimension::from_name(name)).collect()
    }

    fn absent(_name: &str) -> Result<Self> {
        Ok(Vec::new())
    }
}
