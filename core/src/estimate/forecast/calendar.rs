//! Working time: the hours of the week in which work happens, so that nights and weekends do not count as progress.

/// Working intervals in hours, ascending and disjoint. After the last one, working time continues at the average share
/// of the intervals.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::estimate) struct Calendar {
    intervals: Vec<(f64, f64)>,
    /// Working hours before each interval, and after the last one.
    before: Vec<f64>,
}

impl Calendar {
    /// None without working time. Intervals that overlap or touch are merged.
    pub(in crate::estimate) fn new(mut intervals: Vec<(f64, f64)>) -> Option<Self> {
        intervals.retain(|(from, until)| until > from);
        intervals.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut joined: Vec<(f64, f64)> = Vec::with_capacity(intervals.len());
        for (from, until) in intervals {
            match joined.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(until),
                _ => joined.push((from, until)),
            }
        }
        let mut before = vec![0.0];
        for (from, until) in &joined {
            before.push(before[before.len() - 1] + (until - from));
        }
        (!joined.is_empty()).then_some(Self { intervals: joined, before })
    }

    /// Working hours until this time.
    pub(in crate::estimate) fn to_work(&self, wall: f64) -> f64 {
        let place = self.intervals.partition_point(|(_, until)| *until <= wall);
        match self.intervals.get(place) {
            Some((from, _)) => self.before[place] + (wall - from).max(0.0),
            None => self.before[place] + (wall - self.end()) * self.share(),
        }
    }

    /// The earliest time with this many working hours before it.
    pub(in crate::estimate) fn to_wall(&self, work: f64) -> f64 {
        let place = self.before.partition_point(|before| *before < work).max(1) - 1;
        match self.intervals.get(place) {
            Some((from, _)) => from + (work - self.before[place]),
            None => self.end() + (work - self.before[place]) / self.share(),
        }
    }

    fn end(&self) -> f64 {
        self.intervals[self.intervals.len() - 1].1
    }

    fn share(&self) -> f64 {
        self.before[self.before.len() - 1] / (self.end() - self.intervals[0].0)
    }
}

const SLOTS: usize = 48;
/// A night has at least this many half hours, so that it is improbable by chance.
const SHORTEST_NIGHT: usize = 10;
const CHANCE: f64 = 1e-3;
/// A pattern needs events on at least this many days.
const FEWEST_DAYS: usize = 3;
/// How far the intervals extend into the future: two years.
const DAYS_AHEAD: f64 = 731.0;
/// The maximum length of a calendar: a hundred years.
const MOST_DAYS: f64 = 36_525.0;

/// The calendar that is inferred from the times of events; None if they are spread over all times of the day and the
/// week. Hours count from midnight of a Monday.
pub(super) fn inferred(moments: &[f64], now: f64) -> Option<Calendar> {
    // The first event may be an import.
    let first = moments.iter().copied().fold(f64::INFINITY, f64::min);
    let moments: Vec<f64> = moments.iter().copied().filter(|at| *at > first && *at <= now).collect();
    if moments.len() < 10 {
        return None;
    }
    let hours = day(&moments);
    let rest = days_off(&moments);
    if hours.is_none() && rest.is_none() {
        return None;
    }
    daily(first, now, hours.unwrap_or((0.0, 24.0)), rest.unwrap_or([false; 7]))
}

/// The same hours each day, from the first event until two years from now, except for days off.
fn daily(first: f64, now: f64, (from, until): (f64, f64), rest: [bool; 7]) -> Option<Calendar> {
    let last_day = (now / 24.0).floor() + DAYS_AHEAD;
    let first_day = ((first / 24.0).floor() - 1.0).max(last_day - MOST_DAYS);
    let days = (0..=(last_day - first_day) as usize).map(|day| first_day + day as f64);
    let working = days.filter(|day| !rest[day.rem_euclid(7.0) as usize]);
    Calendar::new(working.map(|day| (24.0 * day + from, 24.0 * day + until)).collect())
}

/// The working hours of a day: all but the longest run of half hours in which hardly anything happened, provided that
/// chance would leave such a run in fewer than one of a thousand histories. The end may be after midnight.
fn day(moments: &[f64]) -> Option<(f64, f64)> {
    let mut seen: Vec<(i64, usize)> = moments
        .iter()
        .map(|at| ((at / 24.0).floor() as i64, ((at.rem_euclid(24.0) * 2.0) as usize).min(SLOTS - 1)))
        .collect();
    seen.sort_unstable();
    seen.dedup();
    let days = usize::try_from(seen.last()?.0 - seen.first()?.0 + 1).ok()?;
    if days < FEWEST_DAYS {
        return None;
    }
    let mut counts = [0_usize; SLOTS];
    seen.iter().for_each(|(_, slot)| counts[*slot] += 1);
    let tolerated = if days < 5 { 0 } else { 1.max(days / 10) };
    let quiet = counts.map(|count| count <= tolerated);
    let (begin, length) = longest_run(&quiet)?;
    if length < SHORTEST_NIGHT {
        return None;
    }
    let inside = (0..length).map(|offset| counts[(begin + offset) % SLOTS]).sum();
    let chance = SLOTS as f64 * at_most(inside, seen.len(), length as f64 / SLOTS as f64);
    if chance > CHANCE {
        return None;
    }
    let from = ((begin + length) % SLOTS) as f64 / 2.0;
    let until = begin as f64 / 2.0;
    Some((from, if until > from { until } else { until + 24.0 }))
}

