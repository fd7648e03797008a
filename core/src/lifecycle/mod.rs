//! Status transitions of tasks, and their history.

mod context;
mod events;
mod metadata;
mod transition;

pub use context::TransitionContext;
pub use events::StatusEventsQuery;
pub(crate) use events::status_events;
pub use transition::Transition;
pub(crate) use transition::{WriteContext, record};
