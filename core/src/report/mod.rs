//! The text tables that people read.
//!
//! Programs read the JSON of the answers themselves; nothing here is meant to be parsed again.

mod estimate;
mod table;
mod tokens;

pub use estimate::{render_estimate, render_velocity};
pub use tokens::render_tokens_table;
