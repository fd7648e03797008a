//! Opening files that other users may have planted.
//!
//! Opening never blocks on a pipe, and only regular files are read or written. Files that this library shares with
//! other programs must not have been chosen by another user.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

use super::location::{DATABASE_FILES, beside};
use crate::error::{Error, Result};

/// Opens the regular file at `path`, following links.
pub(crate) fn open_regular(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(options, unix::AT_ONCE);
    let file = options.open(path)?;
    refuse_irregular(&file.metadata()?)?;
    Ok(file)
}

/// Opens the regular file at `path`, unless another user may have chosen it: a link is followed only if this user or
/// root made it, and in a folder that others can write to, the file must belong to this user or root and have a single
/// name.
pub(crate) fn open_own(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    return unix::open_own(path, options);
    #[cfg(not(unix))]
    open_regular(path, options)
}

/// Refuses what [`open_own`] would refuse, for a file that other code opens. A missing file is not an error.
pub(crate) fn refuse_planted(path: &Path) -> Result<()> {
    #[cfg(unix)]
    let checked = unix::check_own(path);
    #[cfg(not(unix))]
    let checked = path.metadata().and_then(|metadata| refuse_irregular(&metadata));
    none_if_missing(checked).map_err(|error| Error::storage("open", path, error))?;
    Ok(())
}

/// Refuses a pipe, a device or a folder, for a file that other code opens. A missing file is not an error.
pub(crate) fn refuse_irregular_at(path: &Path) -> Result<()> {
    let checked = path.metadata().and_then(|metadata| refuse_irregular(&metadata));
    none_if_missing(checked).map_err(|error| Error::storage("open", path, error))?;
    Ok(())
}

/// [`refuse_irregular_at`] for all files of a database. If it is a link, the others are beside its target.
pub(crate) fn refuse_irregular_files(database: &Path) -> Result<()> {
    let real = database.canonicalize().unwrap_or_else(|_| database.to_owned());
    DATABASE_FILES.iter().try_for_each(|suffix| refuse_irregular_at(&beside(&real, suffix)))
}

/// Refuses a link to a folder that neither this user nor root made, and a world-writable folder: anyone could replace
/// its files. This includes folders with the sticky bit, where everybody can still create files.
pub(crate) fn refuse_open_folder(folder: &Path) -> Result<()> {
    #[cfg(unix)]
    unix::refuse_open_folder(folder)?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// `None` if there is no such file.
pub(crate) fn none_if_missing<T>(opened: io::Result<T>) -> io::Result<Option<T>> {
    match opened {
        Ok(opened) => Ok(Some(opened)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn refuse_irregular(metadata: &Metadata) -> io::Result<()> {
    if metadata.is_file() {
        Ok(())
    } else if metadata.is_dir() {
        Err(io::ErrorKind::IsADirectory.into())
    } else {
        Err(io::Error::other("it is a pipe, a device or a socket, not a regular file"))
    }
}

#[cfg(unix)]
mod unix {
    use std::fs::{File, Metadata, OpenOptions};
    use std::io;
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
    use std::path::{Path, PathBuf};

    use rustix::fs::OFlags;

    use super::{none_if_missing, refuse_irregular};
    use crate::error::{Error, ErrorKind, Result};

    /// Does not block on a pipe, and does not acquire a controlling terminal.
    pub(super) const AT_ONCE: i32 = OFlags::NONBLOCK.union(OFlags::NOCTTY).bits() as i32;

    const ROOT: u32 = 0;
    const GROUP_WRITES: u32 = 0o020;
    const EVERYBODY_WRITES: u32 = 0o002;

    /// The kernel's limit of links in a path.
    const MAX_LINKS: usize = 40;

    pub(super) fn open_own(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
        options.custom_flags(AT_ONCE | OFlags::NOFOLLOW.bits() as i32);
        let mut path = path.to_owned();
        for _ in 0..MAX_LINKS {
            match options.open(&path) {
                Ok(file) => {
                    let metadata = file.metadata()?;
                    refuse_irregular(&metadata)?;
                    refuse_planted_file(&path, &metadata)?;
                    return Ok(file);
                }
                // Opening a link fails with another error, even if its target is missing.
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(error),
                Err(error) => match path.symlink_metadata() {
                    Ok(link) if link.is_symlink() => path = resolve_link(&path, &link)?,
                    _ => return Err(error),
                },
            }
        }
        Err(too_many_links())
    }

    pub(super) fn check_own(path: &Path) -> io::Result<()> {
        let mut path = path.to_owned();
        for _ in 0..MAX_LINKS {
            let metadata = path.symlink_metadata()?;
            if !metadata.is_symlink() {
                refuse_irregular(&metadata)?;
                return refuse_planted_file(&path, &metadata);
            }
            path = resolve_link(&path, &metadata)?;
        }
        Err(too_many_links())
    }

    pub(super) fn refuse_open_folder(folder: &Path) -> Result<()> {
        let looked = |error| Error::storage("inspect", folder, error);
        let mut path = folder.to_owned();
        for _ in 0..MAX_LINKS {
            let Some(metadata) = none_if_missing(path.symlink_metadata()).map_err(looked)? else {
                return Ok(());
            };
            if metadata.is_symlink() {
                path =
                    resolve_link(&path, &metadata).map_err(|error| Error::storage("use", folder, error))?;
            } else if metadata.mode() & EVERYBODY_WRITES != 0 {
                let message = format!(
                    "{} is world-writable: run `chmod o-w` on it first, or use a folder of your own in it",
                    folder.display()
                );
                return Err(Error::new(ErrorKind::Storage, message));
            } else {
                return Ok(());
            }
        }
        Err(looked(too_many_links()))
    }

    /// The target of a link, if its owner is trusted.
    fn resolve_link(path: &Path, link: &Metadata) -> io::Result<PathBuf> {
        if !is_trusted(link.uid()) {
            return Err(io::Error::other(format!(
                "{} is a link that user {} made, neither this user nor root: remove it",
                path.display(),
                link.uid()
            )));
        }
        let target = path.read_link()?;
        Ok(path.parent().map_or_else(|| target.clone(), |folder| folder.join(&target)))
    }

    /// Others who can write to the folder can create a file there, or another name of one of this user's files.
    fn refuse_planted_file(path: &Path, file: &Metadata) -> io::Result<()> {
        let is_own = is_trusted(file.uid());
        if is_own && file.nlink() == 1 {
            return Ok(());
        }
        let folder = path.parent().unwrap_or(path).metadata()?;
        if folder.mode() & (GROUP_WRITES | EVERYBODY_WRITES) == 0 {
            return Ok(());
        }
        // Root may work on behalf of the owner of the folder.
        let is_folders = is_root() && file.uid() == folder.uid();
        let why = match file.nlink() {
            1 if is_folders => return Ok(()),
            1 => format!("it belongs to user {}, neither to this user nor to root", file.uid()),
            names => format!("it has {names} names (hard links)"),
        };
        Err(io::Error::other(format!(
            "{why}, and its folder can be written to by others: remove it, or run `chmod go-w` on the folder"
        )))
    }

    fn is_trusted(user: u32) -> bool {
        user == ROOT || user == rustix::process::geteuid().as_raw()
    }

    pub(crate) fn is_root() -> bool {
        rustix::process::geteuid().is_root()
    }

    fn too_many_links() -> io::Error {
        io::Error::other("it is a link to a link, and so on without end")
    }
}
