//! The public error type of this crate.

use std::error::Error as StdError;
use std::fmt;
use std::path::Path;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::printable::printable;

/// The kind of an error: what a caller can react to.
///
/// The numbers are stable: they are the codes of the C interface and never change meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An invalid value: the message names the field, the value given and the values allowed.
    InvalidInput = 1,
    /// An unknown task, job, project key or other entity that the call names.
    NotFound = 2,
    /// The row has changed, a record with this id has other content, or a trigger of another program skipped the row.
    Conflict = 3,
    /// Another writer held the database for longer than the timeout. Retrying is safe.
    Busy = 4,
    /// Disk full, permissions, or an input/output error.
    Storage = 5,
    /// Not a database, a damaged one, or damaged JSON that could not be archived.
    Corrupt = 6,
    /// The schema is newer than this build supports, or the call is not possible with this file.
    Unsupported = 7,
    /// The handle was closed.
    Closed = 8,
    /// A bug in this library.
    Internal = 9,
    /// The call was cancelled, by its caller or by its time limit, before it changed anything.
    Cancelled = 10,
}

impl ErrorKind {
    /// The stable number of this kind.
    #[must_use]
    pub fn code(self) -> i32 {
        self as i32
    }

    /// Every kind, in the order of the numbers.
    pub const ALL: [Self; 10] = [
        Self::InvalidInput,
        Self::NotFound,
        Self::Conflict,
        Self::Busy,
        Self::Storage,
        Self::Corrupt,
        Self::Unsupported,
        Self::Closed,
        Self::Internal,
        Self::Cancelled,
    ];

    /// The name used in every language, for example `INVALID_INPUT`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidInput => "INVALID_INPUT",
            Self::NotFound => "NOT_FOUND",
            Self::Conflict => "CONFLICT",
            Self::Busy => "BUSY",
            Self::Storage => "STORAGE",
            Self::Corrupt => "CORRUPT",
            Self::Unsupported => "UNSUPPORTED",
            Self::Closed => "CLOSED",
            Self::Internal => "INTERNAL",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Whether the same call may succeed if it is repeated unchanged.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        self == Self::Busy
    }
}

