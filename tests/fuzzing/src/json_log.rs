//! A JSON log written by another program, and its lock file.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use mcoda_core::TokenUsage;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::options;

/// The input up to the first such byte, which does not occur in text, is the lock file; without one there is none.
const BEHIND_LOCK: u8 = 0xfe;

/// Opening and recording turns it into an array that contains the new record and all readable records; everything else
/// is saved beside it.
pub fn json_log(data: &[u8]) {
    let (lock, log) = match data.iter().position(|byte| *byte == BEHIND_LOCK) {
        Some(end) => (Some(&data[..end]), &data[end + 1..]),
        None => (None, data),
    };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("token_usage.json");
    std::fs::write(&path, log).expect("a file");
    make_old(&path);
    if let Some(lock) = lock {
        std::fs::write(folder.path().join("token_usage.json.lock"), lock).expect("a file");
    }
    let workspace = options().json_log_in(folder.path()).open_db(":memory:").expect("a database");
    let usage = TokenUsage { id: Some("the new one".to_owned()), ..TokenUsage::default() };
    let recorded = workspace.record_token_usage(&usage).expect("a record");
    assert!(recorded.logged);
    expect_nothing_lost(log, &std::fs::read(&path).expect("a log"), aside(folder.path()));
}

/// A file that has just changed is not modified for a second.
fn make_old(path: &Path) {
    let file = File::options().write(true).open(path).expect("a file");
    file.set_modified(UNIX_EPOCH + Duration::from_secs(1_700_000_000)).expect("a time");
}

fn aside(folder: &Path) -> Option<Vec<u8>> {
    let mut files = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.to_string_lossy().contains(".corrupt-"));
    let found = files.next().map(|path| std::fs::read(path).expect("a file"));
    assert!(files.next().is_none(), "one repair sets one file aside");
    found
}

fn elements(text: &[u8]) -> Option<Vec<Box<RawValue>>> {
    serde_json::from_slice(text).ok()
}

fn expect_nothing_lost(before: &[u8], after: &[u8], aside: Option<Vec<u8>>) {
    let shown = || format!("{} became {}", before.escape_ascii(), after.trim_ascii_end().escape_ascii());
    let found = elements(after).unwrap_or_else(|| panic!("no array: {}", shown()));
    let (new, kept) = found.split_last().unwrap_or_else(|| panic!("nothing in it: {}", shown()));
    assert!(new.get().contains("\"the new one\""), "{}", shown());
    let texts =
        |elements: &[Box<RawValue>]| elements.iter().map(|one| one.get().to_owned()).collect::<Vec<_>>();
    match (elements(before), aside) {
        (Some(elements), aside) => {
            assert_eq!(texts(&elements), texts(kept), "{}", shown());
            assert!(aside.is_none(), "{}", shown());
        }
        (None, Some(aside)) => {
            assert!(before.ends_with(&aside), "{}", shown());
            assert!(after.starts_with(&before[..before.len() - aside.len()]), "{}", shown());
        }
        // Only its end was missing.
        (None, None) => {
            let before = before.trim_ascii_end();
            let whole = before.strip_suffix(b",").unwrap_or(before);
            let whole = if whole.is_empty() { b"[" } else { whole };
            let elements = elements(&[whole, b"]"].concat()).unwrap_or_else(|| panic!("{}", shown()));
            assert_eq!(texts(&elements), texts(kept), "{}", shown());
        }
    }
    for line in before.split(|byte| *byte == b'\n').filter(|line| is_record(line)) {
        let line = record_of(line);
        assert!(
            after.windows(line.len()).any(|window| window == line),
            "{} is lost: {}",
            line.escape_ascii(),
            shown()
        );
    }
}

/// Whether a line is a complete record as this library or the TypeScript packages write it.
fn is_record(line: &[u8]) -> bool {
    let begins = line.starts_with(b"{") || line.starts_with(b"  {");
    let record = serde_json::from_slice::<Map<String, Value>>(record_of(line));
    begins
        && record.is_ok_and(|record| {
            ["id", "timestamp"].iter().any(|name| record.get(*name).is_some_and(Value::is_string))
        })
}

fn record_of(line: &[u8]) -> &[u8] {
    let line = line.trim_ascii();
    line.strip_suffix(b",").unwrap_or(line)
}
