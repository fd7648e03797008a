//! Files and folders that only their owner can access.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::ErrorKind as IoErrorKind;
use std::path::Path;

use super::opened::open_own;
use crate::error::{Error, Result};

/// Creates `folder` and missing parents, for its owner only. An existing folder is not changed.
pub(crate) fn create_folder(folder: &Path) -> Result<()> {
    let missing: Vec<&Path> = folder.ancestors().take_while(|folder| !folder.exists()).collect();
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| Error::storage("create the folder", folder, error))?;
    missing.iter().rev().for_each(|folder| set_owner_of_parent(folder));
    Ok(())
}

/// Creates `file` for its owner only and opens it for reading and writing; `None` if it exists already.
///
/// If the user is root, the file gets the owner of `like`, a database or an older version of the file, so that the
/// owner can continue to work after a call under `sudo`; if `like` does not exist, the owner of the folder.
pub(crate) fn create_new_file(file: &Path, like: Option<&Path>) -> Result<Option<File>> {
    match private_options().read(true).write(true).create_new(true).open(file) {
        Ok(new) => {
            set_owner_like(&new, like.into_iter().chain(file.parent()));
            Ok(Some(new))
        }
        Err(error) if error.kind() == IoErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(Error::storage("create", file, error)),
    }
}

/// Creates `file` as [`create_new_file`] does, with this content, which is flushed to the disk before the file gets its
/// name: nobody ever sees a part of it. `None` if that is not possible here, or the file exists already.
#[cfg(target_os = "linux")]
pub(crate) fn create_whole_file(file: &Path, content: &[u8]) -> Option<File> {
    use std::io::Write;
    use std::os::fd::AsRawFd;
    use std::os::unix::fs::OpenOptionsExt;

    use rustix::fs::{AtFlags, CWD, OFlags, linkat};

    let folder = file.parent()?;
    // It has no name yet, so it disappears if this process dies.
    let nameless =
        private_options().read(true).write(true).custom_flags(OFlags::TMPFILE.bits() as i32).open(folder);
    let mut new = nameless.ok()?;
    set_owner_like(&new, [folder]);
    new.write_all(content).and_then(|()| new.sync_all()).ok()?;
    let descriptor = format!("/proc/self/fd/{}", new.as_raw_fd());
    linkat(CWD, descriptor, CWD, file, AtFlags::SYMLINK_FOLLOW).ok()?;
    Some(new)
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn create_whole_file(_file: &Path, _content: &[u8]) -> Option<File> {
    None
}

/// Opens `file` for reading and writing, and creates it as [`create_new_file`] does if it is missing.
pub(crate) fn open_or_create_file(file: &Path, like: Option<&Path>) -> Result<File> {
    // The owner of an existing file is not changed: it may be another file by now.
    if let Some(new) = create_new_file(file, like)? {
        return Ok(new);
    }
    let mut options = private_options();
    open_own(file, options.read(true).write(true).create(true).truncate(false))
        .map_err(|error| Error::storage("open", file, error))
}

/// Gives a new file or folder the owner of the first of these that exists, as SQLite does for the files beside a
/// database. If the system refuses, the file remains root's, and is written to anyway.
#[cfg(unix)]
fn set_owner_like<'p>(new: &File, likes: impl IntoIterator<Item = &'p Path>) {
    use std::os::unix::fs::{MetadataExt, fchown};

    if !rustix::process::geteuid().is_root() {
        return;
    }
    let owner = likes.into_iter().find_map(|like| like.metadata().ok());
    if let Some(owner) = owner.filter(|owner| owner.uid() != 0) {
        let _ = fchown(new, Some(owner.uid()), Some(owner.gid()));
    }
}

#[cfg(not(unix))]
fn set_owner_like<'p>(_new: &File, _likes: impl IntoIterator<Item = &'p Path>) {}

/// Gives a newly created folder the owner of its parent.
fn set_owner_of_parent(folder: &Path) {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        (rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::NOFOLLOW).bits() as i32,
    );
    if let Ok(new) = options.read(true).open(folder) {
        set_owner_like(&new, folder.parent());
    }
}

/// Flushes the folder entry of `file` to the disk: after a power failure, even a flushed file may lack its name.
pub(crate) fn sync_folder(file: &Path) -> Result<()> {
    #[cfg(unix)]
    if let Some(folder) = file.parent() {
        let synced = match File::open(folder) {
            // A folder that is writable but not readable cannot be flushed.
            Err(error) if error.kind() == IoErrorKind::PermissionDenied => Ok(()),
            opened => opened.and_then(|folder| folder.sync_all()),
        };
        // Some file systems flush files only.
        if let Err(error) = synced
            && !matches!(error.kind(), IoErrorKind::InvalidInput | IoErrorKind::Unsupported)
        {
            return Err(Error::storage("flush", folder, error));
        }
    }
    #[cfg(not(unix))]
    let _ = file;
    Ok(())
}

fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
