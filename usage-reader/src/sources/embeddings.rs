//! Models without output tokens: embeddings and reranking. Their total is the input.

use crate::body::Body;
use crate::fields::{Fields, reported_sum};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Place, Source};

/// Vertex AI's embeddings, each of which has its count in `statistics`.
pub(super) struct Predictions;

impl Source for Predictions {
    fn name(&self) -> &'static str {
        "vertex-embeddings"
    }

    fn place(&self) -> Place {
        Place::Body
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        all.objects("predictions").any(|one| statistics(one).is_some())
    }

    fn read(&self, body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let counts = all.objects("predictions").map(|one| statistics(one)?.count(&["token_count"]));
        let input = reported_sum(counts);
        let reported = RawCounts { input, total: input, ..RawCounts::default() };
        let mut parsed = ParsedUsage::new(self.name(), reported, CachedTokens::Included);
        body.name_provider(&mut parsed, "google");
        parsed.note("kind", "embedding");
        vec![parsed]
    }
}

fn statistics(prediction: Fields<'_>) -> Option<Fields<'_>> {
    prediction.object(&["embeddings"])?.object(&["statistics"])
}

/// The provider, inferred from the name of the model, since several providers share the format of the response.
pub(crate) fn provider_of(model: &str) -> Option<&'static str> {
    const MODELS: &[(&str, &str)] = &[
        ("text-embedding-3-", "openai"),
        ("text-embedding-ada-", "openai"),
        ("voyage-", "voyageai"),
        ("jina-", "jina"),
    ];
    MODELS.iter().find(|(start, _)| model.starts_with(start)).map(|(_, provider)| *provider)
}

/// Whether the response is a list of embeddings or ranks, or the name of the model implies one.
pub(crate) fn has_no_output(body: &Body<'_>) -> bool {
    let all = body.all;
    let of_data = || all.objects("data").next().is_some_and(is_element);
    let of_results = || all.objects("results").next().is_some_and(is_element);
    let is_named = || {
        let model = all.text(&["model", "model_name", "modelId"]).unwrap_or_default().to_ascii_lowercase();
        ["embed", "rerank", "voyage", "bge-"].iter().any(|part| model.contains(part))
    };
    is_element(all) || of_data() || of_results() || is_named()
}

fn is_element(element: crate::fields::Fields<'_>) -> bool {
    element.text(&["object"]) == Some("embedding")
        || element.has_any(&["embedding", "embeddings", "relevance_score"])
}
