//! A forecast and a backtest as text.

use super::decimals::fixed;
use super::format::{count, format_duration, money, number, thousands};
use super::shorten::wrap;
use super::table::{Column, MISSING, Table};
use crate::estimate::{Backtest, BacktestScore, Coverage, Estimate, Forecast, Milestone, QuantileHours};
use crate::printable::printable;
use crate::time::Timestamp;

/// The width of the bar of a milestone, from now to the last P95.
const BAR: usize = 30;

/// The names of the milestones, with the lanes that end with them.
const MILESTONES: [&str; 3] = ["implemented", "reviewed", "completed"];

/// Formats the forecast of an estimate for display: when the milestones are reached with a probability of 50 and of
/// 85 %, and what it rests on. `width` is that of the terminal, if the text is to fit one. The text ends with a newline.
#[must_use]
pub fn render_forecast(estimate: &Estimate, width: Option<usize>) -> String {
    match &estimate.forecast {
        Some(forecast) => forecast_text(forecast, width),
        None => "No forecast was asked for\n".to_owned(),
    }
}

pub(super) fn forecast_text(forecast: &Forecast, width: Option<usize>) -> String {
    let milestones = [&forecast.ready_to_review, &forecast.ready_to_qa, &forecast.complete];
    let last = milestones.iter().filter_map(|milestone| milestone.as_ref()).map(|found| found.hours.p95);
    let Some(last) = last.reduce(f64::max) else {
        let reason = forecast.reason.as_deref().unwrap_or("cannot forecast");
        let reason = wrap(&format!("Forecast: {}", printable(reason)), width);
        return reason + &stalled(forecast).map_or_else(String::new, |note| wrap(&note, width));
    };
    let mut table = Table::new([
        Column::whole("FORECAST"),
        Column::whole("P50"),
        Column::time("AT").minor(2),
        Column::whole("P85"),
        Column::time("AT").minor(1),
        Column::whole("P10 TO P95").minor(3),
    ]);
    for (name, milestone) in MILESTONES.into_iter().zip(milestones) {
        let Some(Milestone { hours, at }) = milestone else { continue };
        let time = |at: Option<Timestamp>| at.map_or_else(|| MISSING.to_owned(), |at| at.to_string());
        table.row([
            name.to_owned(),
            duration(hours.p50),
            time(at.p50),
            duration(hours.p85),
            time(at.p85),
            bar(hours, last),
        ]);
    }
    table.text(width) + &notes(forecast, width)
}

fn duration(hours: f64) -> String {
    if hours <= 0.0 { "now".to_owned() } else { format!("in {}", format_duration(hours)) }
}

/// `-` from P10 to P50, `=` from P50 to P85, `.` from P85 to P95.
fn bar(hours: &QuantileHours, last: f64) -> String {
    if last <= 0.0 {
        return MISSING.to_owned();
    }
    let place = |hours: f64| ((hours / last * BAR as f64).round() as usize).min(BAR);
    let [p10, p50, p85, p95] = [hours.p10, hours.p50, hours.p85, hours.p95].map(place);
    let cell = |place: usize| match place {
        place if place < p10 => ' ',
        place if place < p50 => '-',
        place if place < p85 => '=',
        place if place < p95 => '.',
        _ => ' ',
    };
    let cells: String = (0..BAR).map(cell).collect();
    format!("[{cells}]")
}

fn notes(forecast: &Forecast, width: Option<usize>) -> String {
    let mut notes = vec![basis(forecast)];
    notes.extend(
        forecast.done_by.map(|done| format!("Completed by {}: {}", done.at, percent(done.probability))),
    );
    if let Some(shares) = &forecast.bottleneck {
        let lanes = [("implementation", shares.implementation), ("review", shares.review), ("QA", shares.qa)];
        let busiest = lanes.into_iter().reduce(|best, lane| if lane.1 > best.1 { lane } else { best });
        notes.extend(
            busiest.map(|(lane, share)| format!("Bottleneck: {lane}, in {} of trials", percent(share))),
        );
    }
    if let Some(rework) = forecast.rework.filter(|rework| rework.passes_per_task >= 1.005) {
        notes.push(format!(
            "Rework: a task is implemented {} times on average",
            fixed(rework.passes_per_task, 2)
        ));
    }
    if let Some(cost) = &forecast.cost {
        let currency =
            cost.currency.as_deref().map(|name| format!(" {}", printable(name))).unwrap_or_default();
        let [p50, p85] = [cost.p50, cost.p85].map(|cost| money(Some(cost)));
        notes.push(format!("Cost to complete: {p50}{currency} (P50), {p85}{currency} (P85)"));
    }
    if let Some(tokens) = forecast.tokens {
        let [p50, p85] = [tokens.p50, tokens.p85].map(|tokens| thousands(&number(tokens.round())));
        notes.push(format!("Tokens to complete: {p50} (P50), {p85} (P85)"));
    }
    notes.extend(stalled(forecast));
    if let Some(tasks) = forecast.tasks_per_job {
        notes.push(format!("Many tasks are open: of those that wait, {tasks} were simulated as one"));
    }
    notes.iter().map(|note| wrap(note, width)).collect()
}

fn stalled(forecast: &Forecast) -> Option<String> {
    let stalled = forecast.stalled?;
    let (hours, before) = (format_duration(stalled.hours), format_duration(stalled.longest_before));
    Some(format!(
        "Stalled: no task has moved for {hours} of working time; the longest pause before was {before}"
    ))
}

