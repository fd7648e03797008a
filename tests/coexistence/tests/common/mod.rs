//! Shared by the tests with another copy of SQLite.
#![allow(dead_code, reason = "every test file uses a part of it")]
#![allow(
    clippy::disallowed_methods,
    reason = "the arguments of a test binary are taken; switches of the tests alone"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use mcoda_coexistence::{BUSY, Code, Foreign, Second, open_ours, run_on_ours};
use rusqlite::Connection;

const TASK: &str = "MCODA_TEST_TASK";
const FILE: &str = "MCODA_TEST_FILE";

/// The task of this process, see [`in_other_process`].
pub fn child_task() -> Option<(String, PathBuf)> {
    Some((std::env::var(TASK).ok()?, std::env::var_os(FILE)?.into()))
}

/// The locking of this copy, in the process of a test.
pub const AS_SHIPPED: &str = "";
pub const OFF: &str = "off";
pub const REFUSED: &str = "refused";

/// How long a connection waits for others. Without the locks some waits never end.
pub fn wait() -> Duration {
    if is_off() { Duration::from_millis(50) } else { Duration::from_secs(10) }
}

fn is_off() -> bool {
    std::env::var_os("MCODA_TEST_LOCKS").is_some_and(|value| value == OFF)
}

/// A writer of the database.
pub trait Writer {
    fn run(&mut self, sql: &str) -> Result<(), Code>;
}

impl Writer for Foreign {
    fn run(&mut self, sql: &str) -> Result<(), Code> {
        self.execute(sql)
    }
}

impl Writer for Connection {
    fn run(&mut self, sql: &str) -> Result<(), Code> {
        run_on_ours(self, sql)
    }
}

impl Writer for Second {
    fn run(&mut self, sql: &str) -> Result<(), Code> {
        self.execute(sql)
    }
}

/// A connection of our copy, with the library's locks.
pub fn ours(file: &Path, wait: Duration) -> Connection {
    open_ours(file, wait)
}

pub fn theirs(file: &Path, wait: Duration) -> Foreign {
    let mut connection = Foreign::open(file, wait).unwrap();
    let _ = connection.execute("PRAGMA synchronous=OFF");
    connection
}

/// A database for [`transaction`].
pub fn create(file: &Path, journal_mode: &str) {
    let connection = ours(file, wait());
    let sql = format!(
        "PRAGMA journal_mode={journal_mode};
         CREATE TABLE rows (id INTEGER PRIMARY KEY, writer TEXT NOT NULL);
         CREATE TABLE counter (n INTEGER NOT NULL);
         INSERT INTO counter VALUES (0)"
    );
    connection.execute_batch(&sql).unwrap();
}

pub fn insert(writer: &str) -> String {
    format!("INSERT INTO rows (writer) VALUES ('{writer}'); UPDATE counter SET n = n + 1")
}

/// The number of acknowledged transactions, and the errors.
#[derive(Debug, Default)]
pub struct Tally {
    pub acknowledged: i64,
    pub busy: u64,
    pub errors: BTreeMap<Code, u64>,
}

impl Tally {
    pub fn failed(&mut self, code: Code) {
        if code == BUSY { self.busy += 1 } else { *self.errors.entry(code).or_default() += 1 }
    }

    pub fn add(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.busy += other.busy;
        for (code, count) in other.errors {
            *self.errors.entry(code).or_default() += count;
        }
    }

    pub fn print(&self) {
        let errors: u64 = self.errors.values().sum();
        println!("\nresult {} {} {errors} {:?}", self.acknowledged, self.busy, self.errors);
    }
}

/// One transaction with an insert and a counter update, so that a lost update is detected as well as a lost row.
pub fn transaction(connection: &mut impl Writer, writer: &str, tally: &mut Tally) {
    let mut whole = || {
        connection.run("BEGIN IMMEDIATE")?;
        connection.run(&insert(writer)).and_then(|()| connection.run("COMMIT")).inspect_err(|_| {
            let _ = connection.run("ROLLBACK");
        })
    };
    match whole() {
        Ok(()) => tally.acknowledged += 1,
        Err(code) => tally.failed(code),
    }
}

/// The result of a hammer test in a process of its own.
#[derive(Debug)]
pub struct Outcome {
    pub acknowledged: i64,
    pub busy: i64,
    pub errors: i64,
    pub lost: i64,
    pub is_damaged: bool,
    pub has_crashed: bool,
}

impl Outcome {
    pub fn assert_nothing_lost(&self, at_least: i64) {
        println!("{self:?}");
        assert_eq!(self.lost, 0, "{self:?}");
        assert!(self.errors == 0 && !self.is_damaged && !self.has_crashed, "{self:?}");
        assert!(self.acknowledged >= at_least, "{self:?}");
    }

    pub fn assert_something_lost(&self) {
        println!("{self:?}");
        let is_bad = self.lost > 0 || self.errors > 0 || self.is_damaged || self.has_crashed;
        assert!(is_bad, "without its locks this should have gone wrong: {self:?}");
    }
}

