//! Keys for responses that have no id.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use sha2::{Digest, Sha256};

/// The prefix of these keys.
const PREFIX: &str = "text:";

/// Names a response by its text and the number of its occurrence, so that a file that is read again, or that has grown,
/// gives the same keys.
#[derive(Debug, Default)]
pub(crate) struct TextNames {
    /// How often each text was seen, by its hash.
    seen: HashMap<u64, u32>,
    /// Whether the keys are needed for this input only, and may be cheaper.
    are_temporary: bool,
}

impl TextNames {
    pub(crate) fn temporary() -> Self {
        Self { are_temporary: true, ..Self::default() }
    }

    /// Whether a file that has grown gives the same keys.
    pub(crate) fn are_lasting(&self) -> bool {
        !self.are_temporary
    }

    pub(crate) fn name(&mut self, text: &str) -> String {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let hash = hasher.finish();
        let times = self.seen.entry(hash).or_default();
        *times += 1;
        if self.are_temporary {
            return format!("{PREFIX}{hash:x}:{times}");
        }
        let mut name = String::from(PREFIX);
        for byte in Sha256::digest(text) {
            let digits = [byte >> 4, byte & 0xf].map(|digit| char::from_digit(digit.into(), 16));
            name.extend(digits.into_iter().flatten());
        }
        name.push(':');
        name + &times.to_string()
    }

    /// Whether the key is one of these, and not the provider's id.
    pub(crate) fn is_one(key: &str) -> bool {
        key.starts_with(PREFIX)
    }
}
