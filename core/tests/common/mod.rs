//! Shared by the tests of the public API.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]
#![allow(dead_code, reason = "every test file uses a part of it")]

pub mod desk;
pub mod estimates;
pub mod responses;
pub mod velocities;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use mcoda_core::{
    Clock, Environment, Epic, ErrorKind, NewEpic, NewJob, NewProject, NewStory, NewTask, NewTaskRun, Options,
    Project, Story, Timestamp, TokenUsage, Transition, TransitionContext, Workspace,
};
use proptest::prelude::ProptestConfig;
use rusqlite::Connection;
use rusqlite::types::Value as SqlValue;
use serde_json::{Map, Value};
use tempfile::TempDir;

/// Asserts that every expected field is present and equal, numbers to 1e-9 of their size. More fields are allowed.
pub fn assert_matches(found: &Value, expected: &Value, place: &str) {
    match (found, expected) {
        (Value::Object(found), Value::Object(expected)) => {
            for (name, expected) in expected {
                let Some(found) = found.get(name) else { panic!("{place}: {name} is missing") };
                assert_matches(found, expected, &format!("{place}.{name}"));
            }
        }
        (Value::Array(found), Value::Array(expected)) => {
            assert_eq!(found.len(), expected.len(), "{place}");
            for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
                assert_matches(found, expected, &format!("{place}[{index}]"));
            }
        }
        (Value::Number(found), Value::Number(expected)) => {
            let (found, expected) = (found.as_f64().unwrap(), expected.as_f64().unwrap());
            let tolerance = 1e-9 * expected.abs().max(f64::MIN_POSITIVE);
            assert!((found - expected).abs() <= tolerance, "{place}: {found}, expected {expected}");
        }
        _ => assert_eq!(found, expected, "{place}"),
    }
}

/// A project's root and a home folder of its own, so that tests do not share files with each other or the user.
pub struct Fixture {
    folder: TempDir,
}

impl Fixture {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn root(&self) -> PathBuf {
        self.folder.path().join("shop")
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub fn environment(&self) -> Environment {
        Environment { home: Some(self.home()), ..Environment::default() }
    }

    /// The clock is fixed at noon.
    pub fn options(&self) -> Options {
        options_in(&self.home())
    }

    pub fn open(&self) -> Workspace {
        self.options().open(self.root()).unwrap()
    }

    /// The workspace's folder, once it was opened.
    pub fn workspace_folder(&self) -> PathBuf {
        let mut folders = std::fs::read_dir(self.home().join(".mcoda/workspaces")).unwrap();
        let folder = folders.next().unwrap().unwrap().path();
        assert!(folders.next().is_none(), "one workspace was opened");
        folder
    }

    pub fn database(&self) -> PathBuf {
        self.workspace_folder().join("mcoda.db")
    }

    pub fn log_file(&self) -> PathBuf {
        self.workspace_folder().join("token_usage.json")
    }

    /// A connection that bypasses the rules of the API.
    pub fn raw(&self) -> Connection {
        raw(&self.database())
    }

    pub fn log(&self) -> Vec<Value> {
        read_log(&self.log_file())
    }

    pub fn log_ids(&self) -> Vec<String> {
        self.log().iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
    }

    /// Everything that a call could change: all rows, and the log.
    pub fn everything(&self) -> String {
        let log = std::fs::read_to_string(self.log_file()).unwrap_or_default();
        format!("{}\n{}", dump(&self.database()), log.trim_end())
    }
}

pub fn options_in(home: &Path) -> Options {
    let environment = Environment { home: Some(home.to_owned()), ..Environment::default() };
    Workspace::options().environment(environment).clock(Clock::fixed(noon()))
}

pub fn raw(database: &Path) -> Connection {
    let connection = Connection::open(database).unwrap();
    connection.busy_timeout(Duration::from_secs(30)).unwrap();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    connection
}

pub fn read_log(file: &Path) -> Vec<Value> {
    match std::fs::read_to_string(file) {
        Ok(text) => serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text:?}")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(error) => panic!("{}: {error}", file.display()),
    }
}

/// All rows of all tables, one per line.
pub fn dump(database: &Path) -> String {
    let connection = raw(database);
    let mut tables =
        connection.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
    let names: Vec<String> = tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut lines = Vec::new();
    for name in names {
        let mut statement = connection.prepare(&format!("SELECT * FROM \"{name}\" ORDER BY rowid")).unwrap();
        let width = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let values: Vec<_> = (0..width).map(|column| row.get::<_, SqlValue>(column).unwrap()).collect();
            lines.push(format!("{name} {values:?}"));
        }
    }
    lines.join("\n")
}

/// One value of one row.
pub fn value<T: rusqlite::types::FromSql>(connection: &Connection, sql: &str) -> T {
    connection.query_row(sql, [], |row| row.get(0)).unwrap_or_else(|error| panic!("{sql}: {error}"))
}

pub fn count(connection: &Connection, table: &str) -> i64 {
    value(connection, &format!("SELECT count(*) FROM {table}"))
}

pub fn noon() -> Timestamp {
    at("12:00:00")
}

/// A time of the day on which all tests take place.
pub fn at(time: &str) -> Timestamp {
    format!("2026-03-20T{time}Z").parse().unwrap()
}

