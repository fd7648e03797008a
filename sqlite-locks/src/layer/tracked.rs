//! One file: its parked descriptors, and the one through which it is locked.

use std::ffi::CString;

use libc::c_int;

use super::sys::{self, Errno, Fd, FileId, Range};

/// A file of which SQLite has descriptors, or had some that are not given back.
#[derive(Debug)]
pub(super) struct Tracked {
    file: FileId,
    /// The name under which it was opened first: the way to it where descriptors are not listed.
    name: Option<CString>,
    /// How many descriptors SQLite has.
    pub(super) users: usize,
    /// Closed by SQLite, each with its access mode.
    parked: Vec<(Fd, c_int)>,
    lock: Option<LockDescriptor>,
    /// Left with the locks that SQLite takes by itself.
    pub(super) is_plain: bool,
    pub(super) is_waiting: bool,
}

#[derive(Debug)]
struct LockDescriptor {
    fd: Fd,
    may_write: bool,
    /// What is locked through a descriptor that may only read, to be taken over by one that may write.
    read: Vec<Range>,
}

impl LockDescriptor {
    fn access(&self) -> c_int {
        if self.may_write { libc::O_RDWR } else { libc::O_RDONLY }
    }
}

impl Tracked {
    pub(super) fn new(file: FileId, name: Option<CString>, is_plain: bool) -> Self {
        Self { file, name, users: 0, parked: Vec::new(), lock: None, is_plain, is_waiting: false }
    }

    /// Whether nothing is left of it but what is being closed.
    pub(super) fn is_alone(&self) -> bool {
        self.users == 0 && self.is_empty()
    }

    /// Whether it has no descriptor but those that SQLite has.
    pub(super) fn is_empty(&self) -> bool {
        self.lock.is_none() && self.parked.is_empty()
    }

    /// The descriptors of it that SQLite does not have.
    pub(super) fn own(&self) -> impl Iterator<Item = Fd> {
        self.parked.iter().map(|(fd, _)| *fd).chain(self.lock_fd())
    }

    pub(super) fn lock_fd(&self) -> Option<Fd> {
        self.lock.as_ref().map(|lock| lock.fd)
    }

    /// The lock descriptor, if it may do everything already.
    pub(super) fn ready(&self) -> Option<Fd> {
        self.lock.as_ref().filter(|lock| lock.may_write).map(|lock| lock.fd)
    }

    pub(super) fn park(&mut self, fd: Fd, access: c_int) {
        self.parked.push((fd, access));
    }

    pub(super) fn parked_with(&self, access: c_int) -> Option<Fd> {
        self.parked.iter().find(|(_, parked)| *parked == access).map(|(fd, _)| *fd)
    }

    /// Forgets a descriptor of this number: it is somebody's who uses it.
    pub(super) fn forget(&mut self, fd: Fd) {
        self.parked.retain(|(parked, _)| *parked != fd);
        self.lock.take_if(|lock| lock.fd == fd);
    }

    /// Forgets the descriptors that are not what they were: a host that closes all descriptors by their numbers, and
    /// opens files of its own, has those under these numbers now.
    pub(super) fn forget_lost(&mut self) {
        let file = self.file;
        self.parked.retain(|(fd, access)| sys::is_still(*fd, file, *access));
        self.lock.take_if(|lock| !sys::is_still(lock.fd, file, lock.access()));
    }

    /// What a failed close would have to say concerns nobody any more.
    pub(super) fn close_parked(&mut self) {
        self.forget_lost();
        for (fd, _) in self.parked.drain(..) {
            let _ = sys::close(fd);
        }
    }

    /// Last of all: until it is closed nobody gets a lock.
    pub(super) fn close_lock(&mut self) {
        if let Some(lock) = self.lock.take() {
            let _ = sys::close(lock.fd);
        }
    }

    /// Releases all locks. Says whether there can be any.
    pub(super) fn unlock(&mut self) -> bool {
        let Some(lock) = &mut self.lock else { return false };
        lock.read.clear();
        // It cannot fail: releasing a whole file needs no memory.
        let _ = sys::set_lock(lock.fd, libc::F_UNLCK, Range::WHOLE);
        true
    }

    /// Leaves it with the locks that SQLite takes by itself.
    pub(super) fn make_plain(&mut self) {
        if let Some(lock) = self.lock.take() {
            self.parked.push((lock.fd, lock.access()));
        }
        self.is_plain = true;
    }

    /// The lock descriptor, one that may write where that is wanted. `fd` is any descriptor of the file.
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

    /// Takes an exclusive lock on the whole file, which shows that nobody has any.
    pub(super) fn keep_others_away(&mut self, refuses: bool) -> Result<(), Obstacle> {
        let Some(any) = self.own().next() else { return Ok(()) };
        match self.lock_descriptor(any, true, refuses) {
            Ok(holder) => Ok(sys::set_lock(holder, libc::F_WRLCK, Range::WHOLE)?),
            Err(error) if is_passing(error) => Err(Obstacle::Passing),
            Err(_) if refuses => Err(Obstacle::Refused),
            // Of a file that may only be read, or is not found again, nobody can be kept away. That leaves a moment
            // between this question and the closing in which somebody's new lock would be lost.
            Err(_) => {
                let found = sys::get_lock(any, libc::F_WRLCK, Range::WHOLE)?;
                if c_int::from(found.l_type) == libc::F_UNLCK { Ok(()) } else { Err(Obstacle::Passing) }
            }
        }
    }

    /// Takes note of a lock. SQLite releases a range as it took it, or more than that.
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
    /// Somebody else has a lock, or something has run out.
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

/// Whether trying again later may help.
pub(super) fn is_passing(error: Errno) -> bool {
    matches!(error, libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::EINTR)
}
