// Short calls are made on the event loop's thread where nobody is in their way. They must not be noticed there.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { open } from '@mcoda/native/sqlite'
import { backlog, freshFolder, freshWorkspace, isPending, lockElsewhere, rejection } from './support.mjs'

async function freshDatabase(t) {
  const filename = join(freshFolder(t), 'own.db')
  const database = await open({ filename })
  t.after(() => database.close().catch(() => {}))
  await database.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)')
  return { database, filename }
}

/** How often the event loop turns while `work` runs. */
async function turnsDuring(work) {
  let turns = 0
  let isDone = false
  const counting = (async () => {
    for (; !isDone; turns += 1) await setImmediate()
  })()
  await work()
  isDone = true
  await counting
  return turns
}

test('the_event_loop_turns_while_short_calls_are_awaited_one_by_one', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const { database } = await freshDatabase(t)
  const turns = await turnsDuring(async () => {
    for (let index = 0; index < 3000; index += 1) await workspace.recordTokenUsage({ id: `call-${index}` })
  })
  // A call takes 10 µs or more, and all calls of one turn 1 ms.
  assert.ok(turns > 10, `${turns} turns`)
  const more = await turnsDuring(async () => {
    for (let index = 0; index < 10_000; index += 1) await database.get('SELECT ? AS n', index)
  })
  assert.ok(more > 5, `${more} turns`)
  assert.equal((await workspace.query('SELECT count(*) AS n FROM token_usage'))[0].n, 3000)
})

test('short_calls_and_others_settle_in_the_order_in_which_they_are_made', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const { task } = await backlog(workspace)
  const { database } = await freshDatabase(t)
  const order = []
  const settles = (name, call) => call.then(() => order.push(name))
  const rounds = []
  for (let round = 0; round < 200; round += 1) {
    rounds.push(
      settles(`${round} record`, workspace.recordTokenUsage({ taskId: task.id })),
      settles(`${round} query`, workspace.query('SELECT count(*) AS n FROM token_usage')),
      settles(`${round} again`, workspace.recordTokenUsage({ taskId: task.id })),
    )
    if (round % 3 === 0) await rounds.at(-1)
    if (round % 7 === 0) await setImmediate()
  }
  await Promise.all(rounds)
  const expected = Array.from({ length: 200 }, (_, round) => [`${round} record`, `${round} query`, `${round} again`])
  assert.deepEqual(order, expected.flat())

  const seen = []
  const calls = []
  for (let round = 0; round < 200; round += 1) {
    calls.push(database.run('INSERT INTO t (b) VALUES (?)', String(round)).then(() => seen.push('run')))
    calls.push(database.get('SELECT count(*) AS n FROM t').then(({ n }) => seen.push(n)))
    if (round % 3 === 0) await calls.at(-1)
  }
  await Promise.all(calls)
  assert.deepEqual(
    seen,
    Array.from({ length: 200 }, (_, round) => ['run', round + 1]).flat(),
  )
})

test('a_get_sees_the_open_transaction_and_a_get_that_changes_something_is_run_once', async (t) => {
  const { database } = await freshDatabase(t)
  await database.exec('BEGIN IMMEDIATE')
  await database.run("INSERT INTO t VALUES (1, 'open')")
  assert.deepEqual(await database.get('SELECT * FROM t'), { a: 1, b: 'open' })
  await database.exec('ROLLBACK')
  assert.equal(await database.get('SELECT * FROM t'), undefined)
  assert.deepEqual(await database.get("INSERT INTO t (b) VALUES ('x') RETURNING a"), { a: 1 })
  assert.deepEqual(await database.get('SELECT count(*) AS n FROM t'), { n: 1 })
  assert.deepEqual(await database.get('SELECT ? AS blob', Buffer.from([1, 2])), { blob: Buffer.from([1, 2]) })
  assert.deepEqual(await database.get("SELECT x'0102' AS blob"), { blob: Buffer.from([1, 2]) })
})

test('the_event_loop_turns_during_a_long_get_and_while_a_get_waits', async (t) => {
  const { database, filename } = await freshDatabase(t)
  const long = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT count(*) AS n FROM n'
  const turns = await turnsDuring(async () => assert.deepEqual(await database.get(long), { n: 1_000_000 }))
  assert.ok(turns > 10, `${turns} turns`)
  // Only with a rollback journal does a reader wait.
  await database.exec('PRAGMA journal_mode = DELETE; PRAGMA busy_timeout = 60000')
  const release = await lockElsewhere(t, filename, 'EXCLUSIVE')
  const waiting = database.get('SELECT 1 AS one FROM sqlite_master')
  for (let round = 0; round < 100; round += 1) await setImmediate()
  assert.ok(await isPending(waiting))
  await release()
  assert.deepEqual(await waiting, { one: 1 })
})

test('a_short_call_fails_as_any_other', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const { database } = await freshDatabase(t)
  // The first one is made at once, the second one waits behind it or its turn.
  for (let round = 0; round < 300; round += 1) {
    const error = await rejection(workspace.recordTokenUsage({ tokensPrompt: -1 }))
    assert.equal(error.kind, 'InvalidInput')
    assert.equal(error.field, 'tokensPrompt')
    const missing = await rejection(database.get('SELECT missing FROM t'))
    assert.equal(missing.message, 'SQLITE_ERROR: no such column: missing')
    assert.equal(missing.errno, 1)
  }
  const { stack } = await rejection(workspace.recordTokenUsage({ tokensPrompt: -1 }))
  assert.match(stack, /at_once\.test\.mjs/)
  await database.close()
  assert.equal((await rejection(database.get('SELECT 1'))).message, 'SQLITE_MISUSE: Database is closed')
  await workspace.close()
  assert.equal((await rejection(workspace.recordTokenUsage({}))).kind, 'Closed')
})
