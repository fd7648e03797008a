//! Several processes and threads that write into one workspace at the same time.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use common::*;
use mcoda_core::{Clock, NewCommandRun, NewJob, NewProject, StatusEventsQuery, Workspace};
use serde_json::json;

const TASK: &str = "MCODA_TEST_TASK";
const FOLDER: &str = "MCODA_TEST_FOLDER";

const PROCESSES: usize = 2;
const THREADS: usize = 4;
const RECORDS: usize = 500;
const TRANSITIONS: usize = 125;
const TASKS: usize = 5;

/// The workspace of a fixture, opened by another process with a running clock.
fn open_in(folder: &Path) -> Workspace {
    options_in(&folder.join("home")).clock(Clock::default()).open(folder.join("shop")).unwrap()
}

fn in_processes(fixture: &Fixture, task: &str) -> Vec<String> {
    let folder = fixture.root().parent().unwrap().to_owned();
    let settings = [(TASK, task), (FOLDER, folder.to_str().unwrap())];
    let start = |_| in_other_process(&settings).stdin(Stdio::piped()).spawn().unwrap();
    let mut children: Vec<_> = (0..PROCESSES).map(start).collect();
    // They wait for the end of their input, so that they begin at the same time.
    std::thread::sleep(Duration::from_millis(100));
    let inputs: Vec<_> = children.iter_mut().map(|child| child.stdin.take()).collect();
    drop(inputs);
    children.into_iter().flat_map(|child| lines_of(child, "done ")).collect()
}

#[test]
#[ignore = "the other tests run it, in processes of their own"]
#[allow(clippy::disallowed_methods, reason = "the arguments of a test binary are taken")]
fn other_process() {
    let (Ok(task), Ok(folder)) = (std::env::var(TASK), std::env::var(FOLDER)) else { return };
    let folder = Path::new(&folder);
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).unwrap();
    match &*task {
        "write" => {
            let workspace = open_in(folder);
            std::thread::scope(|scope| {
                for thread in 0..THREADS as u64 {
                    let workspace = &workspace;
                    scope.spawn(move || write(workspace, u64::from(std::process::id()) << 3 | thread));
                }
            });
        }
        "record 200" => {
            let workspace = open_in(folder);
            for _ in 0..200 {
                let recorded = workspace.record_token_usage(&Default::default()).unwrap();
                assert!(recorded.logged);
                println!("\ndone {}", recorded.id);
            }
        }
        "ensure" => {
            let workspace = open_in(folder);
            for number in 0..30 {
                let new = NewProject { key: format!("P{number}"), ..NewProject::default() };
                println!("\ndone {}", workspace.projects().ensure(&new).unwrap().id);
            }
        }
        // Opens the workspace for the first time, at the same time as the other process.
        "open" => println!("\ndone {}", open_in(folder).id()),
        other => panic!("{other}"),
    }
}

/// Records and changes statuses alternately, and prints what was acknowledged.
fn write(workspace: &Workspace, seed: u64) {
    let statuses = ["in_progress", "ready_to_code_review", "ready_to_qa", "completed", "changes_requested"];
    let mut random = Xorshift(seed);
    for number in 0..rounds(RECORDS) {
        let given = json!({"agentId": format!("agent-{}", random.below(3)), "tokensPrompt": number,
                           "metadata": {"text": "x".repeat(random.below(300) as usize)}});
        let recorded = workspace.record_token_usage(&usage(given)).unwrap();
        assert!(recorded.recorded && recorded.logged && !recorded.duplicate, "{recorded:?}");
        println!("\ndone record {}", recorded.id);
        if number % (RECORDS / TRANSITIONS) == 0 {
            let task = format!("P-{}", random.below(TASKS as u64));
            let to = statuses[random.below(5) as usize];
            let moved = workspace.record_status_transition(&task, to, &Default::default()).unwrap();
            println!("\ndone move {}", moved.event_id.unwrap_or_default());
        }
    }
}

#[test]
fn two_processes_of_four_threads_lose_nothing_and_are_never_refused() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let own = backlog(&workspace);
    let tasks: Vec<String> =
        (0..TASKS).map(|number| own.task(&workspace, &format!("P-{number}"), 1.0)).collect();
    let start = Instant::now();
    let output = in_processes(&fixture, "write");
    let seconds = start.elapsed().as_secs_f64();
    let of = |kind: &str| -> Vec<String> {
        output.iter().filter_map(|line| Some(line.strip_prefix(kind)?.trim().to_owned())).collect()
    };
    let (records, moves) = (of("record"), of("move"));
    assert_eq!(
        (records.len(), moves.len()),
        (PROCESSES * THREADS * rounds(RECORDS), PROCESSES * THREADS * rounds(TRANSITIONS))
    );
    println!(
        "{} records and {} transitions by {PROCESSES} processes of {THREADS} threads: {seconds:.1} s, {:.0} records/s",
        records.len(),
        moves.len(),
        records.len() as f64 / seconds
    );

    let acknowledged: BTreeSet<&String> = records.iter().collect();
    assert_eq!(acknowledged.len(), records.len());
    let raw = fixture.raw();
    let mut statement = raw.prepare("SELECT id FROM token_usage").unwrap();
    let rows: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let log = fixture.log_ids();
    for (place, ids) in [("database", &rows), ("log", &log)] {
        assert_eq!(ids.len(), records.len(), "{place}");
        assert_eq!(ids.iter().collect::<BTreeSet<_>>(), acknowledged, "{place}");
    }
    // What the last one left there.
    drop(fixture.open());
    assert_eq!(count(&raw, "token_usage_log_queue"), 0);
    assert!(corrupt_files(&fixture).is_empty());

    // Some transitions were to the status that the task had already.
    let events = workspace.status_events(&StatusEventsQuery::default()).unwrap();
    let written: BTreeSet<&str> = events.iter().map(|event| event.id.as_str()).collect();
    let output: BTreeSet<&str> = moves.iter().map(String::as_str).filter(|id| !id.is_empty()).collect();
    assert_eq!(written, output);
    assert_true_histories(&fixture, &workspace, &tasks);
}

