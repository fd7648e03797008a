//! A time as the database has it.

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};

use super::Timestamp;

/// A time as the database has it: text, which another program may have written in any form.
///
/// The engine writes [`Timestamp`]s. [`timestamp`](Self::timestamp) reads the text; the text itself is what JSON has.
///
/// ```
/// use mcoda_core::{StoredTime, Timestamp};
///
/// let stored = StoredTime::from("2026-03-20T13:00:00+01:00");
/// assert_eq!(stored.timestamp(), Timestamp::from_millis(1_774_008_000_000));
/// assert_eq!(stored.to_string(), "2026-03-20T13:00:00+01:00");
/// assert_eq!(StoredTime::from("yesterday").timestamp(), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoredTime(String);

impl StoredTime {
    /// The time; `None` where the text is not an RFC 3339 timestamp with `Z` or an offset, or a date.
    #[must_use]
    pub fn timestamp(&self) -> Option<Timestamp> {
        Timestamp::read(&self.0)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Timestamp> for StoredTime {
    fn from(time: Timestamp) -> Self {
        Self(time.to_string())
    }
}

impl From<String> for StoredTime {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for StoredTime {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<StoredTime> for String {
    fn from(time: StoredTime) -> Self {
        time.0
    }
}

impl Deref for StoredTime {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for StoredTime {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for StoredTime {
    fn eq(&self, text: &str) -> bool {
        self.0 == text
    }
}

impl PartialEq<&str> for StoredTime {
    fn eq(&self, text: &&str) -> bool {
        self.0 == *text
    }
}

impl PartialEq<String> for StoredTime {
    fn eq(&self, text: &String) -> bool {
        self.0 == *text
    }
}

impl fmt::Display for StoredTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