/// An error with its kind, a message that says what to do, and its cause, if known.
///
/// ```
/// # fn main() -> mcoda_core::Result<()> {
/// use mcoda_core::{ErrorKind, TokenUsage, Workspace};
///
/// let workspace = Workspace::open_db(":memory:")?;
/// let wrong = TokenUsage { tokens_prompt: Some(-1), ..TokenUsage::default() };
/// let error = workspace.record_token_usage(&wrong).unwrap_err();
/// assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("tokensPrompt")));
/// assert!(error.message().starts_with("tokensPrompt: got -1; expected "));
/// assert!(!error.kind().is_retryable());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    field: Option<String>,
    /// Whether the message names the affected file already.
    is_located: bool,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The result of every fallible call of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        let message = single_line(&message.into(), LONGEST_MESSAGE);
        Self { kind, message, field: None, is_located: false, source: None }
    }

    /// An invalid value: `field` names it, `given` shows it, `allowed` completes "… expected …". Public for the
    /// bindings, whose languages have values that JSON cannot represent.
    #[doc(hidden)]
    pub fn invalid(field: &str, given: impl fmt::Display, allowed: &str) -> Self {
        let field = shorten(field);
        let given = shorten(&given.to_string());
        let message = format!("{field}: got {given}; expected {allowed}");
        Self { field: Some(field), ..Self::new(ErrorKind::InvalidInput, message) }
    }

    /// No entity is known as `given`, which the caller passed as `field`. Public for the bindings.
    #[doc(hidden)]
    #[must_use]
    pub fn not_found(field: &str, what: &str, given: &str) -> Self {
        let message = format!("{field}: there is no {what} {:?}", shorten(given));
        Self { field: Some(field.to_owned()), ..Self::new(ErrorKind::NotFound, message) }
    }

    /// `field` needs the disabled `feature` of this crate; `allowed` describes what this build supports.
    #[cfg(not(all(feature = "prices", feature = "time-zones")))]
    pub(crate) fn lacking(feature: &str, field: &str, given: impl fmt::Display, allowed: &str) -> Self {
        let given = shorten(&given.to_string());
        let message = format!(
            "{field}: got {given}; expected {allowed}, since this build lacks the feature `{feature}` of mcoda-core"
        );
        Self { field: Some(field.to_owned()), ..Self::new(ErrorKind::Unsupported, message) }
    }

    /// A file or folder that could not be used.
    pub(crate) fn storage(action: &str, path: &Path, cause: std::io::Error) -> Self {
        let message = format!("cannot {action} {}: {cause}", path.display());
        Self::new(ErrorKind::Storage, message).with_source(cause)
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Prefixes the message with `context`, for example the affected record of a batch.
    #[must_use]
    pub fn context(mut self, context: impl fmt::Display) -> Self {
        self.message = single_line(&format!("{context}: {}", self.message), LONGEST_MESSAGE);
        self
    }

    /// Adds which element of a list of `count` is affected, named `noun`, unless it is the only one.
    pub(crate) fn in_list(self, noun: &str, index: usize, count: usize) -> Self {
        if count > 1 { self.context(format_args!("{noun} {} of {count}", index + 1)) } else { self }
    }

    /// Adds the input field that led to an error that is not about its value.
    pub(crate) fn with_field(mut self, field: &str) -> Self {
        self.field = Some(field.to_owned());
        self
    }

    /// Appends `advice` to the message: what else the caller can do.
    pub(crate) fn advice(mut self, advice: &str) -> Self {
        self.message = single_line(&(self.message + advice), LONGEST_MESSAGE);
        self
    }

    /// Marks the message as naming the affected file, so that no other file is added.
    pub(crate) fn located(mut self) -> Self {
        self.is_located = true;
        self
    }

    pub(crate) fn is_located(&self) -> bool {
        self.is_located
    }

    /// The class of this error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// One line that says what is wrong and what to do.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The causes, from the nearest to the first one, if any are known.
    #[must_use]
    pub fn detail(&self) -> Option<String> {
        let mut texts = Vec::new();
        let mut next = StdError::source(self);
        while let Some(cause) = next {
            texts.push(single_line(&cause.to_string(), LONGEST_CAUSE));
            next = cause.source();
        }
        (!texts.is_empty()).then(|| texts.join(": "))
    }

    /// The invalid input field, by its JSON name, if the error is about one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.field.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// As the OpenAPI contract's `Error`: `code`, `message`, `retryable`, and `field` and `detail` if present.
impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_map(None)?;
        fields.serialize_entry("code", self.kind.name())?;
        fields.serialize_entry("message", &self.message)?;
        if let Some(field) = &self.field {
            fields.serialize_entry("field", field)?;
        }
        if let Some(detail) = self.detail() {
            fields.serialize_entry("detail", &detail)?;
        }
        fields.serialize_entry("retryable", &self.kind.is_retryable())?;
        fields.end()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as _)
    }
}

/// The number of characters of a value that a message shows.
const LONGEST_VALUE: usize = 80;
/// A message may contain two paths, which systems limit to 4096 bytes.
const LONGEST_MESSAGE: usize = 9000;
/// The number of characters of a cause.
pub(crate) const LONGEST_CAUSE: usize = 400;

/// Long input is truncated in messages, since they are often logged.
pub(crate) fn shorten(text: &str) -> String {
    single_line(text, LONGEST_VALUE)
}

/// At most `limit` characters of a text, printable and on one line.
pub(crate) fn single_line(text: &str, limit: usize) -> String {
    // One character more, to detect truncation; a text of megabytes is not processed for its first line.
    let start: String = text.chars().take(limit + 1).collect();
    let shown = printable(&start);
    let mut characters = shown.chars();
    let mut line: String = characters.by_ref().take(limit).collect();
    if characters.next().is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_stable() {
        assert_eq!(ErrorKind::InvalidInput.code(), 1);
        assert_eq!(ErrorKind::Internal.code(), 9);
        assert_eq!(ErrorKind::Cancelled.code(), 10);
        assert!(!ErrorKind::Cancelled.is_retryable());
        assert_eq!(ErrorKind::ALL.map(ErrorKind::code), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    }

    #[test]
    fn long_and_multi_line_input_stays_one_short_line() {
        let error = Error::invalid("since", "x\n".repeat(1000), "a timestamp");
        assert_eq!(error.field(), Some("since"));
        assert!(!error.message().contains('\n'));
        assert!(error.message().len() < 200, "{error}");
    }
}
