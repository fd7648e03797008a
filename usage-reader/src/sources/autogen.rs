//! AutoGen's messages: each has the tokens of its call in `models_usage`, which is OpenAI's shape.

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
