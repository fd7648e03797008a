//! The query of a summary, as JSON.

use serde_json::Value;

use super::dimension::Dimension;
use crate::definition::{Definition, Described, Field, Kind, Presence, Record};
use crate::error::Result;
use crate::input::Fields;
use crate::telemetry::query::TokenUsageQuery;

/// The query of a summary.
#[derive(Debug)]
pub struct TokenUsageSummaryQuery;

impl Record for TokenUsageSummaryQuery {
    const DEFINITION: &'static Definition = &Definition {
        name: "TokenUsageSummaryQuery",
        noun: "query",
        doc: "Selects token usage, and the dimensions to group by.\n",
        is_snake_case: false,
        base: Some(TokenUsageQuery::DEFINITION),
        fields: &[Field {
            name: "group_by",
            json: "groupBy",
            aliases: &[],
            kind: Kind::List(&<Dimension as Described>::KIND),
            presence: Presence::Optional,
            bound: None,
            is_flat: false,
            is_left_out: false,
            doc: " The dimensions to group by. Absent or empty: project, command and agent.\n",
        }],
    };
}

impl TokenUsageQuery {
    /// Parses the query of a summary, which may have `groupBy`: an array of the names of [dimensions](Dimension), or
    /// one name. If it is absent or empty, [`Dimension::DEFAULT`] is returned.
    pub fn from_summary_json(input: &Value) -> Result<(Self, Vec<Dimension>)> {
        let mut fields = Fields::new(TokenUsageSummaryQuery::DEFINITION, input)?;
        let query = Self::from_fields(&mut fields)?;
        let group_by: Vec<Dimension> = fields.next()?;
        Ok((query, Dimension::of_query(&group_by)))
    }
}
