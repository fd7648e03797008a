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

/// Whether the response is a list of embeddings or ranks, or the name of the model or of the operation implies one.
pub(crate) fn has_no_output(body: &Body<'_>) -> bool {
    const MODEL: &[&str] = &["model", "model_name", "modelId", "modelVersion"];
    // The names in the attributes of a span.
    const MODEL_OF_SPAN: &[&str] =
        &["gen_ai.request.model", "gen_ai.response.model", "llm.model_name", "embedding.model_name"];
    const OPERATION: &[&str] = &["gen_ai.operation.name", "openinference.span.kind"];
    let all = body.all;
    let attributes = all.object(&["attributes"]);
    let of_span = |names: &[&str]| attributes.and_then(|attributes| attributes.text(names));
    let of_data = || all.objects("data").next().is_some_and(is_element);
    let of_results = || all.objects("results").next().is_some_and(is_element);
    let is_named = || {
        let model =
            all.text(MODEL).or_else(|| of_span(MODEL_OF_SPAN)).unwrap_or_default().to_ascii_lowercase();
        ["embed", "rerank", "voyage", "bge-"].iter().any(|part| model.contains(part))
    };
    // Observations and runs say what they are.
    let is_operation = || {
        let kinds = [all.text(&["type"]), all.text(&["run_type"]), of_span(OPERATION)];
        kinds
            .into_iter()
            .flatten()
            .any(|kind| kind.eq_ignore_ascii_case("embedding") || kind.eq_ignore_ascii_case("embeddings"))
    };
    is_element(all) || of_data() || of_results() || is_named() || is_operation()
}

fn is_element(element: crate::fields::Fields<'_>) -> bool {
    element.text(&["object"]) == Some("embedding")
        || element.has_any(&["embedding", "embeddings", "relevance_score"])
}
