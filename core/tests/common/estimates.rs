//! Estimates, and the backlogs of which they are computed.

use mcoda_core::{Estimate, EstimateOptions, NewTask, Workspace};
use serde_json::Value;

use super::*;

pub fn estimate_of(workspace: &Workspace, options: Value) -> Estimate {
    workspace.estimate(&EstimateOptions::from_json(&options).unwrap()).unwrap()
}

pub fn estimate(workspace: &Workspace, options: Value) -> Value {
    let text = serde_json::to_string(&estimate_of(workspace, options)).unwrap();
    serde_json::from_str(&text).unwrap()
}

pub fn task_in(
    workspace: &Workspace,
    own: &Backlog,
    key: &str,
    status: &str,
    points: impl Into<Option<f64>>,
) -> String {
    let new = NewTask { status: Some(status.into()), ..own.new_task(key, points.into()) };
    workspace.tasks().create(&new).unwrap().id
}

pub fn assert_etas(found: &Value, expected: [&str; 3]) {
    let etas =
        ["readyToReviewEta", "readyToQaEta", "completeEta"].map(|name| found["etas"][name].as_str().unwrap());
    assert_eq!(etas, expected.map(|time| at(time).to_string()), "{found}");
}

/// No number is missing: a NaN would be null in JSON.
pub fn assert_sound(found: &Estimate) {
    let etas = [found.etas.ready_to_review_eta, found.etas.ready_to_qa_eta, found.etas.complete_eta];
    let reached: Vec<Timestamp> = etas.iter().map_while(|eta| *eta).collect();
    assert!(reached.is_sorted() && reached.iter().all(|eta| *eta >= found.now), "{etas:?}");
    assert!(etas[reached.len()..].iter().all(Option::is_none), "{etas:?}");
    let hours = &found.durations_hours;
    for hours in [hours.implementation_hours, hours.review_hours, hours.qa_hours, hours.total_hours] {
        assert!(hours.is_none_or(|hours| hours.is_finite() && hours >= 0.0), "{hours:?}");
    }
    let totals = &found.backlog_totals;
    for lane in [totals.implementation, totals.review, totals.qa, totals.done] {
        assert!(lane.story_points.is_finite(), "{lane:?}");
    }
    for completion in [found.completion.work_on_tasks, found.completion.ready_to_qa, found.completion.done] {
        assert!((0.0..=100.0).contains(&completion.percent), "{completion:?}");
    }
    for item in
        [&found.wip.implementation, &found.wip.review, &found.wip.qa].into_iter().flat_map(|wip| &wip.items)
    {
        assert!(item.age_hours.is_none_or(|age| age.is_finite() && age >= 0.0), "{item:?}");
        assert!(item.age_percentile.is_none_or(|share| (0.0..=1.0).contains(&share)), "{item:?}");
    }
    for next in &found.next_transitions.tasks {
        assert!(next.at.is_none_or(|at| at >= found.now), "{next:?}");
        assert!(next.hours.is_none_or(|hours| hours.is_finite() && hours >= 0.0), "{next:?}");
    }
}
