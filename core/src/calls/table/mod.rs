//! The table of calls, by what they are about.

mod backlog;
mod database;
mod library;
mod runs;
mod settings;
#[cfg(feature = "report")]
mod tables;
mod usage;
mod work;

use super::Call;

/// The parts of the table, in the order in which their calls are documented.
const PARTS: &[&[Call]] = &[
    library::CALLS,
    #[cfg(feature = "report")]
    tables::CALLS,
    usage::CALLS,
    database::CALLS,
    work::CALLS,
    settings::CALLS,
    backlog::CALLS,
    runs::CALLS,
];

/// All calls, in the order in which they are documented.
pub static CALLS: &[Call] = &joined::<{ count() }>();

const fn count() -> usize {
    let (mut count, mut part) = (0, 0);
    while part < PARTS.len() {
        count += PARTS[part].len();
        part += 1;
    }
    count
}

const fn joined<const COUNT: usize>() -> [Call; COUNT] {
    let mut calls = [PARTS[0][0]; COUNT];
    let (mut place, mut part) = (0, 0);
    while part < PARTS.len() {
        let mut own = 0;
        while own < PARTS[part].len() {
            calls[place] = PARTS[part][own];
            (place, own) = (place + 1, own + 1);
        }
        part += 1;
    }
    calls
}
