//! IBM's watsonx, whose counts are in the elements of `results`. In a stream they are cumulative.

use crate::body::Body;
use crate::fields::Fields;
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Place, Role, Source, Work};

pub(super) struct Generation;

impl Source for Generation {
    fn name(&self) -> &'static str {
        "watsonx"
    }

    fn place(&self) -> Place {
        Place::Body
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        all.has("generated_token_count") || all.objects("results").any(|one| one.has("generated_token_count"))
    }

    fn read(&self, body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let own = all.has("generated_token_count").then_some(all);
        let results = own.into_iter().chain(all.objects("results"));
        let mut sum: Option<ParsedUsage> = None;
        for result in results.filter(|one| one.has("generated_token_count")) {
            let reported = RawCounts {
                input: result.count(&["input_token_count"]),
                output: result.count(&["generated_token_count"]),
                ..RawCounts::default()
            };
            if reported.output.is_none() {
                continue;
            }
            let one = ParsedUsage::new(self.name(), reported, CachedTokens::Included);
            match &mut sum {
                Some(sum) => sum.add(&one),
                None => sum = Some(one),
            }
        }
        sum.into_iter()
            .map(|mut parsed| {
                body.name_provider(&mut parsed, self.name());
                parsed
            })
            .collect()
    }

    fn work(&self, line: Fields<'_>) -> Option<Work> {
        let mut results = line.objects("results");
        let result = line.has("generated_token_count").then_some(line).or_else(|| results.next())?;
        if !result.has("generated_token_count") {
            return None;
        }
        let is_last =
            result.text(&["stop_reason"]).is_some_and(|reason| !reason.eq_ignore_ascii_case("not_finished"));
        Some(Work::new(Role::Piece { is_last, is_count_alone: false }, self.name(), None))
    }
}
