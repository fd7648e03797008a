//! Files and folders that only their owner may read.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::ErrorKind as IoErrorKind;
use std::path::Path;

use crate::error::{Error, ErrorKind, Result};

/// Creates `folder` and what is missing above it, for its owner alone. One that exists is left as it is.
pub(crate) fn create_folder(folder: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| Error::storage("create the folder", folder, error))
}

/// Creates `file` for its owner alone and opens it for reading and writing; `None` where it exists already.
pub(crate) fn create_new_file(file: &Path) -> Result<Option<File>> {
    match private_options().read(true).write(true).create_new(true).open(file) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == IoErrorKind::AlreadyExists => Ok(None),
        Err(error) => Err(Error::storage("create", file, error)),
    }
}

/// Opens `file` for reading and writing, and creates it for its owner alone where it is missing.
pub(crate) fn open_or_create_file(file: &Path) -> Result<File> {
    private_options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(file)
        .map_err(|error| Error::storage("open", file, error))
}

/// Puts onto the disk that `file` has its name: after a power cut a file that was flushed itself may lack it.
pub(crate) fn sync_folder(file: &Path) -> Result<()> {
    #[cfg(unix)]
    if let Some(folder) = file.parent() {
        let synced = match File::open(folder) {
            // A folder that may be written to, but not read, cannot be flushed by its name.
            Err(error) if error.kind() == IoErrorKind::PermissionDenied => Ok(()),
            opened => opened.and_then(|folder| folder.sync_all()),
        };
        // Some file systems flush files alone.
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

/// Refuses a folder that everybody can write to: anyone could exchange the records in it.
pub(crate) fn refuse_world_writable(folder: &Path) -> Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let metadata = folder.metadata().map_err(|error| Error::storage("look at", folder, error))?;
        if metadata.permissions().mode() & 0o002 != 0 {
            let message =
                format!("{} can be written to by everybody: run `chmod o-w` on it first", folder.display());
            return Err(Error::new(ErrorKind::Storage, message));
        }
    }
    Ok(())
}

fn private_options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
