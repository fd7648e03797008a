//! Sums of rows that depend neither on their order nor on their size.

use super::{Group, TokenUsageSummaryRow};
use crate::error::Result;
use crate::number::ExactSum;
use crate::repository::token_usage::COUNTS;
use crate::repository::usage_scan::ScannedRow;
use crate::telemetry::query::millis;

/// The code of ISO 4217 for "no currency": a call without a currency, or with this one, counts as any other.
const NO_CURRENCY: &str = "XXX";

/// The columns of a sum besides the token counts, which they follow in a scan.
const AMOUNTS: [&str; 4] = ["duration_ms", "duration_seconds", "cost_estimate", "currency"];
const DURATION_MS: usize = COUNTS.len();
const DURATION_SECONDS: usize = DURATION_MS + 1;
const COST: usize = DURATION_MS + 2;
const CURRENCY: usize = DURATION_MS + 3;

/// The columns that a scan reads for the sums, in this order.
pub(super) fn columns() -> Vec<&'static str> {
    COUNTS.into_iter().chain(AMOUNTS).collect()
}

/// The sums of one group.
#[derive(Debug, Clone, Default)]
pub(super) struct Sums {
    calls: u64,
    /// In the order of [`COUNTS`].
    tokens: [TokenSum; COUNTS.len()],
    duration_ms: ExactSum,
    /// By the currency's code. A group has one or two of them.
    costs: Vec<(String, ExactSum)>,
}

impl Sums {
    pub(super) fn add(&mut self, row: &ScannedRow<'_>) -> Result<()> {
        self.calls += 1;
        for (place, sum) in self.tokens.iter_mut().enumerate() {
            sum.add(row.whole(place)?);
        }
        let duration = match row.real(DURATION_MS)? {
            Some(millis) => Some(millis),
            None => row.real(DURATION_SECONDS)?.and_then(millis),
        };
        if let Some(millis) = duration {
            self.duration_ms.add(millis);
        }
        if let Some(cost) = row.real(COST)? {
            self.costs_in(row.text(CURRENCY)?.unwrap_or_default().trim()).add(cost);
        }
        Ok(())
    }

    /// Codes are compared without case and blanks: ` usd` is `USD`.
    fn costs_in(&mut self, code: &str) -> &mut ExactSum {
        let code = if code.is_empty() { NO_CURRENCY } else { code };
        let known = |costs: &[(String, ExactSum)], code: &str| costs.iter().position(|(own, _)| own == code);
        let place = known(&self.costs, code).or_else(|| known(&self.costs, &code.to_uppercase()));
        let place = place.unwrap_or_else(|| {
            self.costs.push((code.to_uppercase(), ExactSum::default()));
            self.costs.len() - 1
        });
        &mut self.costs[place].1
    }

    pub(super) fn into_row(self, workspace_id: Option<String>, group: Group) -> TokenUsageSummaryRow {
        let several = self.costs.iter().filter(|(code, _)| *code != NO_CURRENCY).count() > 1;
        let is_known = !self.costs.is_empty() && !several;
        let by_currency = || self.costs.iter().map(|(code, sum)| (code.clone(), sum.value())).collect();
        let mut row = TokenUsageSummaryRow {
            workspace_id,
            group,
            calls: self.calls,
            duration_ms: self.duration_ms.value(),
            cost_estimate: is_known.then(|| ExactSum::of_all(self.costs.iter().map(|(_, sum)| sum)).value()),
            cost_by_currency: several.then(by_currency),
            ..TokenUsageSummaryRow::default()
        };
        for (count, sum) in row.counts_mut().into_iter().zip(self.tokens) {
            *count = sum.value();
        }
        row
    }
}

/// A sum of token counts, wide enough that no number of rows can overflow it. It is limited to the range of the result
/// only at the end, so that the order of rows does not matter.
#[derive(Debug, Clone, Copy, Default)]
struct TokenSum(i128);

impl TokenSum {
    fn add(&mut self, count: Option<i64>) {
        self.0 += i128::from(count.unwrap_or(0));
    }

    fn value(self) -> i64 {
        i64::try_from(self.0).unwrap_or(if self.0 < 0 { i64::MIN } else { i64::MAX })
    }
}
