//! The status names that the engine knows.
//!
//! A status is text, not an enum, because hosts add statuses of their own: a velocity and an estimate count an unknown
//! status as not started. Names are compared without regard to case and surrounding blanks, and `ready_to_review` is an
//! older name of [`READY_TO_CODE_REVIEW`].
//!
//! ```
//! # fn main() -> mcoda_core::Result<()> {
//! use mcoda_core::{NewEpic, NewProject, NewStory, NewTask, TransitionContext, Workspace, status};
//!
//! let workspace = Workspace::open_db(":memory:")?;
//! let project = workspace.projects().ensure(&NewProject::new("SHOP"))?;
//! let epic = workspace.epics().create(&NewEpic::new(project.id, "SHOP-1", "Checkout"))?;
//! let story = workspace.stories().create(&NewStory::new(epic.id, "SHOP-1-1", "Pay by card"))?;
//! let task = workspace.tasks().create(&NewTask::new(story.id, "T1", "Validate card numbers"))?;
//! assert_eq!(task.status, status::NOT_STARTED);
//! workspace.record_status_transition("T1", status::IN_PROGRESS, &TransitionContext::default())?;
//! # Ok(())
//! # }
//! ```

use std::borrow::Cow;

/// No work was done yet.
pub const NOT_STARTED: &str = "not_started";
/// Work has begun.
pub const IN_PROGRESS: &str = "in_progress";
/// A reviewer or QA sent the task back.
pub const CHANGES_REQUESTED: &str = "changes_requested";
/// Implementation is done; `ready_to_review` is an older name.
pub const READY_TO_CODE_REVIEW: &str = "ready_to_code_review";
/// Review is done.
pub const READY_TO_QA: &str = "ready_to_qa";
/// QA is done, and with it the task.
pub const COMPLETED: &str = "completed";
/// The task will not be done.
pub const CANCELLED: &str = "cancelled";
/// The task failed.
pub const FAILED: &str = "failed";

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
