//! Forecasts: their shape, what they say where there is little to go by, and calendars.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use common::estimates::*;
use common::*;
use mcoda_core::{ErrorKind, Estimate, EstimateOptions, Forecast, Timestamp, TransitionContext, Workspace};
use serde_json::{Value, json};

const LEVELS: [&str; 5] = ["p10", "p50", "p80", "p85", "p95"];

const PIPELINE: [&str; 4] = ["in_progress", "ready_to_code_review", "ready_to_qa", "completed"];
/// Statuses of the settings that mean the same.
const OWN_WORDS: [&str; 4] = ["in design", "legal", "staging", "released"];

fn own_words() -> Value {
    json!({"statuses": {"In Design": "implementation", "legal": "review", "staging": "qa", "released": "done"}})
}

/// Tasks of 2 points that one agent takes through all lanes, an hour each, up to noon; as many are open.
fn steady(done: usize, open: usize) -> (Fixture, Workspace) {
    steady_in(PIPELINE, &json!({}), done, open)
}

fn steady_in(statuses: [&str; 4], config: &Value, done: usize, open: usize) -> (Fixture, Workspace) {
    let fixture = Fixture::new();
    let options = fixture.options().config(config.as_object().unwrap().clone());
    let workspace = options.open(fixture.root()).unwrap();
    let own = backlog(&workspace);
    for number in 0..done {
        let task = own.task(&workspace, &format!("D-{number}"), 2.0);
        let begin = noon().millis() - 3 * 3_600_000 * (done - number) as i64;
        for (hour, status) in statuses.iter().enumerate() {
            let timestamp = Timestamp::from_millis(begin + 3_600_000 * hour as i64);
            let context = TransitionContext { timestamp, ..TransitionContext::default() };
            workspace.record_status_transition(&task, status, &context).unwrap();
        }
    }
    for number in 0..open {
        own.task(&workspace, &format!("O-{number}"), 2.0);
    }
    (fixture, workspace)
}

fn forecast(workspace: &Workspace, options: Value) -> Forecast {
    let found = estimate_of(workspace, options);
    assert_defined(&found);
    found.forecast.unwrap()
}

/// Everything is a number, ascends, and never decreases from a milestone to the next.
fn assert_defined(found: &Estimate) {
    assert_sound(found);
    let json = serde_json::to_value(found).unwrap();
    let Some(forecast) = json.get("forecast") else { return };
    let mut before = vec![0.0; LEVELS.len()];
    for milestone in ["readyToReview", "readyToQa", "complete"] {
        if forecast[milestone].is_null() {
            assert!(forecast["reason"].as_str().unwrap().starts_with("cannot forecast"), "{forecast}");
            continue;
        }
        let hours: Vec<f64> =
            LEVELS.map(|level| forecast[milestone]["hours"][level].as_f64().unwrap()).to_vec();
        assert!(hours.is_sorted(), "{milestone}: {hours:?}");
        assert!(hours.iter().zip(&before).all(|(hours, before)| hours >= before), "{milestone}: {forecast}");
        before = hours;
    }
}

#[test]
fn a_steady_pipeline_goes_on_as_before() {
    let (_fixture, workspace) = steady(20, 10);
    let found = forecast(&workspace, json!({"mode": "empirical"}));
    assert_eq!(
        (found.basis.as_str(), found.model.as_str(), found.samples, found.trials),
        ("history", "flow", 20, 1000)
    );
    let hours = found.complete.unwrap().hours;
    assert!((27.0..33.0).contains(&hours.p50), "{hours:?}");
    assert!(hours.p95 < 45.0, "{hours:?}");
    let etas = estimate_of(&workspace, json!({"mode": "empirical"})).etas;
    assert_eq!(etas.complete_eta, found.complete.unwrap().at.p50, "the ETA is the P50");
}

