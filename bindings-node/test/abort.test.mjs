// Calls that are given up through an AbortSignal.
import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { McodaError, Workspace } from '@mcoda/native'
import { freshFolder, freshWorkspace, isPending, lockElsewhere, rejection } from './support.mjs'

const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n'

const ids = async (workspace) => (await workspace.query('SELECT id FROM token_usage')).map(({ id }) => id)

test('a_call_whose_signal_is_aborted_already_is_not_made', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const error = await rejection(workspace.recordTokenUsage({}, { signal: AbortSignal.abort() }))
  assert.equal(error.name, 'AbortError')
  const reason = { any: 'reason' }
  const signal = AbortSignal.abort(reason)
  for (const call of [
    () => workspace.recordTokenUsage({}, { signal }),
    () => workspace.recordTokenUsages([{}], { signal }),
    () => workspace.recordStatusTransition('t', 's', {}, { signal }),
    () => workspace.projects.ensure({ key: 'P' }, { signal }),
    () => workspace.projects.list({ signal }),
    () => workspace.tasks.list(null, { signal }),
    () => workspace.taskRuns.finish('r', 's', null, { signal }),
    () => workspace.estimate({}, { signal }),
    () => workspace.iterateTokenUsage({}, { signal }).next(),
    () => workspace.recordAgentResponse('', {}, { signal }),
    () => workspace.recordAgentFile('responses.jsonl', {}, { signal }),
    () => workspace.inspectJob('j', { signal }),
    () => workspace.telemetryConfig({ signal }),
    () => workspace.optOut(false, { signal }),
    () => workspace.optIn({ signal }),
    () => workspace.query('SELECT 1', [], { signal }),
    () => workspace.backupTo('x', { signal }),
    () => workspace.close({ signal }),
    () => Workspace.openDb(':memory:', {}, { signal }),
  ]) {
    assert.equal(await rejection(call()), reason, `${call}`)
  }
  assert.deepEqual(await ids(workspace), [])
  assert.deepEqual(await workspace.projects.list(), [])
})

test('a_queued_call_is_cancelled_at_once', async (t) => {
  const { workspace, file } = await freshWorkspace(t)
  const release = await lockElsewhere(t, file)
  const first = workspace.recordTokenUsage({ id: 'first' })
  const abort = new AbortController()
  const second = workspace.recordTokenUsage({ id: 'second' }, { signal: abort.signal })
  const third = workspace.recordTokenUsage({ id: 'third' })
  await setImmediate()
  abort.abort()
  assert.equal((await rejection(second)).name, 'AbortError')
  assert.ok(await isPending(first), 'the lock is still held')
  await release()
  await Promise.all([first, third])
  assert.deepEqual(await ids(workspace), ['first', 'third'])
})

test('a_call_that_waits_for_another_writer_is_cancelled_and_has_written_nothing', async (t) => {
  const { workspace, file } = await freshWorkspace(t)
  const release = await lockElsewhere(t, file)
  const abort = new AbortController()
  const record = workspace.recordTokenUsage({ id: 'given up' }, { signal: abort.signal })
  await setTimeout(100)
  assert.ok(await isPending(record))
  abort.abort()
  // The lock is held until it is released below, so nothing but the signal can end this.
  assert.equal((await rejection(record)).name, 'AbortError')
  await release()
  await workspace.recordTokenUsage({ id: 'made' })
  assert.deepEqual(await ids(workspace), ['made'])
})

test('an_endless_read_is_cancelled', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const error = await rejection(workspace.query(ENDLESS, [], { signal: AbortSignal.timeout(100) }))
  assert.equal(error.name, 'TimeoutError')
  assert.deepEqual(await workspace.query('SELECT 1 AS a'), [{ a: 1 }])
})

test('busy_stays_busy_where_nothing_was_aborted', async (t) => {
  const { workspace, file } = await freshWorkspace(t, { busyTimeoutMs: 50 })
  const release = await lockElsewhere(t, file)
  const { signal } = new AbortController()
  const error = await rejection(workspace.recordTokenUsage({}, { signal }))
  assert.ok(error instanceof McodaError)
  assert.equal(error.code, 'MCODA_BUSY')
  await release()
})

