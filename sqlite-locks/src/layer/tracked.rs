//! One file: its parked descriptors, and the one through which it is locked.

use std::ffi::CString;

use libc::c_int;

use super::sys::{self, Errno, Fd, FileId, Range};

/// A file of which SQLite has descriptors, or had some that are not closed yet.
#[derive(Debug)]
pub(super) struct Tracked {
    file: FileId,
    /// The name under which it was opened first, used if descriptors are not listed.
    name: Option<CString>,
    /// The number of descriptors that SQLite uses.
    pub(super) users: usize,
    /// Closed by SQLite, each with its access mode.
    parked: Vec<(Fd, c_int)>,
    lock: Option<LockDescriptor>,
    /// Uses SQLite's own locks.
    pub(super) uses_posix_locks: bool,
    pub(super) is_waiting: bool,
}

#[derive(Debug)]
struct LockDescriptor {
    fd: Fd,
    may_write: bool,
    /// The locks of a read-only descriptor, to be transferred to a writable one.
    read: Vec<Range>,
}

impl LockDescriptor {
    fn access(&self) -> c_int {
        if self.may_write { libc::O_RDWR } else { libc::O_RDONLY }
    }
}

impl Tracked {
    pub(super) fn new(file: FileId, name: Option<CString>, uses_posix_locks: bool) -> Self {
        Self { file, name, users: 0, parked: Vec::new(), lock: None, uses_posix_locks, is_waiting: false }
    }

    /// Whether nothing is left of it except the descriptor that is being closed.
    pub(super) fn is_alone(&self) -> bool {
        self.users == 0 && self.is_empty()
    }

    /// Whether it has no descriptors except those that SQLite uses.
    pub(super) fn is_empty(&self) -> bool {
        self.lock.is_none() && self.parked.is_empty()
    }

    /// Its descriptors that SQLite does not use.
    pub(super) fn own(&self) -> impl Iterator<Item = Fd> {
        self.parked.iter().map(|(fd, _)| *fd).chain(self.lock_fd())
    }

    pub(super) fn lock_fd(&self) -> Option<Fd> {
        self.lock.as_ref().map(|lock| lock.fd)
    }

    /// The lock descriptor, if it has full access already.
    pub(super) fn ready(&self) -> Option<Fd> {
        self.lock.as_ref().filter(|lock| lock.may_write).map(|lock| lock.fd)
    }

    pub(super) fn park(&mut self, fd: Fd, access: c_int) {
        self.parked.push((fd, access));
    }

    pub(super) fn parked_with(&self, access: c_int) -> Option<Fd> {
        self.parked.iter().find(|(_, parked)| *parked == access).map(|(fd, _)| *fd)
    }

    /// Forgets a descriptor of this number, which another owner uses now.
    pub(super) fn forget(&mut self, fd: Fd) {
        self.parked.retain(|(parked, _)| *parked != fd);
        self.lock.take_if(|lock| lock.fd == fd);
    }

    /// Forgets descriptors that have been replaced: a host that closes all descriptors by number, and opens files of
    /// its own, owns these numbers now.
    pub(super) fn forget_lost(&mut self) {
        let file = self.file;
        self.parked.retain(|(fd, access)| sys::is_still(*fd, file, *access));
        self.lock.take_if(|lock| !sys::is_still(lock.fd, file, lock.access()));
    }

    /// An error of closing has no consequences here.
    pub(super) fn close_parked(&mut self) {
        self.forget_lost();
        for (fd, _) in self.parked.drain(..) {
            let _ = sys::close(fd);
        }
    }

    /// Closed last: until then nobody else gets a lock.
    pub(super) fn close_lock(&mut self) {
        if let Some(lock) = self.lock.take() {
            let _ = sys::close(lock.fd);
        }
    }

