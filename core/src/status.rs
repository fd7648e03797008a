//! The statuses of tasks: their names, aliases, and those that a host adds.

mod meaning;
mod nearest;
mod settings;

use std::borrow::Cow;
use std::fmt;

pub(crate) use meaning::Meaning;
pub(crate) use nearest::nearest;
pub(crate) use settings::{StatusLane, StatusSettings, StatusWord};

/// The statuses of the pipeline. Databases may hold others, which other programs wrote.
///
/// ```
/// # fn main() -> mcoda_core::Result<()> {
/// use mcoda_core::{NewEpic, NewProject, NewStory, NewTask, TaskStatus, TransitionContext, Workspace};
///
/// let workspace = Workspace::open_db(":memory:")?;
/// let project = workspace.projects().ensure(&NewProject::new("SHOP"))?;
/// let epic = workspace.epics().create(&NewEpic::new(project.id, "SHOP-1", "Checkout"))?;
/// let story = workspace.stories().create(&NewStory::new(epic.id, "SHOP-1-1", "Pay by card"))?;
/// let task = workspace.tasks().create(&NewTask::new(story.id, "T1", "Validate card numbers"))?;
/// assert_eq!(task.status, TaskStatus::NotStarted.name());
/// workspace.record_status_transition("T1", TaskStatus::InProgress, &TransitionContext::default())?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TaskStatus {
    /// No work was done yet.
    NotStarted,
    /// Work has begun.
    InProgress,
    /// A reviewer or QA sent the task back.
    ChangesRequested,
    /// Implementation is done.
    ReadyToCodeReview,
    /// Review is done.
    ReadyToQa,
    /// QA is done, and with it the task.
    Completed,
    /// The work cannot continue now.
    Blocked,
    /// The task failed.
    Failed,
    /// The task will not be done.
    Cancelled,
    /// An older name of [`TaskStatus::ReadyToCodeReview`].
    ReadyToReview,
}

/// The name of [`TaskStatus::NotStarted`].
pub(crate) const NOT_STARTED: &str = "not_started";
/// The name of [`TaskStatus::InProgress`].
pub(crate) const IN_PROGRESS: &str = "in_progress";
/// The name of [`TaskStatus::ChangesRequested`].
pub(crate) const CHANGES_REQUESTED: &str = "changes_requested";
/// The name of [`TaskStatus::ReadyToCodeReview`].
pub(crate) const READY_TO_CODE_REVIEW: &str = "ready_to_code_review";
/// The name of [`TaskStatus::ReadyToQa`].
pub(crate) const READY_TO_QA: &str = "ready_to_qa";
/// The name of [`TaskStatus::Completed`].
pub(crate) const COMPLETED: &str = "completed";
/// The name of [`TaskStatus::Blocked`].
pub(crate) const BLOCKED: &str = "blocked";
/// The name of [`TaskStatus::Failed`].
pub(crate) const FAILED: &str = "failed";
/// The name of [`TaskStatus::Cancelled`].
pub(crate) const CANCELLED: &str = "cancelled";
/// The name of [`TaskStatus::ReadyToReview`].
const READY_TO_REVIEW: &str = "ready_to_review";

/// The names of all statuses of the pipeline.
pub(crate) const NAMES: &[&str] = &[
    NOT_STARTED,
    IN_PROGRESS,
    CHANGES_REQUESTED,
    READY_TO_CODE_REVIEW,
    READY_TO_QA,
    COMPLETED,
    BLOCKED,
    FAILED,
    CANCELLED,
    READY_TO_REVIEW,
];

impl TaskStatus {
    /// Every status.
    pub const ALL: &'static [Self] = &[
        Self::NotStarted,
        Self::InProgress,
        Self::ChangesRequested,
        Self::ReadyToCodeReview,
        Self::ReadyToQa,
        Self::Completed,
        Self::Blocked,
        Self::Failed,
        Self::Cancelled,
        Self::ReadyToReview,
    ];

    /// The status as it is stored.
    pub const fn name(self) -> &'static str {
        NAMES[self as usize]
    }
}

impl AsRef<str> for TaskStatus {
    fn as_ref(&self) -> &str {
        self.name()
    }
}

impl fmt::Display for TaskStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

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
    if status == READY_TO_REVIEW { Cow::Borrowed(READY_TO_CODE_REVIEW) } else { status }
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

    #[test]
    fn each_status_has_its_own_name() {
        assert_eq!(TaskStatus::NotStarted.name(), "not_started");
        assert_eq!(TaskStatus::Cancelled.to_string(), "cancelled");
        assert_eq!(TaskStatus::ReadyToReview.as_ref(), "ready_to_review");
    }
}