#[test]
fn ten_agents_side_by_side_are_not_added_up() {
    // One of ten agents starts a task each hour, ten hours in all lanes; the last of 300 is completed 98 hours from now.
    const NOW: i64 = 211;
    for lanes in [[6, 3, 1], [4, 4, 2], [8, 1, 1]] {
        let (_fixture, workspace, own) = fixture();
        let new: Vec<_> = (0..300).map(|number| own.new_task(&format!("T-{number}"), Some(3.0))).collect();
        let tasks = workspace.tasks().create_many(&new).unwrap();
        let ends = [0, lanes[0], lanes[0] + lanes[1], 10];
        let statuses = ["in_progress", "ready_to_code_review", "ready_to_qa", "completed"];
        let mut moves: Vec<(i64, usize, &str)> = Vec::new();
        for number in 0..300 {
            moves.extend(ends.iter().zip(statuses).map(|(end, to)| (number as i64 + end, number, to)));
        }
        moves.sort_by_key(|(hour, number, _)| (*hour, *number));
        for (hour, number, to) in moves.into_iter().filter(|(hour, ..)| *hour <= NOW) {
            let timestamp = Timestamp::from_millis(noon().millis() - 3_600_000 * (NOW - hour));
            let context = TransitionContext { timestamp, ..TransitionContext::default() };
            workspace.record_status_transition(&tasks[number].id, to, &context).unwrap();
        }
        let found = estimate_of(&workspace, json!({"mode": "empirical", "windowTasks": 50}));
        let hours = found.forecast.unwrap().complete.unwrap().hours;
        // The specification asks for 112 hours with 15 % of error, and the truth here is below them.
        assert!((112.0 * 0.85..98.0 * 1.15).contains(&hours.p50), "{lanes:?}: {hours:?}");
        assert!(found.durations_hours.total_hours.unwrap() > 300.0, "the contract's bound adds them up");
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_one_others() {
    let (_fixture, workspace) = steady(8, 5);
    let text = |options: Value| serde_json::to_string(&estimate_of(&workspace, options)).unwrap();
    assert_eq!(text(json!({})), text(json!({})));
    assert_eq!(text(json!({})), text(json!({"seed": 1, "trials": 1000, "forecast": true})));
    assert_ne!(text(json!({})), text(json!({"seed": 2})));
}

#[test]
fn etas_of_config_mode_stay_those_of_the_schedule() {
    let (_fixture, workspace) = steady(20, 10);
    let with = estimate_of(&workspace, json!({"spPerHourAll": 1}));
    let without = estimate_of(&workspace, json!({"spPerHourAll": 1, "forecast": false}));
    assert_eq!(with.etas, without.etas);
    assert_eq!(without.forecast, None);
    assert!(serde_json::to_value(&without).unwrap().get("forecast").is_none());
}

#[test]
fn the_probability_by_a_date_ascends_with_it() {
    let (_fixture, workspace) = steady(20, 10);
    let by = |time: &str| forecast(&workspace, json!({"by": time})).done_by.unwrap().probability;
    assert_eq!(by("2026-03-20T12:00:00Z"), 0.0);
    assert_eq!(by("2026-04-20"), 1.0);
    let p85 = forecast(&workspace, json!({})).complete.unwrap().at.p85.unwrap();
    assert!((by(&p85.to_string()) - 0.85).abs() < 0.02);
}

#[test]
fn below_five_completed_tasks_the_basis_is_the_prior() {
    let (_fixture, workspace) = steady(4, 3);
    assert_eq!(forecast(&workspace, json!({})).basis, "prior");
    let (_fixture, workspace) = steady(1, 3);
    let found = forecast(&workspace, json!({}));
    assert_eq!((found.basis.as_str(), found.samples, found.baseline), ("prior", 1, None));
    assert!(found.complete.is_some());
}

#[test]
fn without_any_completed_task_there_is_a_reason_and_no_date() {
    let (_fixture, workspace) = steady(0, 3);
    let found = forecast(&workspace, json!({"mode": "empirical", "by": "2027-01-01"}));
    assert_eq!((found.model.as_str(), found.complete, found.done_by), ("schedule", None, None));
    assert_eq!(found.reason.as_deref(), Some("cannot forecast: no task has been completed yet"));
}

#[test]
fn with_nothing_left_everything_is_done_now() {
    for (_fixture, workspace) in [steady(3, 0), steady(0, 0)] {
        let found = forecast(&workspace, json!({"by": "2026-03-20T12:00:00Z"}));
        let complete = found.complete.unwrap();
        assert_eq!((complete.hours.p95, complete.at.p10), (0.0, Some(noon())));
        assert_eq!(found.done_by.unwrap().probability, 1.0);
    }
    // The last of three is completed at noon.
    let (_fixture, workspace) = steady(3, 0);
    let by = |time: &str| {
        let options = json!({"by": time, "now": "2026-03-22T12:00:00Z"});
        forecast(&workspace, options).done_by.unwrap().probability
    };
    assert_eq!((by("2026-03-20T11:59:59Z"), by("2026-03-20T12:00:00Z"), by("2026-03-21")), (0.0, 1.0, 1.0));
}

#[test]
fn odd_histories_give_defined_results() {
    let (_fixture, workspace, own) = fixture();
    let points = [Some(0.0), None, Some(1e300), Some(3.0)];
    let tasks: Vec<String> = (0..24)
        .map(|number| {
            workspace.tasks().create(&own.new_task(&format!("T-{number}"), points[number % 4])).unwrap().id
        })
        .collect();
    // Clocks that run backwards, jump ahead of now, and stand still.
    let times = ["12:30:00", "11:00:00", "11:30:00", "10:00:00", "11:00:00", "11:00:00"];
    let statuses = [
        "in_progress",
        "completed",
        "ready_to_qa",
        "in_progress",
        "changes_requested",
        "completed",
        "blocked",
    ];
    let mut random = 7_usize;
    for round in 0..200 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let status = statuses[(random >> 33) % statuses.len()];
        moved(&workspace, &tasks[(random >> 45) % tasks.len()], status, times[round % times.len()]);
        if round % 20 == 0 {
            for mode in ["config", "empirical", "mixed"] {
                assert_defined(&estimate_of(&workspace, json!({"mode": mode, "trials": 50})));
            }
            workspace.backtest(&EstimateOptions::default()).unwrap();
        }
    }
}

#[test]
fn ten_thousand_tasks_at_one_moment_are_grouped_and_forecast() {
    let (fixture, workspace, own) = fixture();
    let new: Vec<_> = (0..10_000).map(|number| own.new_task(&format!("T-{number}"), Some(1.0))).collect();
    workspace.tasks().create_many(&new).unwrap();
    // All of the first half are completed at one moment, after one moment in each lane.
    let sql = "WITH steps(number, before, after, at) AS (VALUES (1, 'not_started', 'in_progress', '09'),
                   (2, 'in_progress', 'ready_to_code_review', '10'), (3, 'ready_to_code_review', 'ready_to_qa', '11'),
                   (4, 'ready_to_qa', 'completed', '12'))
         INSERT INTO task_status_events (id, task_id, from_status, to_status, timestamp)
         SELECT tasks.id || number, tasks.id, before, after, '2026-03-20T' || at || ':00:00.000Z'
         FROM tasks, steps WHERE CAST(substr(key, 3) AS INTEGER) < 5000";
    fixture.raw().execute_batch(sql).unwrap();
    fixture
        .raw()
        .execute_batch("UPDATE tasks SET status = 'completed' WHERE CAST(substr(key, 3) AS INTEGER) < 5000")
        .unwrap();
    let found = forecast(&workspace, json!({"trials": 500}));
    assert_eq!((found.samples, found.trials, found.tasks_per_job), (5000, 500, Some(2)));
    assert!(found.complete.is_some() && found.baseline.is_none(), "all completions have one time: {found:?}");
}

