//! The prices of AI providers' models, and the cost of a call by them.
//!
//! The prices are those of the crate [genai-prices](https://crates.io/crates/genai-prices), which `cargo xtask generate`
//! converts into the text file `data/prices.txt`. That file is all that is compiled in: nothing is decoded in advance,
//! and a call reads only the lines of its provider. The tests compare the results with those of genai-prices, for every
//! model.
//!
//! No files, no clock, no network.

mod cost;
mod find;
mod matching;
mod table;
mod units;

pub use cost::Price;
pub use find::{Model, find, knows_provider};
pub use units::{Amounts, Unit};

/// The name and version of the table that the prices come from: `genai-prices 0.2.1`.
pub fn source() -> &'static str {
    table::TEXT.lines().next().unwrap_or_default().trim_start_matches("# ")
}
