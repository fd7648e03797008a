//! How tasks move: one transition at a time, and the history of them.

mod context;
mod events;
mod metadata;
mod transition;

pub use context::TransitionContext;
pub use events::StatusEventsQuery;
pub(crate) use events::status_events;
pub use transition::Transition;
pub(crate) use transition::{Moves, record};
