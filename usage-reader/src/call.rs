//! One call as its input reported it, and what many of them add up to.

use std::collections::HashMap;

use crate::parsed_usage::ParsedUsage;

/// By what a call is known again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Identity {
    /// By nothing.
    None,
    /// By the provider's id of the message or response.
    Response(String),
    /// By the session, of which there is one count.
    Session(String),
}

/// One call, or one session that is counted as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// By what it is known again.
    pub identity: Identity,
    /// Whether the numbers are of the session since its beginning.
    pub is_cumulative: bool,
    /// One for each model that worked for it; the first is the model that was asked.
    pub parts: Vec<ParsedUsage>,
}

impl Call {
    pub(crate) fn name_if_unknown(&mut self, name: Option<String>) {
        if let (Identity::None, Some(name)) = (&self.identity, name) {
            self.identity = Identity::Response(name);
        }
    }
}

/// Calls in the order in which they first appeared; of two versions of one the last.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    calls: Vec<Call>,
    known: HashMap<Identity, usize>,
}

impl Calls {
    pub(crate) fn add(&mut self, call: Call) {
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

    pub(crate) fn each(&self) -> &[Call] {
        &self.calls
    }

    /// One for each model, in the order of their first appearance.
    pub(crate) fn by_model(self) -> Vec<ParsedUsage> {
        let is_one = self.calls.len() == 1;
        let mut sums: Vec<(ParsedUsage, i64)> = Vec::new();
        let mut places: HashMap<Option<String>, usize> = HashMap::new();
        for parsed in self.calls.into_iter().flat_map(|call| call.parts) {
            match places.get(&parsed.model) {
                Some(place) => {
                    let (sum, calls) = &mut sums[*place];
                    sum.add(&parsed);
                    *calls += 1;
                }
                None => {
                    places.insert(parsed.model.clone(), sums.len());
                    sums.push((parsed, 1));
                }
            }
        }
        let finished = |(mut sum, calls): (ParsedUsage, i64)| {
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

/// The sum over all models, with their own numbers where there are several.
pub(crate) fn whole(mut models: Vec<ParsedUsage>) -> Option<ParsedUsage> {
    if models.len() < 2 {
        return models.pop();
    }
    let mut whole = models.first()?.clone();
    for model in &models[1..] {
        whole.add(model);
    }
    // Of several models none is the one.
    whole.note_residual();
    whole.models = models;
    Some(whole)
}
