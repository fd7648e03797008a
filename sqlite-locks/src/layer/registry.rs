//! Which descriptors SQLite has, which are parked, and through which one a file is locked.

use std::collections::{BTreeMap, VecDeque};
use std::ffi::CStr;
use std::path::Path;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use libc::{c_int, flock};

use super::sys::{self, Errno, Fd, FileId, Range};

/// How long a closed file is kept before it is given back. The exclusive lock that this takes for a moment
/// is Busy for a reader that does not wait, so it is not taken each time that a database is opened and closed.
const PATIENCE: Duration = Duration::from_secs(1);

/// More closed files than this are not kept for that long: a process has a thousand descriptors or so.
const MOST_WAITING: usize = 32;

/// How many files one call tries to give back, so that no call takes long.
const TRIES: usize = 8;

/// Everything that the layer knows. One lock guards it all: what is done under it takes microseconds.
#[derive(Debug, Default)]
pub(super) struct Registry {
    is_installed: bool,
    /// SQLite was in use before: it may have descriptors that are not known here.
    is_late: bool,
    /// A switch of the tests: no file gets a lock descriptor.
    refuses: bool,
    /// Whether some file was left with the locks that SQLite takes by itself.
    has_plain: bool,
    /// Opens under way, whose descriptors are not known yet.
    opening: usize,
    descriptors: BTreeMap<Fd, Descriptor>,
    files: BTreeMap<FileId, Tracked>,
    /// Files that SQLite has closed, each with the moment at which it is time to give it back.
    waiting: VecDeque<(Instant, FileId)>,
}

/// A descriptor that SQLite has.
#[derive(Debug, Clone, Copy)]
struct Descriptor {
    file: FileId,
    access: c_int,
    is_journal: bool,
    /// From before a fork: its locks are the parent's.
    is_inherited: bool,
}

/// A file of which SQLite has descriptors, or had some that are not given back.
#[derive(Debug, Default)]
struct Tracked {
    /// How many descriptors SQLite has.
    users: usize,
    /// Closed by SQLite, each with its access mode.
    parked: Vec<(Fd, c_int)>,
    lock: Option<LockDescriptor>,
    /// Left with the locks that SQLite takes by itself.
    is_plain: bool,
    is_waiting: bool,
}

#[derive(Debug)]
struct LockDescriptor {
    fd: Fd,
    may_write: bool,
    /// What is locked through a descriptor that may only read, to be taken over by one that may write.
    read: Vec<Range>,
}

/// What SQLite asks for.
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

