//! The descriptors that SQLite uses, those that are parked, and the ones through which files are locked.

mod look;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::CStr;
use std::path::Path;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use libc::{c_int, flock, mode_t};

use super::sys::{self, Errno, Fd, FileId, Range};
use super::tracked::{LockFailure, Tracked, is_temporary};

/// How long a closed file is kept before its descriptors are closed. That briefly needs an exclusive lock, which makes
/// a reader without a timeout fail as busy, so it is not taken each time that a database is opened and closed.
const KEEP_TIME: Duration = Duration::from_secs(1);

/// Beyond this number, closed files are not kept for that long: a process has about a thousand descriptors.
const MAX_WAITING: usize = 32;

/// The number of files that one call processes at most, so that no call takes long.
const TRIES: usize = 8;

/// The state of the layer. One mutex guards all of it; operations take microseconds.
#[derive(Debug, Default)]
pub(super) struct Registry {
    is_installed: bool,
    /// SQLite was in use before: it may have descriptors that are not known here.
    is_late: bool,
    /// A switch of the tests: no file gets a lock descriptor.
    refuses: bool,
    /// Whether some file uses SQLite's own locks.
    has_plain: bool,
    /// The descriptors that were open when SQLite had been in use before: their owner is unknown.
    early: BTreeSet<(Fd, FileId)>,
    /// Opens in progress, whose descriptors are not known yet: the file of each, if one had that name.
    opening: BTreeMap<u64, Option<FileId>>,
    /// The number of opens.
    opens: u64,
    descriptors: BTreeMap<Fd, Descriptor>,
    files: BTreeMap<FileId, Tracked>,
    /// Files that SQLite has closed, each with the time at which its descriptors are due to be closed.
    waiting: VecDeque<(Instant, FileId)>,
}

/// A descriptor that SQLite uses.
#[derive(Debug, Clone, Copy)]
struct Descriptor {
    file: FileId,
    access: c_int,
    is_journal: bool,
    /// From before a fork: its locks are the parent's.
    is_inherited: bool,
}

/// A lock request of SQLite.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lock {
    kind: c_int,
    range: Range,
}

impl Lock {
    pub(super) fn new(request: &flock) -> Self {
        // SQLite always counts from the beginning of the file.
        let range = Range { start: request.l_start, length: request.l_len };
        Self { kind: c_int::from(request.l_type), range }
    }
}

/// The outcome of a lock request.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Make the call as SQLite intended.
    PassThrough,
    Done,
    /// The result of a query.
    Conflict(flock),
    Failed(Errno),
}

/// How a file is opened.
#[derive(Debug)]
pub(super) enum Opening {
    /// With this result.
    Done(Result<Fd, Errno>),
    /// By the caller, who then calls [`Registry::end_open`] with this number.
    Begun(u64),
}

/// Who could lose locks or records if a database is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exposure {
    /// Nobody, or there are locks.
    None,
    /// Unknown until the opens in progress have ended.
    Opening,
    /// Other code in this process has it open.
    Foreign,
    /// It is unknown who has it open.
    Unknown,
}

