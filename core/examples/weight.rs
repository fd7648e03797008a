//! Uses what each optional feature brings, so that a build shows what it weighs: see docs/dependencies.md.

use mcoda_core::{AgentContext, Dimension, Result, TokenUsageQuery, Workspace};

/// Usage: weight RESPONSE TIME_ZONE
fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let response = arguments.next().unwrap_or_default();
    let time_zone = arguments.next();
    let workspace = Workspace::open_db(":memory:")?;
    let context = AgentContext { compute_cost: cfg!(feature = "prices"), ..AgentContext::default() };
    let recorded = workspace.record_agent_response(&response, &context)?;
    println!("{} records", recorded.records.len());
    let dimensions = [Dimension::Day];
    let query = TokenUsageQuery { time_zone, ..TokenUsageQuery::default() };
    let rows = workspace.token_usage_summary(&query, &dimensions)?;
    #[cfg(feature = "report")]
    println!("{}", mcoda_core::report::render_tokens_table(&rows, &dimensions, None));
    #[cfg(not(feature = "report"))]
    println!("{} days", rows.len());
    Ok(())
}
