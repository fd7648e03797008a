//! The forecast of an estimate: when the milestones are reached, and how sure that is.

use serde::{Deserialize, Serialize};

use super::forecast::{
    Calendar, Model, Pipeline, Prediction, Quantiles, Request, Spent, cost_trials, predict, sized,
};
use super::history::History;
use super::lane::PerLane;
use super::options::EstimateOptions;
use super::timeline::{Origin, Timeline};
use super::working_time::WorkingTime;
use crate::definition::record;
use crate::number;
use crate::repository::task_costs::TaskCost;
use crate::time::Timestamp;

/// When the milestones are reached, by a simulation of the pipeline from its present state (docs/forecast.md).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Forecast {
    /// `history`, or `prior` below 5 completed tasks: then it rests on general assumptions about task durations.
    pub basis: String,
    /// `flow`: the simulation, corrected by the throughput. `throughput`: that alone, since no task has ever left the
    /// implementation.
    /// `schedule`: nothing, since no task has ever been completed.
    pub model: String,
    /// The number of completed tasks behind it.
    pub samples: usize,
    /// The number of trials made.
    pub trials: usize,
    /// The seed of the trials.
    pub seed: i64,
    /// When everything is implemented; null if it cannot be said.
    pub ready_to_review: Option<Milestone>,
    /// When everything is reviewed; null if it cannot be said.
    pub ready_to_qa: Option<Milestone>,
    /// When everything is completed; null if it cannot be said.
    pub complete: Option<Milestone>,
    /// Why the milestones are null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The probability that everything is completed by the time of the option `by`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_by: Option<DoneBy>,
    /// The share of trials in which each lane had the most work for each of its workers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bottleneck: Option<PerLane<f64>>,
    /// How often tasks are implemented again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rework: Option<Rework>,
    /// What completing the open tasks still costs; absent below 5 completed tasks with a known cost, or with costs in
    /// several currencies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<CostToComplete>,
    /// The tokens that completing the open tasks still takes; absent below 5 completed tasks with known tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<TokensToComplete>,
    /// The throughput bootstrap alone; absent below two completed tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// Present if no task has moved for longer than ever before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stalled: Option<Stalled>,
    /// The number of waiting tasks that were simulated as one; absent if each was simulated by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tasks_per_job: Option<usize>,
}

/// When a milestone is reached, by probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Milestone {
    /// Hours from now.
    pub hours: QuantileHours,
    /// The same as times; null beyond the year 9999.
    #[serde(default)]
    pub at: QuantileTimes,
}

record! {
    /// Hours by probability.
    #[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
    #[non_exhaustive]
    pub struct QuantileHours("hours", "camelCase"): {
        /// Not exceeded with a probability of 10 %.
        #[serde(serialize_with = "number::json")]
        pub p10: f64,
        /// Not exceeded with a probability of 50 %.
        #[serde(serialize_with = "number::json")]
        pub p50: f64,
        /// Not exceeded with a probability of 80 %.
        #[serde(serialize_with = "number::json")]
        pub p80: f64,
        /// Not exceeded with a probability of 85 %.
        #[serde(serialize_with = "number::json")]
        pub p85: f64,
        /// Not exceeded with a probability of 95 %.
        #[serde(serialize_with = "number::json")]
        pub p95: f64,
    }
}

/// Times by probability.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the probabilities in percent")]
#[non_exhaustive]
pub struct QuantileTimes {
    pub p10: Option<Timestamp>,
    pub p50: Option<Timestamp>,
    pub p80: Option<Timestamp>,
    pub p85: Option<Timestamp>,
    pub p95: Option<Timestamp>,
}

/// The probability that everything is completed by a time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct DoneBy {
    /// The time.
    pub at: Timestamp,
    /// From 0 to 1. Trials cannot tell more than 0.95 from certain: show it as "> 95 %".
    #[serde(serialize_with = "number::json")]
    pub probability: f64,
}

/// How often tasks are implemented again.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Rework {
    /// The expected number of times that a task is implemented, 1 or more.
    #[serde(serialize_with = "number::json")]
    pub passes_per_task: f64,
}

