//! The rows that a call returns, as columns.

use serde_json::Value;

use super::argument::{Argument, OrEmpty};
use super::{Call, ROWS, Target};
use crate::columns::{Columns, RecordColumns};
use crate::error::{Error, Result};
use crate::sqlite::SqlParams;
use crate::telemetry::TokenUsageQuery;

impl Target<'_> {
    /// [`Target::call`] for a call that returns rows: its rows as columns, and
    /// [the ids of other workspaces](super::Reply::other_workspaces).
    ///
    /// Errors: those of the call; `InvalidInput` for a call that returns no rows.
    pub fn columns(&self, name: &str, arguments: &[Value]) -> Result<(Columns, Vec<String>)> {
        let call = Call::named(name)?;
        let argument = |place: usize| arguments.get(place).unwrap_or(&Value::Null);
        // Large results come from the database without an object for each row.
        match call.name {
            "token_usage" => {
                call.check_count(arguments)?;
                let query = OrEmpty::<TokenUsageQuery>::read("query", argument(0))?.0;
                self.as_one_call(|| {
                    let columns = Columns::Records(self.session()?.token_usage_columns(&query)?);
                    let others = self.others_if(columns.is_empty())?;
                    Ok((columns, others))
                })
            }
            "query" => {
                call.check_count(arguments)?;
                let (sql, params) =
                    (String::read("sql", argument(0))?, SqlParams::read("params", argument(1))?);
                let columns = self.as_one_call(|| self.session()?.query_columns(&sql, &params))?;
                Ok((Columns::Sql(columns), Vec::new()))
            }
            _ => {
                let allowed = "a call that returns rows, for example token_usage";
                let row =
                    call.rows().ok_or_else(|| Error::invalid("call", format_args!("{name:?}"), allowed))?;
                let reply = self.call(name, arguments)?;
                let rows = match reply.to_value() {
                    Value::Object(mut record) => record.remove(ROWS).unwrap_or_default(),
                    rows => rows,
                };
                let Value::Array(rows) = rows else { return Err(Error::invalid("call", name, allowed)) };
                let columns = RecordColumns::of_rows(row, rows, self.null_as_absent())?;
                Ok((Columns::Records(columns), reply.other_workspaces().to_vec()))
            }
        }
    }
}
