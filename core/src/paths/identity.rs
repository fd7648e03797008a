//! Which file it is, whatever its name.

use std::fs::Metadata;

/// Device and inode.
pub(crate) type FileId = (u64, u64);

/// Which file it is. `None` on systems where that cannot be seen.
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

/// How many names it has.
#[cfg(unix)]
pub(crate) fn links_of(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
pub(crate) fn links_of(_metadata: &Metadata) -> u64 {
    1
}
