//! Grok Build: the end of a turn has the usage of each model. Cached tokens are included in the input.

use crate::body::Body;
use crate::fields::Fields;
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Role, Source, Work};

pub(super) struct Turn;

impl Source for Turn {
    fn name(&self) -> &'static str {
        "grok-build"
    }

    fn detect(&self, _body: &Body<'_>, usage: Fields<'_>) -> bool {
        usage.has_any(&["inputTokens", "outputTokens"])
            && usage.has_any(&["cachedReadTokens", "costUsdTicks"])
    }

    fn read(&self, body: &Body<'_>, usage: Fields<'_>) -> Vec<ParsedUsage> {
        let models = usage.object(&["modelUsage"]);
        let of_model = |(model, usage)| ParsedUsage { model: Some(model), ..self.counts(body, usage) };
        let models: Vec<ParsedUsage> = models
            .into_iter()
            .flat_map(Fields::entries)
            .map(|(model, usage)| of_model((model.to_owned(), usage)))
            .filter(ParsedUsage::has_usage)
            .collect();
        let whole = self.counts(body, usage);
        if models.is_empty() { vec![whole] } else { models }
    }

    fn work(&self, line: Fields<'_>) -> Option<Work> {
        let params = line.object(&["params"]).unwrap_or(line);
        let update = params.object(&["update"])?;
        update.object(&["usage"])?;
        let meta = params.object(&["_meta"]).or_else(|| line.object(&["_meta"]));
        // A turn is identified by its prompt; a repeated line has another number.
        let prompt = update.text(&["prompt_id", "promptId"]);
        let event = prompt.or_else(|| meta?.text(&["promptId", "eventId"]));
        let session = params.text(&["sessionId"]);
        let key = event.map(|event| format!("grok-build\0{}\0{event}", session.unwrap_or_default()));
        Some(Work::new(Role::Call, self.name(), session).known_by(key))
    }
}

impl Turn {
    fn counts(&self, body: &Body<'_>, usage: Fields<'_>) -> ParsedUsage {
        let reported = RawCounts {
            input: usage.count(&["inputTokens"]),
            output: usage.count(&["outputTokens"]),
            total: usage.count(&["totalTokens"]),
            cache_read: usage.count(&["cachedReadTokens"]),
            cache_write: usage.count(&["cachedWriteTokens", "cacheCreationTokens"]),
            reasoning: usage.count(&["reasoningTokens"]),
            ..RawCounts::default()
        };
        let mut parsed = ParsedUsage::new(self.name(), reported, CachedTokens::Included);
        body.name_provider(&mut parsed, "xai");
        parsed.cost = super::xai::dollars(usage);
        parsed.currency = parsed.cost.map(|_| "USD".into());
        parsed
    }
}
