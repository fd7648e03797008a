//! `mcodactl velocity`

use mcoda_core::report::render_velocity;

use crate::failure::Failure;
use crate::flags::{Format, Global, Question};
use crate::open;
use crate::out::Answer;

/// Says how fast each lane works.
pub fn run(question: &Question, global: &Global) -> Result<Answer, Failure> {
    let format = global.format(&[Format::Table, Format::Json])?;
    let velocity = open::existing_workspace(global)?.velocity(&question.options())?;
    match format {
        Format::Json => Answer::json(&velocity),
        _ => Ok(Answer::Text(render_velocity(&velocity))),
    }
}
