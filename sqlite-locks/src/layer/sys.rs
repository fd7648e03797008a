//! The system calls of the lock layer, safe to call and with their errors as values.

use std::ffi::{CStr, CString};
use std::fs::Metadata;
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::fs::MetadataExt;

use libc::{c_int, c_short, flock, mode_t};

pub(super) type Fd = c_int;
pub(super) type Errno = c_int;

/// Whether this system has open file description locks that can be used here. On 32 bits `struct flock` has
/// two shapes, and which one SQLite was compiled with cannot be seen.
pub(super) const HAS_DESCRIPTION_LOCKS: bool =
    cfg!(all(any(target_os = "linux", target_os = "android"), target_pointer_width = "64"));

// The numbers of Linux; `libc` does not name them for every target that this compiles for.
const OFD_GETLK: c_int = 36;
const OFD_SETLK: c_int = 37;

/// Where the open descriptors of this process are listed.
const DESCRIPTORS: &str =
    if cfg!(any(target_os = "linux", target_os = "android")) { "/proc/self/fd" } else { "/dev/fd" };

/// Which file it is, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FileId {
    device: libc::dev_t,
    inode: libc::ino_t,
}

impl FileId {
    /// `None` for what is no regular file: nobody locks a folder or a device.
    fn of(status: &libc::stat) -> Option<Self> {
        let is_regular = status.st_mode & libc::S_IFMT == libc::S_IFREG;
        is_regular.then_some(Self { device: status.st_dev, inode: status.st_ino })
    }

    pub(super) fn of_metadata(metadata: &Metadata) -> Self {
        Self { device: metadata.dev() as libc::dev_t, inode: metadata.ino() as libc::ino_t }
    }

    pub(super) fn of_descriptor(fd: Fd) -> Option<Self> {
        let mut status = MaybeUninit::uninit();
        // SAFETY: `status` has room for what is written; it is read only where the call says it was.
        let status = unsafe {
            if libc::fstat(fd, status.as_mut_ptr()) != 0 {
                return None;
            }
            status.assume_init()
        };
        Self::of(&status)
    }

    /// A symbolic link is no regular file.
    pub(super) fn of_path(path: &CStr) -> Option<Self> {
        Self::of_named(path, libc::AT_SYMLINK_NOFOLLOW)
    }

    /// The file that is opened by this name.
    pub(super) fn of_target(path: &CStr) -> Option<Self> {
        Self::of_named(path, 0)
    }

    fn of_named(path: &CStr, flags: c_int) -> Option<Self> {
        let mut status = MaybeUninit::uninit();
        // SAFETY: as above, and `path` ends with a zero byte.
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

/// What SQLite reads after a call of ours that failed.
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
    // SAFETY: `path` ends with a zero byte. On Linux and Apple's systems a mode narrower than `int` is
    // passed to a variadic function as one.
    checked(unsafe { libc::open(path.as_ptr(), flags, libc::c_uint::from(mode)) })
}

pub(super) fn close(fd: Fd) -> Result<(), Errno> {
    // SAFETY: the callers own the descriptor.
    checked(unsafe { libc::close(fd) }).map(drop)
}

/// Opens `file` once more: a description of its own. Where the system lists this process's descriptors that is done
/// through `fd`, which finds a file that has lost its name, too; elsewhere through the name, if it is still that file's.
pub(super) fn open_again(fd: Fd, name: Option<&CStr>, file: FileId, access: c_int) -> Result<Fd, Errno> {
    occupy_standard_descriptors();
    let listed = CString::new(format!("{DESCRIPTORS}/{fd}")).map_err(|_| libc::EINVAL)?;
    // Asked before it is opened: closing another file could drop somebody's locks on it.
    let found =
        [Some(&*listed), name].into_iter().flatten().find(|path| FileId::of_target(path) == Some(file));
    let opened = open(found.ok_or(libc::ENOENT)?, access | libc::O_CLOEXEC | libc::O_NONBLOCK, 0)?;
    if FileId::of_descriptor(opened) == Some(file) {
        return Ok(opened);
    }
    // Replaced in this very moment. It stays open, for that reason.
    Err(libc::ENOENT)
}

/// Whether `fd` is open, of this file and in this way.
pub(super) fn is_still(fd: Fd, file: FileId, access: c_int) -> bool {
    // SAFETY: asking for flags changes nothing.
    let flags = || unsafe { libc::fcntl(fd, libc::F_GETFL) };
    FileId::of_descriptor(fd) == Some(file) && flags() & libc::O_ACCMODE == access
}

/// Whether the file at `path` may be opened like this by the process as it is now.
pub(super) fn may_open(path: &CStr, access: c_int) -> bool {
    let mode = if access == libc::O_RDONLY { libc::R_OK } else { libc::R_OK | libc::W_OK };
    // SAFETY: `path` ends with a zero byte.
    unsafe { libc::faccessat(libc::AT_FDCWD, path.as_ptr(), mode, libc::AT_EACCESS) == 0 }
}

/// Takes the numbers 0 to 2 out of the way, as SQLite does: what is printed must not land in a database,
/// and a descriptor with such a number could not be closed here without dropping somebody's locks.
pub(super) fn occupy_standard_descriptors() {
    for fd in 0..=2 {
        // SAFETY: asking for flags changes nothing. The lowest free number is taken, which is `fd`.
        unsafe {
            if libc::fcntl(fd, libc::F_GETFD) < 0 {
                libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY);
            }
        }
    }
}

/// A range of bytes; a length of 0 reaches to the end, however far that is.
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
    // SAFETY: a `flock` is plain numbers. The kernel wants 0 for the process.
    let mut request: flock = unsafe { MaybeUninit::zeroed().assume_init() };
    request.l_type = kind as c_short;
    request.l_whence = libc::SEEK_SET as c_short;
    request.l_start = range.start;
    request.l_len = range.length;
    request
}

/// Takes (`F_RDLCK`, `F_WRLCK`) or releases (`F_UNLCK`) a lock of the description behind `fd`, without waiting.
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

/// A lock of somebody else's that is in the way of such a lock; of kind `F_UNLCK` where there is none.
pub(super) fn get_lock(fd: Fd, kind: c_int, range: Range) -> Result<flock, Errno> {
    let mut request = request(kind, range);
    // SAFETY: `request` lives as long as the call, which writes to it.
    checked(unsafe { libc::fcntl(fd, OFD_GETLK, &raw mut request) })?;
    Ok(request)
}

/// The open descriptors of this process that are of regular files. `None` where they are not listed.
pub(super) fn open_files() -> Option<Vec<(Fd, FileId)>> {
    let mut open = Vec::new();
    for name in std::fs::read_dir(DESCRIPTORS).ok()? {
        let fd = name.ok()?.file_name().to_str()?.parse().ok()?;
        open.extend(FileId::of_descriptor(fd).map(|file| (fd, file)));
    }
    Some(open)
}
