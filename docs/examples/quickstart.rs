//! Opens a database, creates two tasks, records the usage of a call, changes a status, computes an estimate, and
//! handles an error. Run it with `cargo run --package mcoda-core --example quickstart [FILE]`.

use mcoda_core::{
    ErrorKind, EstimateOptions, NewEpic, NewProject, NewStory, NewTask, Result, TokenUsage,
    TransitionContext, Workspace,
};

fn main() -> Result<()> {
    let file = std::env::args().nth(1).unwrap_or_else(|| ":memory:".into());
    // A project's own workspace is opened by its root folder: Workspace::open(".")
    let workspace = Workspace::open_db(file)?;

    let project = workspace.projects().ensure(&NewProject::new("SHOP"))?;
    let epic = workspace.epics().create(&NewEpic::new(project.id, "SHOP-1", "Checkout"))?;
    let story = workspace.stories().create(&NewStory::new(epic.id, "SHOP-1-S1", "Pay by card"))?;
    let task = |key: &str, title: &str, points: f64| NewTask {
        story_points: Some(points),
        ..NewTask::new(&story.id, key, title)
    };
    let tasks =
        workspace.tasks().create_many(&[task("T1", "Validate cards", 2.0), task("T2", "Refund", 3.0)])?;
    println!("{} tasks in SHOP", tasks.len());

    let usage = TokenUsage {
        id: Some("call-1".into()), // a retry with the same id counts once
        task_id: Some(tasks[0].id.clone()),
        agent_id: Some("claude".into()),
        command_name: Some("work-on-tasks".into()),
        tokens_prompt: Some(12_400), // all input tokens, including cached ones
        tokens_cached: Some(8_100),
        tokens_completion: Some(950),
        cost_estimate: Some(0.0296),
        currency: Some("USD".into()),
        ..Default::default()
    };
    println!("recorded {}", workspace.record_token_usage(&usage)?.id);
    println!("a retry is a duplicate: {}", workspace.record_token_usage(&usage)?.duplicate);

    let moved = workspace.record_status_transition("T1", "in_progress", &TransitionContext::default())?;
    println!("T1: {} -> {}", moved.from_status, moved.to_status);

    let estimate =
        workspace.estimate(&EstimateOptions { sp_per_hour_all: Some(2.5), ..Default::default() })?;
    println!("{} story points left", estimate.backlog_totals.implementation.story_points);
    println!("done at {}", estimate.etas.complete_eta.map_or("?".into(), |eta| eta.to_string()));

    let wrong = TokenUsage { tokens_prompt: Some(-1), ..Default::default() };
    match workspace.record_token_usage(&wrong) {
        Err(error) if error.kind() == ErrorKind::InvalidInput => println!("refused: {error}"),
        other => println!("unexpected: {other:?}"),
    }
    workspace.close()
}
