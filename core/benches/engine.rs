//! What the engine's main calls cost, each beside a peer in the same run: `cargo bench --bench engine`.
//!
//! Times are medians of rounds that take turns.

mod compare;

use std::hint::black_box;
use std::path::Path;

use compare::Medians;
use mcoda_core::{
    EstimateOptions, NewEpic, NewProject, NewStory, NewTask, TokenUsage, TransitionContext, VelocityMode,
    Workspace,
};
use rusqlite::Connection;

fn main() {
    println!(
        "{:44} {:>12} {:>12} {:>7} {:>10} {:>10} {:>7}",
        "what", "median, µs", "peer, µs", "ratio", "CPU, µs", "peer, µs", "ratio"
    );
    opening();
    recording();
    recording_behind_a_rewrite();
    transitions();
    estimates();
}

/// Compares the two and prints a line of the table.
fn compare(what: &str, calls: usize, ours: impl FnMut(), peer: impl FnMut()) {
    let Medians { ours, peer, ours_cpu, peer_cpu } = compare::compare(calls, ours, peer);
    println!(
        "{what:44} {ours:12.1} {peer:12.1} {:7.2} {ours_cpu:10.1} {peer_cpu:10.1} {:7.2}",
        ours / peer,
        ours_cpu / peer_cpu
    );
}

fn plain(path: &Path) -> Connection {
    let connection = Connection::open(path).expect("a database");
    connection.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL").expect("pragmas");
    connection
}

fn opening() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mcoda.db");
    drop(Workspace::open_db(&path).expect("a workspace"));
    let calls = 100;
    compare(
        "open an up-to-date database / plain SQLite",
        calls,
        || (0..calls).for_each(|_| drop(black_box(Workspace::open_db(&path).expect("a workspace")))),
        || {
            (0..calls).for_each(|_| {
                let connection = plain(&path);
                let version: i32 =
                    connection.query_row("PRAGMA user_version", [], |row| row.get(0)).expect("a row");
                black_box(version);
            });
        },
    );
}

fn usage() -> TokenUsage {
    TokenUsage {
        agent_id: Some("claude".into()),
        model_name: Some("a-model".into()),
        command_name: Some("work-on-tasks".into()),
        tokens_prompt: Some(1200),
        tokens_completion: Some(340),
        tokens_cached: Some(800),
        cost_estimate: Some(0.0123),
        duration_ms: Some(2500.0),
        ..TokenUsage::default()
    }
}

fn recording() {
    let folder = tempfile::tempdir().expect("a folder");
    let quiet = Workspace::open_db(folder.path().join("quiet.db")).expect("a workspace");
    let logging = folder.path().join("logging.db");
    let logging = Workspace::options().json_log_in(folder.path()).open_db(logging).expect("a workspace");
    let path = folder.path().join("plain.db");
    drop(Workspace::open_db(&path).expect("a workspace"));
    let peer = plain(&path);
    let mut count = 0;
    let mut insert = |calls: usize| {
        for _ in 0..calls {
            count += 1;
            peer.prepare_cached(
                "INSERT INTO token_usage (id, workspace_id, agent_id, model_name, command_name, tokens_prompt,
                     tokens_completion, tokens_cached, cost_estimate, duration_ms, timestamp)
                 VALUES (?1, 'w', 'claude', 'a-model', 'work-on-tasks', 1200, 340, 800, 0.0123, 2500, ?1)",
            )
            .and_then(|mut statement| statement.execute([format!("{count:036}")]))
            .expect("an insert");
        }
    };
    let record = |workspace: &Workspace, calls: usize| {
        (0..calls).for_each(|_| drop(workspace.record_token_usage(&usage()).expect("a record")));
    };
    let calls = 1000;
    compare(
        "record_token_usage, no JSON log / plain INSERT",
        calls,
        || record(&quiet, calls),
        || insert(calls),
    );
    compare(
        "record_token_usage, JSON log / plain INSERT",
        calls,
        || record(&logging, calls),
        || insert(calls),
    );
    compare(
        "record_token_usage, JSON log / no JSON log",
        calls,
        || record(&logging, calls),
        || record(&quiet, calls),
    );
    let batch = vec![usage(); calls];
    let record_batch = || drop(logging.record_token_usages(&batch).expect("records"));
    compare("one of a batch of 1,000, JSON log / plain INSERT", calls, record_batch, || insert(calls));
}