pub fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("{other} is no object"),
    }
}

/// A record from JSON, as a host gives it.
pub fn usage(json: Value) -> TokenUsage {
    TokenUsage::from_json(&json).unwrap()
}

/// Asserts the kind of an error, and that its message contains the given text.
#[track_caller]
pub fn assert_refused<T: std::fmt::Debug>(result: mcoda_core::Result<T>, kind: ErrorKind, names: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.message().contains(names), "{error} does not name {names}");
    assert!(!error.message().contains('\n'), "{error}");
}

/// A project, an epic and a story for tasks.
pub struct Backlog {
    pub project: Project,
    pub epic: Epic,
    pub story: Story,
}

impl Backlog {
    /// Epic and story are named after the project's key.
    pub fn new(workspace: &Workspace, key: &str) -> Self {
        let project =
            workspace.projects().ensure(&NewProject { key: key.into(), ..NewProject::default() }).unwrap();
        Self::in_project(workspace, project, &format!("{key}-E"), &format!("{key}-S"))
    }

    pub fn in_project(workspace: &Workspace, project: Project, epic: &str, story: &str) -> Self {
        let epic = NewEpic {
            project_id: project.id.clone(),
            key: epic.into(),
            title: "Epic".into(),
            ..NewEpic::default()
        };
        let epic = workspace.epics().create(&epic).unwrap();
        let story = NewStory {
            epic_id: epic.id.clone(),
            key: story.into(),
            title: "Story".into(),
            ..NewStory::default()
        };
        let story = workspace.stories().create(&story).unwrap();
        Self { project, epic, story }
    }

    pub fn new_task(&self, key: &str, story_points: Option<f64>) -> NewTask {
        NewTask {
            user_story_id: self.story.id.clone(),
            key: key.into(),
            title: "Task".into(),
            story_points,
            ..NewTask::default()
        }
    }

    /// Creates a task and returns its id.
    pub fn task(&self, workspace: &Workspace, key: &str, story_points: f64) -> String {
        workspace.tasks().create(&self.new_task(key, Some(story_points))).unwrap().id
    }
}

/// The project `P` with its epic and story.
pub fn backlog(workspace: &Workspace) -> Backlog {
    Backlog::new(workspace, "P")
}

/// A workspace with the project `P`.
pub fn fixture() -> (Fixture, Workspace, Backlog) {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let own = backlog(&workspace);
    (fixture, workspace, own)
}

/// Changes the status of a task at a time of the day, to any word: histories hold some.
pub fn moved(workspace: &Workspace, task: &str, to: &str, time: &str) -> Transition {
    let context = TransitionContext {
        timestamp: Some(at(time)),
        allow_unknown_status: true,
        ..TransitionContext::default()
    };
    workspace.record_status_transition(task, to, &context).unwrap()
}

/// Changes the status of a task several times.
pub fn moves(workspace: &Workspace, task: &str, steps: &[(&str, &str)]) {
    for (to, time) in steps {
        moved(workspace, task, to, time);
    }
}

/// Creates a job and returns its id.
pub fn new_job(workspace: &Workspace) -> String {
    workspace.jobs().create(&NewJob { job_type: "work".into(), ..NewJob::default() }).unwrap().id
}

/// A task run from one time of the day to another, ended with `status`.
pub fn ran(
    workspace: &Workspace,
    task: &str,
    command: &str,
    start: &str,
    finish: &str,
    status: &str,
) -> String {
    let run = NewTaskRun {
        task_id: task.into(),
        command: command.into(),
        started_at: Some(at(start)),
        ..NewTaskRun::default()
    };
    let run = workspace.task_runs().create(&run).unwrap();
    workspace.task_runs().finish(&run.id, status, Some(at(finish))).unwrap();
    run.id
}

/// Pseudo-random numbers with a fixed sequence (Marsaglia's xorshift64).
pub struct Xorshift(pub u64);

impl Xorshift {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// The number of repetitions for a task that a normal run repeats `usually` times: `MCODA_TEST_ROUNDS` times as many.
#[allow(clippy::disallowed_methods, reason = "a switch of the tests alone")]
pub fn rounds(usually: usize) -> usize {
    let factor = std::env::var("MCODA_TEST_ROUNDS").ok().and_then(|factor| factor.parse().ok());
    usually * factor.unwrap_or(1)
}

/// For properties: this many cases, [`rounds`] times.
pub fn cases(usually: usize) -> ProptestConfig {
    let cases = u32::try_from(rounds(usually)).unwrap_or(u32::MAX);
    // Failures are not stored in the source tree.
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

/// This test binary, run in a process of its own with only the ignored test `other_process`. `settings` are environment
/// variables.
pub fn in_other_process(settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["other_process", "--exact", "--ignored", "--nocapture", "--test-threads=1"]);
    command.envs(settings.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Waits for a process and returns the lines that begin with `prefix`, without it.
pub fn lines_of(child: Child, prefix: &str) -> Vec<String> {
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    // The harness writes the test's name before the first line.
    text.lines().filter_map(|line| Some(line.split_once(prefix)?.1.to_owned())).collect()
}
