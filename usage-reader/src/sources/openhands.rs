//! OpenHands: `accumulated_token_usage` is the total of a conversation, `token_usages` has each call. Cached tokens are
//! included in the prompt.

use crate::body::Body;
use crate::fields::{Fields, reported_sum};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Place, Role, Source, Work};

pub(super) struct Metrics;

impl Source for Metrics {
    fn name(&self) -> &'static str {
        "openhands"
    }

    fn place(&self) -> Place {
        Place::Body
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        of_purposes(all).next().is_some()
            || metrics(all).is_some_and(|metrics| metrics.object(&["accumulated_token_usage"]).is_some())
    }

    /// One usage for each model that the calls name, or one for all. The first one gets the cost of all.
    fn read(&self, _body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let purposes: Vec<ParsedUsage> =
            of_purposes(all).flat_map(|metrics| self.of_metrics(metrics)).collect();
        if !purposes.is_empty() {
            return purposes;
        }
        metrics(all).map(|metrics| self.of_metrics(metrics)).unwrap_or_default()
    }

    fn work(&self, line: Fields<'_>) -> Option<Work> {
        if of_purposes(line).next().is_none() {
            metrics(line)?.object(&["accumulated_token_usage"])?;
        }
        let session = line.text(&["instance_id", "conversation_id", "session_id"]);
        let session = session.or_else(|| line.text(&["id"]).filter(|_| of_purposes(line).next().is_some()));
        Some(Work::new(Role::Session, self.name(), session))
    }
}

/// The purposes for which models were used, each with its own metrics.
fn of_purposes(all: Fields<'_>) -> impl Iterator<Item = Fields<'_>> {
    let stats = all.object(&["stats"]).unwrap_or(all);
    stats.object(&["usage_to_metrics"]).into_iter().flat_map(Fields::entries).map(|(_, metrics)| metrics)
}

impl Metrics {
    fn of_metrics(&self, metrics: Fields<'_>) -> Vec<ParsedUsage> {
        let Some(whole) = metrics.object(&["accumulated_token_usage"]) else { return Vec::new() };
        let mut whole = self.counts(whole);
        whole.model = whole.model.or_else(|| metrics.text(&["model_name"]).map(str::to_owned));
        let mut models: Vec<ParsedUsage> = Vec::new();
        for usage in metrics.objects("token_usages") {
            let one = self.counts(usage);
            match models.iter_mut().find(|model| model.model == one.model) {
                Some(model) => model.add(&one),
                None => models.push(one),
            }
        }
        for cost in metrics.objects("costs") {
            let Some(amount) = cost.measure(&["cost"]) else { continue };
            let model = cost.text(&["model"]);
            if let Some(model) = models.iter_mut().find(|one| one.model.as_deref() == model) {
                model.cost = Some(crate::number::exact_sum([model.cost.unwrap_or(0.0), amount]));
            }
        }
        let sum = |of: fn(&ParsedUsage) -> Option<i64>| reported_sum(models.iter().map(of));
        let is_whole = sum(|one| one.input) == whole.input && sum(|one| one.output) == whole.output;
        let cost = metrics.measure(&["accumulated_cost"]);
        let mut usages = if models.len() > 1 && is_whole { models } else { vec![whole] };
        if let [only] = &mut usages[..] {
            only.cost = cost;
        }
        for parsed in &mut usages {
            parsed.currency = parsed.cost.map(|_| "USD".into());
            parsed.note("cumulative", true);
        }
        usages.retain(ParsedUsage::has_usage);
        usages
    }

    fn counts(&self, usage: Fields<'_>) -> ParsedUsage {
        let reported = RawCounts {
            input: usage.count(&["prompt_tokens"]),
            output: usage.count(&["completion_tokens"]),
            cache_read: usage.count(&["cache_read_tokens"]),
            cache_write: usage.count(&["cache_write_tokens"]),
            reasoning: usage.count(&["reasoning_tokens"]),
            ..RawCounts::default()
        };
        // Limits of the model, which are not usage.
        usage.count(&["context_window", "per_turn_token"]);
        let mut parsed = ParsedUsage::new(self.name(), reported, CachedTokens::Included);
        parsed.model = usage.text(&["model"]).filter(|model| *model != "default").map(str::to_owned);
        parsed
    }
}

fn metrics(all: Fields<'_>) -> Option<Fields<'_>> {
    let own = all.has("accumulated_token_usage").then_some(all);
    own.or_else(|| all.object(&["metrics", "llm_metrics"]))
}
