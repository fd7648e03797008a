//! The dimensions of a summary.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::{Serialize, Serializer};

use crate::definition::{Described, FieldType, Kind, one_or_many};
use crate::error::{Error, Result};

/// Defines the dimensions: of each its documentation, its name in a query, and the name of its JSON field in a result.
macro_rules! dimensions {
    ($($(#[doc = $doc:literal])* $dimension:ident: $name:literal, $field:literal;)+) => {
        /// A property of recorded usage that a summary groups by.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Dimension {
            $($(#[doc = $doc])* $dimension,)+
        }

        impl Dimension {
            /// Every dimension.
            pub const ALL: &'static [Self] = &[$(Self::$dimension),+];

            /// The dimension's name in a query.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$dimension => $name,)+
                }
            }

            /// The name of the dimension's JSON field in a result.
            #[must_use]
            pub const fn field(self) -> &'static str {
                match self {
                    $(Self::$dimension => $field,)+
                }
            }
        }

        impl Described for Dimension {
            const KIND: Kind = Kind::Choice("Dimension", &[$($name),+]);
        }

        impl Described for Group {
            const KIND: Kind = Kind::Group(&[$($field),+]);
        }
    };
}

dimensions! {
    /// The project, by id; `project_id` in JSON.
    Project: "project", "project_id";
    /// The command; `command_name` in JSON.
    Command: "command", "command_name";
    /// The agent, by id; `agent_id` in JSON.
    Agent: "agent", "agent_id";
    /// The model; `model_name` in JSON.
    Model: "model", "model_name";
    /// The day in the query's time zone, `2026-03-20`.
    Day: "day", "day";
    /// The job, by id; `job_id` in JSON.
    Job: "job", "job_id";
    /// The step of the command.
    Action: "action", "action";
    /// The provider of the model.
    Provider: "provider", "provider";
    /// The task, by id; `task_id` in JSON.
    Task: "task", "task_id";
    /// The epic that was recorded, by id; `epic_id` in JSON.
    Epic: "epic", "epic_id";
    /// The user story that was recorded, by id; `user_story_id` in JSON.
    Story: "story", "user_story_id";
    /// The hour in the query's time zone, `2026-03-20 14:00`.
    Hour: "hour", "hour";
    /// The Monday of the week in the query's time zone, `2026-03-16`.
    Week: "week", "week";
    /// The month in the query's time zone, `2026-03`.
    Month: "month", "month";
    /// The session or thread of the agent, as its report named it: `usage.session` of the record's metadata.
    Session: "session", "session";
}

impl Dimension {
    /// The default dimensions of a summary.
    pub const DEFAULT: &'static [Self] = &[Self::Project, Self::Command, Self::Agent];

    /// The dimension with this [name](Dimension::name).
    pub fn from_name(name: &str) -> Result<Self> {
        let found = Self::ALL.iter().copied().find(|dimension| dimension.name() == name);
        found.ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|dimension| dimension.name()).collect();
            Error::invalid("groupBy", format_args!("{name:?}"), &format!("one of {}", names.join(", ")))
        })
    }

    /// The dimensions by which a query groups: each once, in their order, or the default ones if there are none.
    #[must_use]
    pub fn of_query(given: &[Self]) -> Vec<Self> {
        each_once(given, Self::DEFAULT)
    }

    /// Its column, if it has one and no metadata completes it.
    pub(super) fn column(self) -> Option<&'static str> {
        match self {
            Self::Command
            | Self::Action
            | Self::Session
            | Self::Day
            | Self::Hour
            | Self::Week
            | Self::Month => None,
            other => Some(other.field()),
        }
    }
}

/// Each of the given dimensions once, since a repeated one must not become two fields of the same name.
pub(crate) fn each_once<D: Copy + PartialEq>(given: &[D], default: &[D]) -> Vec<D> {
    let mut once = Vec::new();
    for dimension in if given.is_empty() { default } else { given } {
        if !once.contains(dimension) {
            once.push(*dimension);
        }
    }
    once
}

/// An optional list; an unknown name is refused by the list's own parser.
impl FieldType for Vec<Dimension> {
    fn from_value(name: &str, value: &serde_json::Value) -> Result<Self> {
        one_or_many(name, value)?.iter().map(|name| Dimension::from_name(name)).collect()
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
