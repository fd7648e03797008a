//! The identity of a file or folder, independent of its name.

use std::fs::Metadata;
use std::path::Path;
use std::time::UNIX_EPOCH;

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

/// What a folder keeps when it is renamed or mounted elsewhere, and no other folder has: its inode, and when it was created,
/// since the inode of a removed one is used again. `None` if there is no such folder, or the system does not say.
pub(crate) fn folder_identity(folder: &Path) -> Option<String> {
    let metadata = folder.metadata().ok().filter(Metadata::is_dir)?;
    let created = metadata.created().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos();
    let (_, inode) = id_of(&metadata)?;
    Some(format!("{inode}-{created}"))
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
