//! The spans in which calls are made: what two reports have in common if they report the same call.

use std::collections::HashMap;

use crate::collector::OPEN;
use crate::source::Work;

/// The key, the input and the output of the last call in each span, and of the last one in the spans within it.
#[derive(Debug, Default)]
pub(crate) struct Spans(HashMap<String, (String, [Option<i64>; 2])>);

impl Spans {
    /// The key of the call. Calls with the same input in the same span share one key, and so do a span and the one around
    /// it with the same counts: a framework and the client that it uses both report the call.
    pub(crate) fn key_of(
        &mut self,
        work: &Work,
        key: Option<String>,
        counts: [Option<i64>; 2],
    ) -> Option<String> {
        let (Some(span), Some(key)) = (&work.within, &key) else { return key };
        let has_both = counts.iter().all(|count| *count > Some(0));
        let own = self.0.get(span).filter(|(_, other)| other[0] == counts[0]);
        let same = |span: &str| self.0.get(span).filter(|(_, other)| *other == counts && has_both);
        let known = own.or_else(|| same(work.around.as_ref()?)).or_else(|| same(&inner_of(span)));
        if let Some((known, _)) = known {
            return Some(known.clone());
        }
        if self.0.len() > OPEN {
            self.0.clear();
        }
        self.0.insert(span.clone(), (key.clone(), counts));
        if let Some(around) = &work.around {
            self.0.insert(inner_of(around), (key.clone(), counts));
        }
        Some(key.clone())
    }
}

/// The name of what is known of the spans within this one.
fn inner_of(span: &str) -> String {
    format!("within\0{span}")
}
