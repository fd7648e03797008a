//! The status names of tasks, and their aliases.

use std::borrow::Cow;

/// No work was done yet.
pub(crate) const NOT_STARTED: &str = "not_started";
/// Work has begun.
pub(crate) const IN_PROGRESS: &str = "in_progress";
/// A reviewer or QA sent the task back.
pub(crate) const CHANGES_REQUESTED: &str = "changes_requested";
/// Implementation is done; `ready_to_review` is an older name.
pub(crate) const READY_TO_CODE_REVIEW: &str = "ready_to_code_review";
/// Review is done.
pub(crate) const READY_TO_QA: &str = "ready_to_qa";
/// QA is done, and with it the task.
pub(crate) const COMPLETED: &str = "completed";
/// The task will not be done.
pub(crate) const CANCELLED: &str = "cancelled";
/// The task failed.
pub(crate) const FAILED: &str = "failed";

/// The name as stored: lower case, without surrounding blanks.
pub(crate) fn normalised(status: &str) -> Cow<'_, str> {
    let trimmed = status.trim();
    // Nearly all names are stored in this form already, and histories are long.
    if trimmed.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
        Cow::Borrowed(trimmed)
    } else {
        Cow::Owned(trimmed.to_lowercase())
    }
}

/// The name as compared: normalised, and the same for all aliases.
pub(crate) fn canonical(status: &str) -> Cow<'_, str> {
    let status = normalised(status);
    if status == "ready_to_review" { Cow::Borrowed(READY_TO_CODE_REVIEW) } else { status }
}

/// Whether two stored names mean the same status.
pub(crate) fn same(a: &str, b: &str) -> bool {
    canonical(a) == canonical(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_blanks_and_the_older_word_do_not_matter() {
        assert!(same(" Ready_To_Review ", "ready_to_code_review"));
        assert!(!same("ready_to_qa", "ready_to_code_review"));
        assert_eq!(normalised(" Ready_To_Review\n"), "ready_to_review");
    }
}