/// What a record costs after a program without a lock has rewritten the log.
fn recording_behind_a_rewrite() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("mcoda.db");
    let workspace = Workspace::options().json_log_in(folder.path()).open_db(file).expect("a workspace");
    let log = folder.path().join("token_usage.json");
    workspace.record_token_usages(&vec![usage(); 20_000]).expect("records");
    let read = || std::fs::read(&log).expect("a log");
    let ours = || {
        std::fs::write(&log, read()).expect("a log");
        workspace.record_token_usage(&usage()).expect("a record");
    };
    let theirs = || {
        std::fs::write(&log, read()).expect("a log");
        black_box(serde_json::from_slice::<serde_json::Value>(&read()).expect("JSON"));
    };
    compare("record behind a rewrite of 20,000 / parsing", 1, ours, theirs);
}

fn backlog(workspace: &Workspace, count: usize) -> Vec<String> {
    let project = workspace.projects().ensure(&NewProject { key: "P".into(), ..Default::default() });
    let project_id = project.expect("a project").id;
    let epic = NewEpic { project_id, key: "E".into(), title: "E".into(), ..Default::default() };
    let epic_id = workspace.epics().create(&epic).expect("an epic").id;
    let story = NewStory { epic_id, key: "S".into(), title: "S".into(), ..Default::default() };
    let user_story_id = workspace.stories().create(&story).expect("a story").id;
    let task = |number| NewTask {
        user_story_id: user_story_id.clone(),
        key: format!("T{number}"),
        title: "T".into(),
        story_points: Some(3.0),
        ..Default::default()
    };
    let tasks: Vec<NewTask> = (0..count).map(task).collect();
    workspace.tasks().create_many(&tasks).expect("tasks").into_iter().map(|task| task.id).collect()
}

fn transitions() {
    let folder = tempfile::tempdir().expect("a folder");
    let workspace = Workspace::open_db(folder.path().join("ours.db")).expect("a workspace");
    let tasks = backlog(&workspace, 1000);
    let path = folder.path().join("plain.db");
    let peer_tasks = backlog(&Workspace::open_db(&path).expect("a workspace"), 1000);
    let peer = plain(&path);
    let mut round = 0;
    let ours = || {
        round += 1;
        let status = if round % 2 == 0 { "in_progress" } else { "blocked" };
        for task in &tasks {
            let moved = workspace.record_status_transition(task, status, &TransitionContext::default());
            black_box(moved.expect("a move"));
        }
    };
    let mut event = 0;
    let theirs = || {
        for task in &peer_tasks {
            event += 1;
            let sql = format!(
                "BEGIN IMMEDIATE; UPDATE tasks SET status = 'in_progress' WHERE id = '{task}';
                 INSERT INTO task_status_events (id, task_id, to_status, timestamp) VALUES ('{event}', '{task}', 'x', 'y');
                 COMMIT"
            );
            peer.execute_batch(&sql).expect("a transaction");
        }
    };
    compare("record_status_transition / UPDATE + INSERT", tasks.len(), ours, theirs);
}

fn estimates() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mcoda.db");
    let workspace = Workspace::open_db(&path).expect("a workspace");
    let tasks = backlog(&workspace, 10_000);
    let peer = plain(&path);
    peer.execute_batch("BEGIN").expect("a transaction");
    let moves = [
        ("not_started", "in_progress"),
        ("in_progress", "ready_to_code_review"),
        ("ready_to_code_review", "ready_to_qa"),
    ];
    for (index, task) in tasks.iter().enumerate() {
        for (step, (from, to)) in moves.iter().enumerate() {
            let time = format!(
                "2026-03-{:02}T{:02}:{:02}:00.000Z",
                index % 28 + 1,
                8 * step + index % 8,
                index % 60
            );
            peer.prepare_cached(
                "INSERT INTO task_status_events (id, task_id, from_status, to_status, timestamp) VALUES (?, ?, ?, ?, ?)",
            )
            .and_then(|mut statement| statement.execute([&format!("{index}-{step}"), task, *from, *to, &time]))
            .expect("an insert");
        }
    }
    peer.execute_batch("COMMIT").expect("a transaction");
    let options =
        EstimateOptions { mode: Some(VelocityMode::Empirical), window_tasks: Some(50), ..Default::default() };
    let ours = || drop(black_box(workspace.estimate(&options).expect("an estimate")));
    let read_all = || {
        let mut statement = peer.prepare_cached("SELECT * FROM task_status_events").expect("a statement");
        let mut rows = statement.query([]).expect("rows");
        let mut count = 0;
        while let Some(row) = rows.next().expect("a row") {
            count += row.get_ref(4).expect("a column").as_str().expect("text").len();
        }
        black_box(count);
    };
    compare("estimate, 10,000 tasks / reading their events", 1, ours, read_all);
}
