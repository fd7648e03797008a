//! Copying the write-ahead log into the database when a host asks for it.

use mcoda_core::Checkpoint;

use super::*;

fn wal(fixture: &Fixture) -> u64 {
    fixture.workspace_folder().join("mcoda.db-wal").metadata().map_or(0, |log| log.len())
}

#[test]
fn a_checkpoint_empties_the_write_ahead_log() {
    let fixture = shop();
    let workspace = fixture.open();
    let before = fixture.database().metadata().unwrap().len();
    // Not so many that the log is copied without being asked for.
    for _ in 0..20 {
        workspace.record_token_usage(&usage(json!({"metadata": {"text": "x".repeat(5000)}}))).unwrap();
    }
    assert!(wal(&fixture) > 40 * 4096);
    let done = workspace.checkpoint().unwrap();
    assert!(done.frames > 40 && done.checkpointed == done.frames, "{done:?}");
    assert!(done.truncated && !done.busy, "{done:?}");
    assert_eq!((done.wal_bytes, wal(&fixture)), (0, 0), "{done:?}");
    assert!(fixture.database().metadata().unwrap().len() > before + 90_000);
    let mut nothing = Checkpoint::default();
    nothing.truncated = true;
    assert_eq!(workspace.checkpoint().unwrap(), nothing);
    workspace.record_token_usage(&TokenUsage::default()).unwrap();
}

#[test]
fn a_checkpoint_is_refused_where_it_cannot_be() {
    let fixture = shop();
    let workspace = fixture.open();
    assert_refused(workspace.transaction(|tx| tx.checkpoint()), ErrorKind::Unsupported, "transaction");
    let open = workspace.begin(None).unwrap();
    assert_refused(open.checkpoint(), ErrorKind::Unsupported, "transaction");
    open.rollback();
    let reads = fixture.options().read_only(true).open(fixture.root()).unwrap();
    assert_refused(reads.checkpoint(), ErrorKind::Unsupported, "only reads");
    let memory = Workspace::open_db(":memory:").unwrap();
    assert_eq!(memory.checkpoint().unwrap().frames, 0);
    let hard = fixture.home().join("second.db");
    std::fs::hard_link(fixture.database(), &hard).unwrap();
    assert_refused(workspace.checkpoint(), ErrorKind::Unsupported, "2 names");
    std::fs::remove_file(hard).unwrap();
    workspace.close().unwrap();
    assert_refused(workspace.checkpoint(), ErrorKind::Closed, "closed");
}

/// Whoever waits for a reader lets others write meanwhile.
#[test]
fn records_go_on_while_a_checkpoint_waits_for_a_reader() {
    let fixture = shop();
    let workspace = fixture.options().busy_timeout(Duration::from_secs(20)).open(fixture.root()).unwrap();
    let other = fixture.options().busy_timeout(Duration::from_secs(2)).open(fixture.root()).unwrap();
    let reader = fixture.raw();
    reader.execute_batch("BEGIN; SELECT count(*) FROM token_usage").unwrap();
    workspace.record_token_usage(&TokenUsage::default()).unwrap();
    std::thread::scope(|threads| {
        let waits = threads.spawn(|| workspace.checkpoint().unwrap());
        for _ in 0..30 {
            other.record_token_usage(&TokenUsage::default()).unwrap();
            workspace.record_token_usage(&TokenUsage::default()).unwrap();
        }
        assert!(!waits.is_finished());
        reader.execute_batch("COMMIT").unwrap();
        let done = waits.join().unwrap();
        assert!(done.truncated && done.checkpointed == done.frames, "{done:?}");
    });
    // It can be given up, too.
    reader.execute_batch("BEGIN; SELECT count(*) FROM token_usage").unwrap();
    workspace.record_token_usage(&TokenUsage::default()).unwrap();
    let limited = CancelToken::with_limit(Duration::from_millis(100));
    assert_refused(limited.during(|| workspace.checkpoint()), ErrorKind::Cancelled, "0.1 s");
}
