//! Timestamps in their stored form, the clock, and time ranges.

mod bound;
mod clock;
mod patience;
mod stored;
mod timestamp;
mod zone;

pub(crate) use bound::Range;
pub use clock::Clock;
pub(crate) use clock::{Backoff, Deadline, check_clock};
pub(crate) use patience::{must_not_wait, with_patience};
pub use stored::StoredTime;
pub use timestamp::Timestamp;
pub(crate) use zone::{Day, Zone};
