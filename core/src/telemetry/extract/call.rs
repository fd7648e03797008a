//! One call as its input told it, and what many of them add up to.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::reading::{Reading, summary};

/// By what a call is known again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::telemetry) enum Identity {
    /// By nothing.
    None,
    /// By the provider's id of the message or response.
    Response(String),
    /// By the session, of which there is one count.
    Session(String),
}

/// One call, or one session that is counted as a whole.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub(super) identity: Identity,
    /// Whether the numbers are of the session since its beginning.
    pub(super) is_cumulative: bool,
    /// One a model; the first is the model that was asked.
    pub(super) parts: Vec<Reading>,
}

impl Call {
    pub(super) fn name_if_unknown(&mut self, name: Option<String>) {
        if let (Identity::None, Some(name)) = (&self.identity, name) {
            self.identity = Identity::Response(name);
        }
    }
}

/// Calls in the order in which they first appeared; of two versions of one the last.
#[derive(Debug, Default)]
pub(super) struct Calls {
    calls: Vec<Call>,
    known: HashMap<Identity, usize>,
}

impl Calls {
    pub(super) fn add(&mut self, call: Call) {
        if call.identity == Identity::None {
            self.calls.push(call);
            return;
        }
        match self.known.get(&call.identity) {
            Some(index) => self.calls[*index] = call,
            None => {
                self.known.insert(call.identity.clone(), self.calls.len());
                self.calls.push(call);
            }
        }
    }

    pub(super) fn each(&self) -> impl Iterator<Item = Call> {
        self.calls.iter().cloned()
    }

    /// One reading a model, in the order of their first appearance.
    pub(super) fn by_model(self) -> Vec<Reading> {
        let is_one = self.calls.len() == 1;
        let mut sums: Vec<(Reading, i64)> = Vec::new();
        let mut places: HashMap<Option<String>, usize> = HashMap::new();
        for reading in self.calls.into_iter().flat_map(|call| call.parts) {
            match places.get(&reading.model) {
                Some(place) => {
                    let (sum, calls) = &mut sums[*place];
                    sum.add(&reading);
                    *calls += 1;
                }
                None => {
                    places.insert(reading.model.clone(), sums.len());
                    sums.push((reading, 1));
                }
            }
        }
        let finished = |(mut sum, calls): (Reading, i64)| {
            if !is_one {
                sum.extra.shift_remove("response_id");
                sum.note("calls", calls);
                sum.note_residual();
            }
            sum
        };
        sums.into_iter().map(finished).collect()
    }
}

/// The sum over all models. Their own numbers stand beside it where there are several.
pub(super) fn whole(mut models: Vec<Reading>) -> Option<Reading> {
    if models.len() < 2 {
        return models.pop();
    }
    let names = models.iter().filter_map(|model| Some((model.model.clone()?, summary(model))));
    let named: Map<String, Value> = names.collect();
    let mut models = models.into_iter();
    let mut whole = models.next()?;
    for model in models {
        whole.add(&model);
    }
    // Of several models none is the one.
    whole.note_residual();
    whole.note("models", Value::Object(named));
    Some(whole)
}
