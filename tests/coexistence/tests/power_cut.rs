//! Power failures: data that was written and not flushed to the disk may survive or not, at random.
#![cfg(unix)]

mod common;

use std::collections::{BTreeSet, HashMap};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, Once, OnceLock};
use std::time::Duration;

use common::rounds;
use mcoda_core::{Synchronous, TokenUsage, Workspace};
use rusqlite::{Connection, ffi};

/// The flushed content of each file, and the writes since then.
#[derive(Default)]
struct Disk {
    open: HashMap<usize, (String, &'static ffi::sqlite3_io_methods)>,
    files: HashMap<String, Contents>,
}

#[derive(Default, Clone)]
struct Contents {
    flushed: Vec<u8>,
    since: Vec<Change>,
}

#[derive(Clone)]
enum Change {
    Write(usize, Vec<u8>),
    Truncate(usize),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(offset, new) => {
                let end = offset + new.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*offset..end].copy_from_slice(new);
            }
            Self::Truncate(length) => bytes.resize(*length, 0),
        }
    }
}

static DISK: LazyLock<Mutex<Disk>> = LazyLock::new(Mutex::default);

/// The underlying VFS.
static REAL: OnceLock<usize> = OnceLock::new();

fn real() -> *mut ffi::sqlite3_vfs {
    *REAL.get().unwrap() as *mut ffi::sqlite3_vfs
}

/// Makes every connection of this copy write to the simulated disk.
fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // The library's locks are installed first, below.
        drop(Workspace::open_db(":memory:").unwrap());
        // SAFETY: the VFS is copied, its name and methods live forever, and it is registered once.
        unsafe {
            let below = ffi::sqlite3_vfs_find(std::ptr::null());
            REAL.set(below as usize).unwrap();
            let mut ours = *below;
            ours.zName = c"power-cut".as_ptr();
            ours.xOpen = Some(open);
            ours.xDelete = Some(delete);
            assert_eq!(ffi::sqlite3_vfs_register(Box::leak(Box::new(ours)), 1), ffi::SQLITE_OK);
        }
    });
}

unsafe extern "C" fn open(
    _vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite's call is passed on; the file's method table is replaced by a copy with our methods.
    unsafe {
        let code = (*real()).xOpen.unwrap()(real(), name, file, flags, out_flags);
        if code == ffi::SQLITE_OK && !name.is_null() {
            let original: &'static ffi::sqlite3_io_methods = &*(*file).pMethods;
            let mut methods = *original;
            methods.xWrite = Some(write);
            methods.xTruncate = Some(truncate);
            methods.xSync = Some(sync);
            methods.xClose = Some(close);
            (*file).pMethods = Box::leak(Box::new(methods));
            let path = CStr::from_ptr(name).to_str().unwrap().to_owned();
            let mut disk = DISK.lock().unwrap();
            let known = std::fs::read(&path).unwrap_or_default();
            disk.files.entry(path.clone()).or_insert(Contents { flushed: known, since: Vec::new() });
            disk.open.insert(file as usize, (path, original));
        }
        code
    }
}

/// A deletion is assumed to be durable: only journals depend on the order of deletions, and there are none here.
unsafe extern "C" fn delete(_vfs: *mut ffi::sqlite3_vfs, name: *const c_char, flush: c_int) -> c_int {
    // SAFETY: SQLite's own arguments.
    unsafe {
        DISK.lock().unwrap().files.remove(CStr::from_ptr(name).to_str().unwrap());
        (*real()).xDelete.unwrap()(real(), name, flush)
    }
}

