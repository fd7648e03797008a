//! The known status that somebody probably meant.

use super::{
    BLOCKED, CANCELLED, CHANGES_REQUESTED, COMPLETED, FAILED, IN_PROGRESS, NAMES, NOT_STARTED,
    READY_TO_CODE_REVIEW, READY_TO_QA,
};

/// Words of other trackers, by what they mean here.
const MEANINGS: &[(&str, &[&str])] = &[
    (
        COMPLETED,
        &[
            "done", "closed", "close", "finished", "resolved", "merged", "shipped", "released", "accepted",
            "fixed",
        ],
    ),
    (
        READY_TO_CODE_REVIEW,
        &[
            "review",
            "in_review",
            "code_review",
            "in_code_review",
            "reviewing",
            "under_review",
            "for_review",
            "needs_review",
            "ready_for_review",
            "pr_open",
            "implemented",
        ],
    ),
    (
        NOT_STARTED,
        &[
            "todo",
            "to_do",
            "open",
            "new",
            "backlog",
            "pending",
            "planned",
            "queued",
            "created",
            "ready",
            "unstarted",
            "selected_for_development",
        ],
    ),
    (
        IN_PROGRESS,
        &[
            "doing",
            "started",
            "start",
            "wip",
            "working",
            "active",
            "ongoing",
            "in_work",
            "in_development",
            "running",
        ],
    ),
    (
        READY_TO_QA,
        &[
            "qa",
            "in_qa",
            "testing",
            "in_testing",
            "test",
            "in_test",
            "ready_for_qa",
            "reviewed",
            "approved",
            "verify",
        ],
    ),
    (
        CHANGES_REQUESTED,
        &["rework", "reopened", "reopen", "rejected", "returned", "sent_back", "needs_work", "changes"],
    ),
    (
        CANCELLED,
        &[
            "canceled",
            "cancel",
            "wont_do",
            "wont_fix",
            "wontfix",
            "dropped",
            "abandoned",
            "obsolete",
            "duplicate",
            "invalid",
        ],
    ),
    (BLOCKED, &["on_hold", "hold", "waiting", "paused", "stuck", "impeded", "deferred"]),
    (FAILED, &["error", "failure", "broken", "crashed", "aborted"]),
];

/// The status nearest to this word, of those of the pipeline and `further` ones: by what it means in other trackers, else
/// by its letters. `None` if it resembles none of them.
pub(crate) fn nearest<'s>(word: &str, further: impl Iterator<Item = &'s str>) -> Option<String> {
    let word = joined(word);
    let meaning = MEANINGS.iter().find(|(_, words)| words.contains(&&*word));
    if let Some((status, _)) = meaning {
        return Some((*status).to_owned());
    }
    // About one letter in three may be wrong.
    let limit = (word.chars().count() / 3).max(1);
    let known = NAMES.iter().copied().map(str::to_owned).chain(further.map(str::to_owned));
    let spelled = known.map(|status| (distance(&word, &joined(&status)), status));
    let by_letters = spelled.filter(|(distance, _)| *distance <= limit).min_by_key(|(distance, _)| *distance);
    let misspelt = || {
        let all =
            MEANINGS.iter().flat_map(|(status, words)| words.iter().map(move |other| (*other, *status)));
        let near = all.filter(|(other, _)| other.len() > 3 && distance(&word, other) <= 1);
        near.map(|(_, status)| status.to_owned()).next()
    };
    by_letters.map(|(_, status)| status).or_else(misspelt)
}

/// In lower case, with one underscore between words, however they were separated.
fn joined(word: &str) -> String {
    let mut text = String::new();
    let mut was_lower = false;
    for letter in word.trim().chars().take(80) {
        let separates = !letter.is_alphanumeric() && letter != '\'';
        if (separates || letter.is_uppercase() && was_lower) && !text.is_empty() && !text.ends_with('_') {
            text.push('_');
        }
        if letter.is_alphanumeric() {
            text.extend(letter.to_lowercase());
        }
        was_lower = letter.is_lowercase();
    }
    text.trim_end_matches('_').to_owned()
}

/// How many letters differ: missing, additional, other, or two in the wrong order (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let other = usize::from(a[i - 1] != b[j - 1]);
            let mut least = (rows[i - 1][j] + 1).min(row[j - 1] + 1).min(rows[i - 1][j - 1] + other);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[i - 2][j - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_other_trackers_are_known_by_what_they_mean() {
        for (word, status) in [
            ("done", "completed"),
            ("Closed", "completed"),
            ("in review", "ready_to_code_review"),
            ("todo", "not_started"),
            ("To Do", "not_started"),
            ("inReview", "ready_to_code_review"),
            ("won't do", "cancelled"),
            ("QA", "ready_to_qa"),
            ("on hold", "blocked"),
        ] {
            assert_eq!(nearest(word, std::iter::empty()).as_deref(), Some(status), "{word}");
        }
    }

    #[test]
    fn misspelt_words_are_known_by_their_letters() {
        for (word, status) in [
            ("in_progres", "in_progress"),
            ("in-progress", "in_progress"),
            ("InProgress", "in_progress"),
            ("complete", "completed"),
            ("canceled", "cancelled"),
            ("ready_to_qs", "ready_to_qa"),
            ("blokced", "blocked"),
            ("finshed", "completed"),
            ("parkd", "parked"),
        ] {
            assert_eq!(nearest(word, ["parked"].into_iter()).as_deref(), Some(status), "{word}");
        }
        for word in ["", "x", "zebra crossing", "готово", &"a".repeat(100_000)] {
            assert_eq!(nearest(word, std::iter::empty()), None, "{word:.20}");
        }
    }
}
