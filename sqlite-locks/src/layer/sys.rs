//! Safe wrappers of the system calls of the lock layer, with errors as values.

use std::ffi::{CStr, CString};
use std::fs::Metadata;
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::fs::MetadataExt;

use libc::{c_int, c_short, flock, mode_t};

pub(super) type Fd = c_int;
pub(super) type Errno = c_int;

/// Whether this system has usable open file description locks. On 32 bits `struct flock` has two layouts, and the one
/// with which SQLite was compiled is unknown.
pub(super) const HAS_DESCRIPTION_LOCKS: bool =
    cfg!(all(any(target_os = "linux", target_os = "android"), target_pointer_width = "64"));

// The numbers of Linux; `libc` does not define them for every target for which this compiles.
const OFD_GETLK: c_int = 36;
const OFD_SETLK: c_int = 37;

/// The folder that lists the open descriptors of this process.
const DESCRIPTORS: &str =
    if cfg!(any(target_os = "linux", target_os = "android")) { "/proc/self/fd" } else { "/dev/fd" };

/// The identity of a file, independent of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileId {
    device: libc::dev_t,
    inode: libc::ino_t,
}

impl FileId {
    /// `None` for anything but a regular file: nobody locks a folder or a device.
    fn of(status: &libc::stat) -> Option<Self> {
        let is_regular = status.st_mode & libc::S_IFMT == libc::S_IFREG;
        is_regular.then_some(Self { device: status.st_dev, inode: status.st_ino })
    }

    pub(super) fn of_metadata(metadata: &Metadata) -> Self {
        Self { device: metadata.dev() as libc::dev_t, inode: metadata.ino() as libc::ino_t }
    }

    pub(super) fn of_descriptor(fd: Fd) -> Option<Self> {
        let mut status = MaybeUninit::uninit();
        // SAFETY: `status` has room for the result; it is read only if the call succeeded.
        let status = unsafe {
            if libc::fstat(fd, status.as_mut_ptr()) != 0 {
                return None;
            }
            status.assume_init()
        };
        Self::of(&status)
    }

    /// A symbolic link is not a regular file.
    pub(super) fn of_path(path: &CStr) -> Option<Self> {
        Self::of_named(path, libc::AT_SYMLINK_NOFOLLOW)
    }

    /// The file that would be opened by this name.
    pub(super) fn of_target(path: &CStr) -> Option<Self> {
        Self::of_named(path, 0)
    }

    fn of_named(path: &CStr, flags: c_int) -> Option<Self> {
        let mut status = MaybeUninit::uninit();
        // SAFETY: as above, and `path` is NUL-terminated.
        let status = unsafe {
            if libc::fstatat(libc::AT_FDCWD, path.as_ptr(), status.as_mut_ptr(), flags) != 0 {
                return None;
            }
            status.assume_init()
        };
        Self::of(&status)
    }
}

pub(super) fn last_error() -> Errno {
    io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO)
}

/// The error that SQLite reads after a failed call of ours.
pub(super) fn set_last_error(error: Errno) {
    #[cfg(any(target_os = "android", target_os = "netbsd", target_os = "openbsd"))]
    use libc::__errno as location;
    #[cfg(not(any(
        target_os = "android",
        target_os = "netbsd",
        target_os = "openbsd",
        target_vendor = "apple",
        target_os = "freebsd"
    )))]
    use libc::__errno_location as location;
    #[cfg(any(target_vendor = "apple", target_os = "freebsd"))]
    use libc::__error as location;
    // SAFETY: the address of this thread's own errno.
    unsafe { *location() = error }
}

fn checked(result: c_int) -> Result<c_int, Errno> {
    if result < 0 { Err(last_error()) } else { Ok(result) }
}

pub(super) fn open(path: &CStr, flags: c_int, mode: mode_t) -> Result<Fd, Errno> {
    // SAFETY: `path` is NUL-terminated. On Linux and Apple's systems a mode narrower than `int` is passed to a variadic
    // function as an `int`.
    checked(unsafe { libc::open(path.as_ptr(), flags, libc::c_uint::from(mode)) })
}

pub(super) fn close(fd: Fd) -> Result<(), Errno> {
    // SAFETY: the callers own the descriptor.
    checked(unsafe { libc::close(fd) }).map(drop)
}

