//! `mcodactl demo`: a small web shop's backlog, a day into an agent pipeline.

mod backlog;
mod pipeline;
mod plan;

use mcoda_core::report::{printable, render_estimate, render_tokens_report, render_velocity};
use mcoda_core::{
    Clock, Dimension, Environment, Estimate, EstimateOptions, TokenUsageQuery, TokenUsageSummaryRow,
    Velocity, VelocityMode, Workspace,
};
use serde::Serialize;

use crate::failure::Failure;
use crate::flags::GlobalArgs;
use crate::out::{self, Output};

/// Creates a workspace, runs the pipeline and prints its cost, its velocity and the remaining work.
/// With `--db` the database is kept.
pub fn run(global: &GlobalArgs) -> Result<Output, Failure> {
    let json = global.wants_json()?;
    if global.workspace.is_some() || global.workspace_id.is_some() || global.config.is_some() {
        let message =
            "demo creates a workspace of its own: only --db FILE can be given, to keep its database";
        return Err(Failure::usage(message));
    }
    let home = tempfile::tempdir().map_err(Failure::failed)?;
    let clock = global.now.map_or_else(Clock::default, Clock::fixed);
    let now = clock.now();
    let environment = Environment { home: Some(home.path().to_owned()), ..Environment::default() };
    let options = Workspace::options().environment(environment).clock(Clock::fixed(now));
    let workspace = match &global.db {
        Some(file) if file.exists() => {
            let message = format!("{} exists already: name a new file for the demo", file.display());
            return Err(Failure::failed(message));
        }
        Some(file) => options.open_db(file)?,
        None => options.open(home.path().join("web-shop"))?,
    };
    let tasks = backlog::create(&workspace)?;
    pipeline::run(&workspace, &tasks, now)?;
    if json {
        return Output::json(&DemoResults::query(&workspace)?);
    }
    if global.quiet {
        return Ok(Output::Text(String::new()));
    }
    let path = printable(&workspace.database_path().display().to_string());
    let fate = match &global.db {
        Some(_) => format!("It is kept: try `mcodactl estimate --db {path} --epic SHOP-2`."),
        None => "It was temporary; `mcodactl demo --db demo.db` keeps it.".to_owned(),
    };
    let text = DemoResults::query(&workspace)?.text(&workspace)?;
    Ok(Output::Text(format!("{text}\n\nDatabase: {path}\n{fate}\n")))
}

/// The dimensions by which usage is summed.
const SPENT_BY: [Dimension; 3] = [Dimension::Command, Dimension::Agent, Dimension::Model];

/// Usage, velocity and estimate of the demo.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct DemoResults {
    spent: Vec<TokenUsageSummaryRow>,
    spent_by_day: Vec<TokenUsageSummaryRow>,
    velocity: Velocity,
    estimate: Estimate,
}

impl DemoResults {
    fn query(workspace: &Workspace) -> Result<Self, Failure> {
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

    fn text(&self, workspace: &Workspace) -> Result<String, Failure> {
        let width = out::width();
        let spent = |group_by: &[Dimension]| {
            let report = workspace.token_usage_report(&TokenUsageQuery::default(), group_by)?;
            Ok::<_, Failure>(render_tokens_report(&report, width))
        };
        let parts = [
            "WHAT DID WE SPEND?\n".to_owned(),
            spent(&SPENT_BY)?,
            spent(&[Dimension::Day])?,
            "HOW FAST ARE WE?\n".to_owned(),
            render_velocity(&self.velocity, width),
            "WHEN WILL IT BE DONE?\n".to_owned(),
            render_estimate(&self.estimate, width),
        ];
        Ok(parts.map(|part| part.trim_end().to_owned()).join("\n\n"))
    }
}
