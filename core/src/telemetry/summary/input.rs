//! A summary's question, as a caller's JSON puts it.

use serde_json::Value;

use super::dimension::Dimension;
use crate::error::Result;
use crate::input::Fields;
use crate::telemetry::query::{FIELDS, TokenUsageQuery};

impl TokenUsageQuery {
    /// Reads the query of a summary, which may say `groupBy` too: an array of the names of
    /// [dimensions](Dimension). Where it is absent or empty, [`Dimension::DEFAULT`] is given.
    pub fn from_summary_json(input: &Value) -> Result<(Self, Vec<Dimension>)> {
        let fields = Fields::new("query", input, &[FIELDS, &["groupBy"]].concat())?;
        let names = fields.texts("groupBy")?.unwrap_or_default();
        let group_by = names.iter().map(|name| Dimension::from_name(name)).collect::<Result<Vec<_>>>()?;
        Ok((Self::from_fields(&fields)?, Dimension::or_default(&group_by).to_vec()))
    }
}
