//! From the database to the JSON log: what is committed and queued is appended, each record once.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::json_log::{JsonLog, LONGEST_ENTRY, Locked};
use super::record::{Prepared, UpsertOutcome};
use crate::error::{Error, ErrorKind, Result};
use crate::repository::log_queue::{self, Changed};
use crate::repository::token_usage::TokenUsageRecord;
use crate::sqlite::Database;
use crate::time::Clock;

/// How many records are taken off the queue at once, so that a long queue needs little memory.
const BATCH: usize = 1000;

/// Appends all queued records, whoever recorded them, and takes them off the queue.
///
/// While somebody else does that, it waits until those of `mine` are logged, or for everything where there are
/// none. So under load one writer logs the records of many, and no writer waits for its turn to find that
/// nothing is left to do. Where something of its own `is_queued` it need not be asked for. A log that is not to be had
/// soon makes nobody wait: what it lacks stays queued.
pub(crate) fn catch_up(
    database: &Database,
    log: &JsonLog,
    clock: Clock,
    timeout: Duration,
    mine: &[&str],
    is_queued: bool,
) -> Result<()> {
    if !is_queued && database.read_on_writer(log_queue::is_empty)? {
        return Ok(());
    }
    let is_needed = || {
        database.read_on_writer(|tx| {
            if mine.is_empty() { Ok(!log_queue::is_empty(tx)?) } else { log_queue::has_any(tx, mine) }
        })
    };
    while let Some(locked) = log.lock_briefly(timeout, clock.now(), is_needed)? {
        if log_batch(database, locked)? {
            break;
        }
    }
    Ok(())
}

/// Logs what is queued now, up to a limit. Says whether that was all.
fn log_batch(database: &Database, mut locked: Locked<'_>) -> Result<bool> {
    let queued = |tx: &_| {
        let records = log_queue::records(tx, BATCH)?;
        // What changed may still be among those to come, and would be appended by both.
        let changed = if records.len() < BATCH { log_queue::changed(tx, BATCH)? } else { Vec::new() };
        let is_empty = records.is_empty() && changed.is_empty() && log_queue::is_empty(tx)?;
        Ok((records, changed, is_empty))
    };
    let (records, changed, is_empty) = database.read_on_writer(queued)?;
    // Somebody else logged them while this one waited. A write of nothing could still find the database
    // busy, and then the caller would be told that a logged record is not.
    if is_empty {
        locked.confirm()?;
        return Ok(true);
    }
    let is_all = records.len() < BATCH && changed.len() < BATCH;
    let ids: Vec<&str> = records.iter().map(|record| record.id.as_str()).collect();
    // A process that died between its append and the next line left records in the log and on the queue.
    let present = if locked.was_interrupted() { locked.ids_present(&ids)? } else { HashSet::new() };
    let missing = records.iter().filter(|record| !present.contains(&record.id));
    // A record that cannot be in the log must not keep others out of it.
    let (lines, too_long): (Vec<_>, Vec<_>) = missing.map(log_line).partition(Result::is_ok);
    locked.append(&lines.into_iter().collect::<Result<Vec<_>>>()?)?;
    replace(&mut locked, &changed)?;
    database.write(|tx| {
        log_queue::remove(tx, &ids)?;
        if !changed.is_empty() {
            // What was changed once more since it was read stays queued.
            let now = log_queue::changed(tx, BATCH)?;
            let now: HashMap<&str, _> = now.iter().map(|one| (one.entry.as_str(), one)).collect();
            let logged = changed.iter().filter(|one| now.get(one.entry.as_str()) == Some(one));
            log_queue::remove(tx, &logged.map(|one| one.entry.as_str()).collect::<Vec<_>>())?;
        }
        if is_all { log_queue::remove_orphans(tx) } else { Ok(()) }
    })?;
    locked.confirm()?;
    too_long.into_iter().collect::<Result<Vec<_>>>()?;
    Ok(is_all)
}