/// What completing the open tasks still costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CostToComplete {
    /// The currency; null if records name none.
    pub currency: Option<String>,
    /// With a probability of one half it costs no more.
    #[serde(serialize_with = "number::json")]
    pub p50: f64,
    /// With a probability of 85 % it costs no more.
    #[serde(serialize_with = "number::json")]
    pub p85: f64,
}

/// The tokens that completing the open tasks still takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TokensToComplete {
    /// With a probability of one half it takes no more.
    #[serde(serialize_with = "number::json")]
    pub p50: f64,
    /// With a probability of 85 % it takes no more.
    #[serde(serialize_with = "number::json")]
    pub p85: f64,
}

/// The throughput bootstrap's forecast.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Baseline {
    /// When everything is completed.
    pub complete: Milestone,
}

/// A pipeline in which nothing has happened for longer than ever before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Stalled {
    /// Working hours since the newest transition.
    #[serde(serialize_with = "number::json")]
    pub hours: f64,
    /// The longest pause before, in working hours.
    #[serde(serialize_with = "number::json")]
    pub longest_before: f64,
}

/// Below so many completed tasks the forecast rests on general assumptions.
const FEW: usize = 5;
const DEFAULT_TRIALS: usize = 1_000;
const DEFAULT_SEED: i64 = 1;

/// How a forecast is to be made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    pub(super) trials: usize,
    pub(super) seed: i64,
}

impl Settings {
    pub(super) fn of(options: &EstimateOptions) -> Self {
        let trials = options.trials.and_then(|trials| usize::try_from(trials).ok());
        Self { trials: trials.unwrap_or(DEFAULT_TRIALS), seed: options.seed.unwrap_or(DEFAULT_SEED) }
    }
}

pub(super) fn forecast(
    options: &EstimateOptions,
    history: &History,
    costs: &[TaskCost],
    working_time: Option<&WorkingTime>,
    now: Timestamp,
) -> Forecast {
    let Settings { trials, seed } = Settings::of(options);
    let timeline = Timeline::new(history, now);
    let calendar = calendar(&timeline, working_time, now);
    let found = predict(&Request {
        pipeline: &timeline.pipeline,
        calendar: calendar.as_ref(),
        trials,
        seed: seed as u64,
        targets: &[],
    });
    let clock = Clock { origin: timeline.origin, now: timeline.pipeline.now };
    let [ready_to_review, ready_to_qa, complete] =
        [0, 1, 2].map(|lane| Quantiles::of(&found.milestones[lane]).map(|hours| clock.milestone(hours)));
    let done_by = options.by.and_then(|by| {
        let at = timeline.origin.hours(by);
        // What is done is done since its newest completion, not only now.
        let since =
            if timeline.pipeline.open_tasks() > 0 { None } else { timeline.pipeline.completions().pop() };
        let probability = match since {
            Some((since, _)) => f64::from(u8::from(since <= at)),
            None => found.probability_by(at - clock.now)?,
        };
        Some(DoneBy { at: by, probability })
    });
    let baseline = found.baseline.as_deref().and_then(Quantiles::of);
    let (cost, tokens) =
        to_complete(history, &timeline, costs, Settings { trials: found.trials.max(1), seed });
    Forecast {
        basis: if found.samples < FEW { "prior" } else { "history" }.to_owned(),
        model: model(&found).to_owned(),
        samples: found.samples,
        trials: found.trials,
        seed,
        ready_to_review,
        ready_to_qa,
        reason: complete.is_none().then(|| reason(&found).to_owned()),
        complete,
        done_by,
        bottleneck: found.bottleneck.map(|[implementation, review, qa]| PerLane {
            implementation,
            review,
            qa,
        }),
        rework: found.passes_per_task.map(|passes_per_task| Rework { passes_per_task }),
        cost,
        tokens,
        baseline: baseline.map(|hours| Baseline { complete: clock.milestone(hours) }),
        stalled: found.stalled.map(|(hours, longest_before)| Stalled { hours, longest_before }),
        tasks_per_job: Some(found.group).filter(|group| *group > 1),
    }
}

