//! Looking at files of a database without taking anybody's lock away.

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use libc::c_int;

use super::Registry;
use crate::elsewhere::Elsewhere;
use crate::layer::sys::{self, Fd, FileId, Range};

impl Registry {
    /// Opens the file at `path`, which is no link, to read. It is closed through [`Registry::close`]. Refused where
    /// that would drop the locks of this copy.
    pub(in crate::layer) fn look(&mut self, path: &Path) -> io::Result<File> {
        let name = CString::new(path.as_os_str().as_bytes())?;
        let uses_posix_locks = FileId::of_path(&name).is_some_and(|file| self.uses_posix_locks(file));
        if !self.is_installed || !sys::HAS_DESCRIPTION_LOCKS || uses_posix_locks {
            return Err(io::ErrorKind::Unsupported.into());
        }
        let mut options = OpenOptions::new();
        let file = options.read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOFOLLOW).open(path)?;
        self.adopt(file.as_raw_fd(), Some(&name), libc::O_RDONLY);
        Ok(file)
    }

    /// Whether anybody has a lock on the file behind `fd`, which was just opened. `None` where that cannot be seen.
    pub(in crate::layer) fn is_locked(&self, fd: Fd) -> Option<bool> {
        let found = sys::get_lock(fd, libc::F_WRLCK, Range::WHOLE).ok()?;
        Some(c_int::from(found.l_type) != libc::F_UNLCK)
    }

    fn uses_posix_locks(&self, file: FileId) -> bool {
        self.files.get(&file).is_some_and(|tracked| tracked.uses_posix_locks)
    }

    /// Whether this copy has the file at `path` open, and whoever closes it drops the locks of this copy.
    pub(in crate::layer) fn is_open_with_posix_locks(&self, path: &Path) -> bool {
        path.metadata().is_ok_and(|metadata| self.uses_posix_locks(FileId::of_metadata(&metadata)))
    }

    /// Who else in this process has the file at `path` open.
    pub(in crate::layer) fn elsewhere(&self, path: &Path) -> Elsewhere {
        let Ok(file) = path.metadata().map(|metadata| FileId::of_metadata(&metadata)) else {
            return Elsewhere::Unknown;
        };
        let Some(open) = sys::open_files().filter(|_| self.is_installed) else { return Elsewhere::Unknown };
        let own = self.files.get(&file);
        let is_other = |fd: Fd| {
            !self.descriptors.contains_key(&fd) && !own.is_some_and(|own| own.own().any(|own| own == fd))
        };
        let mut others = open.iter().filter(|(fd, of)| *of == file && is_other(*fd)).peekable();
        if others.peek().is_none() {
            return Elsewhere::Nobody;
        }
        // An open of this copy's that is under way is not known yet; and of a copy that was in use before, its own
        // descriptors cannot be distinguished from others'.
        let may_be_own = self.opening.values().any(|of| of.is_none_or(|of| of == file));
        let count = others.filter(|(fd, _)| !self.early.contains(&(*fd, file))).count();
        match own.map_or(!sys::HAS_DESCRIPTION_LOCKS, |own| own.uses_posix_locks) {
            _ if may_be_own || count == 0 => Elsewhere::Unknown,
            true => Elsewhere::Exposed(count),
            false => Elsewhere::Apart(count),
        }
    }
}