/// Runs the ignored test `other_process` with this task, in a process of its own. A hanging process, which happens
/// without the locks, is killed.
pub fn in_other_process(task: &str, file: &Path, locks: &str) -> Output {
    run_in_other_process(Command::new(std::env::current_exe().unwrap()), task, file, locks)
}

/// As [`in_other_process`], with mounts of its own that the task may change. `None` if the system does not allow this
/// user to have any.
pub fn in_own_mounts(task: &str, file: &Path, locks: &str) -> Option<Output> {
    let may =
        |flag: &str| Command::new("unshare").args([flag, "true"]).output().is_ok_and(|o| o.status.success());
    let Some(flag) = ["-m", "-rm"].into_iter().find(|flag| may(flag)) else {
        println!("NOT TESTED: this user may have no mounts of its own (unshare -rm)");
        eprintln!("NOT TESTED: this user may have no mounts of its own (unshare -rm)");
        return None;
    };
    let mut command = Command::new("unshare");
    command.arg(flag).arg(std::env::current_exe().unwrap());
    Some(run_in_other_process(command, task, file, locks))
}

fn run_in_other_process(mut command: Command, task: &str, file: &Path, locks: &str) -> Output {
    command.args(["other_process", "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    command.env(TASK, task).env(FILE, file).env("MCODA_TEST_LOCKS", locks);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let process = child.id() as libc::pid_t;
    let limit = if locks == OFF { Duration::from_secs(15) } else { Duration::from_secs(600) };
    let (done, is_done) = mpsc::channel::<()>();
    let guard = std::thread::spawn(move || {
        if is_done.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            // SAFETY: a system call; the child is still running.
            unsafe { libc::kill(process, libc::SIGKILL) };
        }
    });
    let output = child.wait_with_output().unwrap();
    drop(done);
    guard.join().unwrap();
    output
}

/// Hammers a new database in a process of its own and counts its rows in another one.
pub fn hammer(task: &str, journal_mode: &str, locks: &str) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    create(&file, journal_mode);
    hammer_file(task, &file, locks)
}

pub fn hammer_file(task: &str, file: &Path, locks: &str) -> Outcome {
    let output = in_other_process(task, file, locks);
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers = |prefix: &str| -> Vec<i64> {
        let line = text.lines().find_map(|line| Some(line.split_once(prefix)?.1)).unwrap_or_default();
        line.split(' ').map_while(|word| word.parse().ok()).collect()
    };
    let has_crashed = !output.status.success();
    if has_crashed || locks == AS_SHIPPED {
        print!("{task}: {text}{}", String::from_utf8_lossy(&output.stderr));
    }
    let task_result = numbers("result ");
    let [acknowledged, busy, errors] = *task_result else {
        assert!(has_crashed, "{text}");
        return Outcome { acknowledged: 0, busy: 0, errors: 0, lost: 0, is_damaged: false, has_crashed };
    };
    let counted = in_other_process("count", file, AS_SHIPPED);
    let counted = String::from_utf8_lossy(&counted.stdout).into_owned();
    let line = counted.lines().find_map(|line| Some(line.split_once("counted ")?.1));
    let found: Vec<i64> = line.unwrap_or_default().split(' ').map_while(|word| word.parse().ok()).collect();
    let [rows, counter, is_whole] = *found else {
        return Outcome { acknowledged, busy, errors, lost: 0, is_damaged: true, has_crashed };
    };
    let lost = (acknowledged - rows).abs().max((acknowledged - counter).abs());
    Outcome { acknowledged, busy, errors, lost, is_damaged: is_whole == 0, has_crashed }
}

/// The task `count`: the data as an unrelated process sees it.
pub fn count(file: &Path) {
    let connection = Connection::open(file).unwrap();
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let rows = number("SELECT count(*) FROM rows");
    let counter = number("SELECT n FROM counter");
    let whole: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    println!("\ncounted {rows} {counter} {}", i64::from(whole == "ok"));
}

/// The number of repetitions for a task that a normal run repeats `usually` times. Without the locks few are
/// sufficient.
pub fn rounds(usually: usize) -> usize {
    if is_off() {
        return usually / 20;
    }
    let factor = std::env::var("MCODA_TEST_ROUNDS").ok().and_then(|factor| factor.parse().ok());
    usually * factor.unwrap_or(1)
}

/// The result of another process that runs this task on the database.
pub fn task_result(task: &str, file: &Path, locks: &str) -> String {
    let output = in_other_process(task, file, locks);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let line = text.lines().find_map(|line| Some(line.split_once("task_result ")?.1.to_owned()));
    line.unwrap_or_else(|| panic!("{text}"))
}

/// A database `mcoda.db` with its table.
pub fn new_database(folder: &tempfile::TempDir, journal_mode: &str) -> PathBuf {
    let file = folder.path().join("mcoda.db");
    create(&file, journal_mode);
    file
}

/// The result of another process that tries to write now.
pub fn try_to_write(file: &Path) {
    let mut connection = Connection::open(file).unwrap();
    connection.busy_timeout(Duration::ZERO).unwrap();
    let mut tally = Tally::default();
    transaction(&mut connection, "somebody", &mut tally);
    println!("\ntask_result {}", if tally.acknowledged == 1 { "written" } else { "busy" });
    drop(connection);
}