/// Opens `file` again, with a description of its own: through `fd` if the system lists this process's descriptors,
/// which also works for a file without a name; otherwise through the name, if it is still that file's.
pub(super) fn open_again(fd: Fd, name: Option<&CStr>, file: FileId, access: c_int) -> Result<Fd, Errno> {
    occupy_standard_descriptors();
    let listed = CString::new(format!("{DESCRIPTORS}/{fd}")).map_err(|_| libc::EINVAL)?;
    // Checked before it is opened: closing another file could drop somebody's locks on it.
    let found =
        [Some(&*listed), name].into_iter().flatten().find(|path| FileId::of_target(path) == Some(file));
    let opened = open(found.ok_or(libc::ENOENT)?, access | libc::O_CLOEXEC | libc::O_NONBLOCK, 0)?;
    if FileId::of_descriptor(opened) == Some(file) {
        return Ok(opened);
    }
    // Replaced at this very moment. It stays open, for that reason.
    Err(libc::ENOENT)
}

/// Whether `fd` is open, refers to this file, and has this access mode.
pub(super) fn is_still(fd: Fd, file: FileId, access: c_int) -> bool {
    // SAFETY: reading flags changes nothing.
    let flags = || unsafe { libc::fcntl(fd, libc::F_GETFL) };
    FileId::of_descriptor(fd) == Some(file) && flags() & libc::O_ACCMODE == access
}

/// Whether this process may currently open the file at `path` with this access mode.
pub(super) fn may_open(path: &CStr, access: c_int) -> bool {
    let mode = if access == libc::O_RDONLY { libc::R_OK } else { libc::R_OK | libc::W_OK };
    // SAFETY: `path` is NUL-terminated.
    unsafe { libc::faccessat(libc::AT_FDCWD, path.as_ptr(), mode, libc::AT_EACCESS) == 0 }
}

/// Occupies the numbers 0 to 2, as SQLite does: printed text must not be written into a database, and a descriptor with
/// such a number could not be closed here without dropping somebody's locks.
pub(super) fn occupy_standard_descriptors() {
    for fd in 0..=2 {
        // SAFETY: reading flags changes nothing. The lowest free number is taken, which is `fd`.
        unsafe {
            if libc::fcntl(fd, libc::F_GETFD) < 0 {
                libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY);
            }
        }
    }
}

/// A range of bytes; a length of 0 reaches to the end of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) start: libc::off_t,
    pub(super) length: libc::off_t,
}

impl Range {
    pub(super) const WHOLE: Self = Self { start: 0, length: 0 };

    pub(super) fn covers(self, other: Self) -> bool {
        let end = |range: Self| if range.length == 0 { libc::off_t::MAX } else { range.start + range.length };
        self.start <= other.start && end(self) >= end(other)
    }
}

fn request(kind: c_int, range: Range) -> flock {
    // SAFETY: a `flock` consists of plain integers. The kernel requires 0 for the process.
    let mut request: flock = unsafe { MaybeUninit::zeroed().assume_init() };
    request.l_type = kind as c_short;
    request.l_whence = libc::SEEK_SET as c_short;
    request.l_start = range.start;
    request.l_len = range.length;
    request
}

/// Takes (`F_RDLCK`, `F_WRLCK`) or releases (`F_UNLCK`) a lock of the description of `fd`, without waiting.
pub(super) fn set_lock(fd: Fd, kind: c_int, range: Range) -> Result<(), Errno> {
    let request = request(kind, range);
    loop {
        // SAFETY: `request` lives as long as the call.
        match checked(unsafe { libc::fcntl(fd, OFD_SETLK, &raw const request) }) {
            Err(libc::EINTR) => {}
            other => return other.map(drop),
        }
    }
}

/// A conflicting lock of somebody else; of kind `F_UNLCK` if there is none.
pub(super) fn get_lock(fd: Fd, kind: c_int, range: Range) -> Result<flock, Errno> {
    let mut request = request(kind, range);
    // SAFETY: `request` lives as long as the call, which writes to it.
    checked(unsafe { libc::fcntl(fd, OFD_GETLK, &raw mut request) })?;
    Ok(request)
}

/// The open descriptors of regular files in this process. `None` if they are not listed.
pub(super) fn open_files() -> Option<Vec<(Fd, FileId)>> {
    let mut open = Vec::new();
    for name in std::fs::read_dir(DESCRIPTORS).ok()? {
        let fd = name.ok()?.file_name().to_str()?.parse().ok()?;
        open.extend(FileId::of_descriptor(fd).map(|file| (fd, file)));
    }
    Some(open)
}
