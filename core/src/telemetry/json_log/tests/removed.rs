//! Files that lose their names while a writer has them.

use super::*;

#[test]
fn a_removed_lock_file_lets_nobody_in_beside_its_holder() {
    let fixture = Fixture::new();
    fixture.append("a");
    let other = JsonLog::new(fixture.folder.path());
    let mut locked = fixture.lock();
    locked.append(&[record("b")]).unwrap();
    fs::remove_file(&fixture.log.lock_path).unwrap();
    assert_eq!(other.lock(Duration::ZERO, noon()).unwrap_err().kind(), ErrorKind::Busy);
    let error = locked.append(&[record("c")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
    drop(locked);
    assert!(fixture.append("c"));
    assert_eq!(fixture.ids(), ["a", "b", "c"]);
}

#[test]
fn who_waited_for_a_removed_lock_file_takes_the_one_that_is_there() {
    let fixture = Fixture::new();
    fixture.append("a");
    let other = JsonLog::new(fixture.folder.path());
    let locked = fixture.lock();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let locked = other.lock(LONG, noon()).unwrap();
            let error = fixture.log.lock(Duration::ZERO, noon()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Busy);
            assert!(locked.lock.has_name(&other.lock_path).unwrap());
        });
        // It has the file open by now, or opens the new one: both must end well.
        std::thread::sleep(Duration::from_millis(50));
        fs::remove_file(&fixture.log.lock_path).unwrap();
        drop(locked);
        waiting.join().unwrap();
    });
}

#[test]
fn nothing_is_written_to_a_log_that_was_removed_or_replaced() {
    let fixture = Fixture::new();
    fixture.append("a");
    let mut locked = fixture.lock();
    fs::remove_file(&fixture.log.path).unwrap();
    assert_eq!(locked.append(&[record("b")]).unwrap_err().kind(), ErrorKind::Busy);
    drop(locked);
    assert!(fixture.append("b"));

    let mut locked = fixture.lock();
    let new = fixture.folder.path().join("new");
    fs::copy(&fixture.log.path, &new).unwrap();
    fs::rename(&new, &fixture.log.path).unwrap();
    assert_eq!(locked.append(&[record("c")]).unwrap_err().kind(), ErrorKind::Busy);
    drop(locked);
    assert!(fixture.append("c"));
    assert_eq!(fixture.ids(), ["b", "c"]);
}

#[test]
fn a_program_without_a_lock_that_writes_during_a_compaction_loses_nothing() {
    let fixture = Fixture::new();
    fixture.append("a");
    let locked = fixture.lock();
    let Some(Contents { file, stamp, .. }) = &locked.contents else { panic!("a log") };
    let replaced = rewrite::replace(&fixture.log.path, file, *stamp, |out| {
        fixture.write(pretty(&["a", "theirs"]));
        std::io::Write::write_all(out, b"[\n]")?;
        Ok(scan::Tail { end: 1, close: 2, is_empty: true })
    });
    assert_eq!(replaced.unwrap_err().kind(), ErrorKind::Busy);
    drop(locked);
    assert_eq!(fixture.ids(), ["a", "theirs"]);
    assert_eq!(fs::read_dir(fixture.folder.path()).unwrap().count(), 2);
}
