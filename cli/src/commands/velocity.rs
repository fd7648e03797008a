//! `mcodactl velocity`

use mcoda_core::report::render_velocity;

use crate::failure::Failure;
use crate::flags::{Global, Question};
use crate::open;

/// Says how fast each lane works.
pub fn run(question: &Question, global: &Global) -> Result<String, Failure> {
    let velocity = open::existing_workspace(global)?.velocity(&question.options())?;
    if global.json { super::json(&velocity) } else { Ok(render_velocity(&velocity)) }
}
