//! What a handle without a database remembers of the file.

use super::*;

fn append_known(log: &JsonLog, id: &str) {
    let mut locked = log.lock(LONG, noon()).unwrap();
    locked.append_known(&[(id, record(id))]).unwrap();
    locked.leave_unconfirmed().unwrap();
}

fn has(log: &JsonLog, ids: &[&str]) -> Vec<bool> {
    let mut locked = log.lock(LONG, noon()).unwrap();
    let found = locked.records(ids).unwrap();
    locked.leave_unconfirmed().unwrap();
    for (id, found) in &found {
        assert_eq!(found["id"], **id);
    }
    ids.iter().map(|id| found.contains_key(*id)).collect()
}

#[test]
fn what_others_write_meanwhile_is_found() {
    for fixture in [Fixture::new(), Fixture::with(pretty(&["old", "older"]))] {
        let other = JsonLog::new(fixture.folder.path());
        let has_old = fixture.log.path.exists();
        append_known(&fixture.log, "a");
        assert_eq!(has(&fixture.log, &["a", "old", "none"]), [true, has_old, false]);
        append_known(&other, "b");
        append_known(&fixture.log, "c");
        assert_eq!(has(&fixture.log, &["a", "b", "c", "d"]), [true, true, true, false]);
        fixture.write(pretty(&["a", "theirs"]));
        assert_eq!(has(&fixture.log, &["a", "b", "theirs"]), [true, false, true]);
        let mut locked = other.lock(LONG, noon()).unwrap();
        locked.replace(&[("a", json!({"id": "a", "new": true}).to_string())]).unwrap();
        locked.leave_unconfirmed().unwrap();
        let mut locked = fixture.lock();
        assert_eq!(locked.records(&["a"]).unwrap()["a"]["new"], true);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_known_id_is_looked_up_without_reading_the_file() {
    let fixture = Fixture::new();
    let note = "x".repeat(1000);
    let mut locked = fixture.lock();
    let lines: Vec<String> =
        (0..2000).map(|id| json!({"id": id.to_string(), "note": note}).to_string()).collect();
    locked.append(&lines).unwrap();
    locked.leave_unconfirmed().unwrap();
    assert_eq!(has(&fixture.log, &["7", "new"]), [true, false]);
    let before = bytes_moved();
    for number in 0..10 {
        let id = format!("new-{number}");
        assert_eq!(has(&fixture.log, &["7", &id]), [true, false]);
        append_known(&fixture.log, &id);
    }
    let moved = bytes_moved() - before;
    assert!(moved < 200_000, "{moved}");
    assert_eq!(fixture.ids().len(), 2010);
}
