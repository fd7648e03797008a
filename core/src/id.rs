//! Ids: the only module that creates random ones.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::time::{Clock, check_clock};

/// The source of ids for new rows.
///
/// ```
/// # fn main() -> mcoda_core::Result<()> {
/// use mcoda_core::{IdSource, NewProject, Workspace};
///
/// let workspace = Workspace::options().ids(IdSource::counted()).open_db(":memory:")?;
/// let project = workspace.projects().ensure(&NewProject::new("SHOP"))?;
/// assert_eq!(project.id, "00000000-0000-7000-8000-000000000001");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct IdSource(Kind);

#[derive(Debug, Clone, Default)]
enum Kind {
    #[default]
    Uuid,
    Counted(Arc<AtomicU64>),
}

impl IdSource {
    /// Predictable ids, `00000000-0000-7000-8000-000000000001` and so on, for tests and examples.
    #[must_use]
    pub fn counted() -> Self {
        Self(Kind::Counted(Arc::default()))
    }

    /// A new UUID as text. Version 7 begins with the time, which keeps inserts at the end of the index.
    pub(crate) fn next(&self) -> String {
        match &self.0 {
            // A call that needs an id is refused if the clock shows a time before 1970.
            Kind::Uuid if check_clock().is_err() => uuid::Uuid::nil().to_string(),
            Kind::Uuid => {
                let mut text = uuid::Uuid::encode_buffer();
                ascending_uuid().hyphenated().encode_lower(&mut text).to_owned()
            }
            Kind::Counted(count) => {
                let number = count.fetch_add(1, Ordering::Relaxed) + 1;
                format!("00000000-0000-7000-8000-{number:012x}")
            }
        }
    }
}

/// The bits after the time in which ids of the same millisecond are counted.
const COUNTER_BITS: u32 = 12;

/// A UUID of version 7 that is greater than every earlier one of this process. Without a lock: a process that is forked
/// while another thread holds one would wait for it forever.
fn ascending_uuid() -> uuid::Uuid {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let millis = Clock::default().now().millis().unsigned_abs();
    let random = random();
    // Half of the counter is left for the ids of the same millisecond; more of them borrow from the next one.
    let start = (millis << COUNTER_BITS) | (random >> (65 - COUNTER_BITS));
    let next = |last: u64| start.max(last + 1);
    let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
    let count = next(last.unwrap_or_else(|last| last));
    let mut after = [0; 10];
    after[..2].copy_from_slice(&((count & ((1 << COUNTER_BITS) - 1)) as u16).to_be_bytes());
    after[2..].copy_from_slice(&self::random().to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(count >> COUNTER_BITS, &after).into_uuid()
}

/// Random numbers that were requested in advance: a system call for each would take longer than making the id.
struct Random {
    numbers: [u64; 128],
    used: usize,
    /// A forked child has a copy of the numbers, and must not use them.
    process: u32,
}

impl Random {
    fn next(&mut self) -> u64 {
        let process = std::process::id();
        if self.used == self.numbers.len() || self.process != process {
            let mut bytes = [0; 128 * 8];
            fill(&mut bytes);
            for (number, bytes) in self.numbers.iter_mut().zip(bytes.chunks_exact(8)) {
                *number = bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
            }
            (self.used, self.process) = (0, process);
        }
        self.used += 1;
        self.numbers[self.used - 1]
    }
}

fn random() -> u64 {
    thread_local! {
        static RANDOM: RefCell<Random> =
            const { RefCell::new(Random { numbers: [0; 128], used: 128, process: 0 }) };
    }
    // A thread that is ending has no numbers any more.
    RANDOM.try_with(|random| random.borrow_mut().next()).unwrap_or_else(|_| {
        let mut bytes = [0; 8];
        fill(&mut bytes);
        u64::from_be_bytes(bytes)
    })
}

#[allow(clippy::disallowed_methods, reason = "this is the one place that makes ids")]
fn fill(bytes: &mut [u8]) {
    // The boundary of the bindings turns it into an error.
    getrandom::fill(bytes).unwrap_or_else(|error| panic!("the system has no random numbers: {error}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_version_7_and_ascend() {
        let ids = IdSource::default();
        let made: Vec<String> = (0..1000).map(|_| ids.next()).collect();
        assert!(made.iter().all(|id| id.len() == 36 && id.as_bytes()[14] == b'7'));
        assert!(made.is_sorted());
    }

    #[test]
    fn ids_of_several_threads_are_different_and_ascend_in_each() {
        let make = || {
            let ids = IdSource::default();
            (0..5000).map(|_| ids.next()).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(make)).collect();
        let made: Vec<Vec<String>> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(made.iter().all(|ids| ids.is_sorted()));
        let all: std::collections::HashSet<&String> = made.iter().flatten().collect();
        assert_eq!(all.len(), 20_000);
        let ends: std::collections::HashSet<&str> = all.iter().map(|id| &id[19..]).collect();
        assert_eq!(ends.len(), 20_000, "the last 62 bits are random");
    }

    #[test]
    fn numbers_that_were_made_before_a_fork_are_not_used_after_it() {
        let mut random = Random { numbers: [7; 128], used: 3, process: std::process::id() };
        assert_eq!((random.next(), random.used), (7, 4));
        random.process += 1;
        assert_ne!((random.next(), random.next()), (7, 7));
        assert_eq!(random.used, 2);
    }

    #[test]
    fn counted_ids_are_shared_by_clones() {
        let ids = IdSource::counted();
        assert_eq!(ids.clone().next(), "00000000-0000-7000-8000-000000000001");
        assert_eq!(ids.next(), "00000000-0000-7000-8000-000000000002");
    }
}
