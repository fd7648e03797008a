//! `mcodactl demo`: a small web shop's backlog, a day into an agent pipeline.

mod backlog;
mod pipeline;
mod plan;

use mcoda_core::report::{printable, render_estimate, render_tokens_table, render_velocity};
use mcoda_core::{
    Clock, Dimension, Environment, Estimate, EstimateOptions, TokenUsageQuery, TokenUsageSummaryRow,
    Velocity, VelocityMode, Workspace,
};
use serde::Serialize;

use crate::failure::Failure;
use crate::flags::Global;
use crate::out::Answer;

/// Makes a workspace, plays the pipeline and prints what it cost, how fast it goes and what is left.
/// With `--db` the database stays for a closer look.
pub fn run(global: &Global) -> Result<Answer, Failure> {
    let json = global.wants_json()?;
    if global.workspace.is_some() || global.workspace_id.is_some() || global.config.is_some() {
        let message =
            "demo makes a workspace of its own: give --db FILE to keep its database, and no other place";
        return Err(Failure::usage(message));
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
    if json {
        return Answer::json(&Answers::ask(&workspace)?);
    }
    if global.quiet {
        return Ok(Answer::Text(String::new()));
    }
    let path = printable(&workspace.database_path().display().to_string());
    let fate = match &global.db {
        Some(_) => format!("It stays: try `mcodactl estimate --db {path} --epic SHOP-2`."),
        None => "It was temporary; `mcodactl demo --db demo.db` keeps it.".to_owned(),
    };
    Ok(Answer::Text(format!("{}\n\nDatabase: {path}\n{fate}\n", Answers::ask(&workspace)?.text())))
}

/// What is spent is shown by these.
const SPENT_BY: [Dimension; 3] = [Dimension::Command, Dimension::Agent, Dimension::Model];

/// The three questions, answered from what was recorded.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answers {
    spent: Vec<TokenUsageSummaryRow>,
    spent_by_day: Vec<TokenUsageSummaryRow>,
    velocity: Velocity,
    estimate: Estimate,
}

impl Answers {
    fn ask(workspace: &Workspace) -> Result<Self, Failure> {
        let everything = TokenUsageQuery::default();
        let options = EstimateOptions {
            mode: Some(VelocityMode::Empirical),
            window_tasks: Some(50),
            ..EstimateOptions::default()
        };
        Ok(Self {
            spent: workspace.token_usage_summary(&everything, &SPENT_BY)?,
            spent_by_day: workspace.token_usage_summary(&everything, &[Dimension::Day])?,
            velocity: workspace.velocity(&options)?,
            estimate: workspace.estimate(&options)?,
        })
    }

    fn text(&self) -> String {
        let parts = [
            "WHAT DID WE SPEND?\n".to_owned(),
            render_tokens_table(&self.spent, &SPENT_BY),
            render_tokens_table(&self.spent_by_day, &[Dimension::Day]),
            "HOW FAST ARE WE?\n".to_owned(),
            render_velocity(&self.velocity),
            "WHEN WILL IT BE DONE?\n".to_owned(),
            render_estimate(&self.estimate),
        ];
        parts.map(|part| part.trim_end().to_owned()).join("\n\n")
    }
}
