//! Writes the JSON log from the database: records that are committed and queued are appended, each once.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use rusqlite::Connection;

use super::json_log::{JsonLog, LONGEST_ENTRY, Locked, MOST_QUEUED, WasLogged};
use super::record::{Prepared, UpsertOutcome};
use crate::at_once::{self, refuse_to_wait};
use crate::error::{Error, ErrorKind, Result};
use crate::json;
use crate::notice::JSON_LOG;
use crate::repository::log_queue::{self, Changed};
use crate::repository::token_usage::TokenUsageRecord;
use crate::sqlite::{Access, Database, Watch};
use crate::time::{Clock, Timestamp};

/// How many queued records are read at once, so that a long queue needs little memory.
const BATCH: usize = 1000;

/// Runs `work` as one transaction, which also removes the records from the queue that this handle has logged.
pub(crate) fn write<T>(
    access: &Access,
    log: Option<&JsonLog>,
    work: impl Fn(&Connection) -> Result<T>,
) -> Result<T> {
    // A transaction of the host may be rolled back.
    let Some(log) = log.filter(|_| !access.is_within()) else { return access.write(work) };
    let logged = log.take_logged();
    if logged.is_empty() {
        return access.write(work);
    }
    let mut is_removed = None;
    let done = access.write(|tx| {
        let removed = log_queue::remove(tx, logged.iter().map(String::as_str));
        is_removed = Some(removed.is_ok());
        removed.and_then(|()| work(tx))
    });
    match (done, is_removed) {
        // The log must not stop the work. The next call that completes the log removes the records from the queue, or
        // reports why that is impossible.
        (Err(_), Some(false)) => {
            log.set_refused(true);
            access.write(work)
        }
        (Err(error), _) => {
            log.put_back(logged);
            Err(error)
        }
        (done, _) => done,
    }
}

/// Removes logged records from the queue as [`write`] does, unless another writer has the database. Then they stay there
/// until the database is next opened.
pub(crate) fn finish(database: &Database, log: &JsonLog) {
    // In a forked child, the call might wait for a thread that does not exist there.
    if database.check_open().is_err() {
        return;
    }
    let logged = log.take_logged();
    if !logged.is_empty() {
        let _ = database.write_at_once(|tx| log_queue::remove(tx, logged.iter().map(String::as_str)));
    }
}

/// Locks the log for a call that must not wait. `Busy` also if what is queued may take long to write.
pub(crate) fn lock_at_once<'l>(database: &Database, log: &'l JsonLog, now: Timestamp) -> Result<Locked<'l>> {
    let locked = log.lock(Duration::ZERO, now)?;
    let queued = database.read_on_writer(|tx| log_queue::summary(tx, MOST_QUEUED))?;
    // One more is about to be queued.
    if queued.entries == MOST_QUEUED || queued.has_changed || log.is_refused() {
        refuse_to_wait()?;
    }
    Ok(locked)
}

/// Appends all queued records, also those of other handles and processes.
///
/// While another holder does that, it waits until the records `mine` are logged, or all records if `mine` is empty. Under
/// load one writer therefore logs the records of many, and no writer waits for the lock only to find that nothing is left
/// to do. If `is_queued`, the caller knows that records are queued, and the queue is not checked. If the log is not
/// available soon, the call ends, and the missing records stay queued. A caller that must not wait has `locked` the log before.
///
/// Logged records are removed from the queue: at once if others may wait for that, otherwise by the next [`write`],
/// because a transaction for that alone costs as much as a record. In between, the log's lock file lists the records that
/// are both logged and queued.
pub(crate) fn catch_up(
    database: &Database,
    log: &JsonLog,
    locked: Option<Locked<'_>>,
    clock: Clock,
    timeout: Duration,
    mine: &[&str],
    is_queued: bool,
) -> Result<()> {
    // The records are committed: a call that is cancelled now stops waiting for others, and does the rest.
    let watch = Watch::of_thread();
    at_once::complete(|| {
        let has_others = || {
            let logged = log.logged_ids();
            database.read_on_writer(|tx| log_queue::has_others(tx, &logged))
        };
        if !is_queued && !has_others()? {
            return Ok(());
        }
        let is_needed = || {
            if mine.is_empty() {
                has_others()
            } else {
                database.read_on_writer(|tx| log_queue::has_any(tx, mine))
            }
        };
        if let Some(locked) = locked {
            log_batch(database, log, locked, mine, true)?;
            return Ok(());
        }
        let cancelled = |error: Error| match error.kind() {
            ErrorKind::Cancelled => {
                Error::new(error.kind(), "the call was cancelled while it waited for the log")
            }
            _ => error,
        };
        while let Some(locked) =
            log.lock_briefly(timeout, &watch, clock.now(), is_needed).map_err(cancelled)?
        {
            if log_batch(database, log, locked, mine, false)? {
                break;
            }
        }
        Ok(())
    })
}