/// What became of it.
#[derive(Debug)]
pub(super) enum Answer {
    /// Make the call as SQLite meant it.
    Plain,
    Done,
    /// The answer to a question.
    InTheWay(flock),
    Failed(Errno),
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
    }

    pub(super) fn is_installed(&self) -> bool {
        self.is_installed
    }

    /// A parked descriptor for what is to be opened; else [`Registry::end_open`] must follow.
    pub(super) fn begin_open(&mut self, path: &CStr, flags: c_int) -> Option<Fd> {
        let parked = self.take_parked(path, flags);
        if parked.is_none() {
            self.give_back_due();
            self.opening += 1;
        }
        parked
    }

    pub(super) fn end_open(&mut self, path: &CStr, flags: c_int, opened: Result<Fd, Errno>) {
        self.opening = self.opening.saturating_sub(1);
        if let Ok(fd) = opened {
            self.adopt(fd, flags & libc::O_ACCMODE, is_journal(path));
        }
    }

    /// Takes note of a descriptor that is closed through [`Registry::close`] later.
    pub(super) fn adopt(&mut self, fd: Fd, access: c_int, is_journal: bool) {
        let Some(file) = FileId::of_descriptor(fd) else { return };
        if !self.files.contains_key(&file) {
            let is_plain = !sys::HAS_DESCRIPTION_LOCKS || self.is_late && self.has_unknown(file, fd);
            self.has_plain |= is_plain;
            self.files.insert(file, Tracked { is_plain, ..Tracked::default() });
        }
        self.use_one(fd, Descriptor { file, access, is_journal, is_inherited: false });
    }

    fn use_one(&mut self, fd: Fd, descriptor: Descriptor) {
        if let Some(tracked) = self.files.get_mut(&descriptor.file) {
            tracked.users += 1;
            self.descriptors.insert(fd, descriptor);
        }
    }

    /// Of those that were parked, one of the same file that was opened in the same way, if this process may
    /// still open it.
    fn take_parked(&mut self, path: &CStr, flags: c_int) -> Option<Fd> {
        let wants_new = flags & (libc::O_EXCL | libc::O_TRUNC) != 0;
        // With O_NOFOLLOW, which SQLite always sets on a database, a link is not what is behind it.
        if wants_new || flags & libc::O_NOFOLLOW == 0 {
            return None;
        }
        let file = FileId::of_path(path)?;
        let tracked = self.files.get_mut(&file).filter(|tracked| !tracked.is_plain)?;
        let access = flags & libc::O_ACCMODE;
        let place = tracked.parked.iter().position(|(_, parked)| *parked == access)?;
        if !sys::may_open(path, access) {
            return None;
        }
        let (fd, _) = tracked.parked.swap_remove(place);
        self.use_one(fd, Descriptor { file, access, is_journal: is_journal(path), is_inherited: false });
        Some(fd)
    }

    /// Parks a descriptor that SQLite closes.
    pub(super) fn close(&mut self, fd: Fd) -> Result<(), Errno> {
        let known = self.descriptors.remove(&fd).filter(|known| !known.is_inherited);
        let Some(known) = known else { return sys::close(fd) };
        let Some(tracked) = self.files.get_mut(&known.file) else { return sys::close(fd) };
        tracked.users -= 1;
        let is_idle = || known.is_journal && is_free(fd);
        if tracked.is_plain || tracked.is_alone() && is_idle() {
            if tracked.users == 0 {
                tracked.close_parked();
                self.files.remove(&known.file);
            }
            return sys::close(fd);
        }
        tracked.parked.push((fd, known.access));
        if tracked.users == 0 {
            self.last_closed(known.file);
        }
        self.give_back_due();
        Ok(())
    }

    /// SQLite counts on its locks being gone then: some of them it never releases in another way.
    fn last_closed(&mut self, file: FileId) {
        let Some(tracked) = self.files.get_mut(&file) else { return };
        if let Some(lock) = &mut tracked.lock {
            lock.read.clear();
            // It cannot fail: releasing a whole file needs no memory.
            let _ = sys::set_lock(lock.fd, libc::F_UNLCK, Range::WHOLE);
        } else if self.give_back(file) {
            // What we never locked is in nobody's way either, as a rule.
            return;
        }
        self.wait(file);
    }

    fn wait(&mut self, file: FileId) {
        if let Some(tracked) = self.files.get_mut(&file)
            && !std::mem::replace(&mut tracked.is_waiting, true)
        {
            self.waiting.push_back((Instant::now() + PATIENCE, file));
        }
    }

    fn give_back_due(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let now = Instant::now();
        for _ in 0..TRIES {
            let is_due = |(due, _): &(Instant, FileId)| *due <= now;
            if self.waiting.len() <= MOST_WAITING && !self.waiting.front().is_some_and(is_due) {
                return;
            }
            self.give_back_first();
        }
    }

    /// Where there are no descriptors left, everything is tried.
    pub(super) fn give_back_all(&mut self) {
        for _ in 0..self.waiting.len() {
            self.give_back_first();
        }
    }

    fn give_back_first(&mut self) {
        let Some((_, file)) = self.waiting.pop_front() else { return };
        let Some(tracked) = self.files.get_mut(&file) else { return };
        tracked.is_waiting = false;
        if tracked.users == 0 && !self.give_back(file) {
            self.wait(file);
        }
    }

    /// Closes all descriptors of a file that SQLite has closed, if nobody has a lock on it that this would drop.
    fn give_back(&mut self, file: FileId) -> bool {
        let refuses = self.refuses;
        let Some(tracked) = self.files.get_mut(&file) else { return true };
        match tracked.keep_others_away(refuses) {
            // Where there are no such locks nothing is gained by waiting.
            Ok(()) | Err(Obstacle::Refused) => {}
            Err(Obstacle::Passing) => return false,
        }
        tracked.close_parked();
        // Last: until it is closed nobody gets a lock.
        if let Some(lock) = &tracked.lock {
            let _ = sys::close(lock.fd);
        }
        self.files.remove(&file);
        true
    }

    /// Takes, releases or asks about a lock.
    pub(super) fn lock(&mut self, fd: Fd, is_question: bool, lock: Lock) -> Answer {
        let Some(known) = self.descriptors.get(&fd).copied() else { return Answer::Plain };
        if known.is_inherited {
            // Of the parent's locks nothing may be changed, and the child has none.
            return if lock.kind == libc::F_UNLCK { Answer::Done } else { Answer::Failed(libc::EBADF) };
        }
        let is_write = lock.kind == libc::F_WRLCK && !is_question;
        if is_write && known.access == libc::O_RDONLY {
            return Answer::Failed(libc::EBADF);
        }
        // As a rule there is one already that may do everything.
        let ready = self.files.get(&known.file).and_then(|tracked| tracked.lock.as_ref());
        if let Some(ready) = ready.filter(|ready| ready.may_write) {
            return request(ready.fd, is_question, lock);
        }
        let mut through = self.lock_through(known.file, fd, is_write);
        if matches!(through, Err(libc::EMFILE)) {
            self.give_back_all();
            through = self.lock_through(known.file, fd, is_write);
        }
        let answer = match through {
            Ok(None) => Answer::Plain,
            Ok(Some(through)) => request(through, is_question, lock),
            Err(error) => Answer::Failed(error),
        };
        if matches!(answer, Answer::Done)
            && let Some(tracked) = self.files.get_mut(&known.file)
        {
            tracked.remember(lock);
        }
        answer
    }

    /// The descriptor through which a file is locked. `None` where there can be none: the file is left with the
    /// locks that SQLite takes by itself, which shows before the first lock is taken.
    fn lock_through(&mut self, file: FileId, fd: Fd, is_write: bool) -> Result<Option<Fd>, Errno> {
        let refuses = self.refuses;
        let Some(tracked) = self.files.get_mut(&file) else { return Ok(None) };
        if tracked.is_plain {
            return Ok(None);
        }
        let is_first = tracked.lock.is_none();
        let through = tracked.lock_descriptor(fd, is_write, refuses);
        let probed = through.and_then(|through| {
            if is_first {
                sys::get_lock(through, libc::F_RDLCK, Range::WHOLE)?;
            }
            Ok(through)
        });
        match probed {
            Ok(through) => Ok(Some(through)),
            Err(error) if is_first && !is_passing(error) => {
                if let Some(lock) = tracked.lock.take() {
                    tracked.parked.push((lock.fd, libc::O_RDWR));
                }
                tracked.is_plain = true;
                self.has_plain = true;
                Ok(None)
            }
            // To SQLite EACCES means that somebody else has the lock.
            Err(libc::EACCES) => Err(libc::EPERM),
            Err(error) => Err(error),
        }
    }

    /// After a fork, in the child.
    pub(super) fn forget_inherited(&mut self) {
        for lock in self.files.values().filter_map(|tracked| tracked.lock.as_ref()) {
            // The description lives on in the parent, and its locks with it.
            let _ = sys::close(lock.fd);
        }
        self.descriptors.values_mut().for_each(|known| known.is_inherited = true);
        self.files.clear();
        self.waiting.clear();
        self.opening = 0;
    }

    /// Whether the database at `path` is left with locks that keep nobody in this process away, and somebody
    /// else in this process has it open.
    pub(super) fn is_exposed(&self, path: &Path) -> bool {
        // Of a copy that was in use before, its own descriptors cannot be told from others'.
        if !self.has_plain || self.is_late || self.opening > 0 {
            return false;
        }
        let Ok(file) = path.metadata().map(|metadata| FileId::of_metadata(&metadata)) else { return false };
        let Some(tracked) = self.files.get(&file).filter(|tracked| tracked.is_plain) else { return false };
        let is_parked = |fd: &Fd| tracked.parked.iter().any(|(parked, _)| parked == fd);
        sys::descriptors_of(file).iter().any(|fd| !self.descriptors.contains_key(fd) && !is_parked(fd))
    }

    /// Whether somebody has `file` open through a descriptor that is not known here, `fd` aside.
    fn has_unknown(&self, file: FileId, fd: Fd) -> bool {
        sys::descriptors_of(file).iter().any(|other| *other != fd && !self.descriptors.contains_key(other))
    }
}

