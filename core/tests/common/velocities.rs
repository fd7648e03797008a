//! Velocities, and the histories from which they are computed.

use mcoda_core::{EstimateOptions, Workspace};
use serde_json::{Value, json};

use super::*;

pub fn velocity(workspace: &Workspace, options: Value) -> Value {
    let options = EstimateOptions::from_json(&options).unwrap();
    serde_json::to_value(workspace.velocity(&options).unwrap()).unwrap()
}

/// Implementation velocity and samples from history only.
pub fn measured(workspace: &Workspace, window: i64) -> (f64, u64) {
    let found = velocity(workspace, json!({"mode": "empirical", "windowTasks": window}));
    (found["implementationSpPerHour"].as_f64().unwrap(), found["samples"]["implementation"].as_u64().unwrap())
}

/// One visit of a task to the implementation.
pub fn implemented(workspace: &Workspace, task: &str, from: &str, to: &str) {
    moves(workspace, task, &[("in_progress", from), ("ready_to_code_review", to)]);
}

/// The velocity of a lane without history.
pub const NOTHING: (f64, u64) = (15.0, 0);