#[test]
fn a_pipeline_that_rests_for_longer_than_ever_is_stalled() {
    let (_fixture, workspace) = steady(10, 5);
    assert_eq!(forecast(&workspace, json!({})).stalled, None);
    let stalled =
        forecast(&workspace, json!({"now": "2026-03-22T12:00:00Z", "calendar": {}})).stalled.unwrap();
    assert_eq!((stalled.hours, stalled.longest_before), (48.0, 1.0));
    // Also if no task was ever completed, so that there is no forecast.
    let (_fixture, workspace) = steady(0, 6);
    for (number, hour) in ["06", "07", "08", "09", "11"].iter().enumerate() {
        moved(&workspace, &format!("O-{number}"), "in_progress", &format!("{hour}:00:00"));
    }
    let found = estimate_of(&workspace, json!({"now": "2026-03-20T12:30:00Z"})).forecast.unwrap();
    assert_eq!(found.stalled, None, "an hour and a half is less than two");
    let found = estimate_of(&workspace, json!({"now": "2026-03-20T13:30:00Z"}));
    let forecast = found.forecast.as_ref().unwrap();
    assert_eq!(forecast.complete, None);
    assert_eq!(forecast.stalled.map(|stalled| (stalled.hours, stalled.longest_before)), Some((2.5, 2.0)));
    #[cfg(feature = "report")]
    assert_eq!(
        mcoda_core::report::render_forecast(&found, None),
        "Forecast: cannot forecast: no task has been completed yet\n\
         Stalled: no task has moved for 2 h 30 min of working time; the longest pause before was 2 h\n"
    );
}

