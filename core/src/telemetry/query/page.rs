//! Pages of a result.

use super::TokenUsageQuery;
use crate::error::{Error, Result};

/// The number of rows to skip and to return.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in super::super) struct Page {
    skip: usize,
    take: usize,
}

impl Page {
    pub(in super::super) fn of(query: &TokenUsageQuery) -> Result<Self> {
        let page = positive("page", query.page)?.unwrap_or(1);
        let take = positive("pageSize", query.page_size)?.unwrap_or(usize::MAX);
        Ok(Self { skip: (page - 1).saturating_mul(take), take })
    }

    pub(in super::super) fn cut<T>(self, rows: Vec<T>) -> impl Iterator<Item = T> {
        rows.into_iter().skip(self.skip).take(self.take)
    }
}

fn positive(field: &str, value: Option<i64>) -> Result<Option<usize>> {
    match value {
        Some(value) if value < 1 => Err(Error::invalid(field, value, "a whole number, 1 or more")),
        value => Ok(value.map(|value| usize::try_from(value).unwrap_or(usize::MAX))),
    }
}
