//! A history as rows: visits of lanes, tasks in each lane day by day, and what was completed each day.

use super::forecast::{Outcome, Stage, visits};
use super::history::History;
use super::lane::Lane;
use super::timeline::Timeline;
use super::working_time::WorkingTime;
use crate::definition::record;
use crate::error::Result;
use crate::number::{self, ExactSum};
use crate::time::{Day, Timestamp, Zone};

record! {
    /// A visit of a task to a lane.
    #[derive(Debug, Clone, PartialEq)]
    #[non_exhaustive]
    pub struct LaneVisit("visit", "camelCase"): {
        /// The id of the task.
        pub task_id: String,
        /// Its key.
        pub task_key: String,
        /// `implementation`, `review` or `qa`.
        pub lane: String,
        /// 1 for the task's first visit to the lane, 2 for the next one.
        pub pass_number: u64,
        /// When the task entered the lane.
        pub entered_at: Timestamp,
        /// When it left; null if it is still there.
        pub left_at: Option<Timestamp>,
        /// The hours between, or until now.
        #[serde(serialize_with = "number::json")]
        pub hours: f64,
        /// `forward` to a later lane or the end, `back`, `cancelled`, or `open`.
        pub outcome: String,
        /// The story points of the task.
        #[serde(serialize_with = "number::json_option")]
        pub story_points: Option<f64>,
    }
}

record! {
    /// How many tasks were where at the end of a day.
    #[derive(Debug, Clone, PartialEq)]
    #[non_exhaustive]
    pub struct FlowDay("day", "camelCase"): {
        /// The day, for example `2026-03-20`.
        pub day: String = day,
        /// Not begun, sent back, or in a status outside of the lanes; tasks without any transition included.
        pub backlog: u64,
        /// In progress.
        pub implementation: u64,
        /// Ready for review.
        pub review: u64,
        /// Ready for QA.
        pub qa: u64,
        /// Completed.
        pub completed: u64,
        /// Cancelled.
        pub cancelled: u64,
    }
}

record! {
    /// What was completed on a day.
    #[derive(Debug, Clone, PartialEq)]
    #[non_exhaustive]
    pub struct ThroughputDay("day", "camelCase"): {
        /// The day, for example `2026-03-20`.
        pub day: String = day,
        /// The number of tasks.
        pub tasks: u64,
        /// The sum of their story points; a task without points counts as 0.
        #[serde(serialize_with = "number::json")]
        pub story_points: f64,
    }
}

/// Longer histories begin with the last so many days.
const MOST_DAYS: i64 = 36_525;

/// All visits in the order in which they began.
pub(super) fn lane_visits(history: &History, now: Timestamp) -> Vec<LaneVisit> {
    let timeline = Timeline::new(&history.tasks, now);
    let mut passes = vec![[0_u64; 3]; timeline.pipeline.tasks.len()];
    let all = visits(&timeline.pipeline).all;
    let row = |visit: &super::forecast::Visit| {
        let task = &history.tasks[timeline.places[visit.task]].known;
        passes[visit.task][visit.lane] += 1;
        Some(LaneVisit {
            task_id: task.id().to_owned(),
            task_key: task.key().to_owned(),
            lane: Lane::ALL[visit.lane].name().to_owned(),
            pass_number: passes[visit.task][visit.lane],
            entered_at: timeline.origin.moment(visit.entered)?,
            left_at: visit.left.and_then(|left| timeline.origin.moment(left)),
            hours: (visit.left.unwrap_or(timeline.pipeline.now) - visit.entered).max(0.0),
            outcome: match visit.outcome {
                Outcome::Open => "open",
                Outcome::Forward => "forward",
                Outcome::Back => "back",
                Outcome::Cancelled => "cancelled",
            }
            .to_owned(),
            story_points: task.story_points,
        })
    };
    all.iter().filter_map(row).collect()
}

/// A row for each day from that of the first event to today.
pub(super) fn cumulative_flow(
    history: &History,
    working_time: Option<&WorkingTime>,
    now: Timestamp,
) -> Result<Vec<FlowDay>> {
    let days = Days::new(history, working_time, now)?;
    let mut stages = vec![Stage::Backlog; days.timeline.pipeline.tasks.len()];
    let mut counts = [stages.len() as u64, 0, 0, 0, 0, 0];
    let mut events = days.timeline.pipeline.events.iter().peekable();
    let mut found = Vec::new();
    for day in days.all() {
        while let Some(event) = events.next_if(|event| days.of(event.at).number() <= day.number()) {
            counts[column(stages[event.task])] -= 1;
            counts[column(event.to)] += 1;
            stages[event.task] = event.to;
        }
        let [backlog, implementation, review, qa, completed, cancelled] = counts;
        found.push(FlowDay { day: day.text(), backlog, implementation, review, qa, completed, cancelled });
    }
    Ok(found)
}

/// The place of a stage among the columns of a [`FlowDay`].
fn column(stage: Stage) -> usize {
    match stage {
        Stage::Backlog | Stage::SentBack => 0,
        Stage::Lane(lane) => 1 + lane,
        Stage::Completed => 4,
        Stage::Cancelled => 5,
    }
}

/// A row for each day from that of the first event to today. A task counts on the day on which it was last completed.
pub(super) fn throughput(
    history: &History,
    working_time: Option<&WorkingTime>,
    now: Timestamp,
) -> Result<Vec<ThroughputDay>> {
    let days = Days::new(history, working_time, now)?;
    let mut completions = days.timeline.pipeline.completions().into_iter().peekable();
    let mut found = Vec::new();
    for day in days.all() {
        let (mut tasks, mut points) = (0, ExactSum::default());
        while let Some((at, task)) = completions.next_if(|(at, _)| days.of(*at).number() <= day.number()) {
            if days.of(at).number() == day.number() {
                tasks += 1;
                points.add(days.timeline.pipeline.tasks[task].points.unwrap_or(0.0));
            }
        }
        found.push(ThroughputDay { day: day.text(), tasks, story_points: points.value() });
    }
    Ok(found)
}

/// The days of a history in the calendar's time zone.
struct Days {
    timeline: Timeline,
    zone: Zone,
    last: Day,
}

impl Days {
    fn new(history: &History, working_time: Option<&WorkingTime>, now: Timestamp) -> Result<Self> {
        let zone = match working_time {
            Some(working_time) => working_time.zone,
            None => Zone::read("calendar.timeZone", None)?,
        };
        Ok(Self { timeline: Timeline::new(&history.tasks, now), last: zone.day_of(now), zone })
    }

    fn of(&self, hours: f64) -> Day {
        self.timeline.origin.moment(hours).map_or(self.last, |moment| self.zone.day_of(moment))
    }

    /// None where nothing has happened.
    fn all(&self) -> impl Iterator<Item = Day> {
        let last = self.last.number();
        let first =
            self.timeline.pipeline.events.first().map_or(last + 1, |event| self.of(event.at).number());
        (first.max(last - MOST_DAYS)..=last).map(Day::numbered)
    }
}