#[test]
fn a_pause_is_not_a_visit_that_takes_long() {
    let (_fixture, workspace) = steady(10, 5);
    let task = workspace.tasks().get("O-0").unwrap().unwrap();
    let context = TransitionContext { timestamp: Some(noon()), ..TransitionContext::default() };
    workspace.record_status_transition(&task.id, "in_progress", &context).unwrap();
    let p95 =
        |now: &str| forecast(&workspace, json!({"now": now, "calendar": {}})).complete.unwrap().hours.p95;
    let (soon, late) = (p95("2026-03-20T13:00:00Z"), p95("2026-03-22T12:00:00Z"));
    assert!((soon - late).abs() < 1e-6, "{soon} {late}");
}

#[test]
fn a_calendar_leaves_out_the_hours_off() {
    let (_fixture, workspace) = steady(20, 10);
    let always = forecast(&workspace, json!({"calendar": {}})).complete.unwrap().hours.p50;
    // Half of all hours: what was done in them took half the working time, but so does the day.
    let half = json!({"calendar": {"hours": "00:00-12:00", "daysOff": ["2026-03-21", "2026-03-22"]}});
    let office = forecast(&workspace, half).complete.unwrap().hours.p50;
    assert!(office > always + 40.0, "{office} {always}");
    let error = workspace
        .estimate(&EstimateOptions::from_json(&json!({"calendar": {"hours": "9"}})).unwrap())
        .unwrap_err();
    assert_eq!(error.field(), Some("calendar.hours"));
}

#[test]
fn the_calendar_of_the_settings_yields_to_that_of_a_call() {
    let half = json!({"hours": "00:00-12:00", "daysOff": ["2026-03-21", "2026-03-22"]});
    let (fixture, workspace) = steady(20, 10);
    let text = |workspace: &Workspace, options: Value| {
        serde_json::to_string(&estimate_of(workspace, options).forecast).unwrap()
    };
    let [with, without] =
        [half.clone(), json!({})].map(|calendar| text(&workspace, json!({"calendar": calendar})));
    assert_ne!(with, without);
    drop(workspace);
    let of_config = |calendar: &Value| {
        let config = object(json!({"calendar": calendar}));
        fixture.options().config(config).open(fixture.root()).unwrap()
    };
    let workspace = of_config(&half);
    assert_eq!(text(&workspace, json!({})), with);
    assert_eq!(text(&workspace, json!({"calendar": {}})), without);
    drop(workspace);
    let workspace = of_config(&json!({"hours": "9"}));
    for error in [
        workspace.estimate(&EstimateOptions::default()).unwrap_err(),
        workspace.backtest(&EstimateOptions::default()).unwrap_err(),
        workspace.throughput(&EstimateOptions::default()).unwrap_err(),
    ] {
        assert_eq!(
            (error.kind(), error.field()),
            (ErrorKind::InvalidInput, Some("calendar.hours")),
            "{error}"
        );
    }
}

