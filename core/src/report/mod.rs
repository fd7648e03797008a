//! The text tables that people read.

mod table;
mod tokens;

pub use tokens::render_tokens_table;
