//! What the tests of the command line share: a home folder of their own, and the built binary.
#![allow(dead_code, reason = "every test file uses a part of it")]
#![allow(clippy::unwrap_used, reason = "these are tests, though clippy does not see it in helpers")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mcoda_core::{NewEpic, NewProject, NewStory, NewTask, Task, Workspace};
use serde_json::Value;
use tempfile::TempDir;

/// A folder that is home and current folder of the program.
pub struct Sandbox {
    folder: TempDir,
}

/// What one call of the program left behind.
#[derive(Debug)]
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Sandbox {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.path(name);
        std::fs::write(&file, text).unwrap();
        file
    }

    /// The program with these arguments, ready to start.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcodactl"));
        command.args(args).current_dir(self.folder.path()).env("HOME", self.folder.path());
        command.env_remove("MCODA_CONFIG").env_remove("MCODA_DISABLE_DB").env_remove("MCODA_TELEMETRY");
        command.env("TZ", "UTC").env_remove("COLUMNS");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, args: &[&str]) -> Outcome {
        finish(self.command(args))
    }

    pub fn run_with_input(&self, args: &[&str], input: &str) -> Outcome {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        Outcome::new(child.wait_with_output().unwrap())
    }

    /// What it prints where all goes well.
    pub fn text(&self, args: &[&str]) -> String {
        self.run(args).text()
    }

    /// The JSON that it prints where all goes well.
    pub fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.text(args)).unwrap()
    }

    /// Makes tasks P-1-1-T1, T2 … with these story points in `mcoda.db`.
    pub fn backlog(&self, story_points: &[f64]) -> Vec<Task> {
        let workspace = Workspace::open_db(self.path("mcoda.db")).unwrap();
        let project = NewProject { key: "P".into(), ..NewProject::default() };
        let project_id = workspace.projects().ensure(&project).unwrap().id;
        let epic = NewEpic { project_id, key: "P-1".into(), title: "Epic".into(), ..NewEpic::default() };
        let epic_id = workspace.epics().create(&epic).unwrap().id;
        let story = NewStory { epic_id, key: "P-1-1".into(), title: "Story".into(), ..NewStory::default() };
        let story_id = workspace.stories().create(&story).unwrap().id;
        let task = |(index, points): (usize, &f64)| NewTask {
            user_story_id: story_id.clone(),
            key: format!("P-1-1-T{}", index + 1),
            title: "Task".into(),
            story_points: Some(*points),
            ..NewTask::default()
        };
        let tasks: Vec<NewTask> = story_points.iter().enumerate().map(task).collect();
        workspace.tasks().create_many(&tasks).unwrap()
    }

    /// How many usage records `mcoda.db` holds.
    pub fn records(&self, file: &Path) -> i64 {
        let database = rusqlite::Connection::open(file).unwrap();
        database.query_row("SELECT count(*) FROM token_usage", [], |row| row.get(0)).unwrap()
    }
}

impl Outcome {
    pub fn new(output: std::process::Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// What was printed; the program said nothing on stderr and was content.
    #[track_caller]
    pub fn text(self) -> String {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{}", self.stdout);
        self.stdout
    }

    /// The message of a failure: one line on stderr, nothing on stdout.
    #[track_caller]
    pub fn failure(self, code: i32) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (Some(code), ""), "{}", self.stderr);
        let message = self.stderr.strip_suffix('\n').unwrap().strip_prefix("mcodactl: ").unwrap();
        assert!(!message.contains('\n'), "{message}");
        message.to_owned()
    }
}

pub fn finish(mut command: Command) -> Outcome {
    Outcome::new(command.output().unwrap())
}