#[test]
fn tasks_that_never_leave_the_implementation_are_forecast_by_their_throughput() {
    let (_fixture, workspace, own) = fixture();
    for (number, hour) in (0..5).zip(["07", "08", "09", "10", "11"]) {
        let task = own.task(&workspace, &format!("D-{number}"), 2.0);
        moved(&workspace, &task, "completed", &format!("{hour}:00:00"));
    }
    for number in 0..3 {
        own.task(&workspace, &format!("O-{number}"), 2.0);
    }
    let found = forecast(&workspace, json!({}));
    assert_eq!((found.model.as_str(), found.samples), ("throughput", 5));
    assert_eq!(found.complete, found.baseline.map(|baseline| baseline.complete));
    assert_eq!(found.ready_to_review, found.complete);
    // Reviews alone say nothing about the work before them.
    moves(&workspace, "O-0", &[("ready_to_code_review", "11:10:00"), ("completed", "11:20:00")]);
    assert_eq!(forecast(&workspace, json!({})).model, "throughput");
    moves(&workspace, "O-1", &[("in_progress", "11:30:00")]);
    assert_eq!(forecast(&workspace, json!({})).model, "throughput", "it has not left the implementation");
    moves(&workspace, "O-2", &[("in_progress", "11:25:00"), ("cancelled", "11:28:00")]);
    assert_eq!(forecast(&workspace, json!({})).model, "throughput", "nor has one that was cancelled there");
    moves(&workspace, "O-1", &[("changes_requested", "11:40:00")]);
    assert_eq!(forecast(&workspace, json!({})).model, "flow");
}

#[test]
fn few_tasks_and_none_with_story_points_give_defined_results() {
    for (done, open) in [(0, 1), (1, 0), (1, 1), (2, 1), (6, 1), (12, 3)] {
        for points in ["2", "NULL", "0"] {
            let (fixture, workspace) = steady(done, open);
            fixture.raw().execute_batch(&format!("UPDATE tasks SET story_points = {points}")).unwrap();
            for mode in ["config", "empirical", "mixed"] {
                let found = estimate_of(&workspace, json!({"mode": mode, "by": "2026-03-25"}));
                assert_defined(&found);
                let found = found.forecast.unwrap();
                let is_known = done > 0 || open == 0;
                assert_eq!(
                    (found.samples, found.complete.is_some()),
                    (done, is_known),
                    "{done} {open} {points}"
                );
                assert_eq!(found.done_by.is_some(), is_known);
            }
            assert_eq!(workspace.backtest(&EstimateOptions::default()).unwrap().origins > 0, done > 10);
        }
    }
}

#[test]
fn too_many_trials_and_wrong_seeds_are_refused() {
    let (_fixture, workspace) = steady(0, 1);
    for (options, field) in [
        (json!({"trials": 0}), "trials"),
        (json!({"trials": 100_001}), "trials"),
        (json!({"seed": -1}), "seed"),
    ] {
        let options = EstimateOptions::from_json(&options).unwrap();
        assert_eq!(workspace.estimate(&options).unwrap_err().field(), Some(field));
        assert_eq!(workspace.backtest(&options).unwrap_err().field(), Some(field));
    }
}

