mod damage;
mod entries;
#[cfg(unix)]
mod processes;
#[cfg(unix)]
mod removed;

use std::collections::HashSet;
use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::error::ErrorKind;

const LONG: Duration = Duration::from_secs(20);

/// A folder with a log in it.
struct Fixture {
    folder: TempDir,
    log: JsonLog,
}

impl Fixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = JsonLog::new(folder.path());
        Self { folder, log }
    }

    /// With a log of this text that was written a while ago.
    fn with(text: impl AsRef<[u8]>) -> Self {
        let fixture = Self::new();
        fixture.write(text);
        fixture.settle();
        fixture
    }

    fn write(&self, text: impl AsRef<[u8]>) {
        fs::write(&self.log.path, text).unwrap();
    }

    fn settle(&self) {
        let file = fs::File::options().write(true).open(&self.log.path).unwrap();
        let modified = file.metadata().unwrap().modified().unwrap();
        file.set_modified(modified - Duration::from_secs(10)).unwrap();
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(&self.log.path).unwrap()
    }

    fn ids(&self) -> Vec<String> {
        ids_in(&self.bytes())
    }

    /// The saved damaged parts, by file name.
    fn corrupt(&self) -> Vec<Vec<u8>> {
        let files = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files.filter(|path| path.to_string_lossy().contains(".corrupt-")).collect();
        files.sort();
        files.into_iter().map(|path| fs::read(path).unwrap()).collect()
    }

    fn lock(&self) -> Locked<'_> {
        self.log.lock(LONG, noon()).unwrap()
    }

    /// Appends one record; returns whether the whole log was read.
    fn append(&self, id: &str) -> bool {
        let mut locked = self.lock();
        locked.append(&[record(id)]).unwrap();
        let was_interrupted = locked.was_interrupted();
        locked.confirm().unwrap();
        was_interrupted
    }
}

fn noon() -> Timestamp {
    "2026-03-20T12:00:00Z".parse().unwrap()
}

fn record(id: &str) -> String {
    json!({"id": id, "metadata": {"note": "a ] in \"text\"", "list": [1]}}).to_string()
}

fn ids_in(bytes: &[u8]) -> Vec<String> {
    let records: Vec<Value> = serde_json::from_slice(bytes)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(bytes).trim_end()));
    records.iter().map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

fn pretty(ids: &[&str]) -> String {
    let records: Vec<Value> = ids.iter().map(|id| serde_json::from_str(&record(id)).unwrap()).collect();
    serde_json::to_string_pretty(&records).unwrap()
}

#[test]
fn a_missing_file_is_created_and_grows() {
    let fixture = Fixture::new();
    let mut expected = Vec::new();
    for number in 0..200 {
        let id = format!("r{number}");
        assert_eq!(fixture.append(&id), number == 0);
        expected.push(id);
        assert_eq!(fixture.ids(), expected);
    }
    let text = String::from_utf8(fixture.bytes()).unwrap();
    assert!(text.starts_with("[\n{\"id\":\"r0\","));
    assert!(text.contains("},\n{\"id\":\"r199\","));
    assert!(fixture.corrupt().is_empty());
}

#[test]
fn one_call_appends_many_and_none() {
    let fixture = Fixture::new();
    let mut locked = fixture.lock();
    locked.append::<&str>(&[]).unwrap();
    assert!(!fixture.log.path.exists());
    locked.append(&[record("a"), record("b")]).unwrap();
    assert_eq!(fixture.ids(), ["a", "b"], "readable before it is confirmed");
    locked.append(&[record("c")]).unwrap();
    locked.confirm().unwrap();
    assert!(!fixture.append("d"));
    assert_eq!(fixture.ids(), ["a", "b", "c", "d"]);
}

#[test]
fn every_layout_of_an_array_can_be_appended_to() {
    let compact = format!("[{},{}]", record("a"), record("b"));
    let ours = format!("[\n{},\n{}\n]", record("a"), record("b"));
    let wide = format!("[{}, {}{}]\n\t \r\n", record("a"), record("b"), " \n".repeat(5000));
    for (text, old) in [
        ("", &[][..]),
        (" \n ", &[]),
        ("[]", &[]),
        ("[]\n", &[]),
        (" [ \n\n ] ", &[]),
        (&pretty(&["a", "b"]), &["a", "b"]),
        (&format!("{}\n", pretty(&["a", "b"])), &["a", "b"]),
        (&compact, &["a", "b"]),
        (&ours, &["a", "b"]),
        (&format!("{ours}{}", " ".repeat(100_000)), &["a", "b"]),
        (&wide, &["a", "b"]),
    ] {
        let fixture = Fixture::with(text);
        for (count, id) in ["c", "d"].into_iter().enumerate() {
            assert_eq!(fixture.append(id), count == 0);
            let expected: Vec<&str> =
                old.iter().copied().chain(["c", "d"]).take(old.len() + count + 1).collect();
            assert_eq!(fixture.ids(), expected, "{text:?}");
        }
        assert!(fixture.corrupt().is_empty(), "{text:?}");
    }
}

#[test]
fn elements_that_are_not_records_stay() {
    let fixture = Fixture::with("[null, [1], {\"id\": 7}, {}]");
    assert!(fixture.lock().ids_present(&["7"]).unwrap().is_empty());
    fixture.append("a");
    let values: Vec<Value> = serde_json::from_slice(&fixture.bytes()).unwrap();
    assert_eq!(values[..4], [json!(null), json!([1]), json!({"id": 7}), json!({})]);
    assert_eq!(values[4]["id"], "a");
}