/// The queued records, up to a limit.
struct Queue {
    records: Vec<TokenUsageRecord>,
    changed: Vec<Changed>,
    /// Whether these are all.
    is_all: bool,
    /// Whether there are entries of records that no longer exist.
    has_orphans: bool,
}

impl Queue {
    fn read(tx: &Connection) -> Result<Self> {
        let summary = log_queue::summary(tx, BATCH + 1)?;
        let may_have_changed = summary.has_changed || summary.entries > BATCH;
        let records = if summary.entries > 0 { log_queue::records(tx, BATCH)? } else { Vec::new() };
        // A changed record may be among those that are read later, and would be appended twice.
        let has_room = may_have_changed && records.len() < BATCH;
        let changed = if has_room { log_queue::changed(tx, BATCH)? } else { Vec::new() };
        let is_all = records.len() < BATCH && changed.len() < BATCH;
        let has_orphans = summary.entries > records.len() + changed.len();
        Ok(Self { records, changed, is_all, has_orphans })
    }

    fn is_empty(&self) -> bool {
        self.records.is_empty() && self.changed.is_empty() && !self.has_orphans
    }
}

/// Logs the queued records, up to a limit. Returns whether these were all. Those that cannot be removed from the queue are an
/// error, except `at_once`: the next holder of the log finds that they are logged.
fn log_batch(
    database: &Database,
    log: &JsonLog,
    mut locked: Locked<'_>,
    mine: &[&str],
    at_once: bool,
) -> Result<bool> {
    let queue = database.read_on_writer(Queue::read)?;
    // Another holder has logged them. An empty write could still find the database busy, and the call would report a
    // logged record as not logged.
    if queue.is_empty() {
        locked.confirm()?;
        return Ok(true);
    }
    // A record that is too long for the log must not block others.
    let (mut entries, mut too_long) = (Vec::new(), None);
    for record in &queue.records {
        match log_line(record) {
            Ok(line) => entries.push((record.id.as_str(), line)),
            Err(error) => too_long = too_long.or(Some(error)),
        }
    }
    let added = add(&mut locked, &entries, &queue.changed)?;
    if mine.is_empty() && !added.is_empty() {
        let file = log.path().display();
        log::info!(target: JSON_LOG, "{file}: added {} records that were recorded earlier", added.len());
    }
    let can_wait = entries.len() <= MOST_QUEUED
        && queue.changed.is_empty()
        && queue.is_all
        && !queue.has_orphans
        && too_long.is_none();
    let is_own = || !mine.is_empty() && added.iter().all(|id| mine.contains(id));
    if can_wait && is_own() && !log.is_refused() {
        locked.confirm_queued(&entries)?;
        log.put_back(ids_of(&entries).filter(|id| mine.contains(id)).map(str::to_owned).collect());
        return Ok(true);
    }
    let remove = |tx: &Connection| remove_logged(tx, &queue);
    // The records are in the log, whether or not they can be removed from the queue now.
    if can_wait && added.is_empty() && mine.is_empty() {
        match database.write_at_once(remove) {
            Ok(()) => locked.confirm()?,
            Err(_) => locked.confirm_queued(&entries)?,
        }
        return Ok(true);
    }
    let removed = if at_once { database.write_at_once(remove) } else { database.write(remove) };
    log.set_refused(removed.is_err() && !at_once);
    match removed {
        Ok(()) => locked.confirm()?,
        Err(error) => {
            if can_wait {
                locked.confirm_queued(&entries)?;
            }
            if !at_once {
                return Err(error);
            }
        }
    }
    too_long.map_or(Ok(queue.is_all), Err)
}

