//! `mcodactl estimate`

use mcoda_core::report::render_estimate;

use crate::failure::Failure;
use crate::flags::{Global, Question};
use crate::open;

/// Says what is left and when it will be done.
pub fn run(question: &Question, global: &Global) -> Result<String, Failure> {
    let estimate = open::existing_workspace(global)?.estimate(&question.options())?;
    if global.json { super::json(&estimate) } else { Ok(render_estimate(&estimate)) }
}
