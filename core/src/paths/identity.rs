//! The identity of a file, independent of its name.

use std::fs::Metadata;

/// Device and inode.
pub(crate) type FileId = (u64, u64);

/// The identity of the file. `None` on systems where it is unavailable.
#[cfg(unix)]
#[allow(clippy::unnecessary_wraps, reason = "other systems have none")]
pub(crate) fn id_of(metadata: &Metadata) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
pub(crate) fn id_of(_metadata: &Metadata) -> Option<FileId> {
    None
}

/// The number of hard links.
#[cfg(unix)]
pub(crate) fn links_of(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
pub(crate) fn links_of(_metadata: &Metadata) -> u64 {
    1
}