#[test]
fn without_confirmation_the_next_holder_reads_the_whole_log() {
    let fixture = Fixture::new();
    fixture.append("a");
    let mut locked = fixture.lock();
    assert!(!locked.was_interrupted());
    locked.append(&[record("b")]).unwrap();
    drop(locked);

    let wanted = ["a", "b", "c", "list", "note"];
    let mut locked = fixture.lock();
    assert!(locked.was_interrupted());
    assert_eq!(locked.ids_present(&wanted).unwrap(), HashSet::from(["a".to_owned(), "b".to_owned()]));
    drop(locked);
    let locked = fixture.lock();
    assert!(locked.was_interrupted(), "nobody has confirmed in the meantime");
    locked.confirm().unwrap();
    assert!(!fixture.lock().was_interrupted());
    assert!(!fixture.append("c"));
    assert_eq!(fixture.ids(), ["a", "b", "c"]);
}

#[test]
fn a_missing_file_has_no_ids() {
    assert!(Fixture::new().lock().ids_present(&["a"]).unwrap().is_empty());
}

#[test]
fn a_program_that_rewrites_the_whole_file_keeps_everything() {
    let fixture = Fixture::new();
    fixture.append("a");
    fixture.append("b");
    fixture.write(pretty(&["a", "b", "theirs"]));
    assert!(fixture.append("c"));
    assert!(!fixture.append("d"));
    assert_eq!(fixture.ids(), ["a", "b", "theirs", "c", "d"]);
    assert!(fixture.corrupt().is_empty());
}

#[test]
fn a_file_that_changes_under_the_lock_is_left_alone() {
    let fixture = Fixture::with(pretty(&["a"]));
    let mut locked = fixture.lock();
    fixture.write(pretty(&["a", "theirs"]));
    assert_eq!(locked.append(&[record("b")]).unwrap_err().kind(), ErrorKind::Busy);
    drop(locked);
    assert!(fixture.append("b"));

    let fixture = Fixture::new();
    let mut locked = fixture.lock();
    fixture.write(pretty(&["theirs"]));
    assert_eq!(locked.append(&[record("a")]).unwrap_err().kind(), ErrorKind::Busy);
    drop(locked);
    assert_eq!(fixture.ids(), ["theirs"]);
}

#[test]
fn only_one_holder_at_a_time() {
    let fixture = Fixture::new();
    let other = JsonLog::new(fixture.folder.path());
    let locked = fixture.lock();
    for log in [&fixture.log, &other] {
        for timeout in [Duration::ZERO, Duration::from_millis(20)] {
            assert_eq!(log.lock(timeout, noon()).unwrap_err().kind(), ErrorKind::Busy);
        }
    }
    drop(locked);
    drop(other.lock(Duration::ZERO, noon()).unwrap());
    drop(fixture.log.lock(Duration::MAX, noon()).unwrap());
}

#[test]
#[cfg(unix)]
fn only_the_owner_may_read() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = Fixture::new();
    fixture.append("a");
    let torn = fixture.bytes()[..5].to_vec();
    fixture.write(torn);
    fixture.settle();
    fixture.append("b");
    assert_eq!(fixture.corrupt().len(), 1);
    let mut files = 0;
    for entry in fs::read_dir(fixture.folder.path()).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        files += 1;
    }
    assert_eq!(files, 3);
}

#[test]
fn a_log_that_cannot_be_written_is_an_error_that_names_the_file() {
    let fixture = Fixture::new();
    fs::create_dir(&fixture.log.path).unwrap();
    let error = fixture.log.lock(LONG, noon()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Storage);
    assert!(error.message().contains(TOKEN_LOG_FILE), "{error}");

    let fixture = Fixture::with(pretty(&["a"]));
    let mut permissions = fs::metadata(&fixture.log.path).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&fixture.log.path, permissions).unwrap();
    // Root may write to everything.
    if let Err(error) = fixture.log.lock(LONG, noon()) {
        assert_eq!(error.kind(), ErrorKind::Storage);
        assert_eq!(fixture.bytes(), pretty(&["a"]).as_bytes());
    }
}

#[test]
#[cfg(target_os = "linux")]
fn what_an_append_reads_and_writes_does_not_depend_on_the_size() {
    let cost = |records: &[String]| {
        let fixture = Fixture::new();
        let mut locked = fixture.lock();
        locked.append(records).unwrap();
        locked.confirm().unwrap();
        let before = bytes_moved();
        assert!(!fixture.append("x"));
        let moved = bytes_moved() - before;
        assert_eq!(fixture.ids().len(), records.len() + 1);
        moved
    };
    let note = "x".repeat(1 << 20);
    let large: Vec<String> =
        (0..20).map(|id| json!({"id": id.to_string(), "note": note}).to_string()).collect();
    let (small, large) = (cost(&[record("a")]), cost(&large));
    assert!(
        large < small + 64 + 2 * append::RESERVE,
        "{large} bytes with a large file, {small} with a small one"
    );
}

/// What this thread has read and written so far.
#[cfg(target_os = "linux")]
fn bytes_moved() -> u64 {
    let text = fs::read_to_string("/proc/thread-self/io").unwrap();
    let count =
        |name| text.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().parse::<u64>().unwrap();
    count("rchar:") + count("wchar:")
}