    /// Releases all locks. Returns whether there can be any.
    pub(super) fn unlock(&mut self) -> bool {
        let Some(lock) = &mut self.lock else { return false };
        lock.read.clear();
        // It cannot fail: releasing a whole file needs no memory.
        let _ = sys::set_lock(lock.fd, libc::F_UNLCK, Range::WHOLE);
        true
    }

    /// Makes it use SQLite's own locks.
    pub(super) fn use_posix_locks(&mut self) {
        if let Some(lock) = self.lock.take() {
            self.parked.push((lock.fd, lock.access()));
        }
        self.uses_posix_locks = true;
    }

    /// The lock descriptor, a writable one if requested. `fd` is any descriptor of the file.
    pub(super) fn lock_descriptor(&mut self, fd: Fd, for_write: bool, refuses: bool) -> Result<Fd, Errno> {
        if let Some(lock) = &self.lock
            && (lock.may_write || !for_write)
        {
            return Ok(lock.fd);
        }
        if refuses {
            return Err(libc::EINVAL);
        }
        let open_again = |access| sys::open_again(fd, self.name.as_deref(), self.file, access);
        let new = match open_again(libc::O_RDWR) {
            Ok(fd) => LockDescriptor { fd, may_write: true, read: Vec::new() },
            Err(error) if for_write || is_passing(error) => return Err(error),
            Err(_) => {
                let fd = open_again(libc::O_RDONLY)?;
                LockDescriptor { fd, may_write: false, read: Vec::new() }
            }
        };
        if let Some(old) = &self.lock {
            for range in &old.read {
                if let Err(error) = sys::set_lock(new.fd, libc::F_RDLCK, *range) {
                    let _ = sys::set_lock(new.fd, libc::F_UNLCK, Range::WHOLE);
                    self.parked.push((new.fd, libc::O_RDWR));
                    return Err(error);
                }
            }
            let _ = sys::set_lock(old.fd, libc::F_UNLCK, Range::WHOLE);
            self.parked.push((old.fd, libc::O_RDONLY));
        }
        let fd = new.fd;
        self.lock = Some(new);
        Ok(fd)
    }

    /// Takes an exclusive lock on the whole file, which shows that nobody else holds one.
    pub(super) fn keep_others_away(&mut self, refuses: bool) -> Result<(), Obstacle> {
        let Some(any) = self.own().next() else { return Ok(()) };
        match self.lock_descriptor(any, true, refuses) {
            Ok(holder) => Ok(sys::set_lock(holder, libc::F_WRLCK, Range::WHOLE)?),
            Err(error) if is_passing(error) => Err(Obstacle::Passing),
            Err(_) if refuses => Err(Obstacle::Refused),
            // For a file that can only be read, or is not found again, nobody can be excluded. A new lock of somebody
            // else could be lost between this check and the closing.
            Err(_) => {
                let found = sys::get_lock(any, libc::F_WRLCK, Range::WHOLE)?;
                if c_int::from(found.l_type) == libc::F_UNLCK { Ok(()) } else { Err(Obstacle::Passing) }
            }
        }
    }

    /// Registers a lock. SQLite releases a range as it took it, or a larger one.
    pub(super) fn remember(&mut self, kind: c_int, range: Range) {
        if let Some(own) = self.lock.as_mut().filter(|own| !own.may_write) {
            own.read.retain(|held| !range.covers(*held));
            if kind == libc::F_RDLCK {
                own.read.push(range);
            }
        }
    }
}

/// Why a file cannot be locked.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// Somebody else holds a lock, or a resource is exhausted.
    Passing,
    /// There are no such locks here.
    Refused,
}

impl From<Errno> for Obstacle {
    fn from(error: Errno) -> Self {
        if is_passing(error) || matches!(error, libc::EAGAIN | libc::EACCES) {
            Self::Passing
        } else {
            Self::Refused
        }
    }
}

/// Whether retrying later may help.
pub(super) fn is_passing(error: Errno) -> bool {
    matches!(error, libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::EINTR)
}
