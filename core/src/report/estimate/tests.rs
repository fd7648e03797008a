use super::*;
use crate::estimate::{
    Backlog, BacklogTotals, Completion, Completions, DurationsHours, Etas, NextTransitions,
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn velocity() -> Velocity {
    Velocity {
        implementation_sp_per_hour: 10.0,
        review_sp_per_hour: 1.005,
        qa_sp_per_hour: 8.0,
        source: VelocityMode::Empirical,
        requested_mode: VelocityMode::Empirical,
        window_tasks: 50,
        samples: PerLane { implementation: 12, review: 1, qa: 0 },
    }
}

fn in_progress(key: &str, age_hours: Option<f64>, age_percentile: Option<f64>) -> WipItem {
    WipItem {
        task_id: format!("id of {key}"),
        task_key: key.to_owned(),
        age_hours,
        age_percentile,
        aging: age_percentile.is_some_and(|share| share > 0.85),
    }
}

fn moves_on(key: &str, at_text: &str) -> NextTransition {
    NextTransition {
        task_id: format!("id of {key}"),
        task_key: key.to_owned(),
        to: "ready_to_code_review".to_owned(),
        hours: Some(0.4),
        at: Some(at(at_text)),
    }
}

fn estimate() -> Estimate {
    let backlog = |tasks, story_points| Backlog { tasks, story_points };
    let completion = |done| Completion { done, total: 9, percent: done as f64 / 9.0 * 100.0 };
    let first = moves_on("P-1", "2026-03-20T12:24:00Z");
    let wip = vec![in_progress("P-1", Some(5.2), Some(0.91)), in_progress("P\n2", None, None)];
    Estimate {
        scope: Scope {
            workspace_id: "w".to_owned(),
            project: Some("P".to_owned()),
            assignee: Some("ada".to_owned()),
            ..Scope::default()
        },
        now: at("2026-03-20T12:00:00Z"),
        backlog_totals: BacklogTotals {
            implementation: backlog(5, 32.0),
            review: backlog(1, 2.5),
            qa: backlog(0, 0.0),
            done: backlog(3, 9.0),
        },
        effective_velocity: velocity(),
        durations_hours: DurationsHours {
            implementation_hours: Some(3.2),
            review_hours: Some(2.49),
            qa_hours: Some(0.0),
            total_hours: Some(34.33),
        },
        etas: Etas {
            ready_to_review_eta: Some(at("2026-03-20T15:12:00Z")),
            ready_to_qa_eta: Some(at("2026-03-21T22:19:48Z")),
            complete_eta: Some(at("2026-03-22T16:00:00Z")),
        },
        status_counts: StatusCounts {
            total: 9,
            ready_to_code_review: 1,
            in_progress: 2,
            completed: 3,
            ..StatusCounts::default()
        },
        completion: Completions {
            work_on_tasks: completion(4),
            ready_to_qa: completion(3),
            done: completion(3),
        },
        wip: PerLane {
            implementation: Wip { tasks: 2, aging: 1, items: wip },
            review: Wip::default(),
            qa: Wip::default(),
        },
        next_transitions: NextTransitions {
            ready_to_review: Some(first.clone()),
            tasks: vec![first],
            ..NextTransitions::default()
        },
        lane_times: PerLane::default(),
        forecast: None,
    }
}

/// The text with the local times, which depend on the machine, replaced by stars.
fn without_local(text: &str, moments: &[&str]) -> String {
    let mut text = text.to_owned();
    for moment in moments {
        text = text.replace(&at(moment).local_text(), "*local time of 23 chars");
    }
    text
}

#[test]
fn an_estimate_reads_well() {
    let moments = [
        "2026-03-20T12:00:00Z",
        "2026-03-20T12:24:00Z",
        "2026-03-20T15:12:00Z",
        "2026-03-21T22:19:48Z",
        "2026-03-22T16:00:00Z",
    ];
    let expected = "\
Estimate for project P, assignee ada
Workspace w
As of 2026-03-20T12:00:00.000Z (*local time of 23 chars)

LANE           | SP LEFT | TASKS |  SP/H | SOURCE                |  TIME LEFT
---------------+---------+-------+-------+-----------------------+-----------
implementation |      32 |     5 | 10.00 | empirical, 12 samples | 3 h 12 min
review         |     2.5 |     1 |  1.01 | empirical, 1 sample   | 2 h 29 min
QA             |       0 |     0 |  8.00 | config                |      0 min
all lanes      |    34.5 |     6 |       |                       |   1 d 10 h
Time left is story points / velocity, minus the hours already spent on tasks in progress; for all lanes, it is
the time that the slowest lane needs for everything. The milestones below follow each task through its queues.

Tasks: 9, of which 2 in progress, 1 ready for review, 3 completed, 3 in other statuses
implemented  [########------------]  44.4 %  4 of 9
reviewed     [######--------------]  33.3 %  3 of 9
completed    [######--------------]  33.3 %  3 of 9

Velocity: empirical (measured on up to 50 of the newest passes through each lane)

ALL TASKS   | WHEN          | ETA                      | LOCAL TIME
------------+---------------+--------------------------+------------------------
implemented | in 3 h 12 min | 2026-03-20T15:12:00.000Z | *local time of 23 chars
reviewed    | in 1 d 10 h   | 2026-03-21T22:19:48.000Z | *local time of 23 chars
completed   | in 2 d 4 h    | 2026-03-22T16:00:00.000Z | *local time of 23 chars

NEXT        | TASK | WHEN      | ETA                      | LOCAL TIME
------------+------+-----------+--------------------------+------------------------
implemented | P-1  | in 24 min | 2026-03-20T12:24:00.000Z | *local time of 23 chars

IN LANE NOW    | TASK |        AGE | MOVES ON  | OLDER THAN
---------------+------+------------+-----------+---------------------------
implementation | P-1  | 5 h 12 min | in 24 min | 91 % of past visits: aging
implementation | P 2  |          - | -         | -
";
    assert_eq!(without_local(&render_estimate(&estimate(), None), &moments), expected);
}

#[test]
fn a_lane_with_speed_zero_is_reported() {
    let mut result = estimate();
    result.effective_velocity.review_sp_per_hour = 0.0;
    result.etas.ready_to_qa_eta = None;
    result.etas.complete_eta = None;
    result.durations_hours.review_hours = None;
    result.durations_hours.total_hours = None;
    let text = render_estimate(&result, None);
    assert_eq!(text.matches("| never: review has no velocity | -  ").count(), 2, "{text}");
    assert_eq!(text.matches("|      never\n").count(), 2, "{text}");
    result.effective_velocity.review_sp_per_hour = 1e-300;
    assert!(render_estimate(&result, None).contains("never: review is too slow"));
}

#[test]
fn no_remaining_work_is_done_now_and_an_empty_backlog_is_reported() {
    let mut result = estimate();
    let now = Some(result.now);
    result.etas = Etas { ready_to_review_eta: now, ready_to_qa_eta: now, complete_eta: now };
    result.scope = Scope { workspace_id: "w".to_owned(), ..Scope::default() };
    result.status_counts = StatusCounts::default();
    result.completion = Completions::default();
    result.wip = PerLane::default();
    result.next_transitions = NextTransitions::default();
    let text = render_estimate(&result, None);
    for line in [
        "Estimate for the whole workspace\n",
        "Tasks: none here yet\n",
        "completed    [--------------------]   0.0 %  0 of 0\n",
        "| now  | 2026-03-20T12:00:00.000Z | ",
        "Next: nothing is left to do\n",
        "In work now: no task\n",
    ] {
        assert!(text.contains(line), "{line:?} in {text}");
    }
}

#[test]
fn a_bar_is_full_only_if_all_work_is_done() {
    let of = completion_bar;
    assert_eq!(of(9, 9), "[####################] 100.0 %  9 of 9");
    assert_eq!(of(9_999, 10_000), "[###################-] 100.0 %  9,999 of 10,000");
    assert_eq!(of(1, 3), "[######--------------]  33.3 %  1 of 3");
}

#[test]
fn long_lanes_list_their_oldest_tasks() {
    let mut result = estimate();
    let items: Vec<WipItem> = (0..12).map(|n| in_progress(&format!("P-{n}"), Some(1.0), Some(0.9))).collect();
    result.wip.implementation = Wip { tasks: 12, aging: 12, items };
    let text = render_estimate(&result, None);
    assert!(text.contains("| P-9 ") && !text.contains("| P-10 "), "{text}");
    assert!(text.ends_with("implementation: 2 more, 12 aging in all\n"), "{text}");
}

#[test]
fn a_velocity_says_where_it_comes_from() {
    let expected = "\
LANE           |  SP/H | SOURCE
---------------+-------+----------------------
implementation | 10.00 | empirical, 12 samples
review         |  1.01 | empirical, 1 sample
QA             |  8.00 | config

Velocity: empirical (measured on up to 50 of the newest passes through each lane)
";
    assert_eq!(render_velocity(&velocity(), None), expected);
    for (source, requested_mode, window_tasks, line) in [
        (VelocityMode::Config, VelocityMode::Config, 10, "config (as set in the config and for this call)"),
        (
            VelocityMode::Config,
            VelocityMode::Mixed,
            10,
            "config (mixed was requested, but no lane has history yet)",
        ),
        (
            VelocityMode::Mixed,
            VelocityMode::Mixed,
            1,
            "mixed (a mix of the config and the newest pass through each lane)",
        ),
    ] {
        let text = render_velocity(&Velocity { source, requested_mode, window_tasks, ..velocity() }, None);
        assert!(text.ends_with(&format!("\nVelocity: {line}\n")), "{text}");
    }
}

/// The fields that every server of the contract returns.
fn least_velocity() -> serde_json::Value {
    serde_json::json!({"implementationSpPerHour": 10, "reviewSpPerHour": 0, "qaSpPerHour": 8, "source": "empirical"})
}

#[test]
fn a_velocity_of_an_older_server_without_the_newer_fields_is_shown() {
    let text = render_velocity_json(&least_velocity()).unwrap();
    assert!(
        text.contains("implementation | 10.00 | empirical\nreview         |  0.00 | empirical\n"),
        "{text}"
    );
    assert!(
        text.ends_with("\n\nVelocity: empirical (measured on the newest passes through each lane)\n"),
        "{text}"
    );
    let mut config = least_velocity();
    config["source"] = "config".into();
    assert!(render_velocity_json(&config).unwrap().ends_with("\n\nVelocity: config\n"));
    assert_eq!(render_velocity_json(&serde_json::json!({})).unwrap_err().field(), Some("velocity"));
}

#[test]
fn an_estimate_of_an_older_server_without_the_newer_fields_is_shown() {
    let backlog = serde_json::json!({"tasks": 1, "story_points": 2});
    let text = render_estimate_json(&serde_json::json!({
        "scope": {"workspaceId": "w"},
        "backlogTotals": {"implementation": backlog, "review": backlog, "qa": backlog, "done": backlog},
        "effectiveVelocity": least_velocity(),
        "durationsHours": {"implementationHours": 0.2, "reviewHours": null, "qaHours": 0.25, "totalHours": null},
        "etas": {"readyToReviewEta": "2026-03-20T12:12:00.000Z"},
    }))
    .unwrap();
    let sections: Vec<&str> = text.split("\n\n").collect();
    assert_eq!(sections.len(), 4, "{text}");
    assert_eq!(sections[0], "Estimate for the whole workspace\nWorkspace w");
    assert!(
        sections[3].contains("\nimplemented | -                             | 2026-03-20T12:12:00.000Z | "),
        "{text}"
    );
    assert!(sections[3].contains("\ncompleted   | never: review has no velocity | -"), "{text}");
    assert_eq!(render_estimate_json(&serde_json::json!([])).unwrap_err().field(), Some("estimate"));
}

#[test]
fn an_estimates_json_gives_the_same_text() {
    let estimate = estimate();
    assert_eq!(
        render_estimate_json(&serde_json::to_value(&estimate).unwrap()).unwrap(),
        render_estimate(&estimate, None)
    );
    let velocity = velocity();
    assert_eq!(
        render_velocity_json(&serde_json::to_value(&velocity).unwrap()).unwrap(),
        render_velocity(&velocity, None)
    );
}