#[test]
fn costs_are_those_of_completed_tasks_less_what_was_spent() {
    let (_fixture, workspace) = steady(6, 4);
    let tasks = workspace.tasks().list(None).unwrap();
    for task in tasks.iter().filter(|task| task.status == "completed") {
        workspace
            .record_token_usage(&usage(
                json!({"taskId": task.id, "costEstimate": 2, "currency": "USD", "tokensTotal": 1000}),
            ))
            .unwrap();
    }
    let open = tasks.iter().find(|task| task.status != "completed").unwrap();
    workspace
        .record_token_usage(&usage(json!({"taskId": open.id, "costEstimate": 0.5, "currency": "USD"})))
        .unwrap();
    let found = forecast(&workspace, json!({}));
    let cost = found.cost.unwrap();
    assert_eq!((cost.currency.as_deref(), cost.p50, cost.p85), (Some("USD"), 7.5, 7.5));
    assert_eq!(found.tokens.unwrap().p50, 4000.0);
    workspace
        .record_token_usage(&usage(json!({"taskId": open.id, "costEstimate": 1, "currency": "EUR"})))
        .unwrap();
    assert_eq!(forecast(&workspace, json!({})).cost, None, "costs in several currencies are not added");
}

#[test]
fn lane_times_take_open_visits_for_longer_ones() {
    let (_fixture, workspace) = steady(8, 1);
    let found = estimate(&workspace, json!({}));
    let expected = json!({"p50": 1, "p85": 1, "p95": 1, "visits": 8, "open": 0,
                          "bands": {"p50": 1, "p70": 1, "p85": 1, "p95": 1}});
    assert_eq!(found["laneTimes"]["review"], expected);
    moved(&workspace, "O-0", "in_progress", "09:00:00");
    let found = estimate(&workspace, json!({}));
    assert_eq!(found["laneTimes"]["implementation"]["p50"], 1);
    assert_eq!(
        found["laneTimes"]["implementation"]["p95"],
        Value::Null,
        "one of nine lasts longer than any that ended"
    );
}

#[test]
fn a_backtest_compares_with_what_happened() {
    let (_fixture, workspace) = steady(40, 0);
    let found = workspace.backtest(&EstimateOptions::default()).unwrap();
    assert_eq!((found.trials, found.seed), (200, 1));
    assert_eq!(found.horizons.iter().map(|horizon| horizon.tasks).collect::<Vec<_>>(), [5, 10, 20]);
    let five = &found.horizons[0];
    assert!(five.forecast.median_error < 0.1 && five.forecast.p95.is_enough, "{five:?}");
    let baseline = five.baseline.as_ref().unwrap();
    assert!(baseline.median_error < 1e-9, "equal gaps are forecast exactly: {baseline:?}");
    assert!(found.rows.iter().all(|row| (row.actual - 3.0 * row.tasks as f64).abs() < 1e-9));
    #[cfg(feature = "report")]
    {
        let text = mcoda_core::report::render_backtest(&found, None);
        assert!(text.starts_with("NEXT TASKS | BY "), "{text}");
        let twenty = |text: &str| {
            text.lines().rfind(|line| line.trim_start().starts_with("20 | forecast ")).unwrap().to_owned()
        };
        assert!(!twenty(&text).contains("not enough"), "{text}");
        let (_fixture, shorter) = steady(30, 0);
        let few = shorter.backtest(&EstimateOptions::default()).unwrap();
        assert!(twenty(&mcoda_core::report::render_backtest(&few, None)).contains(": not enough to judge |"));
        for by in ["throughput", "durationsHours"] {
            assert_eq!(text.lines().filter(|line| line.contains(&format!("| {by} "))).count(), 3, "{text}");
        }
        assert!(
            text.ends_with(&format!(
                "Made at {} earlier times with 200 trials each (seed 1)\n",
                found.origins
            ))
        );
        let narrow = mcoda_core::report::render_backtest(&found, Some(80));
        assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
    }
    let (_fixture, workspace) = steady(9, 1);
    assert_eq!(workspace.backtest(&EstimateOptions::default()).unwrap().horizons, []);
}

