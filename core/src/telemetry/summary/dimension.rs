//! The dimensions of a summary.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Serialize, Serializer};

use crate::definition::{Described, FieldType, Kind};
use crate::error::{Error, Result};

/// A property of recorded usage that a summary groups by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Dimension {
    /// The project, by id; `project_id` in JSON.
    Project,
    /// The command; `command_name` in JSON.
    Command,
    /// The agent, by id; `agent_id` in JSON.
    Agent,
    /// The model; `model_name` in JSON.
    Model,
    /// The day in the query's time zone, `2026-03-20`.
    Day,
    /// The job, by id; `job_id` in JSON.
    Job,
    /// The step of the command.
    Action,
    /// The provider of the model.
    Provider,
    /// The task, by id; `task_id` in JSON.
    Task,
    /// The epic that was recorded, by id; `epic_id` in JSON.
    Epic,
    /// The user story that was recorded, by id; `user_story_id` in JSON.
    Story,
    /// The hour in the query's time zone, `2026-03-20 14:00`.
    Hour,
    /// The Monday of the week in the query's time zone, `2026-03-16`.
    Week,
    /// The month in the query's time zone, `2026-03`.
    Month,
}

impl Dimension {
    /// The default dimensions of a summary.
    pub const DEFAULT: &'static [Self] = &[Self::Project, Self::Command, Self::Agent];

    /// Every dimension, in the order of a table's columns.
    pub const ALL: &'static [Self] = &[
        Self::Project,
        Self::Command,
        Self::Agent,
        Self::Model,
        Self::Day,
        Self::Job,
        Self::Action,
        Self::Provider,
        Self::Task,
        Self::Epic,
        Self::Story,
        Self::Hour,
        Self::Week,
        Self::Month,
    ];

    /// The dimension with this name: `project`, `command`, `agent`, `model`, `day`, `job`, `action`, `provider`, `task`,
    /// `epic`, `story`, `hour`, `week` or `month`.
    pub fn from_name(name: &str) -> Result<Self> {
        let found = Self::ALL.iter().copied().find(|dimension| dimension.name() == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|dimension| dimension.name()).collect();
            Error::invalid("groupBy", format_args!("{name:?}"), &format!("one of {}", names.join(", ")))
        })
    }

    /// The dimension's name in a query.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Command => "command",
            Self::Agent => "agent",
            Self::Model => "model",
            Self::Day => "day",
            Self::Job => "job",
            Self::Action => "action",
            Self::Provider => "provider",
            Self::Task => "task",
            Self::Epic => "epic",
            Self::Story => "story",
            Self::Hour => "hour",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The name of the dimension's JSON field in a result.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Project => "project_id",
            Self::Command => "command_name",
            Self::Agent => "agent_id",
            Self::Model => "model_name",
            Self::Day => "day",
            Self::Job => "job_id",
            Self::Action => "action",
            Self::Provider => "provider",
            Self::Task => "task_id",
            Self::Epic => "epic_id",
            Self::Story => "user_story_id",
            Self::Hour => "hour",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// `query_context`, or the default where that is empty.
    pub(crate) fn or_default(query_context: &[Self]) -> &[Self] {
        if query_context.is_empty() { Self::DEFAULT } else { query_context }
    }

    /// Its column, if it has one and no metadata completes it.
    pub(super) fn column(self) -> Option<&'static str> {
        match self {
            Self::Command | Self::Action | Self::Day | Self::Hour | Self::Week | Self::Month => None,
            other => Some(other.field()),
        }
    }
}

impl Described for Dimension {
    const KIND: Kind = Kind::Choice(
        "Dimension",
        &[
            Self::Project.name(),
            Self::Command.name(),
            Self::Agent.name(),
            Self::Model.name(),
            Self::Day.name(),
            Self::Job.name(),
            Self::Action.name(),
            Self::Provider.name(),
            Self::Task.name(),
            Self::Epic.name(),
            Self::Story.name(),
            Self::Hour.name(),
            Self::Week.name(),
            Self::Month.name(),
        ],
    );
}

/// An optional list; an unknown name is refused by the list's own parser.
impl FieldType for Vec<Dimension> {
    fn from_value(name: &str, value: &serde_json::Value) -> Result<Self> {
        Vec::<String>::from_value(name, value)?.iter().map(|name| Dimension::from_name(name)).collect()
    }

    fn absent(_name: &str) -> Result<Self> {
        Ok(Vec::new())
    }
}

/// The common values of the rows of one group: the grouped dimensions with their values. In JSON each grouped dimension
/// is a field of the summary's row, null if the rows have no value.
///
/// ```
/// # fn main() -> mcoda_core::Result<()> {
/// use mcoda_core::{Dimension, TokenUsage, TokenUsageQuery, Workspace};
///
/// let workspace = Workspace::open_db(":memory:")?;
/// workspace.record_token_usage(&TokenUsage { model_name: Some("m".into()), ..TokenUsage::default() })?;
/// let sums = workspace.token_usage_summary(&TokenUsageQuery::default(), &[Dimension::Model])?;
/// assert_eq!(sums[0].group.get(Dimension::Model), Some("m"));
/// assert_eq!(sums[0].group.get(Dimension::Day), None); // not grouped
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Group(Vec<(Dimension, Option<String>)>);

impl Group {
    pub(super) fn new(values: Vec<(Dimension, Option<String>)>) -> Self {
        Self(values)
    }

    /// The dimension's value; `None` if the rows have none, or if it is not grouped.
    #[must_use]
    pub fn get(&self, dimension: Dimension) -> Option<&str> {
        self.0.iter().find(|(own, _)| *own == dimension).and_then(|(_, value)| value.as_deref())
    }

    /// The grouped dimensions with their values.
    pub fn iter(&self) -> impl Iterator<Item = (Dimension, Option<&str>)> {
        self.0.iter().map(|(dimension, value)| (*dimension, value.as_deref()))
    }
}

impl Described for Group {
    const KIND: Kind = Kind::Group(&[
        Dimension::Project.field(),
        Dimension::Command.field(),
        Dimension::Agent.field(),
        Dimension::Model.field(),
        Dimension::Day.field(),
        Dimension::Job.field(),
        Dimension::Action.field(),
        Dimension::Provider.field(),
        Dimension::Task.field(),
        Dimension::Epic.field(),
        Dimension::Story.field(),
        Dimension::Hour.field(),
        Dimension::Week.field(),
        Dimension::Month.field(),
    ]);
}

impl Serialize for Group {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(dimension, value)| (dimension.field(), value)))
    }
}

/// The dimensions among the fields of a summary's row; other fields are ignored.
impl<'de> Deserialize<'de> for Group {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Group;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the fields of a summary's row")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Group, A::Error> {
                let mut values = Vec::new();
                while let Some(name) = fields.next_key::<String>()? {
                    match Dimension::ALL.iter().find(|dimension| dimension.field() == name) {
                        Some(dimension) => values.push((*dimension, fields.next_value()?)),
                        None => drop(fields.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(Group(values))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}
