//! What a caller tells about a transition besides the task and its new status.

use serde_json::{Map, Value};

use crate::definition::record;
use crate::time::Timestamp;

record! {
    /// The circumstances of a transition; all of them may be absent.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct TransitionContext("context", "camelCase"): input {
        /// The command that moves the task, for example `work-on-tasks`.
        pub command_name: Option<String>,
        /// The job that it is part of; must exist.
        pub job_id: Option<String>,
        /// The task run that it is part of; must exist.
        pub task_run_id: Option<String>,
        /// The agent that moves it.
        pub agent_id: Option<String>,
        /// When it moved. Absent: now.
        pub timestamp: Option<Timestamp>,
        /// Lane details and whatever else belongs to the event.
        pub metadata: Option<Map<String, Value>> = depth,
        /// Merged into the task's metadata: a name that is there already gets the new value.
        pub metadata_patch: Option<Map<String, Value>> = depth,
        /// Why: stored as `failed_reason` or `revert_reason` where the task fails or is reverted.
        pub reason: Option<String>,
        /// The status that the task must have for the call to succeed; `Conflict` where it has moved on.
        pub expected_from: Option<String>,
    }
}
