//! Ids: the only module that creates random ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::time::check_clock;

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
    #[allow(clippy::disallowed_methods, reason = "this is the one place that makes ids")]
    pub(crate) fn next(&self) -> String {
        match &self.0 {
            // It panics if the clock shows a time before 1970; a call that needs an id is refused then.
            Kind::Uuid if check_clock().is_err() => uuid::Uuid::nil().to_string(),
            Kind::Uuid => uuid::Uuid::now_v7().to_string(),
            Kind::Counted(count) => {
                let number = count.fetch_add(1, Ordering::Relaxed) + 1;
                format!("00000000-0000-7000-8000-{number:012x}")
            }
        }
    }
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
    fn counted_ids_are_shared_by_clones() {
        let ids = IdSource::counted();
        assert_eq!(ids.clone().next(), "00000000-0000-7000-8000-000000000001");
        assert_eq!(ids.next(), "00000000-0000-7000-8000-000000000002");
    }
}
