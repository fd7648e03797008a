//! libmcoda's engine.

mod error;
mod id;
mod key_order;
mod number;
mod paths;
mod sqlite;
mod status;
mod telemetry;
mod time;

pub use error::{Error, ErrorKind, Result};
pub use id::IdSource;
pub use number::MAX_SAFE_INTEGER;
pub use paths::Environment;
pub use sqlite::Synchronous;
pub use time::{Clock, Timestamp};
