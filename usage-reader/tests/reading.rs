//! What hosts of this crate rely on.

use mcoda_usage_reader::{CallReader, DedupKey, ParsedUsage, Skipped, by_model, calls, total};

const LINES: &str = r#"{"type":"message","message":{"id":"msg_1","model":"big","usage":{"input_tokens":4,"cache_read_input_tokens":900,"cache_creation_input_tokens":10,"output_tokens":30}}}
no JSON
{"type":"note"}
{"type":"message","message":{"id":"msg_2","model":"little","usage":{"input_tokens":1,"output_tokens":2}}}
{"broken
"#;

#[test]
fn a_sum_over_several_models_holds_each_of_them() {
    let whole = total(LINES, None).unwrap();
    let counts = (whole.input, whole.output, whole.cache_read, whole.cache_write, whole.total);
    assert_eq!(counts, (Some(915), Some(32), Some(900), Some(10), Some(947)));
    assert_eq!(whole.model, None);
    assert_eq!(whole.models, by_model(LINES, None));
    let models: Vec<_> = whole.models.iter().map(|one| (one.model.as_deref(), one.input)).collect();
    assert_eq!(models, [(Some("big"), Some(914)), (Some("little"), Some(1))]);
    assert!(whole.models.iter().all(|one| one.models.is_empty()));
}

#[test]
fn the_total_of_a_sum_covers_a_call_of_which_only_the_input_is_known() {
    let lines = r#"{"type":"message","message":{"id":"msg_1","model":"m","usage":{"input_tokens":10,"output_tokens":5}}}
{"type":"message","message":{"id":"msg_2","model":"m","usage":{"input_tokens":100}}}"#;
    let sum = total(lines, None).unwrap();
    assert_eq!((sum.input, sum.output, sum.total), (Some(110), Some(5), Some(115)));
    assert_eq!(sum.extra.get("residual"), None);
}

#[test]
fn the_rest_of_a_session_has_no_more_cached_tokens_than_input() {
    // The count of the session lost its cache creation, so its calls take more from its input than from its cache.
    let message = r#"{"type":"assistant","sessionId":"s","message":{"id":"MSG","model":"little","usage":{"input_tokens":2,"cache_creation_input_tokens":10,"cache_read_input_tokens":90,"output_tokens":30}}}"#;
    let result = r#"{"type":"result","session_id":"s","total_cost_usd":0.1,"usage":{"input_tokens":20,"output_tokens":300,"cache_read_input_tokens":5000},"modelUsage":{"big":{"inputTokens":20,"outputTokens":300,"cacheReadInputTokens":5000,"costUSD":0.1}}}"#;
    let text =
        [message.replace("MSG", "msg_1"), message.replace("MSG", "msg_2"), result.to_owned()].join("\n");
    let models = by_model(&text, None);
    let rest = models.iter().find(|one| one.model.as_deref() == Some("big")).unwrap();
    assert_eq!((rest.input, rest.cached, rest.cache_read), (Some(4820), Some(4820), Some(4820)));
    assert_eq!((rest.output, rest.total), (Some(240), Some(5060)));
    assert_eq!((rest.extra.get("residual"), rest.extra["input_uncached"].as_i64()), (None, Some(0)));
}

#[test]
fn a_version_whose_input_is_unknown_adds_no_cached_tokens_above_the_input() {
    let event = |input: i64, read: i64, write: i64| {
        format!(
            r#"{{"type":"message.updated","properties":{{"info":{{"id":"msg_1","sessionID":"ses_a","role":"assistant","modelID":"m","providerID":"anthropic","tokens":{{"input":{input},"output":20,"cache":{{"read":{read},"write":{write}}}}}}}}}}}"#
        )
    };
    let most = (1_i64 << 53) - 1;
    let versions = [event(7, 0, 0), event(10, most, 30)].join("\n");
    let call = total(&versions, None).unwrap();
    // No total could hold such an input and the output.
    assert_eq!((call.input, call.cached, call.cache_read), (None, Some(most), Some(most)));
}

#[test]
fn a_sum_does_not_end_before_it_begins() {
    // A time in the wrong unit: the end of the first call is dropped, and that of the second one is before its beginning.
    let message = |id: &str, created: &str| {
        format!(
            r#"{{"info":{{"id":"{id}","sessionID":"s","role":"assistant","modelID":"m","providerID":"p","tokens":{{"input":6,"output":80,"cache":{{"read":0,"write":0}}}},"time":{{{created}"completed":1770000004000}}}},"parts":[]}}"#
        )
    };
    let (first, second) = (message("msg_1", r#""created":1770000004000999808,"#), message("msg_2", ""));
    let text = format!(r#"{{"info":{{"id":"s"}},"messages":[{first},{second}]}}"#);
    let sum = total(&text, None).unwrap();
    assert_eq!((sum.input, sum.finished_at_ms), (Some(12), None));
    assert!(sum.started_at_ms > Some(1_770_000_004_000));
}

#[test]
fn a_reader_finds_line_by_line_what_is_in_the_whole_text() {
    let mut reader = CallReader::new(LINES.as_bytes(), None);
    let mut found = Vec::new();
    while let Some(more) = reader.next_calls(1).unwrap() {
        found.extend(more);
    }
    assert_eq!(found, calls(LINES, None).0);
    let ids: Vec<_> = found.iter().map(|call| call.key.clone()).collect();
    assert_eq!(ids, ["msg_1", "msg_2"].map(|id| DedupKey::Response(id.to_owned())));
    assert_eq!((reader.bytes(), reader.lines(), reader.objects()), (LINES.len() as u64, 5, 3));
    let skipped = Skipped { without_usage: 1, damaged: 1, not_json: 1, too_long: 0 };
    assert_eq!(*reader.skipped(), skipped);
}

#[test]
fn what_is_not_reported_is_absent_and_times_are_milliseconds() {
    let body =
        r#"{"model": "m", "created": 1774008000, "usage": {"prompt_tokens": 0, "completion_tokens": 3}}"#;
    let usage = total(body, Some("openai")).unwrap();
    let ParsedUsage { input, output, cached, cost, timestamp_ms, provider, .. } = usage;
    assert_eq!((input, output, cached, cost), (Some(0), Some(3), None, None));
    assert_eq!((timestamp_ms, provider.as_deref()), (Some(1_774_008_000_000), Some("openai")));
    assert_eq!(total("nothing", None), None);
}

#[test]
fn a_recorded_body_whose_compression_is_not_read_is_named() {
    let digits = "1b2a01f88f12".repeat(60);
    let text = "GyoBAPiNkqQfGyoBAPiN".repeat(40);
    let pairs = |encoding: &str| {
        format!(
            r#"[{{"name":"content-type","value":"application/json"}},{{"name":"content-encoding","value":"{encoding}"}}]"#
        )
    };
    let har = |encoding: &str, text: &str| {
        let headers = pairs(encoding);
        format!(
            r#"{{"log":{{"entries":[{{"request":{{"url":"https://a.example"}},"response":{{"status":200,"headers":{headers},"content":{{"mimeType":"application/json","text":{text:?}}}}}}}]}}}}"#
        )
    };
    let call = r#"{"id":"c","usage":{"prompt_tokens":7,"completion_tokens":3}}"#;
    let decoded = format!(r#"{{"object":"list","data":[{{"id":"{}"}}]}}"#, "m".repeat(600));
    for (text, named, input) in [
        (har("br", &text), Some("body (br)"), None),
        (har("zstd", &text[..80]), Some("body (zstd)"), None),
        (
            format!(
                r#"{{"http_interactions":[{{"response":{{"headers":{{"Content-Encoding":["br"],"Content-Type":["application/json"]}},"body":{{"encoding":"ASCII-8BIT","base64_string":"{text}"}}}}}}]}}"#
            ),
            Some("body (br)"),
            None,
        ),
        (
            format!(
                r#"[{{"scope":"https://a.example","response":["{digits}"],"rawHeaders":["Content-Type","application/json","Content-Encoding","br"]}},{{"scope":"https://a.example","response":{call},"rawHeaders":[]}}]"#
            ),
            Some("body (br)"),
            Some(7),
        ),
        // A recorder that stores the decoded body, another kind of content, and an encoding that is read.
        (har("br", call), None, Some(7)),
        (har("br", &decoded), None, None),
        (har("br", &text).replace("application/json", "image/png"), None, None),
        (har("gzip", &text), None, None),
    ] {
        let mut reader = CallReader::new(text.as_bytes(), None);
        while reader.next_calls(1).expect("no error").is_some() {}
        let named: Vec<String> = named.into_iter().map(str::to_owned).collect();
        assert_eq!(reader.unread(), named, "{text}");
        let found = total(&text, None).unwrap_or_default();
        assert_eq!((found.unread, found.input), (named, input), "{text}");
    }
}

#[test]
fn of_counts_that_no_total_can_hold_the_larger_one_is_skipped() {
    let body = r#"{"id":"c","usage":{"prompt_tokens":9007199254740991,"completion_tokens":3}}"#;
    let found = total(body, None).expect("usage");
    assert_eq!((found.input, found.output, found.total), (None, Some(3), None));
}
