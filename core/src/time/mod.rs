//! Timestamps as they are stored, the clock, and the bounds of a query.

mod bound;
mod clock;
mod stored;
mod timestamp;
mod zone;

pub(crate) use bound::Range;
pub use clock::Clock;
pub(crate) use clock::{Deadline, Pauses, check_clock};
pub use stored::StoredTime;
pub use timestamp::Timestamp;
pub(crate) use zone::{Day, Zone};