test('a_call_is_either_made_or_cancelled_and_its_promise_says_which', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const outcomes = await Promise.all(
    Array.from({ length: 300 }, async (_, index) => {
      const abort = new AbortController()
      const record = workspace.recordTokenUsage({ id: `${index}` }, { signal: abort.signal })
      for (let rounds = 0; rounds < index % 17; rounds += 1) await setImmediate()
      abort.abort()
      return record.then(
        ({ id }) => id,
        (error) => assert.equal(error.name, 'AbortError'),
      )
    }),
  )
  const made = outcomes.filter((id) => id !== undefined)
  assert.deepEqual(new Set(await ids(workspace)), new Set(made))
  assert.equal(await workspace.query('SELECT count(*) AS n FROM token_usage').then(([{ n }]) => n), made.length)
})

test('a_result_that_came_first_stays_and_leaves_no_listener', async (t) => {
  const { workspace, file } = await freshWorkspace(t)
  const warnings = []
  process.on('warning', (warning) => warnings.push(warning))
  const abort = new AbortController()
  const { signal } = abort
  const records = Array.from({ length: 1000 }, () => workspace.recordTokenUsage({}, { signal }))
  assert.ok((await Promise.all(records)).every(({ recorded }) => recorded))
  assert.equal(getEventListeners(signal, 'abort').length, 0)
  abort.abort()
  const release = await lockElsewhere(t, file)
  const late = new AbortController()
  const waiting = Array.from({ length: 50 }, () => rejection(workspace.recordTokenUsage({}, { signal: late.signal })))
  await setTimeout(60)
  late.abort()
  assert.ok((await Promise.all(waiting)).every(({ name }) => name === 'AbortError'))
  assert.equal(getEventListeners(late.signal, 'abort').length, 0)
  await release()
  assert.equal((await ids(workspace)).length, 1000)
  assert.deepEqual(warnings, [])
})

test('opening_is_cancelled_at_once', async (t) => {
  const file = join(freshFolder(t), 'mcoda.db')
  // Not a database of ours yet: opening has to write, and waits.
  const release = await lockElsewhere(t, file, 'EXCLUSIVE')
  const abort = new AbortController()
  const opening = Workspace.openDb(file, {}, { signal: abort.signal })
  await setTimeout(50)
  assert.ok(await isPending(opening))
  abort.abort()
  assert.equal((await rejection(opening)).name, 'AbortError')
  await release()
  const workspace = await Workspace.openDb(join(freshFolder(t), 'mcoda.db'))
  await workspace.close()
})

test('a_call_is_cancelled_at_its_time_limit_whatever_it_does', async (t) => {
  const { workspace, file } = await freshWorkspace(t)
  const late = async (call) => {
    const error = await rejection(call)
    assert.ok(error instanceof McodaError, `${error}`)
    assert.deepEqual([error.kind, error.code], ['Cancelled', 'MCODA_CANCELLED'])
  }
  // It reads; behind it one waits for its turn.
  const abort = new AbortController()
  const endless = workspace.query(ENDLESS, [], { signal: abort.signal })
  await late(workspace.recordTokenUsage({}, { timeoutMs: 50 }))
  abort.abort()
  assert.equal((await rejection(endless)).name, 'AbortError')
  await late(workspace.query(ENDLESS, [], { timeoutMs: 50 }))
  const release = await lockElsewhere(t, file)
  await late(workspace.recordTokenUsage({}, { timeoutMs: 50 }))
  await release()
  assert.deepEqual(await ids(workspace), [])
  await workspace.recordTokenUsage({ id: 'made' }, { timeoutMs: 60_000 })
  assert.deepEqual(await ids(workspace), ['made'])
  for (const timeoutMs of [0, -1, Number.NaN, Infinity, '5', true]) {
    assert.equal((await rejection(workspace.query('SELECT 1', [], { timeoutMs }))).field, 'timeoutMs')
  }
})

test('closing_ends_an_endless_read_and_completes_the_records_that_were_queued_before', async (t) => {
  const { workspace, file } = await freshWorkspace(t)
  const read = rejection(workspace.query(ENDLESS))
  const record = workspace.recordTokenUsage({ id: 'made' })
  await setTimeout(50)
  await workspace.close()
  assert.equal((await read).kind, 'Closed')
  assert.ok((await record).recorded)
  const again = await Workspace.openDb(file)
  assert.deepEqual(await ids(again), ['made'])
  await again.close()
})
