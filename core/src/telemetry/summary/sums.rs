//! Sums of rows that depend neither on their order nor on their size.

use std::collections::BTreeMap;

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
    cost_known_calls: u64,
    /// In the order of [`COUNTS`].
    tokens: [TokenSum; COUNTS.len()],
    duration_ms: ExactSum,
    costs: Costs,
}

impl Sums {
    pub(super) fn add(&mut self, row: &ScannedRow<'_>) -> Result<()> {
        let mut tokens = [None; COUNTS.len()];
        for (place, count) in tokens.iter_mut().enumerate() {
            *count = row.whole(place)?;
        }
        let duration = match row.real(DURATION_MS)? {
            Some(millis) => Some(millis),
            None => row.real(DURATION_SECONDS)?.and_then(millis),
        };
        let cost = row.real(COST)?;
        let currency = if cost.is_some() { row.text(CURRENCY)? } else { None };
        self.add_call(tokens, duration, cost, currency.as_deref());
        Ok(())
    }

    /// Adds a call with these token counts, duration in milliseconds, and cost.
    pub(super) fn add_call(
        &mut self,
        tokens: [Option<i64>; COUNTS.len()],
        duration_ms: Option<f64>,
        cost: Option<f64>,
        currency: Option<&str>,
    ) {
        self.calls += 1;
        for (sum, count) in self.tokens.iter_mut().zip(tokens) {
            sum.add(count);
        }
        if let Some(millis) = duration_ms {
            self.duration_ms.add(millis);
        }
        if let Some(cost) = cost {
            self.cost_known_calls += 1;
            self.costs.add(currency.unwrap_or_default().trim(), cost);
        }
    }

    /// The sums of all rows of several groups.
    pub(super) fn of_all<'s>(groups: impl IntoIterator<Item = &'s Self>) -> Self {
        let mut all = Self::default();
        let mut durations = Vec::new();
        for group in groups {
            all.calls += group.calls;
            all.cost_known_calls += group.cost_known_calls;
            for (sum, own) in all.tokens.iter_mut().zip(group.tokens) {
                sum.add_sum(own);
            }
            durations.push(&group.duration_ms);
            all.costs.add_all(&group.costs);
        }
        all.duration_ms = ExactSum::of_all(durations);
        all
    }

    pub(super) fn into_row(self, workspace_id: Option<String>, group: Group) -> TokenUsageSummaryRow {
        let mut row = TokenUsageSummaryRow {
            workspace_id,
            group,
            calls: self.calls,
            cost_known_calls: self.cost_known_calls,
            duration_ms: self.duration_ms.value(),
            cost_estimate: self.costs.total(),
            cost_by_currency: self.costs.by_currency(),
            currency: self.costs.currency(),
            ..TokenUsageSummaryRow::default()
        };
        for (count, sum) in row.counts_mut().into_iter().zip(self.tokens) {
            *count = sum.value();
        }
        row
    }
}

/// Sums of costs by the currency's code. A group has one or two of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Costs(Vec<(String, ExactSum)>);

impl Costs {
    /// Codes are compared without case and blanks: ` usd` is `USD`.
    pub(crate) fn add(&mut self, code: &str, cost: f64) {
        let code = if code.is_empty() { NO_CURRENCY } else { code };
        let known = |costs: &[(String, ExactSum)], code: &str| costs.iter().position(|(own, _)| own == code);
        let place = known(&self.0, code).or_else(|| known(&self.0, &code.to_uppercase()));
        let place = place.unwrap_or_else(|| {
            self.0.push((code.to_uppercase(), ExactSum::default()));
            self.0.len() - 1
        });
        self.0[place].1.add(cost);
    }

    fn add_all(&mut self, other: &Self) {
        for (code, own) in &other.0 {
            match self.0.iter_mut().find(|(known, _)| known == code) {
                Some((_, sum)) => *sum = ExactSum::of_all([&*sum, own]),
                None => self.0.push((code.clone(), own.clone())),
            }
        }
    }

    fn codes(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(code, _)| &**code).filter(|code| *code != NO_CURRENCY)
    }

    fn are_several(&self) -> bool {
        self.codes().count() > 1
    }

    /// The sum of all costs; `None` if there are none, or several currencies.
    pub(crate) fn total(&self) -> Option<f64> {
        let is_known = !self.0.is_empty() && !self.are_several();
        is_known.then(|| ExactSum::of_all(self.0.iter().map(|(_, sum)| sum)).value())
    }

    /// The one currency; `None` if no cost has one, or if there are several.
    pub(crate) fn currency(&self) -> Option<String> {
        if self.are_several() { None } else { self.codes().next().map(str::to_owned) }
    }

    /// The sum in each currency, if there are several.
    pub(crate) fn by_currency(&self) -> Option<BTreeMap<String, f64>> {
        self.are_several().then(|| self.0.iter().map(|(code, sum)| (code.clone(), sum.value())).collect())
    }
}

/// A sum of token counts, wide enough that no number of rows can overflow it. It is limited to the range of the result
/// only at the end, so that the order of rows does not matter.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TokenSum(i128);

impl TokenSum {
    pub(crate) fn add(&mut self, count: Option<i64>) {
        self.0 += i128::from(count.unwrap_or(0));
    }

    pub(crate) fn add_sum(&mut self, other: Self) {
        self.0 += other.0;
    }

    pub(crate) fn value(self) -> i64 {
        i64::try_from(self.0).unwrap_or(if self.0 < 0 { i64::MIN } else { i64::MAX })
    }
}