/// The calendar that was asked for; none if the events are to show one.
pub(super) fn calendar(
    timeline: &Timeline,
    working_time: Option<&WorkingTime>,
    now: Timestamp,
) -> Option<Calendar> {
    let first =
        timeline.pipeline.events.first().and_then(|event| timeline.origin.moment(event.at)).unwrap_or(now);
    working_time?.calendar(timeline.origin, first, now)
}

fn model(found: &Prediction) -> &'static str {
    match found.model {
        Some(Model::Flow) => "flow",
        Some(Model::Throughput) => "throughput",
        Some(Model::Schedule) | None => "schedule",
    }
}

fn reason(found: &Prediction) -> &'static str {
    if found.samples == 0 {
        "cannot forecast: no task has been completed yet"
    } else {
        "cannot forecast: no task has left the implementation, and all completions have one time"
    }
}

/// From hours to times.
struct Clock {
    origin: Origin,
    now: f64,
}

impl Clock {
    fn milestone(&self, hours: Quantiles) -> Milestone {
        let at = |hours: f64| self.origin.moment(self.now + hours);
        Milestone {
            hours: QuantileHours {
                p10: hours.p10,
                p50: hours.p50,
                p80: hours.p80,
                p85: hours.p85,
                p95: hours.p95,
            },
            at: QuantileTimes {
                p10: at(hours.p10),
                p50: at(hours.p50),
                p80: at(hours.p80),
                p85: at(hours.p85),
                p95: at(hours.p95),
            },
        }
    }
}

/// What the open tasks still cost, in money and in tokens.
fn to_complete(
    history: &History,
    timeline: &Timeline,
    costs: &[TaskCost],
    settings: Settings,
) -> (Option<CostToComplete>, Option<TokensToComplete>) {
    let pipeline = &timeline.pipeline;
    let mut of_task: Vec<Option<&TaskCost>> = vec![None; history.tasks.len()];
    for cost in costs {
        if let Some(place) = history.task_index(&cost.task_id) {
            of_task[place] = Some(cost);
        }
    }
    let cost_of = |task: usize| of_task[timeline.places[task]];
    let quantiles = |known: &dyn Fn(&TaskCost) -> Option<f64>| {
        let (completed, open) = spent(pipeline, |task| cost_of(task).and_then(known));
        let found = cost_trials(&completed, &open, settings.trials, settings.seed as u64)?;
        Quantiles::of(&found)
    };
    let tokens =
        quantiles(&|cost| cost.tokens).map(|found| TokensToComplete { p50: found.p50, p85: found.p85 });
    let mut currencies: Vec<&Option<String>> =
        (0..pipeline.tasks.len()).filter_map(cost_of).flat_map(|cost| &cost.currencies).collect();
    currencies.sort();
    currencies.dedup();
    let money = match currencies[..] {
        [currency] => quantiles(&|cost| cost.cost).map(|found| CostToComplete {
            currency: currency.clone(),
            p50: found.p50,
            p85: found.p85,
        }),
        _ => None,
    };
    (money, tokens)
}

/// Completed tasks with a known cost, in the order of completion, and the open ones with what they have cost already.
fn spent(pipeline: &Pipeline, cost: impl Fn(usize) -> Option<f64>) -> (Vec<Spent>, Vec<Spent>) {
    let known = pipeline.known_points();
    let mean = if known.is_empty() { 1.0 } else { known.iter().sum::<f64>() / known.len() as f64 };
    let points = |task: usize| pipeline.tasks[task].points.map_or(mean, sized);
    let completions = pipeline.completions().into_iter();
    let completed =
        completions.filter_map(|(_, task)| Some(Spent { points: points(task), cost: cost(task)? })).collect();
    let open = (0..pipeline.tasks.len())
        .filter(|task| pipeline.tasks[*task].stage.is_open())
        .map(|task| Spent { points: points(task), cost: cost(task).unwrap_or(0.0) })
        .collect();
    (completed, open)
}
