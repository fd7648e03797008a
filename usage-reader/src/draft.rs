//! A call whose events are still being collected.

use crate::call::ExtractedCall;
use crate::fields::Object;
use crate::several;
use crate::shapes::interpret;
use crate::source::Work;
use crate::text_names::TextNames;

/// A call that further events may still change.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) key: Option<String>,
    /// The key that the input gives, if another call in it has the same one.
    pub(crate) shared_key: Option<String>,
    /// The merged body while its stream continues: each event adds fields.
    pub(crate) stream: Option<Object>,
    pub(crate) call: ExtractedCall,
    pub(crate) work: Work,
    /// When the nearest line before with a time was written.
    pub(crate) earlier_ms: Option<i64>,
}

impl Draft {
    /// Reads the usage of a stream from its merged events.
    pub(crate) fn read_stream(&mut self, hint: Option<&str>) {
        let Some(body) = self.stream.take() else { return };
        self.call.parts = interpret(&body, hint).unwrap_or_default();
        several::mark(&body, &mut self.call.parts);
        let id = self.key.as_deref().filter(|id| !TextNames::is_one(id));
        if let Some(first) = self.call.parts.first_mut() {
            first.note_text("response_id", id);
        }
    }
}