/// The days of the week, Monday first, on which nothing ever happened, provided that chance is an unlikely explanation.
fn days_off(moments: &[f64]) -> Option<[bool; 7]> {
    let mut days: Vec<i64> = moments.iter().map(|at| (at / 24.0).floor() as i64).collect();
    days.sort_unstable();
    days.dedup();
    let mut counts = [0_usize; 7];
    days.iter().for_each(|day| counts[day.rem_euclid(7) as usize] += 1);
    let quiet = counts.map(|count| count == 0);
    let (begin, length) = longest_run(&quiet)?;
    let chance = 7.0 * at_most(0, days.len(), length as f64 / 7.0);
    (length <= 3 && chance <= CHANCE)
        .then(|| std::array::from_fn(|day| (0..length).any(|offset| (begin + offset) % 7 == day)))
}

/// The longest run of quiet places on a circle; None if there is none, or if all are quiet.
fn longest_run(quiet: &[bool]) -> Option<(usize, usize)> {
    let count = quiet.len();
    if quiet.iter().all(|quiet| *quiet) {
        return None;
    }
    let run = |begin: usize| (0..count).take_while(|offset| quiet[(begin + offset) % count]).count();
    let longest =
        (0..count).map(|begin| (begin, run(begin))).max_by_key(|(begin, length)| (*length, count - begin))?;
    (longest.1 > 0).then_some(longest)
}

/// The probability that at most `inside` of `count` events fall into a share of the time.
fn at_most(inside: usize, count: usize, share: f64) -> f64 {
    let log_choose = |k: usize| {
        libm::lgamma(count as f64 + 1.0)
            - libm::lgamma(k as f64 + 1.0)
            - libm::lgamma((count - k) as f64 + 1.0)
    };
    let term = |k: usize| {
        libm::exp(log_choose(k) + k as f64 * libm::log(share) + (count - k) as f64 * libm::log(1.0 - share))
    };
    (0..=inside.min(count)).map(term).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nine_to_five() -> Calendar {
        Calendar::new((0..5).map(|day| (24.0 * f64::from(day) + 9.0, 24.0 * f64::from(day) + 17.0)).collect())
            .unwrap()
    }

    #[test]
    fn working_hours_and_times_are_inverse() {
        let calendar = nine_to_five();
        assert_eq!(calendar.to_work(8.0), 0.0);
        assert_eq!(calendar.to_work(10.0), 1.0);
        assert_eq!(calendar.to_work(20.0), 8.0);
        assert_eq!(calendar.to_wall(1.0), 10.0);
        assert_eq!(calendar.to_wall(8.0), 17.0);
        assert_eq!(calendar.to_wall(8.5), 33.5);
        assert_eq!(calendar.to_wall(0.0), 9.0);
        for work in [0.25, 7.0, 23.0, 39.9, 41.0, 4000.0] {
            assert!((calendar.to_work(calendar.to_wall(work)) - work).abs() < 1e-9, "{work}");
        }
    }

    #[test]
    fn overlapping_intervals_count_once_and_no_interval_is_no_calendar() {
        let calendar = Calendar::new(vec![(5.0, 7.0), (0.0, 2.0), (1.0, 3.0), (9.0, 9.0)]).unwrap();
        assert_eq!(calendar.to_work(100.0_f64.min(7.0)), 5.0);
        assert_eq!(Calendar::new(vec![(1.0, 1.0)]), None);
    }

    fn moments(days: usize, from: f64, until: f64) -> Vec<f64> {
        let per_day = 12;
        let at = |number: usize| {
            let day = (number / per_day) as f64;
            // Spread by the golden ratio.
            24.0 * day + from + (until - from) * ((number as f64 * 0.618_033_988_75) % 1.0)
        };
        let mut found: Vec<f64> = (0..days * per_day).map(at).collect();
        found.sort_by(f64::total_cmp);
        found
    }

    #[test]
    fn nights_are_found_if_there_are_any() {
        let office = moments(6, 9.0, 17.0);
        let (from, until) = day(&office).unwrap();
        assert!((8.5..=9.5).contains(&from) && (16.5..=17.5).contains(&until), "{from} {until}");
        let late = moments(6, 18.0, 26.0);
        let (from, until) = day(&late).unwrap();
        assert!((17.5..=18.5).contains(&from) && (25.5..=26.5).contains(&until), "{from} {until}");
        assert_eq!(inferred(&moments(6, 0.0, 24.0), 200.0), None);
        assert_eq!(inferred(&[], 0.0), None);
    }

    #[test]
    fn one_night_is_not_enough() {
        let at_once = [vec![1.0; 10], vec![11.0; 10]].concat();
        for moments in [moments(2, 9.0, 17.0), at_once] {
            assert_eq!(inferred(&moments, 41.0), None, "a pause that was seen once is no habit");
        }
    }

    #[test]
    fn weekends_are_found_after_enough_weeks() {
        let on_weekdays = |weeks: usize| -> Vec<f64> {
            moments(7 * weeks, 0.0, 24.0).into_iter().filter(|at| (at / 24.0) as usize % 7 < 5).collect()
        };
        assert_eq!(days_off(&on_weekdays(6)), Some([false, false, false, false, false, true, true]));
        assert_eq!(days_off(&on_weekdays(3)), None, "three weekends off are no rule");
        let calendar = inferred(&on_weekdays(8), 56.0 * 24.0).unwrap();
        assert_eq!(calendar.to_wall(calendar.to_work(5.0 * 24.0) + 1.0), 7.0 * 24.0 + 1.0);
    }
}
