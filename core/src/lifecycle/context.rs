//! Details of a transition besides the task and its new status.

use serde_json::{Map, Value};

use crate::definition::record;
use crate::time::Timestamp;

record! {
    /// Details of a transition; all of them are optional.
    #[derive(Debug, Clone, Default, PartialEq)]
    pub struct TransitionContext("context", "camelCase"): input {
        /// The command that changes the status, for example `work-on-tasks`.
        pub command_name: Option<String>,
        /// The job in which the status changes; must exist.
        pub job_id: Option<String>,
        /// The task run in which the status changes; must exist.
        pub task_run_id: Option<String>,
        /// The agent that changes the status.
        pub agent_id: Option<String>,
        /// When the status changed. Absent: now.
        pub timestamp: Option<Timestamp>,
        /// Lane details and other metadata of the event.
        pub metadata: Option<Map<String, Value>> = depth,
        /// Merged into the task's metadata: existing names get the new values.
        pub metadata_patch: Option<Map<String, Value>> = depth,
        /// The reason: stored as `failed_reason` or `revert_reason` if the task fails or is reverted.
        pub reason: Option<String>,
        /// The status that the task must have (compare-and-set); otherwise the call fails with `Conflict`.
        pub expected_from: Option<String>,
        /// Whether a status is accepted that is neither one of the pipeline nor named under `statuses` in `config.json`.
        pub allow_unknown_status: bool,
    }
}