impl Tracked {
    /// Whether nothing is left of it but what is being closed.
    fn is_alone(&self) -> bool {
        self.users == 0 && self.lock.is_none() && self.parked.is_empty()
    }

    /// What a failed close would have to say concerns nobody any more.
    fn close_parked(&mut self) {
        for (fd, _) in self.parked.drain(..) {
            let _ = sys::close(fd);
        }
    }

    /// The lock descriptor, one that may write where that is wanted. `fd` is any descriptor of the file.
    fn lock_descriptor(&mut self, fd: Fd, for_write: bool, refuses: bool) -> Result<Fd, Errno> {
        if let Some(lock) = &self.lock
            && (lock.may_write || !for_write)
        {
            return Ok(lock.fd);
        }
        if refuses {
            return Err(libc::EINVAL);
        }
        let new = match sys::open_again(fd, libc::O_RDWR) {
            Ok(fd) => LockDescriptor { fd, may_write: true, read: Vec::new() },
            Err(error) if for_write || is_passing(error) => return Err(error),
            Err(_) => {
                let fd = sys::open_again(fd, libc::O_RDONLY)?;
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
    fn keep_others_away(&mut self, refuses: bool) -> Result<(), Obstacle> {
        let Some((any, _)) = self.parked.first().copied() else { return Err(Obstacle::Passing) };
        match self.lock_descriptor(any, true, refuses) {
            Ok(holder) => Ok(sys::set_lock(holder, libc::F_WRLCK, Range::WHOLE)?),
            Err(error) if is_passing(error) => Err(Obstacle::Passing),
            // Of a file that may only be read nobody can be kept away. That leaves a moment between this question
            // and the closing in which a reader's lock, the only kind there can be, would be lost.
            Err(_) => {
                let holder = self.lock_descriptor(any, false, refuses)?;
                let found = sys::get_lock(holder, libc::F_WRLCK, Range::WHOLE)?;
                if c_int::from(found.l_type) == libc::F_UNLCK { Ok(()) } else { Err(Obstacle::Passing) }
            }
        }
    }

    /// SQLite releases a range as it took it, or more than that.
    fn remember(&mut self, lock: Lock) {
        if let Some(own) = self.lock.as_mut().filter(|own| !own.may_write) {
            own.read.retain(|range| !lock.range.covers(*range));
            if lock.kind == libc::F_RDLCK {
                own.read.push(lock.range);
            }
        }
    }
}

/// Why a file cannot be locked.
#[derive(Debug, PartialEq, Eq)]
enum Obstacle {
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

fn request(through: Fd, is_question: bool, lock: Lock) -> Answer {
    if is_question {
        sys::get_lock(through, lock.kind, lock.range).map_or_else(Answer::Failed, Answer::InTheWay)
    } else {
        sys::set_lock(through, lock.kind, lock.range).map_or_else(Answer::Failed, |()| Answer::Done)
    }
}

/// Nobody locks a journal or a write-ahead log. One is opened and closed in each transaction with a rollback
/// journal, so for them a question has to do instead of the exclusive lock of [`Registry::give_back`]. A
/// *database* of such a name is told by the locks that it has.
pub(super) fn is_journal(path: &CStr) -> bool {
    path.to_bytes().ends_with(b"-journal") || path.to_bytes().ends_with(b"-wal")
}

/// Whether nobody has any lock on the file.
fn is_free(fd: Fd) -> bool {
    let found = sys::get_lock(fd, libc::F_WRLCK, Range::WHOLE);
    found.is_ok_and(|found| c_int::from(found.l_type) == libc::F_UNLCK)
}

/// Whether trying again later may help.
fn is_passing(error: Errno) -> bool {
    matches!(error, libc::EMFILE | libc::ENFILE | libc::ENOMEM | libc::EINTR)
}