/// Puts the present versions of records in the place of older ones.
fn replace(locked: &mut Locked<'_>, changed: &[Changed]) -> Result<()> {
    if changed.is_empty() {
        return Ok(());
    }
    let mut seen = HashSet::new();
    let records =
        changed.iter().flat_map(|one| &one.records).filter(|record| seen.insert(record.id.as_str()));
    let entries: Result<Vec<_>> = records.map(|record| Ok((record.id.as_str(), log_line(record)?))).collect();
    locked.replace(&entries?)
}

/// Appends records where there is no database: those that the log has already are left out. Says of each
/// whether it was there. `Conflict`, and nothing is written, where the log has its id with other content.
pub(crate) fn append_alone(
    log: &JsonLog,
    batch: &[Prepared],
    clock: Clock,
    timeout: Duration,
) -> Result<Vec<bool>> {
    let mut locked = log.lock(timeout, clock.now())?;
    let given: Vec<&str> =
        batch.iter().filter(|one| one.has_id()).map(|one| one.record().id.as_str()).collect();
    let mut known = if given.is_empty() { HashMap::new() } else { locked.records(&given)? };
    let mut duplicates = Vec::with_capacity(batch.len());
    for one in batch {
        let stored = known.get(&one.record().id);
        if let Some(stored) = stored
            && !one.is_same_as_logged(stored)?
        {
            return Err(one.conflict());
        }
        duplicates.push(stored.is_some());
        if one.has_id() && stored.is_none() {
            known.insert(one.record().id.clone(), one.record().to_json()?.into());
        }
    }
    let new =
        batch.iter().zip(&duplicates).filter(|(_, duplicate)| !**duplicate).map(|(one, _)| one.record());
    let lines = new.map(|record| Ok((&*record.id, log_line(record)?)));
    locked.append_known(&lines.collect::<Result<Vec<_>>>()?)?;
    // What the database has queued may be in the file already: by a process that died, or under an id that
    // was just given here.
    locked.leave_unconfirmed()?;
    Ok(duplicates)
}

/// Puts records into the log where there is no database, each in the place of an earlier version of itself.
pub(crate) fn upsert_alone(
    log: &JsonLog,
    batch: &[Prepared],
    clock: Clock,
    timeout: Duration,
) -> Result<Vec<UpsertOutcome>> {
    let mut locked = log.lock(timeout, clock.now())?;
    let ids: Vec<&str> = batch.iter().map(|one| one.record().id.as_str()).collect();
    let mut known = locked.records(&ids)?;
    let mut done = Vec::with_capacity(batch.len());
    for one in batch {
        let stored = known.get(&one.record().id);
        done.push(match stored {
            None => UpsertOutcome::Inserted,
            Some(stored) if one.is_same_as_logged(stored)? => UpsertOutcome::Duplicate,
            Some(_) => UpsertOutcome::Updated,
        });
        known.insert(one.record().id.clone(), one.record().to_json()?.into());
    }
    // Of several versions in one batch only the last is written.
    let mut lines: Vec<(&str, String)> = Vec::new();
    for (one, done) in batch.iter().zip(&done) {
        if *done != UpsertOutcome::Duplicate {
            lines.retain(|(id, _)| *id != one.record().id);
            lines.push((&one.record().id, log_line(one.record())?));
        }
    }
    locked.replace(&lines)?;
    locked.leave_unconfirmed()?;
    Ok(done)
}

fn log_line(record: &TokenUsageRecord) -> Result<String> {
    let line = serde_json::to_string(record).map_err(|error| {
        Error::new(ErrorKind::Internal, "a record cannot be written as JSON").with_source(error)
    })?;
    if line.len() > LONGEST_ENTRY {
        let message = format!(
            "record: {} bytes of JSON, of which the JSON log takes {LONGEST_ENTRY} at the most",
            line.len()
        );
        return Err(Error::new(ErrorKind::InvalidInput, message));
    }
    Ok(line)
}
