// Rows that come one by one, while the handle does other things.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Global, McodaError, renderJobInspection } from '@mcoda/native'
import { freshWorkspace, isPending, lockElsewhere, rejection } from './support.mjs'

const MANY = 1000

/** A workspace with so many records that they come in several chunks, and their ids in order. */
async function recorded(t) {
  const { workspace, file } = await freshWorkspace(t)
  const ids = Array.from({ length: MANY }, (_, index) => `call-${index}`)
  await workspace.recordTokenUsages(ids.map((id, index) => ({ id, tokensPrompt: index })))
  return { workspace, file, ids }
}

test('rows_come_one_by_one_and_are_those_of_a_list', async (t) => {
  const { workspace, ids } = await recorded(t)
  const rows = []
  for await (const row of workspace.iterateTokenUsage()) rows.push(row)
  assert.deepEqual(rows, await workspace.tokenUsage())
  assert.deepEqual(
    rows.map(({ id }) => id),
    ids,
  )
  const page = []
  for await (const { id } of workspace.iterateTokenUsage({ page: 3, pageSize: 7 })) page.push(id)
  assert.deepEqual(page, ids.slice(14, 21))
  for await (const row of workspace.iterateTokenUsage({ until: '2000-01-01' })) assert.fail(row.id)
})

test('null_is_told_from_empty_where_that_is_asked_for', async (t) => {
  for (const [nullAsAbsent, absent] of [[true, null], [false, {}]]) {
    const { workspace } = await freshWorkspace(t, { nullAsAbsent })
    await workspace.recordTokenUsages([{}, { metadata: { a: 1 } }])
    const rows = []
    for await (const { metadata } of workspace.iterateTokenUsage()) rows.push(metadata)
    assert.deepEqual(rows, [absent, { a: 1 }])
    assert.deepEqual((await workspace.tokenUsage()).map(({ metadata }) => metadata), rows)
    const job = await workspace.jobs.create({ type: 'work' })
    assert.deepEqual([job.payload, job.processedItems], nullAsAbsent ? [null, null] : [{}, 0])
    // What is absent can be given back to the functions that show it.
    assert.match(renderJobInspection(await workspace.inspectJob(job.id)), /work/)
  }
})

test('the_global_database_has_rows_too', async () => {
  const global = await Global.openDb(':memory:')
  await global.recordTokenUsages([{ id: 'a' }, { id: 'b' }])
  const ids = []
  for await (const { id } of global.iterateTokenUsage()) ids.push(id)
  assert.deepEqual(ids, ['a', 'b'])
  await global.close()
})

test('other_calls_of_the_handle_are_made_in_between', async (t) => {
  const { workspace, ids } = await recorded(t)
  const seen = []
  for await (const { id } of workspace.iterateTokenUsage()) {
    seen.push(id)
    if (seen.length % 100 === 0) {
      // These would wait for ever if the rows held the handle; and they come too late to be among them.
      await workspace.recordTokenUsage({ id: `late-${seen.length}` })
      assert.equal((await workspace.query('SELECT count(*) AS n FROM token_usage'))[0].n, MANY + seen.length / 100)
    }
  }
  assert.deepEqual(seen, ids)
})

test('several_iterators_of_a_handle_go_on_side_by_side', async (t) => {
  const { workspace, ids } = await recorded(t)
  const all = async () => {
    const seen = []
    for await (const { id } of workspace.iterateTokenUsage()) seen.push(id)
    return seen
  }
  for (const seen of await Promise.all([all(), all(), all()])) assert.deepEqual(seen, ids)
  // Requested at once, they come in their order.
  const rows = workspace.iterateTokenUsage()
  const requested = await Promise.all(Array.from({ length: 600 }, () => rows.next()))
  assert.deepEqual(
    requested.map(({ value }) => value.id),
    ids.slice(0, 600),
  )
  await rows.return()
})

test('leaving_the_loop_ends_the_rows', async (t) => {
  const { workspace } = await recorded(t)
  const rows = workspace.iterateTokenUsage()
  for await (const row of rows) {
    assert.equal(row.id, 'call-0')
    break
  }
  assert.deepEqual(await rows.next(), { value: undefined, done: true })
  const thrown = new Error('the host')
  const failing = workspace.iterateTokenUsage()
  const loop = async () => {
    for await (const { id } of failing) throw Object.assign(thrown, { id })
  }
  assert.equal(await rejection(loop()), thrown)
  assert.deepEqual(await failing.next(), { value: undefined, done: true })
  // One that was never started makes no query.
  const idle = workspace.iterateTokenUsage({ noSuchField: 1 })
  assert.deepEqual(await idle.return(), { value: undefined, done: true })
})

test('an_invalid_query_is_reported_by_the_first_step', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const first = (...args) => rejection(workspace.iterateTokenUsage(...args).next())
  for (const [args, kind, field] of [
    [[{ noSuchField: 1 }], 'InvalidInput', 'noSuchField'],
    [[{ pageSize: 0 }], 'InvalidInput', 'pageSize'],
    [[{ since: NaN }], 'InvalidInput', 'since'],
    [[{ projectKey: 'NONE' }], 'NotFound', 'projectKey'],
    [[{}, { abort: true }], 'InvalidInput', 'abort'],
    [['all'], 'InvalidInput', 'query'],
  ]) {
    const error = await first(...args)
    assert.ok(error instanceof McodaError, `${error}`)
    assert.deepEqual([error.kind, error.field], [kind, field])
  }
})

test('closing_the_handle_ends_the_rows_with_closed', async (t) => {
  const { workspace } = await recorded(t)
  const rows = workspace.iterateTokenUsage()
  await rows.next()
  await workspace.close()
  const rest = async () => {
    let seen = 1
    for await (const row of rows) seen += row ? 1 : 0
    return seen
  }
  assert.equal((await rejection(rest())).code, 'MCODA_CLOSED')
})

test('the_signal_ends_the_rows_wherever_they_are', async (t) => {
  const { workspace, file } = await recorded(t)
  const reason = new Error('enough')
  const abort = new AbortController()
  const rows = workspace.iterateTokenUsage({}, { signal: abort.signal })
  await rows.next()
  abort.abort(reason)
  // The next row has been fetched already.
  assert.equal(await rejection(rows.next()), reason)
  assert.deepEqual(await rows.next(), { value: undefined, done: true })

  const release = await lockElsewhere(t, file)
  const record = workspace.recordTokenUsage({})
  const late = new AbortController()
  const waiting = workspace.iterateTokenUsage({}, { signal: late.signal }).next()
  await setImmediate()
  assert.ok(await isPending(waiting), 'it waits behind the record')
  late.abort(reason)
  assert.equal(await rejection(waiting), reason)
  assert.ok(await isPending(record))
  await release()
  await record
})

test('a_database_that_was_rebuilt_meanwhile_is_a_conflict', async (t) => {
  const { workspace, file } = await recorded(t)
  const rows = workspace.iterateTokenUsage()
  await rows.next()
  vacuum(file)
  const rest = async () => {
    for await (const row of rows) assert.ok(row)
  }
  assert.equal((await rejection(rest())).code, 'MCODA_CONFLICT')
})

async function vacuum(file) {
  const { execFileSync } = await import('node:child_process')
  const source = 'import sqlite3, sys; sqlite3.connect(sys.argv[1], isolation_level=None).execute("VACUUM")'
  execFileSync('python3', ['-c', source, file])
}