/// In the order in which they were written, each event of a task begins with the status at which the previous one
/// ended.
fn assert_true_histories(fixture: &Fixture, workspace: &Workspace, tasks: &[String]) {
    let raw = fixture.raw();
    let sql = "SELECT task_id, from_status, to_status FROM task_status_events ORDER BY rowid";
    let mut statement = raw.prepare(sql).unwrap();
    let mut status: BTreeMap<String, String> =
        tasks.iter().map(|task| (task.clone(), "not_started".to_owned())).collect();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let (task, from, to): (String, String, String) =
            (row.get(0).unwrap(), row.get(1).unwrap(), row.get(2).unwrap());
        assert_eq!(status.insert(task, to).unwrap(), from);
    }
    for (task, status) in status {
        assert_eq!(workspace.tasks().get(&task).unwrap().unwrap().status, status);
    }
}

fn corrupt_files(fixture: &Fixture) -> Vec<String> {
    let files = std::fs::read_dir(fixture.workspace_folder()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.contains("corrupt")).collect()
}

#[test]
fn two_processes_times_two_hundred_records_are_four_hundred_in_the_log() {
    let fixture = Fixture::new();
    let output = in_processes(&fixture, "record 200");
    assert_eq!(output.len(), 400);
    assert_eq!(fixture.log_ids().into_iter().collect::<BTreeSet<_>>(), output.into_iter().collect());
    assert_eq!((fixture.log().len(), count(&fixture.raw(), "token_usage")), (400, 400));
}

#[test]
fn two_processes_that_create_one_project_get_the_same_one() {
    let fixture = Fixture::new();
    let output = in_processes(&fixture, "ensure");
    assert_eq!(output.len(), 60);
    assert_eq!(output.iter().collect::<BTreeSet<_>>().len(), 30);
    assert_eq!(count(&fixture.raw(), "projects"), 30);
}

#[test]
fn two_processes_that_open_a_new_workspace_at_once_both_succeed() {
    for _ in 0..3 {
        let fixture = Fixture::new();
        let output = in_processes(&fixture, "open");
        assert_eq!(output, vec![fixture.open().id(); 2]);
    }
}

#[test]
fn fifty_records_at_once_are_fifty_in_the_log() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    std::thread::scope(|scope| {
        for number in 0..50 {
            let workspace = &workspace;
            let given = usage(json!({"id": number.to_string()}));
            scope.spawn(move || assert!(workspace.record_token_usage(&given).unwrap().logged));
        }
    });
    let expected: BTreeSet<String> = (0..50).map(|number| number.to_string()).collect();
    assert_eq!(fixture.log_ids().into_iter().collect::<BTreeSet<_>>(), expected);
    assert_eq!((fixture.log().len(), count(&fixture.raw(), "token_usage")), (50, 50));
}

#[test]
fn the_same_record_from_many_threads_is_kept_once() {
    let fixture = Fixture::new();
    let handles = [fixture.open(), fixture.open()];
    let given = usage(json!({"id": "r", "tokensPrompt": 1}));
    let new: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                let (handle, given) = (&handles[thread % 2], &given);
                scope.spawn(move || usize::from(!handle.record_token_usage(given).unwrap().duplicate))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(new, 1);
    assert_eq!((fixture.log_ids(), count(&fixture.raw(), "token_usage")), (vec!["r".to_owned()], 1));
}

#[test]
fn a_rollback_of_another_call_undoes_nothing_acknowledged() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let job = workspace.jobs().create(&NewJob { job_type: "work".into(), ..NewJob::default() }).unwrap().id;
    let mut acknowledged: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6)
            .map(|thread| {
                let (workspace, job) = (&workspace, &job);
                scope.spawn(move || {
                    let mut ids = Vec::new();
                    for number in 0..50 {
                        // Every second batch fails at its last record, after others were inserted.
                        let good =
                            |n: i32| usage(json!({"id": format!("{thread}-{number}-{n}"), "jobId": job}));
                        let bad = usage(json!({"jobId": "nobody"}));
                        let mut batch: Vec<_> = (0..5).map(good).collect();
                        let fails = (thread + number) % 2 == 0;
                        if fails {
                            batch.push(bad);
                        }
                        match workspace.record_token_usages(&batch) {
                            Ok(recorded) => ids.extend(recorded.into_iter().map(|one| one.id)),
                            Err(error) => assert!(fails, "{error}"),
                        }
                        let run = NewCommandRun { command_name: "c".into(), ..NewCommandRun::default() };
                        let run = workspace.command_runs().create(&run).unwrap();
                        assert!(workspace.command_runs().get(&run.id).unwrap().is_some());
                    }
                    ids
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    acknowledged.sort();
    assert_eq!(acknowledged.len(), 6 * 25 * 5);
    let mut log = fixture.log_ids();
    log.sort();
    assert_eq!(log, acknowledged);
    assert_eq!(count(&fixture.raw(), "token_usage"), 750);
    assert_eq!(count(&fixture.raw(), "command_runs"), 300);
}
