//! Status transitions of tasks, and their history.

mod batch;
mod context;
mod events;
mod metadata;
mod task_changes;
mod transition;

pub use batch::TaskTransition;
pub(crate) use batch::record_all;
pub use context::TransitionContext;
pub use events::StatusEventsQuery;
pub(crate) use events::status_events;
pub use task_changes::TaskChanges;
pub(crate) use task_changes::update;
pub use transition::Transition;
pub(crate) use transition::{WriteContext, record};
