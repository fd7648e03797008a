//! Many handles: what they need while they are open, and what is left when they are closed.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use std::path::Path;

use common::*;
use mcoda_core::{TokenUsage, TokenUsageQuery, Workspace};

const FOLDER: &str = "MCODA_TEST_FOLDER";

/// What this process has: descriptors, threads, and resident memory in KiB.
#[derive(Debug, Clone, Copy)]
struct Held {
    descriptors: usize,
    threads: usize,
    resident: usize,
}

fn held() -> Held {
    let entries = |folder: &str| std::fs::read_dir(folder).unwrap().count();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let resident = resident.trim().trim_end_matches(" kB").parse().unwrap();
    Held { descriptors: entries("/proc/self/fd"), threads: entries("/proc/self/task"), resident }
}

/// Opens this many handles, records and queries with each, and closes them: half of them by dropping them.
fn open_and_close(file: &Path, count: usize) -> Held {
    let before = held();
    let handles: Vec<Workspace> = (0..count).map(|_| Workspace::open_db(file).unwrap()).collect();
    assert_eq!(held().threads, before.threads, "a handle has no thread");
    for handle in &handles {
        handle.record_token_usage(&TokenUsage::default()).unwrap();
        handle.token_usage_summary(&TokenUsageQuery::default(), &[]).unwrap();
    }
    for (index, handle) in handles.into_iter().enumerate() {
        if index % 2 == 0 {
            handle.close().unwrap();
        }
    }
    held()
}

#[test]
fn a_thousand_handles_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let child = in_other_process(&[(FOLDER, folder.path().to_str().unwrap())]).spawn().unwrap();
    for line in lines_of(child, "held ") {
        println!("{line}");
    }
}

#[test]
#[ignore = "the other tests run it, in processes of their own"]
#[allow(clippy::disallowed_methods, reason = "a child process gets its task through the environment")]
fn other_process() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let file = Path::new(&folder).join("mcoda.db");
    // Six descriptors each: the files of the two connections.
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    rustix::process::setrlimit(
        rustix::process::Resource::Nofile,
        rustix::process::Rlimit { current: limit.maximum, ..limit },
    )
    .unwrap();
    let most = limit.maximum.map_or(1000, |most| usize::try_from(most).unwrap().saturating_sub(200) / 6);
    let few = open_and_close(&file, 100);
    let many = open_and_close(&file, most.min(1000));
    println!("held after a hundred handles {few:?}, after a thousand {many:?}");
    assert_eq!(many.threads, few.threads, "{many:?}");
    assert!(many.descriptors * 10 <= few.descriptors * 11, "{few:?} became {many:?}");
    // Other allocators have rules of their own. That of glibc keeps small blocks for each thread, and the pages around them;
    // without returning memory, 200 MiB and more stay here, and 9 MiB without returning it once more at the end.
    if cfg!(target_env = "gnu") {
        assert!(many.resident <= few.resident + 4 * 1024, "{few:?} became {many:?}");
    }
}
