//! Every target with its corpus, and with mutations of it that are the same in every run.

use std::collections::BTreeSet;
use std::path::PathBuf;

use mcoda_fuzzing::{TARGETS, damaged_line, fixture_of, fixtures, sources_of, usage_sources};

/// Pseudo-random numbers with a fixed sequence (Marsaglia's xorshift64).
struct Xorshift(u64);

impl Xorshift {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    files.into_iter().map(|file| std::fs::read(file).unwrap()).collect()
}

fn one_change(bytes: &mut Vec<u8>, other: &[u8], random: &mut Xorshift) {
    const ODD: &[&[u8]] = &[
        b"\0",
        b"\xff",
        b"\"",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b"\n",
        b"-1",
        b"null",
        b"1e999",
        b"\\ud800",
        b"9007199254740992",
        b"\xfe",
        b"\xe2\x82",
    ];
    let place = random.below(bytes.len() + 1);
    let end = (place + random.below(16)).min(bytes.len());
    match random.below(7) {
        0 if place < bytes.len() => bytes[place] ^= 1 << random.below(8),
        1 if place < bytes.len() => bytes[place] = random.below(256) as u8,
        2 => drop(bytes.drain(place..end)),
        3 => bytes.truncate(place),
        4 => drop(bytes.splice(place..place, ODD[random.below(ODD.len())].iter().copied())),
        5 => {
            let copy = bytes[place..end].to_vec();
            bytes.splice(place..place, copy);
        }
        _ => {
            let from = random.below(other.len() + 1);
            bytes.splice(place.., other[from..].iter().copied());
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "a switch of the tests alone")]
fn rounds(usually: usize) -> usize {
    let factor = std::env::var("MCODA_TEST_ROUNDS").ok().and_then(|factor| factor.parse().ok());
    usually * factor.unwrap_or(1)
}

fn run(name: &str, changes: usize) {
    let (_, target) = TARGETS.iter().find(|(known, _)| *known == name).expect("a target");
    let try_it = |bytes: &[u8]| {
        if let Err(panic) = std::panic::catch_unwind(|| target(bytes)) {
            println!("{name}: this input fails: b\"{}\"", bytes.escape_ascii());
            std::panic::resume_unwind(panic);
        }
    };
    let corpus = corpus(name);
    corpus.iter().for_each(|bytes| try_it(bytes));
    try_it(b"");
    let mut random = Xorshift(0x2026_0320);
    for _ in 0..rounds(changes) {
        let mut bytes = corpus[random.below(corpus.len())].clone();
        for _ in 0..=random.below(4) {
            let other = &corpus[random.below(corpus.len())];
            one_change(&mut bytes, other, &mut random);
        }
        try_it(&bytes);
    }
}

#[test]
fn a_damaged_database_is_an_error_and_never_a_panic() {
    run("databases", 100);
}

#[test]
fn a_damaged_json_log_is_repaired_and_nothing_readable_is_lost() {
    run("json_log", 600);
}

#[test]
fn any_record_is_stored_unchanged_or_refused_by_its_field() {
    run("records", 1000);
}

#[test]
fn any_rows_of_other_programs_can_be_read() {
    run("rows", 100);
}

#[test]
fn sums_of_a_session_do_not_depend_on_the_order_of_its_reports() {
    run("sessions", 3000);
}

#[test]
fn any_time_is_read_as_it_says_or_refused() {
    run("times", 5000);
}

#[test]
fn any_body_is_read_within_the_rules_and_counts_once() {
    run("usage_bodies", 300);
}

#[test]
fn damaged_files_of_every_source_are_read_within_the_rules_and_count_once() {
    run("usage_sources", 300);
}

/// Calls `check` with every fixture and the four bytes of an edit of it, and lists all of them that fail. Returns for how
/// many `check` was of use.
fn try_damage(check: fn(usize, [u8; 4]) -> bool) -> usize {
    const KINDS: usize = 10;
    let mut random = Xorshift(0x2026_1130);
    let mut failures = Vec::new();
    let mut used = 0;
    for fixture in 0..fixtures() {
        for round in 0..rounds(1) {
            let mut any = || random.below(256) as u8;
            let edit = [((fixture + round * 7) % KINDS) as u8, any(), any(), any()];
            match std::panic::catch_unwind(|| check(fixture, edit)) {
                Ok(is_used) => used += usize::from(is_used),
                Err(_) => failures.push((fixture, edit)),
            }
        }
    }
    assert!(failures.is_empty(), "{} edits fail: {failures:?}", failures.len());
    used
}

#[test]
fn damage_of_every_kind_to_every_source_costs_itself_alone() {
    try_damage(|fixture, edit| {
        usage_sources(&[&(fixture as u16).to_le_bytes()[..], &edit].concat());
        true
    });
}

#[test]
fn damage_to_one_line_leaves_the_records_of_the_others() {
    assert!(try_damage(damaged_line) > 40);
}

#[test]
fn the_corpus_has_a_fixture_of_every_source() {
    let corpus = corpus("usage_sources");
    let begun: BTreeSet<usize> = corpus.iter().filter_map(|input| fixture_of(input)).collect();
    let mut known: BTreeSet<String> = begun.iter().copied().flat_map(sources_of).collect();
    let mut lacking = Vec::new();
    for fixture in 0..fixtures() {
        let missing: BTreeSet<String> = sources_of(fixture).difference(&known).cloned().collect();
        if !missing.is_empty() {
            lacking.push(fixture);
            known.extend(missing);
        }
    }
    assert!(lacking.is_empty(), "no input begins with these fixtures, as two bytes: {lacking:?}");
}

#[test]
fn every_target_is_run_by_these_tests_and_by_the_fuzzer() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz");
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    let own = include_str!("short.rs");
    for (name, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is no program of fuzz/");
        assert!(folder.join("fuzz_targets").join(format!("{name}.rs")).exists());
        assert!(own.contains(&format!("run(\"{name}\"")), "{name} is not run here");
    }
}