/// Appends the `entries` that were not logged yet, and replaces older versions of changed records. Returns the ids of the
/// new ones.
fn add<'e>(
    locked: &mut Locked<'_>,
    entries: &'e [(&'e str, String)],
    changed: &[Changed],
) -> Result<Vec<&'e str>> {
    let (logged, unknown): (Vec<_>, Vec<_>) = entries
        .iter()
        .map(|(id, line)| (*id, line, locked.was_logged(id, line)))
        .partition(|one| one.2.is_some());
    // A process that died after an append left records both in the log and in the queue.
    let ids: Vec<&str> = unknown.iter().map(|(id, ..)| *id).collect();
    let present = if locked.was_interrupted() { locked.ids_present(&ids)? } else { HashSet::new() };
    let missing = || unknown.iter().filter(|(id, ..)| !present.contains(*id));
    locked.append(&missing().map(|(_, line, _)| line.as_str()).collect::<Vec<_>>())?;
    // Another program has changed the record, or deleted it and it was recorded again.
    let outdated = logged.into_iter().filter(|one| one.2 == Some(WasLogged::Changed));
    let outdated = outdated.map(|(id, line, _)| (id, line.clone())).collect();
    replace(locked, changed, outdated)?;
    Ok(missing().map(|(id, ..)| *id).collect())
}

fn ids_of<'e>(entries: &'e [(&'e str, String)]) -> impl Iterator<Item = &'e str> {
    entries.iter().map(|(id, _)| *id)
}

/// Removes logged records from the queue.
fn remove_logged(tx: &Connection, queue: &Queue) -> Result<()> {
    log_queue::remove(tx, queue.records.iter().map(|record| record.id.as_str()))?;
    if !queue.changed.is_empty() {
        // Records that changed again since they were read stay queued.
        let now = log_queue::changed(tx, BATCH)?;
        let now: HashMap<&str, _> = now.iter().map(|one| (one.entry.as_str(), one)).collect();
        let logged = queue.changed.iter().filter(|one| now.get(one.entry.as_str()) == Some(one));
        log_queue::remove(tx, logged.map(|one| one.entry.as_str()))?;
    }
    if queue.is_all { log_queue::remove_orphans(tx) } else { Ok(()) }
}

/// Replaces older versions of the changed records, and of those of `entries`, by the present ones.
fn replace<'a>(
    locked: &mut Locked<'_>,
    changed: &'a [Changed],
    mut entries: Vec<(&'a str, String)>,
) -> Result<()> {
    let mut seen: HashSet<&str> = entries.iter().map(|(id, _)| *id).collect();
    for record in changed.iter().flat_map(|one| &one.records) {
        if seen.insert(&record.id) {
            entries.push((&record.id, log_line(record)?));
        }
    }
    if entries.is_empty() { Ok(()) } else { locked.replace(&entries) }
}

/// Appends records without a database, except those that the log already has. Returns for each whether the log had it.
/// `Conflict`, and nothing is written, if the log has a record with the same id and other content.
pub(crate) fn append_alone(
    log: &JsonLog,
    batch: &[Prepared],
    clock: Clock,
    timeout: Duration,
) -> Result<Vec<bool>> {
    // The whole log may have to be read.
    refuse_to_wait()?;
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
    // Records that are queued in the database may already be in the file: appended by a process that died, or under an
    // id that was just recorded here.
    locked.leave_unconfirmed()?;
    Ok(duplicates)
}

/// Writes records to the log without a database. Each replaces an earlier version of itself.
pub(crate) fn upsert_alone(
    log: &JsonLog,
    batch: &[Prepared],
    clock: Clock,
    timeout: Duration,
) -> Result<Vec<UpsertOutcome>> {
    // The whole log may have to be read.
    refuse_to_wait()?;
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
    // If a batch has several versions of a record, only the last is written.
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
    let line = json::text(record, false).map_err(|error| {
        Error::new(ErrorKind::Internal, "a record cannot be written as JSON").with_source(error)
    })?;
    if line.len() > LONGEST_ENTRY {
        let message =
            format!("record: {} bytes of JSON; the JSON log allows at most {LONGEST_ENTRY}", line.len());
        return Err(Error::new(ErrorKind::InvalidInput, message));
    }
    Ok(line)
}