/// The registry of this copy.
pub(super) fn registry() -> MutexGuard<'static, Registry> {
    static REGISTRY: LazyLock<Mutex<Registry>> = LazyLock::new(Mutex::default);
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Registry {
    pub(super) fn start(&mut self, is_late: bool, refuses: bool) {
        self.is_installed = true;
        self.is_late = is_late;
        self.refuses = refuses;
        if is_late {
            self.early = sys::open_files().unwrap_or_default().into_iter().collect();
        }
    }

    pub(super) fn is_installed(&self) -> bool {
        self.is_installed
    }

    /// Opens a file with a parked descriptor, or at once if it uses SQLite's own locks: a descriptor of such a file
    /// must not be taken for another copy's. The caller opens all other files.
    pub(super) fn begin_open(&mut self, path: &CStr, flags: c_int, mode: mode_t) -> Opening {
        // With O_NOFOLLOW, which SQLite always sets on a database, a link is not followed.
        let follows = flags & libc::O_NOFOLLOW == 0;
        let file = if follows { FileId::of_target(path) } else { FileId::of_path(path) };
        if let Some(file) = file {
            if !follows && let Some(parked) = self.take_parked(file, path, flags) {
                return Opening::Done(Ok(parked));
            }
            self.close_due();
            if self.files.get(&file).is_some_and(|tracked| tracked.uses_posix_locks) {
                let opened = self.open(path, flags, mode);
                if let Ok(fd) = opened {
                    self.adopt(fd, Some(path), flags & libc::O_ACCMODE);
                }
                return Opening::Done(opened);
            }
        } else {
            self.close_due();
        }
        self.opens += 1;
        self.opening.insert(self.opens, file);
        Opening::Begun(self.opens)
    }

    fn open(&mut self, path: &CStr, flags: c_int, mode: mode_t) -> Result<Fd, Errno> {
        let opened = open(path, flags, mode);
        if opened != Err(libc::EMFILE) {
            return opened;
        }
        self.close_all_parked();
        open(path, flags, mode)
    }

    pub(super) fn end_open(&mut self, number: u64, path: &CStr, flags: c_int, opened: Result<Fd, Errno>) {
        self.opening.remove(&number);
        if let Ok(fd) = opened {
            self.adopt(fd, Some(path), flags & libc::O_ACCMODE);
        }
    }

    /// Registers a descriptor that is later closed through [`Registry::close`].
    pub(super) fn adopt(&mut self, fd: Fd, path: Option<&CStr>, access: c_int) {
        let Some(file) = FileId::of_descriptor(fd) else { return };
        if let Some(tracked) = self.files.get_mut(&file) {
            // The previous descriptor of this number is closed.
            tracked.forget(fd);
            tracked.forget_lost();
        } else {
            let is_shared = || self.others(file, fd).is_none_or(|others| !others.is_empty());
            let uses_posix_locks = !sys::HAS_DESCRIPTION_LOCKS || self.is_late && is_shared();
            self.has_plain |= uses_posix_locks;
            self.files.insert(file, Tracked::new(file, path.map(CStr::to_owned), uses_posix_locks));
        }
        let is_journal = path.is_some_and(is_journal);
        self.use_one(fd, Descriptor { file, access, is_journal, is_inherited: false });
    }

    fn use_one(&mut self, fd: Fd, descriptor: Descriptor) {
        if let Some(tracked) = self.files.get_mut(&descriptor.file) {
            tracked.users += 1;
            // The previous descriptor of this number was closed without SQLite's knowledge.
            let lost = self.descriptors.insert(fd, descriptor).filter(|lost| !lost.is_inherited);
            if let Some(lost) = lost {
                self.end_use(lost.file);
            }
        }
    }

    fn end_use(&mut self, file: FileId) {
        let Some(tracked) = self.files.get_mut(&file) else { return };
        tracked.users -= 1;
        if tracked.users == 0 {
            self.last_closed(file);
        }
    }

    /// A parked descriptor of the same file that was opened in the same way, if this process may still open it.
    fn take_parked(&mut self, file: FileId, path: &CStr, flags: c_int) -> Option<Fd> {
        if flags & (libc::O_EXCL | libc::O_TRUNC) != 0 {
            return None;
        }
        let tracked = self.files.get_mut(&file).filter(|tracked| !tracked.uses_posix_locks)?;
        tracked.forget_lost();
        let access = flags & libc::O_ACCMODE;
        let fd = tracked.parked_with(access)?;
        if !sys::may_open(path, access) {
            return None;
        }
        tracked.forget(fd);
        self.use_one(fd, Descriptor { file, access, is_journal: is_journal(path), is_inherited: false });
        Some(fd)
    }

    /// Parks a descriptor that SQLite closes.
    pub(super) fn close(&mut self, fd: Fd) -> Result<(), Errno> {
        let Some(known) = self.descriptors.remove(&fd) else {
            if !self.early.is_empty() {
                self.early.retain(|(early, _)| *early != fd);
            }
            return sys::close(fd);
        };
        let is_own = sys::still_refers_to(fd, known.file, known.access);
        // A host that closes descriptors by number has closed it already: the current one is the host's.
        let close = || if is_own { sys::close(fd) } else { Ok(()) };
        if known.is_inherited {
            return close();
        }
        let Some(tracked) = self.files.get_mut(&known.file) else { return close() };
        tracked.users -= 1;
        let is_idle = is_own && tracked.is_alone() && known.is_journal && is_free(fd);
        if tracked.uses_posix_locks || is_idle {
            if tracked.users == 0 {
                tracked.close_parked();
                self.files.remove(&known.file);
            }
            return close();
        }
        if is_own {
            tracked.park(fd, known.access);
        }
        if tracked.users == 0 {
            self.last_closed(known.file);
        }
        if self.descriptors.values().all(|left| left.is_inherited) && self.opening.is_empty() {
            self.close_unshared();
        } else {
            self.close_due();
        }
        Ok(())
    }

    /// SQLite relies on its locks being released then: some of them it never releases otherwise.
    fn last_closed(&mut self, file: FileId) {
        let Some(tracked) = self.files.get_mut(&file) else { return };
        tracked.forget_lost();
        // A file that we never locked usually blocks nobody.
        if !tracked.unlock() && self.close_parked_of(file) {
            return;
        }
        self.wait(file);
    }

    fn wait(&mut self, file: FileId) {
        if let Some(tracked) = self.files.get_mut(&file)
            && !std::mem::replace(&mut tracked.is_waiting, true)
        {
            self.waiting.push_back((Instant::now() + KEEP_TIME, file));
        }
    }

    pub(super) fn close_due(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let now = Instant::now();
        for _ in 0..TRIES {
            let is_due = |(due, _): &(Instant, FileId)| *due <= now;
            if self.waiting.len() <= MAX_WAITING && !self.waiting.front().is_some_and(is_due) {
                return;
            }
            self.close_oldest();
        }
    }

    /// Without free descriptors, everything is tried.
    pub(super) fn close_all_parked(&mut self) {
        for _ in 0..self.waiting.len() {
            self.close_oldest();
        }
    }

    /// When SQLite has no file open any more there may be no later call. Descriptors of files that nobody else in this
    /// process has open are closed. For the others, the lock on the whole file is not taken, because it would block
    /// readers.
    fn close_unshared(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let Some(open) = sys::open_files() else { return };
        let own: BTreeSet<Fd> = self.files.values().flat_map(Tracked::own).collect();
        let is_other = |fd: &Fd| !own.contains(fd) && !self.descriptors.contains_key(fd);
        let shared: BTreeSet<FileId> =
            open.into_iter().filter(|(fd, _)| is_other(fd)).map(|(_, file)| file).collect();
        for (due, file) in std::mem::take(&mut self.waiting) {
            if shared.contains(&file) || !self.close_parked_of(file) {
                self.waiting.push_back((due, file));
            }
        }
    }

    fn close_oldest(&mut self) {
        let Some((_, file)) = self.waiting.pop_front() else { return };
        let Some(tracked) = self.files.get_mut(&file) else { return };
        tracked.is_waiting = false;
        if tracked.users == 0 && !self.close_parked_of(file) {
            self.wait(file);
        }
    }

    /// Closes all descriptors of a file that SQLite has closed, if nobody holds a lock on it that this would drop.
    fn close_parked_of(&mut self, file: FileId) -> bool {
        let refuses = self.refuses;
        let Some(tracked) = self.files.get_mut(&file) else { return true };
        tracked.forget_lost();
        match tracked.lock_whole_file(refuses) {
            // Without such locks, waiting has no benefit.
            Ok(()) | Err(LockFailure::Unsupported) => {}
            Err(LockFailure::Temporary) => return false,
        }
        tracked.close_parked();
        tracked.close_lock();
        self.files.remove(&file);
        true
    }

    /// Takes, releases or queries a lock.
    pub(super) fn lock(&mut self, fd: Fd, is_query: bool, lock: Lock) -> Outcome {
        let Some(known) = self.descriptors.get(&fd).copied() else { return Outcome::PassThrough };
        if known.is_inherited {
            // The parent's locks must not be changed, and the child has none.
            return if lock.kind == libc::F_UNLCK { Outcome::Done } else { Outcome::Failed(libc::EBADF) };
        }
        let is_write = lock.kind == libc::F_WRLCK && !is_query;
        if is_write && known.access == libc::O_RDONLY {
            return Outcome::Failed(libc::EBADF);
        }
        // Usually one with full access exists already.
        if let Some(ready) = self.files.get(&known.file).and_then(Tracked::ready) {
            return request(ready, is_query, lock);
        }
        let mut through = self.lock_through(known.file, fd, is_write);
        if matches!(through, Err(libc::EMFILE)) {
            self.close_all_parked();
            through = self.lock_through(known.file, fd, is_write);
        }
        let outcome = match through {
            Ok(None) => Outcome::PassThrough,
            Ok(Some(through)) => request(through, is_query, lock),
            Err(error) => Outcome::Failed(error),
        };
        if matches!(outcome, Outcome::Done)
            && let Some(tracked) = self.files.get_mut(&known.file)
        {
            tracked.remember(lock.kind, lock.range);
        }
        outcome
    }

    /// The descriptor through which a file is locked. `None` if there can be none: the file then uses SQLite's own
    /// locks, which is decided before the first lock is taken.
    fn lock_through(&mut self, file: FileId, fd: Fd, is_write: bool) -> Result<Option<Fd>, Errno> {
        let refuses = self.refuses;
        let Some(tracked) = self.files.get_mut(&file) else { return Ok(None) };
        if tracked.uses_posix_locks {
            return Ok(None);
        }
        let is_first = tracked.lock_fd().is_none();
        let through = tracked.lock_descriptor(fd, is_write, refuses);
        let probed = through.and_then(|through| {
            if is_first {
                sys::get_lock(through, libc::F_RDLCK, Range::WHOLE)?;
            }
            Ok(through)
        });
        match probed {
            Ok(through) => Ok(Some(through)),
            Err(error) if is_first && !is_temporary(error) => {
                tracked.use_posix_locks();
                self.has_plain = true;
                Ok(None)
            }
            // SQLite interprets EACCES as a lock that somebody else holds.
            Err(libc::EACCES) => Err(libc::EPERM),
            Err(error) => Err(error),
        }
    }

    /// After a fork, in the child.
    pub(super) fn forget_inherited(&mut self) {
        // The descriptions live on in the parent, and its locks with them.
        self.files.values_mut().for_each(Tracked::close_lock);
        self.descriptors.values_mut().for_each(|known| known.is_inherited = true);
        self.files.clear();
        self.waiting.clear();
        self.opening.clear();
    }

    /// Who has the database at `path` open, if its locks do not exclude other code in this process. Opens that began
    /// after the first such query, which sets `since`, are ignored.
    pub(super) fn exposure(&self, path: &Path, since: &mut Option<u64>) -> Exposure {
        if !self.has_plain {
            return Exposure::None;
        }
        let since = *since.get_or_insert(self.opens);
        let Ok(file) = path.metadata().map(|metadata| FileId::of_metadata(&metadata)) else {
            return Exposure::Unknown;
        };
        if !self.files.get(&file).is_some_and(|tracked| tracked.uses_posix_locks) {
            return Exposure::None;
        }
        let user = self.descriptors.iter().find(|(_, known)| known.file == file && !known.is_inherited);
        let others = user.and_then(|(fd, _)| self.others(file, *fd));
        let Some(others) = others else { return Exposure::Unknown };
        let may_be =
            |(number, of): (&u64, &Option<FileId>)| *number <= since && of.is_none_or(|of| of == file);
        // For a copy that was in use before, its own descriptors cannot be distinguished from others.
        if others.iter().all(|fd| self.early.contains(&(*fd, file))) {
            Exposure::None
        } else if self.opening.iter().any(may_be) {
            Exposure::Opening
        } else {
            Exposure::Foreign
        }
    }

    /// The descriptors of `file` that are not known here, except `fd`, which is one of them. `None` if that is unknown,
    /// since open descriptors are not listed, or not all of them.
    fn others(&self, file: FileId, fd: Fd) -> Option<Vec<Fd>> {
        let open = sys::open_files()?;
        if !open.contains(&(fd, file)) {
            return None;
        }
        let own = self.files.get(&file);
        let is_known = |other: Fd| {
            other == fd
                || self.descriptors.contains_key(&other)
                || own.is_some_and(|own| own.own().any(|own| own == other))
        };
        Some(
            open.into_iter()
                .filter(|(other, of)| *of == file && !is_known(*other))
                .map(|(fd, _)| fd)
                .collect(),
        )
    }
}

