//! Timestamps in their stored form, the clock, and time ranges.

mod bound;
mod clock;
mod stored;
mod timestamp;
mod zone;

pub(crate) use bound::Range;
pub use clock::Clock;
pub(crate) use clock::{Backoff, Deadline, check_clock};
pub use stored::StoredTime;
pub use timestamp::Timestamp;
pub(crate) use zone::{Day, Zone};
