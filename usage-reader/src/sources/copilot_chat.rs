//! Chat sessions of Copilot in VS Code: the result of a request has its tokens. Newer versions write a journal: the
//! initial session, and then each change.

use serde_json::Value;

use crate::body::Body;
use crate::fields::{Fields, Object, text};
use crate::parsed_usage::{CachedTokens, ParsedUsage, RawCounts};
use crate::source::{Place, Role, Source, Work};

const NAME: &str = "copilot-chat";

pub(super) struct Request;

impl Source for Request {
    fn name(&self) -> &'static str {
        NAME
    }

    fn place(&self) -> Place {
        Place::Body
    }

    fn detect(&self, _body: &Body<'_>, all: Fields<'_>) -> bool {
        counts(all).is_some()
    }

    fn read(&self, body: &Body<'_>, all: Fields<'_>) -> Vec<ParsedUsage> {
        let Some(numbers) = counts(all) else { return Vec::new() };
        let reported = RawCounts {
            input: numbers.count(&["promptTokens"]),
            output: numbers.count(&["outputTokens"]),
            ..RawCounts::default()
        };
        // The editor's own count of the same response.
        all.count(&["completionTokens"]);
        let mut parsed = ParsedUsage::new(NAME, reported, CachedTokens::Included);
        let model = numbers.text(&["resolvedModel"]).or_else(|| all.text(&["resolvedModel", "modelId"]));
        parsed.model = model.map(str::to_owned);
        body.name_provider(&mut parsed, "github-copilot");
        vec![parsed]
    }

    fn work(&self, line: Fields<'_>) -> Option<Work> {
        let request = line.text(&["requestId"])?;
        if counts(line).is_some() {
            return Some(Work::new(Role::Call, NAME, None).known_by(Some(format!("{NAME}\0{request}"))));
        }
        // The editor's own count, before there is a result.
        (line.has("completionTokens") && !line.has("promptTokens"))
            .then(|| Work::new(Role::Context, NAME, None))
    }
}

/// The object with the request's tokens: the metadata of its result, or that object itself.
fn counts(all: Fields<'_>) -> Option<Fields<'_>> {
    let has_both = |numbers: &Fields<'_>| numbers.has("promptTokens") && numbers.has("outputTokens");
    let of_result = || all.object(&["result"])?.object(&["metadata"]).filter(has_both);
    of_result().or_else(|| Some(all).filter(has_both))
}

/// The requests of the session whose journal is read, without prompts and responses.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    session: Option<String>,
    requests: Vec<Object>,
}

/// The kinds of journal lines: 0, 1 and 2.
const SETS_ALL: i64 = 0;
const SETS: i64 = 1;
const APPENDS: i64 = 2;

impl Journal {
    /// Whether the line belongs to a journal.
    pub(crate) fn is_entry(line: &Object) -> bool {
        // A journal line has a kind, a path, a value and an index; most other objects have more fields.
        line.len() <= 4
            && line.get("kind").is_some_and(Value::is_i64)
            && (line.contains_key("v") || line.contains_key("k"))
    }

    /// Processes a line, and returns the requests that it changed.
    pub(crate) fn observe(&mut self, mut line: Object) -> Vec<Object> {
        let kind = line.get("kind").and_then(Value::as_i64).unwrap_or(-1);
        let path = match line.shift_remove("k") {
            Some(Value::Array(path)) => path,
            _ => Vec::new(),
        };
        let value = line.shift_remove("v");
        let changed = match (kind, value) {
            (SETS_ALL, Some(Value::Object(mut session))) => {
                self.session = text(&session, &["sessionId"]).map(str::to_owned);
                self.requests = objects(session.shift_remove("requests"));
                0..self.requests.len()
            }
            (SETS, Some(value)) => self.set(&path, value),
            (APPENDS, Some(value)) if is_requests(&path) && path.len() < 2 => {
                // Removed requests were still answered; the ones that follow reuse their indexes.
                if let Some(length) = line.get("i").and_then(Value::as_u64) {
                    self.requests.truncate(usize::try_from(length).unwrap_or(usize::MAX));
                }
                let from = self.requests.len();
                self.requests.extend(objects(Some(value)));
                from..self.requests.len()
            }
            _ => 0..0,
        };
        let named = |request: &Object| {
            let mut request = request.clone();
            if let Some(session) = &self.session {
                request.entry("sessionId").or_insert_with(|| session.clone().into());
            }
            request
        };
        self.requests.get(changed).into_iter().flatten().map(named).collect()
    }

    fn set(&mut self, path: &[Value], value: Value) -> std::ops::Range<usize> {
        if !is_requests(path) {
            return 0..0;
        }
        let Some(index) = path.get(1) else {
            self.requests = objects(Some(value));
            return 0..self.requests.len();
        };
        let index = index.as_u64().and_then(|index| usize::try_from(index).ok());
        let Some((index, request)) = index.and_then(|index| Some((index, self.requests.get_mut(index)?)))
        else {
            return 0..0;
        };
        match (&path[2..], value) {
            ([], Value::Object(value)) => *request = value,
            ([], _) => return 0..0,
            (inner, value) => set_in(request, inner, value),
        }
        index..index + 1
    }
}

/// Whether the path points to the requests or into them. A missing path does, too.
fn is_requests(path: &[Value]) -> bool {
    path.first().is_none_or(|first| first == "requests")
}

fn objects(values: Option<Value>) -> Vec<Object> {
    let Some(Value::Array(values)) = values else { return Vec::new() };
    let object = |value| match value {
        Value::Object(object) => object,
        // The index must stay occupied, whatever the element is.
        _ => Object::new(),
    };
    values.into_iter().map(object).collect()
}

fn set_in(object: &mut Object, path: &[Value], value: Value) {
    let [name, rest @ ..] = path else { return };
    let Some(name) = name.as_str() else { return };
    if rest.is_empty() {
        object.insert(name.to_owned(), value);
        return;
    }
    let inner = object.entry(name).or_insert_with(|| Object::new().into());
    if let Value::Object(inner) = inner {
        set_in(inner, rest, value);
    }
}
