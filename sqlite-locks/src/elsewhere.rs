//! Who else in this process has a file open.

/// Who else in this process has a file open, beside this copy of SQLite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elsewhere {
    /// Nobody.
    Nobody,
    /// Somebody, with this many descriptors. The locks of this copy hold beside them.
    Apart(usize),
    /// Somebody, with this many descriptors, and no lock keeps the two apart.
    Exposed(usize),
    /// It cannot be seen.
    Unknown,
}
