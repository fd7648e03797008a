//! Adding up rows so that neither their order nor their size matters.

use std::collections::BTreeMap;

use super::{Group, TokenUsageSummaryRow};
use crate::number::ExactSum;
use crate::telemetry::query::TokenUsageRow;

/// The code of ISO 4217 for "no currency": what tells no currency, or this one, counts as any other.
const NO_CURRENCY: &str = "XXX";

/// The sums of one group.
#[derive(Debug, Clone, Default)]
pub(super) struct Sums {
    calls: u64,
    prompt: TokenSum,
    completion: TokenSum,
    total: TokenSum,
    cached: TokenSum,
    cache_read: TokenSum,
    cache_write: TokenSum,
    duration_ms: ExactSum,
    cost: ExactSum,
    costs: BTreeMap<String, ExactSum>,
}

impl Sums {
    pub(super) fn add(&mut self, row: &TokenUsageRow) {
        self.calls += 1;
        self.prompt.add(row.tokens_prompt);
        self.completion.add(row.tokens_completion);
        self.total.add(row.tokens_total);
        self.cached.add(row.tokens_cached);
        self.cache_read.add(row.tokens_cache_read);
        self.cache_write.add(row.tokens_cache_write);
        self.duration_ms.add(row.duration_ms.unwrap_or(0.0));
        if let Some(cost) = row.cost_estimate {
            self.cost.add(cost);
            self.costs.entry(currency_code(row)).or_default().add(cost);
        }
    }

    pub(super) fn into_row(self, workspace_id: Option<String>, group: Group) -> TokenUsageSummaryRow {
        let several = self.costs.keys().filter(|code| *code != NO_CURRENCY).count() > 1;
        let told = !self.costs.is_empty() && !several;
        let by_currency = || self.costs.iter().map(|(code, sum)| (code.clone(), sum.value())).collect();
        TokenUsageSummaryRow {
            workspace_id,
            group,
            calls: self.calls,
            tokens_prompt: self.prompt.value(),
            tokens_completion: self.completion.value(),
            tokens_total: self.total.value(),
            tokens_cached: self.cached.value(),
            tokens_cache_read: self.cache_read.value(),
            tokens_cache_write: self.cache_write.value(),
            duration_ms: self.duration_ms.value(),
            cost_estimate: told.then(|| self.cost.value()),
            cost_by_currency: several.then(by_currency),
        }
    }
}

/// Codes are compared as people read them: ` usd` is `USD`.
fn currency_code(row: &TokenUsageRow) -> String {
    let code = row.currency.as_deref().unwrap_or_default().trim();
    if code.is_empty() { NO_CURRENCY.to_owned() } else { code.to_uppercase() }
}

/// A sum of token counts, wide enough that no number of rows can overflow it. What does not fit into
/// the answer is cut only at the end, so that the order of rows does not matter.
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