#[test]
fn a_backtest_of_enormous_story_points_consists_of_numbers() {
    let (fixture, workspace) = steady(30, 5);
    fixture
        .raw()
        .execute_batch("UPDATE tasks SET story_points = CASE WHEN key LIKE '%7' THEN 1.7e308 ELSE 5e-324 END")
        .unwrap();
    assert_defined(&estimate_of(&workspace, json!({"mode": "empirical"})));
    let found = serde_json::to_value(workspace.backtest(&EstimateOptions::default()).unwrap()).unwrap();
    assert!(found["origins"].as_u64().unwrap() > 5, "{found}");
    for horizon in found["horizons"].as_array().unwrap() {
        for by in
            ["forecast", "baseline", "contract"].map(|by| &horizon[by]).iter().filter(|by| !by.is_null())
        {
            for name in ["medianError", "pinball", "crps"] {
                assert!(by[name].is_number(), "{horizon}");
            }
        }
    }
}

#[test]
fn rows_show_visits_flow_and_throughput() {
    let (_fixture, workspace) = steady(2, 1);
    moves(&workspace, "O-0", &[("in_progress", "11:00:00")]);
    let options = EstimateOptions::default();
    let visits = workspace.lane_visits(&options).unwrap();
    assert_eq!(visits.len(), 7);
    assert_eq!(
        (visits[0].lane.as_str(), visits[0].hours, visits[0].outcome.as_str()),
        ("implementation", 1.0, "forward")
    );
    let open = visits.iter().find(|visit| visit.task_key == "O-0").unwrap();
    assert_eq!((open.left_at, open.hours, open.outcome.as_str(), open.pass_number), (None, 1.0, "open", 1));
    let flow = workspace.cumulative_flow(&options).unwrap();
    let day = flow.last().unwrap();
    assert_eq!(
        (flow.len(), day.day.as_str(), day.completed, day.implementation, day.backlog),
        (1, "2026-03-20", 2, 1, 0)
    );
    let throughput = workspace.throughput(&options).unwrap();
    assert_eq!((throughput.len(), throughput[0].tasks, throughput[0].story_points), (1, 2, 4.0));
    let later = EstimateOptions { now: Some(at("12:00:00")), ..options };
    assert_eq!(workspace.throughput(&later).unwrap(), throughput);
}

/// Everything that is said about the history, without the ids of tasks, which are random.
fn said(workspace: &Workspace) -> Value {
    let options = EstimateOptions::from_json(&json!({"mode": "empirical"})).unwrap();
    let found = estimate(workspace, json!({"mode": "empirical"}));
    let mut said = json!({
        "visits": workspace.lane_visits(&options).unwrap(),
        "flow": workspace.cumulative_flow(&options).unwrap(),
        "throughput": workspace.throughput(&options).unwrap(),
        "backtest": workspace.backtest(&options).unwrap(),
    });
    for part in ["backlogTotals", "completion", "laneTimes", "wip", "etas", "forecast"] {
        said[part] = found[part].clone();
    }
    let lanes = ["implementation", "review", "qa"].map(|lane| said["wip"][lane]["items"].clone());
    for item in lanes.iter().chain([&said["visits"]]).flat_map(|items| items.as_array().unwrap()) {
        assert!(item["taskId"].is_string(), "{item}");
    }
    let mut without_ids = said;
    for lane in ["implementation", "review", "qa"] {
        forget_ids(&mut without_ids["wip"][lane]["items"]);
    }
    forget_ids(&mut without_ids["visits"]);
    without_ids
}

fn forget_ids(items: &mut Value) {
    for item in items.as_array_mut().unwrap() {
        item.as_object_mut().unwrap().remove("taskId");
    }
}

#[test]
fn statuses_of_the_settings_say_what_those_of_the_pipeline_say() {
    let histories = [(PIPELINE, json!({})), (OWN_WORDS, own_words())].map(|(words, config)| {
        let (fixture, workspace) = steady_in(words, &config, 40, 4);
        // One task in each lane, and one that was sent back.
        for (key, last) in [("O-0", 1), ("O-1", 2), ("O-2", 3)] {
            let steps = words.iter().zip(["08:00:00", "09:00:00", "10:00:00"]).take(last);
            moves(&workspace, key, &steps.map(|(word, time)| (*word, time)).collect::<Vec<_>>());
        }
        moves(&workspace, "D-0", &[("changes_requested", "11:00:00"), (words[0], "11:30:00")]);
        (fixture, said(&workspace))
    });
    let [(_, expected), (_, found)] = histories;
    assert_eq!(expected["forecast"]["samples"], 39);
    assert_eq!(expected["backlogTotals"]["done"]["tasks"], 39);
    assert_eq!(expected["completion"]["workOnTasks"]["done"], 41);
    assert_eq!(expected["wip"]["review"]["items"][0]["ageHours"], 3);
    assert!(expected["backtest"]["origins"].as_u64().unwrap() > 5, "{expected}");
    assert_eq!(found, expected);
}

