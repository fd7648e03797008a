//! `mcodactl demo`: a small web shop's backlog, a day into an agent pipeline.

mod backlog;
mod pipeline;
mod plan;

use mcoda_core::report::{render_estimate, render_tokens_table, render_velocity};
use mcoda_core::{Clock, Dimension, Environment, EstimateOptions, TokenUsageQuery, VelocityMode, Workspace};

use crate::failure::Failure;
use crate::flags::Global;

/// Makes a workspace, plays the pipeline and prints what it cost, how fast it goes and what is left.
/// With `--db` the database stays for a closer look.
pub fn run(global: &Global) -> Result<String, Failure> {
    if global.workspace.is_some() {
        return Err(Failure::usage("demo makes a workspace of its own: give --db FILE to keep its database"));
    }
    let home = tempfile::tempdir().map_err(Failure::failed)?;
    let clock = global.now.map_or_else(Clock::default, Clock::fixed);
    let now = clock.now();
    let environment = Environment { home: Some(home.path().to_owned()), ..Environment::default() };
    let options = Workspace::options().environment(environment).clock(Clock::fixed(now));
    let workspace = match &global.db {
        Some(file) if file.exists() => {
            let message = format!("{} is there already: name a new file for the demo", file.display());
            return Err(Failure::failed(message));
        }
        Some(file) => options.open_db(file)?,
        None => options.open(home.path().join("web-shop"))?,
    };
    let tasks = backlog::create(&workspace)?;
    pipeline::play(&workspace, &tasks, now)?;
    if global.quiet {
        return Ok(String::new());
    }
    let path = workspace.database_path().display();
    let fate = match &global.db {
        Some(_) => format!("It stays: try `mcodactl estimate --db {path} --epic SHOP-2`."),
        None => "It was temporary; `mcodactl demo --db demo.db` keeps it.".to_owned(),
    };
    Ok(format!("{}\n\nDatabase: {path}\n{fate}\n", answers(&workspace)?))
}

/// The three questions, answered from what was recorded.
fn answers(workspace: &Workspace) -> Result<String, Failure> {
    let groups = [Dimension::Command, Dimension::Agent, Dimension::Model];
    let spent = workspace.token_usage_summary(&TokenUsageQuery::default(), &groups)?;
    let days = workspace.token_usage_summary(&TokenUsageQuery::default(), &[Dimension::Day])?;
    let options = EstimateOptions {
        mode: Some(VelocityMode::Empirical),
        window_tasks: Some(50),
        ..EstimateOptions::default()
    };
    let velocity = workspace.velocity(&options)?;
    let estimate = workspace.estimate(&options)?;
    let parts = [
        "WHAT DID WE SPEND?\n".to_owned(),
        render_tokens_table(&spent, &groups),
        render_tokens_table(&days, &[Dimension::Day]),
        "HOW FAST ARE WE?\n".to_owned(),
        render_velocity(&velocity),
        "WHEN WILL IT BE DONE?\n".to_owned(),
        render_estimate(&estimate),
    ];
    Ok(parts.map(|part| part.trim_end().to_owned()).join("\n\n"))
}
