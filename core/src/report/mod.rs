//! The text tables that people read.
//!
//! Programs read the JSON of the answers themselves; nothing here is meant to be parsed again.

mod estimate;

pub use estimate::{render_estimate, render_velocity};
