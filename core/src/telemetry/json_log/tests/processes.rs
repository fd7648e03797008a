//! Several processes: this test binary runs itself again as the other one.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use super::*;

const TASK: &str = "MCODA_TEST_LOG_TASK";
const FOLDER: &str = "MCODA_TEST_LOG_FOLDER";

fn command(program: &Path, task: &str, fixture: &Fixture) -> Command {
    let mut command = Command::new(program);
    command.env(TASK, task).env(FOLDER, fixture.folder.path()).stdout(Stdio::piped());
    command
}

fn arguments(command: &mut Command) -> &mut Command {
    let name = concat!(module_path!(), "::other_process").split_once("::").unwrap().1;
    command.args([name, "--exact", "--ignored", "--nocapture"])
}

fn start(task: &str, fixture: &Fixture) -> Child {
    arguments(&mut command(&std::env::current_exe().unwrap(), task, fixture)).spawn().unwrap()
}

#[test]
#[ignore = "the other tests run it, in processes of their own"]
#[allow(clippy::disallowed_methods, reason = "the arguments of a test binary are taken")]
fn other_process() {
    let (Ok(task), Ok(folder)) = (std::env::var(TASK), std::env::var(FOLDER)) else { return };
    let log = JsonLog::new(Path::new(&folder));
    match &*task {
        "append for ever" => append_for_ever(&log),
        "repair" => drop(log.lock(LONG, noon()).unwrap()),
        "fill the disk" => fill_the_disk(&log),
        "fill the disk at once" => fill_the_disk_at_once(&log),
        name => append_in_threads(&log, name),
    }
}

fn append_one(log: &JsonLog, id: &str) {
    let mut locked = log.lock(LONG, noon()).unwrap();
    locked.append(&[record(id)]).unwrap();
    locked.confirm().unwrap();
}

const THREADS: usize = 4;
const APPENDS: usize = 250;

fn append_in_threads(log: &JsonLog, name: &str) {
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || (0..APPENDS).for_each(|n| append_one(log, &format!("{name}-{thread}-{n}"))));
        }
    });
}

#[test]
fn two_processes_of_four_threads_lose_nothing() {
    let fixture = Fixture::new();
    let children = ["p0", "p1"].map(|name| start(name, &fixture));
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let ids = fixture.ids();
    assert_eq!(ids.len(), 2 * THREADS * APPENDS);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    assert!(fixture.corrupt().is_empty());
    assert!(!fixture.append("x"));
}

fn append_for_ever(log: &JsonLog) {
    let process = std::process::id();
    for number in 0.. {
        let id = format!("{process}-{number}");
        append_one(log, &id);
        println!("done {id}");
    }
}

#[test]
fn a_killed_process_loses_nothing_that_it_acknowledged() {
    let fixture = Fixture::new();
    let mut acknowledged = BTreeSet::new();
    for round in 0..20_u64 {
        let mut child = start("append for ever", &fixture);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut done = |line: String| acknowledged.extend(line.strip_prefix("done ").map(str::to_owned));
        for line in lines.by_ref() {
            let has_begun = line.starts_with("done ");
            done(line);
            if has_begun {
                break;
            }
        }
        std::thread::sleep(Duration::from_micros(round * 7919 % 20_000));
        child.kill().unwrap();
        child.wait().unwrap();
        lines.for_each(done);

        let locked = fixture.lock();
        let ids = fixture.ids();
        locked.confirm().unwrap();
        let unique: BTreeSet<String> = ids.iter().cloned().collect();
        assert_eq!(unique.len(), ids.len(), "round {round}");
        assert!(acknowledged.is_subset(&unique), "round {round}");
    }
    assert!(acknowledged.len() >= 20);
}

/// Runs a task in a process whose files cannot grow beyond `blocks` KiB.
fn run_with_limit(task: &str, fixture: &Fixture, blocks: u32) {
    let mut shell = command(Path::new("bash"), task, fixture);
    shell.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""));
    let output = arguments(shell.arg(std::env::current_exe().unwrap())).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

fn fill_the_disk(log: &JsonLog) {
    for number in 0.. {
        let before = fs::read(&log.path).unwrap();
        let mut locked = log.lock(LONG, noon()).unwrap();
        let Err(error) = locked.append(&[record(&number.to_string())]) else {
            locked.confirm().unwrap();
            continue;
        };
        assert_eq!(error.kind(), ErrorKind::Storage);
        assert!(error.message().contains(TOKEN_LOG_FILE), "{error}");
        assert_eq!(fs::read(&log.path).unwrap(), before, "the file is as it was");
        assert!(number > 10);
        drop(locked);
        assert!(log.lock(LONG, noon()).unwrap().was_interrupted());
        return;
    }
}

fn fill_the_disk_at_once(log: &JsonLog) {
    let mut locked = log.lock(LONG, noon()).unwrap();
    let error = locked.append(&[record("a")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(!log.path.exists());
}

#[test]
fn a_full_disk_leaves_the_file_as_it_was() {
    let fixture = Fixture::new();
    fixture.append("first");
    run_with_limit("fill the disk", &fixture, 80);
    let count = fixture.ids().len();
    assert!(fixture.append("last"));
    assert_eq!(fixture.ids().len(), count + 1);
    assert!(fixture.corrupt().is_empty());

    let fixture = Fixture::new();
    run_with_limit("fill the disk at once", &fixture, 20);
    fixture.append("first");
    assert_eq!(fixture.ids(), ["first"]);
}

/// What damage a log can have that makes one piece of all of it.
#[test]
#[cfg(target_os = "linux")]
fn a_large_damaged_log_is_repaired_in_little_memory() {
    const LENGTH: usize = 96 << 20;
    let line = record(&"x".repeat(1000));
    let lines = vec![&*line; LENGTH / line.len()].join(",\n");
    let torn_text = format!("[\n{{\"id\":\"torn {}", "y".repeat(2 * LENGTH));
    for (text, count) in [(format!("[\n\0\n{lines}\n]"), LENGTH / line.len()), (torn_text, 0)] {
        let fixture = Fixture::with(&text);
        let mut shell = command(Path::new("bash"), "repair", &fixture);
        shell.env("MALLOC_ARENA_MAX", "1").arg("-c").arg("ulimit -v 300000; exec \"$0\" \"$@\"");
        let output = arguments(shell.arg(std::env::current_exe().unwrap())).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(fixture.bytes().iter().filter(|byte| **byte == b'{').count(), 2 * count);
        let corrupt = fixture.corrupt();
        assert_eq!(corrupt.len(), 1);
        assert!(text.as_bytes().ends_with(&corrupt[0]));
    }
}
