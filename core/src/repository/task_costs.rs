//! What each task has cost, from the table `token_usage`.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::error::Result;
use crate::number::ExactSum;

/// The sums of a task's usage records. What no record reports is unknown, not 0.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TaskCost {
    pub(crate) task_id: String,
    pub(crate) tokens: Option<f64>,
    pub(crate) cost: Option<f64>,
    /// Of the records that report a cost, each once; `None` for records without one.
    pub(crate) currencies: Vec<Option<String>>,
}

#[derive(Default)]
struct Sums {
    tokens: Option<ExactSum>,
    cost: Option<ExactSum>,
    currencies: Vec<Option<String>>,
}

/// All tasks that usage records name, in one pass over the table, which has no index by task. Values of another type than
/// the column's count as unknown.
pub(crate) fn all(connection: &Connection) -> Result<Vec<TaskCost>> {
    let sql = "SELECT task_id, tokens_total, tokens_prompt, tokens_completion, cost_estimate, currency
         FROM token_usage WHERE task_id IS NOT NULL";
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut found: BTreeMap<String, Sums> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let Ok(task_id) = row.get_ref(0)?.as_str() else { continue };
        let number = |index| -> Result<Option<f64>> {
            Ok(match row.get_ref(index)? {
                rusqlite::types::ValueRef::Integer(value) => Some(value as f64),
                rusqlite::types::ValueRef::Real(value) if value.is_finite() => Some(value),
                _ => None,
            })
        };
        if !found.contains_key(task_id) {
            found.insert(task_id.to_owned(), Sums::default());
        }
        let Some(sums) = found.get_mut(task_id) else { continue };
        let parts = match (number(2)?, number(3)?) {
            (Some(prompt), Some(completion)) => Some(prompt + completion),
            _ => None,
        };
        if let Some(tokens) = number(1)?.or(parts) {
            sums.tokens.get_or_insert_default().add(tokens);
        }
        if let Some(cost) = number(4)? {
            sums.cost.get_or_insert_default().add(cost);
            let currency = row.get_ref(5)?.as_str().ok().map(str::to_owned);
            if !sums.currencies.contains(&currency) {
                sums.currencies.push(currency);
            }
        }
    }
    let cost = |(task_id, sums): (String, Sums)| TaskCost {
        task_id,
        tokens: sums.tokens.map(|sum| sum.value()),
        cost: sums.cost.map(|sum| sum.value()),
        currencies: sums.currencies,
    };
    Ok(found.into_iter().map(cost).collect())
}
