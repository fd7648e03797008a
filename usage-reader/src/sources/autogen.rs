//! AutoGen's messages: `models_usage` has the tokens of the call, in OpenAI's format.

use crate::fields::Fields;
use crate::source::{Role, Source, Work};

pub(super) struct Message;

impl Source for Message {
    fn name(&self) -> &'static str {
        "autogen"
    }

    fn work(&self, line: Fields<'_>) -> Option<Work> {
        line.object(&["models_usage"])?;
        Some(Work::new(Role::Call, self.name(), None).known_by(line.text(&["id"]).map(str::to_owned)))
    }
}
