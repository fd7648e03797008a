// This library and another copy of SQLite write into one database from one process:
//
//     node hammer.mjs PACKAGE FOLDER FILE overlap|race|rollback ROUNDS
//
// It prints what was acknowledged, and what failed.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { Workspace } from '../../bindings-node/dist/index.mjs'
import { driver } from './drivers.mjs'

const [name, folder, file, task, rounds] = process.argv.slice(2)
const open = driver(name, folder)
// Without the locks some never become free.
const WAIT = process.env.MCODA_TEST_LOCKS === 'off' ? 50 : 20_000
const BATCH = 40
const NOW = '2026-03-20T12:00:00.000Z'

const tally = { acknowledged: 0, busy: 0, errors: {} }

const ours = () => Workspace.openDb(file, { busyTimeoutMs: WAIT })
const theirs = () => open(file, WAIT)

/** Makes a call that writes so many records, and takes note of how it ended. */
async function attempt(records, call) {
  try {
    await call()
    tally.acknowledged += records
  } catch (error) {
    const message = `${error.code} ${error.message}`
    // Not all copies have a code of their own for it.
    if (/BUSY|database is locked/.test(message)) tally.busy += 1
    else tally.errors[message] = (tally.errors[message] ?? 0) + 1
  }
}

let inserted = 0

/** The insert of the other copy. A trigger counts it, so that an update that is lost shows, too. */
function insert() {
  inserted += 1
  return `INSERT INTO token_usage (id, workspace_id, timestamp) VALUES ('theirs ${inserted}', 'w', '${NOW}')`
}

/** A transaction of the other copy; `meanwhile` is begun while it is under way. */
function theirTransaction(connection, meanwhile) {
  return attempt(1, async () => {
    try {
      if (meanwhile) {
        await connection.run(`BEGIN IMMEDIATE; ${insert()}`)
        meanwhile()
        // The thread of the handle gets the time to run into the lock.
        await setTimeout(1)
        await connection.run('COMMIT')
      } else {
        // In one go: a copy that holds up the event loop while it waits must not wait for its own program.
        await connection.run(`BEGIN IMMEDIATE; ${insert()}; COMMIT`)
      }
    } catch (error) {
      await quietly(() => connection.run('ROLLBACK'))
      throw error
    }
  })
}

/** For what fails where there is nothing to do. */
async function quietly(call) {
  try {
    await call()
  } catch {
    // The error before it is reported.
  }
}

const record = (workspace) => attempt(1, () => workspace.recordTokenUsage({ tokensPrompt: 1 }))
const batch = (workspace) => attempt(BATCH, () => workspace.recordTokenUsages(Array(BATCH).fill({ tokensPrompt: 1 })))

/** As a host does that copies the file, or only looks whether it is one of SQLite's. */
function readByItself(place) {
  if (place % 2) return readFileSync(file)
  const descriptor = openSync(file, 'r')
  readSync(descriptor, Buffer.alloc(16))
  closeSync(descriptor)
}

/** Connections of both come and go. */
async function comeAndGo() {
  const connection = await theirs()
  await connection.run('SELECT count(*) FROM counter')
  await connection.close()
  await (await ours()).close()
}

/** Each begins before the other has committed, in turn. */
async function overlap() {
  const workspace = await ours()
  const connection = await theirs()
  for (let round = 0; round < rounds; round += 1) {
    let late
    await theirTransaction(connection, () => (late = record(workspace)))
    await late
    const early = batch(workspace)
    if (round % 2) await setImmediate()
    await theirTransaction(connection)
    await early
    if (round % 10 === 0) readByItself(round / 10)
    if (round % 50 === 0) await attempt(0, comeAndGo)
  }
  await connection.close()
  await workspace.close()
}

/** Two writers of each write as fast as they can, while others come and go. */
async function race() {
  let writing = 4
  const write = async (open, once) => {
    let handle = await open()
    for (let round = 1; round <= rounds; round += 1) {
      await once(handle)
      if (round % 100 === 0) {
        await handle.close()
        handle = await open()
      }
      // A copy that returns at once must let the others run.
      await setImmediate()
    }
    await handle.close()
    writing -= 1
  }
  const disturb = async () => {
    for (let round = 0; writing > 0; round += 1) {
      readByItself(round)
      if (round % 20 === 0) await attempt(0, comeAndGo)
      for (let turn = 0; turn < 20; turn += 1) await setImmediate()
    }
  }
  const insertOne = (connection) => theirTransaction(connection)
  // In WAL mode the host may read the file by itself while a handle of ours is open.
  const anchor = await ours()
  const writers = [write(ours, batch), write(ours, record), write(theirs, insertOne), write(theirs, insertOne)]
  await Promise.all([...writers, disturb()])
  await anchor.close()
}

/**
 * A handle of ours turns write-ahead logging on where it is off. So the other copy turns it off, again and again,
 * while no handle is open, and the next one is opened while the other copy's transaction is under way.
 */
async function rollback() {
  const connection = await theirs()
  for (let round = 0; round < rounds; round += 1) {
    // SQLite itself, 3.40 and 3.53 alike, loses rows where a connection leaves write-ahead logging without having
    // looked at what others wrote last: it goes on with the pages that it remembers.
    await connection.run('SELECT count(*) FROM token_usage')
    await connection.run('PRAGMA journal_mode = DELETE')
    for (let more = 0; more < 2; more += 1) await theirTransaction(connection)
    let opening
    await theirTransaction(connection, () => (opening = ours()))
    const workspace = await opening
    const records = batch(workspace)
    await theirTransaction(connection)
    await records
    await workspace.close()
  }
  await connection.close()
}

await { overlap, race, rollback }[task]()
console.log(JSON.stringify(tally))