fn basis(forecast: &Forecast) -> String {
    let tasks = match forecast.samples {
        1 => "1 completed task".to_owned(),
        samples => format!("{} completed tasks", count(samples)),
    };
    let made =
        format!("{} trials, model {}, seed {}", forecast.trials, printable(&forecast.model), forecast.seed);
    if forecast.basis == "prior" {
        format!(
            "From {tasks} ({made}): too few to rely on, so it rests on general assumptions about task durations"
        )
    } else {
        format!("From {tasks} ({made})")
    }
}

/// Trials cannot tell a probability above 95 % from certainty.
fn percent(share: f64) -> String {
    if share > 0.95 { "> 95 %".to_owned() } else { format!("{} %", fixed(share * 100.0, 0)) }
}

/// Formats a backtest for display: for each horizon how often P50, P85 and P95 were not exceeded, and how far off the
/// forecasts were. `width` is that of the terminal, if the text is to fit one. The text ends with a newline.
#[must_use]
pub fn render_backtest(backtest: &Backtest, width: Option<usize>) -> String {
    if backtest.horizons.is_empty() {
        return "Backtest: not enough to judge: it takes 10 completed tasks\n".to_owned();
    }
    let mut table = Table::new([
        Column::number("NEXT TASKS"),
        Column::whole("BY"),
        Column::number("FORECASTS").minor(4),
        Column::text("WITHIN P50").minor(1),
        Column::text("WITHIN P85"),
        Column::text("WITHIN P95").minor(1),
        Column::number("MEDIAN ERROR"),
        Column::number("PINBALL H").minor(3),
        Column::number("CRPS H").minor(2),
    ]);
    for horizon in &backtest.horizons {
        let mut row = |by: &str, score: &BacktestScore, has_quantiles: bool| {
            let covered = |share: &Coverage| if has_quantiles { coverage(share) } else { MISSING.to_owned() };
            table.row([
                horizon.tasks.to_string(),
                by.to_owned(),
                score.forecasts.to_string(),
                covered(&score.p50),
                covered(&score.p85),
                covered(&score.p95),
                format!("{} %", fixed(score.median_error * 100.0, 1)),
                fixed(score.pinball, 2),
                fixed(score.crps, 2),
            ]);
        };
        row("forecast", &horizon.forecast, true);
        if let Some(baseline) = &horizon.baseline {
            row("throughput", baseline, true);
        }
        if let Some(contract) = &horizon.contract {
            row("durationsHours", contract, false);
        }
    }
    let made = format!(
        "Made at {} earlier times with {} trials each (seed {})",
        backtest.origins, backtest.trials, backtest.seed
    );
    table.text(width) + &wrap(&made, width)
}

fn coverage(coverage: &Coverage) -> String {
    let [share, low, high] =
        [coverage.share, coverage.low, coverage.high].map(|share| fixed(share * 100.0, 0));
    let judged = if coverage.is_enough { "" } else { ": not enough to judge" };
    format!("{share} % ({low} to {high}){judged}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estimate::{DoneBy, QuantileTimes, Stalled};

    fn milestone(p50: f64) -> Milestone {
        let hours = QuantileHours { p10: p50 / 2.0, p50, p80: p50 * 1.4, p85: p50 * 1.5, p95: p50 * 2.0 };
        let at = |hours: f64| Timestamp::EPOCH.plus_hours(hours);
        let at = QuantileTimes {
            p10: at(hours.p10),
            p50: at(hours.p50),
            p80: at(hours.p80),
            p85: at(hours.p85),
            p95: at(hours.p95),
        };
        Milestone { hours, at }
    }

    fn forecast() -> Forecast {
        Forecast {
            basis: "history".to_owned(),
            model: "flow".to_owned(),
            samples: 48,
            trials: 1000,
            seed: 1,
            ready_to_review: Some(milestone(4.0)),
            ready_to_qa: Some(milestone(6.0)),
            complete: Some(milestone(10.0)),
            reason: None,
            done_by: None,
            bottleneck: None,
            rework: None,
            cost: None,
            tokens: None,
            baseline: None,
            stalled: None,
            tasks_per_job: None,
        }
    }

    #[test]
    fn a_forecast_reads_well() {
        let expected = "\
FORECAST    | P50     | AT                       | P85     | AT                       | P10 TO P95
------------+---------+--------------------------+---------+--------------------------+---------------------------------
implemented | in 4 h  | 1970-01-01T04:00:00.000Z | in 6 h  | 1970-01-01T06:00:00.000Z | [   ---===...                  ]
reviewed    | in 6 h  | 1970-01-01T06:00:00.000Z | in 9 h  | 1970-01-01T09:00:00.000Z | [     ----=====....            ]
completed   | in 10 h | 1970-01-01T10:00:00.000Z | in 15 h | 1970-01-01T15:00:00.000Z | [        -------========.......]
From 48 completed tasks (1000 trials, model flow, seed 1)
";
        assert_eq!(forecast_text(&forecast(), None), expected);
    }

    #[test]
    fn what_is_weak_is_said() {
        let text = forecast_text(
            &Forecast {
                basis: "prior".to_owned(),
                samples: 1,
                done_by: Some(DoneBy { at: Timestamp::EPOCH, probability: 0.99 }),
                stalled: Some(Stalled { hours: 50.0, longest_before: 20.0 }),
                ..forecast()
            },
            None,
        );
        for part in
            ["From 1 completed task ", "too few to rely on", "1970-01-01T00:00:00.000Z: > 95 %", "Stalled"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
        let nothing = Forecast {
            ready_to_review: None,
            ready_to_qa: None,
            complete: None,
            reason: Some("cannot forecast: no task has been completed yet".to_owned()),
            ..forecast()
        };
        assert_eq!(
            forecast_text(&nothing, None),
            "Forecast: cannot forecast: no task has been completed yet\n"
        );
    }
}
