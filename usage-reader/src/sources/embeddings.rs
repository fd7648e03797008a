//! Models without an output: embeddings and reranking, of which the total is the input.

use crate::body::Body;

/// Whether the answer is a list of embeddings or of ranks, or the model's name says that it makes one.
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