#[test]
fn what_is_released_after_its_completion_was_not_sent_back_and_is_not_completed_again() {
    let (_fixture, workspace) = steady_in(PIPELINE, &own_words(), 12, 3);
    let before = said(&workspace);
    assert_eq!((&before["forecast"]["samples"], &before["forecast"]["model"]), (&json!(12), &json!("flow")));
    for number in 0..12 {
        moved(&workspace, &format!("D-{number}"), "released", "12:00:00");
    }
    assert_eq!(said(&workspace), before);
    // Only the first of two such statuses completes; without a word about it in the settings, a task is open again.
    let (_fixture, workspace) = steady(12, 3);
    let context = TransitionContext { allow_unknown_status: true, ..TransitionContext::default() };
    for number in 0..12 {
        workspace.record_status_transition(&format!("D-{number}"), "released", &context).unwrap();
    }
    assert_eq!(forecast(&workspace, json!({})).samples, 0);
}

#[test]
fn a_task_that_is_reopened_and_released_counts_from_then_on() {
    let (_fixture, workspace) = steady_in(PIPELINE, &own_words(), 6, 1);
    moves(&workspace, "D-0", &[("changes_requested", "11:00:00"), ("in design", "11:00:00")]);
    assert_eq!(forecast(&workspace, json!({})).samples, 5);
    moved(&workspace, "D-0", "released", "11:45:00");
    let found = forecast(&workspace, json!({}));
    assert_eq!((found.samples, found.model.as_str()), (6, "flow"));
    let visits = workspace.lane_visits(&EstimateOptions::default()).unwrap();
    let last = visits.iter().rfind(|visit| visit.task_key == "D-0").unwrap();
    assert_eq!((last.pass_number, last.hours, last.outcome.as_str()), (2, 0.75, "forward"));
}

#[test]
fn a_visit_goes_on_through_several_statuses_of_its_lane() {
    let (_fixture, workspace) = steady_in(PIPELINE, &own_words(), 6, 2);
    let steps = [
        ("in design", "05:00:00"),
        ("in_progress", "06:00:00"),
        ("ready_to_code_review", "08:00:00"),
        ("legal", "08:30:00"),
    ];
    moves(&workspace, "O-0", &steps);
    let visits = workspace.lane_visits(&EstimateOptions::default()).unwrap();
    let own: Vec<_> = visits.iter().filter(|visit| visit.task_key == "O-0").collect();
    let own: Vec<_> = own.iter().map(|visit| (&*visit.lane, visit.hours, &*visit.outcome)).collect();
    assert_eq!(own, [("implementation", 3.0, "forward"), ("review", 4.0, "open")]);
    let found = estimate(&workspace, json!({}));
    assert_eq!(found["wip"]["review"]["items"][0]["ageHours"], 4, "since it came into the lane");
    // The contract's hours spent are those in `in_progress` itself.
    moves(&workspace, "O-1", &[("in design", "09:00:00"), ("in_progress", "11:00:00")]);
    let found = estimate(&workspace, json!({"spPerHourAll": 1}));
    assert_eq!(found["wip"]["implementation"]["items"][0]["ageHours"], 3);
    assert_eq!(found["durationsHours"]["implementationHours"], 1, "2 points, of which one hour was spent");
    assert_eq!(estimate(&workspace, json!({"spPerHourAll": 1, "forecast": false}))["wip"], found["wip"]);
}