/// Makes the underlying call and, if it succeeds, registers it.
fn noted(
    file: *mut ffi::sqlite3_file,
    call: impl FnOnce(&ffi::sqlite3_io_methods) -> c_int,
    note: impl FnOnce(&mut Contents),
) -> c_int {
    let mut disk = DISK.lock().unwrap();
    let (path, original) = disk.open[&(file as usize)].clone();
    let code = call(original);
    if code == ffi::SQLITE_OK {
        note(disk.files.entry(path).or_default());
    }
    code
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    data: *const c_void,
    length: c_int,
    offset: i64,
) -> c_int {
    // SAFETY: SQLite's own arguments.
    let bytes = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length as usize) }.to_vec();
    let call =
        |methods: &ffi::sqlite3_io_methods| unsafe { methods.xWrite.unwrap()(file, data, length, offset) };
    noted(file, call, |contents| contents.since.push(Change::Write(offset as usize, bytes)))
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: i64) -> c_int {
    // SAFETY: SQLite's own arguments.
    let call = |methods: &ffi::sqlite3_io_methods| unsafe { methods.xTruncate.unwrap()(file, length) };
    noted(file, call, |contents| contents.since.push(Change::Truncate(length as usize)))
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // The real disk need not be flushed.
    noted(
        file,
        |_| ffi::SQLITE_OK,
        |contents| {
            let changes = std::mem::take(&mut contents.since);
            changes.iter().for_each(|change| change.apply(&mut contents.flushed));
        },
    )
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let (_, original) = DISK.lock().unwrap().open.remove(&(file as usize)).unwrap();
    // SAFETY: SQLite's own arguments.
    unsafe { original.xClose.unwrap()(file) }
}

struct Xorshift(u64);

impl Xorshift {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Writes the content of the disk after a power failure into `folder`: of each file the flushed data, and of the later
/// writes none, all or any part, including parts of a write.
fn cut(database: &str, folder: &Path, random: &mut Xorshift) {
    let suffixes = ["", "-wal", "-journal"];
    let files = {
        let disk = DISK.lock().unwrap();
        suffixes.map(|suffix| disk.files.get(&format!("{database}{suffix}")).cloned())
    };
    let chance = random.next() % 5;
    for (suffix, contents) in suffixes.into_iter().zip(files) {
        let Some(contents) = contents else { continue };
        let mut bytes = contents.flushed.clone();
        for change in &contents.since {
            match change {
                _ if random.next() % 4 >= chance => {}
                Change::Write(offset, new) if random.next().is_multiple_of(4) => {
                    let part = (random.next() % new.len() as u64) as usize;
                    Change::Write(*offset, new[..part].to_vec()).apply(&mut bytes);
                }
                change => change.apply(&mut bytes),
            }
        }
        std::fs::write(folder.join(format!("cut.db{suffix}")), bytes).unwrap();
    }
}

const CUTS: usize = 50;

/// Records, simulates power failures at random times, and returns how many acknowledged records were missing
/// afterwards.
fn lost_after_cuts(synchronous: Synchronous, seed: u64) -> usize {
    install();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    let database = file.to_str().unwrap().to_owned();
    let workspace = Workspace::options().synchronous(synchronous).open_db(&file).unwrap();
    let acknowledged = Mutex::new(BTreeSet::new());
    let is_over = AtomicBool::new(false);
    let mut random = Xorshift(seed);
    let mut lost = 0;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Limited, so that a failure below ends the test.
            for _ in 0..1_000_000 {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                let id = workspace.record_token_usage(&TokenUsage::default()).unwrap().id;
                acknowledged.lock().unwrap().insert(id);
            }
        });
        for _ in 0..CUTS {
            std::thread::sleep(Duration::from_micros(random.next() % 20_000));
            let acknowledged = acknowledged.lock().unwrap().clone();
            let after = tempfile::tempdir().unwrap();
            cut(&database, after.path(), &mut random);
            let found = std::panic::catch_unwind(|| survivors(&after.path().join("cut.db")));
            is_over.store(found.is_err(), Ordering::Relaxed);
            let is_after = |path: &String| Path::new(path).starts_with(after.path());
            DISK.lock().unwrap().files.retain(|path, _| !is_after(path));
            lost += acknowledged.difference(&found.unwrap()).count();
        }
        is_over.store(true, Ordering::Relaxed);
    });
    println!("{} records were acknowledged, {lost} missing", acknowledged.lock().unwrap().len());
    lost
}

fn survivors(file: &Path) -> BTreeSet<String> {
    let connection = Connection::open(file).unwrap();
    let whole: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
    // The very first commits are the schema.
    let Ok(mut statement) = connection.prepare("SELECT id FROM token_usage") else { return BTreeSet::new() };
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn with_synchronous_full_a_power_cut_loses_nothing_that_was_acknowledged() {
    for seed in 1..=rounds(1) {
        assert_eq!(lost_after_cuts(Synchronous::Full, seed as u64), 0);
    }
}

#[test]
fn without_it_a_power_cut_takes_the_last_commits_and_damages_nothing() {
    assert!(lost_after_cuts(Synchronous::Normal, 1) > 0, "else the other test shows nothing");
}