/// Opens a file for SQLite.
pub(super) fn open(path: &CStr, flags: c_int, mode: mode_t) -> Result<Fd, Errno> {
    if !is_journal(path) {
        // SQLite itself handles journals.
        sys::occupy_standard_descriptors();
    }
    sys::open(path, flags, mode)
}

fn request(through: Fd, is_query: bool, lock: Lock) -> Outcome {
    if is_query {
        sys::get_lock(through, lock.kind, lock.range).map_or_else(Outcome::Failed, Outcome::Conflict)
    } else {
        sys::set_lock(through, lock.kind, lock.range).map_or_else(Outcome::Failed, |()| Outcome::Done)
    }
}

/// Nobody locks a journal or a write-ahead log. With a rollback journal, one is opened and closed in each transaction,
/// so for them a lock query replaces the exclusive lock of [`Registry::close_parked_of`]. A *database* of such a name is
/// recognised by its locks.
fn is_journal(path: &CStr) -> bool {
    path.to_bytes().ends_with(b"-journal") || path.to_bytes().ends_with(b"-wal")
}

/// Whether nobody holds a lock on the file.
fn is_free(fd: Fd) -> bool {
    let found = sys::get_lock(fd, libc::F_WRLCK, Range::WHOLE);
    found.is_ok_and(|found| c_int::from(found.l_type) == libc::F_UNLCK)
}
