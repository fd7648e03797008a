// Values of JavaScript on their way to the engine and back.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backlog, freshWorkspace } from './support.mjs'

const MAX = Number.MAX_SAFE_INTEGER

test('the_largest_counts_and_values_of_every_kind_come_back_as_they_were', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const metadata = JSON.parse('{"__proto__": {"a": 1}, "b": [null, true, "ü😀"], "constructor": "c"}')
  await workspace.recordTokenUsage({
    tokensPrompt: MAX,
    tokensCached: 3n,
    costEstimate: 5e-324,
    startedAt: new Date('2026-03-20T10:00:00Z'),
    finishedAt: '2026-03-20T11:00:00.0009+01:00',
    jobId: undefined,
    metadata: { ...metadata, ['__proto__']: { a: 1 }, when: new Date(0), gone: undefined },
  })
  const [row] = await workspace.tokenUsage()
  assert.equal(row.tokens_prompt, MAX)
  assert.equal(row.tokens_cached, 3)
  assert.equal(row.cost_estimate, 5e-324)
  assert.equal(row.duration_ms, 0)
  assert.equal(row.started_at, '2026-03-20T10:00:00.000Z')
  const kept = { ['__proto__']: { a: 1 }, b: [null, true, 'ü😀'], constructor: 'c', when: '1970-01-01T00:00:00.000Z' }
  assert.deepEqual(new Map(Object.entries(row.metadata)), new Map(Object.entries(kept)))
})

test('a_query_returns_every_value_that_sqlite_has', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const sql = 'SELECT ?1 AS a, ?2 AS b, ?3 AS c, ?4 AS d, ?5 AS e, ?6 AS f, ?7 AS g, ?8 AS h, 9e999 AS i, -9e999 AS j'
  const bytes = new Uint8Array([9, 0, 255, 9]).subarray(1, 3)
  const params = [2n ** 63n - 1n, -(2n ** 63n), MAX, 0.5, true, null, bytes, new Date(0)]
  const [row] = await workspace.query(sql, params)
  assert.deepEqual(row, {
    a: 2n ** 63n - 1n,
    b: -(2n ** 63n),
    c: MAX,
    d: 0.5,
    e: 1,
    f: null,
    g: Buffer.from([0, 255]),
    h: '1970-01-01T00:00:00.000Z',
    i: Infinity,
    j: -Infinity,
  })
  const named = { a: Buffer.from('y'), '@b': 2n ** 60n, 2: 'x' }
  const [byName] = await workspace.query('SELECT :a AS a, @b AS "__proto__", $2 AS c', named)
  assert.deepEqual(Object.entries(byName), [
    ['a', Buffer.from('y')],
    ['__proto__', 2n ** 60n],
    ['c', 'x'],
  ])
  assert.deepEqual(await workspace.query('SELECT 1 AS a WHERE 0'), [])
  assert.deepEqual(await workspace.query("SELECT x'' AS a"), [{ a: Buffer.alloc(0) }])
})

test('a_date_is_taken_wherever_a_time_is_meant', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const { task } = await backlog(workspace)
  const at = (minute) => new Date(Date.UTC(2026, 2, 20, 12, minute))
  const text = (minute) => at(minute).toISOString()
  await workspace.recordTokenUsage({ timestamp: at(0), startedAt: at(0), finishedAt: at(1) })
  const moved = await workspace.recordStatusTransition(task.id, 'in_progress', { timestamp: at(2) })
  assert.equal(moved.timestamp, text(2))
  const [row] = await workspace.tokenUsage({ since: at(0), until: at(0) })
  assert.deepEqual([row.timestamp, row.started_at, row.duration_ms], [text(0), text(0), 60_000])
  assert.equal((await workspace.tokenUsage({ since: at(1) })).length, 0)
  assert.equal((await workspace.tokenUsageSummary({ since: '1d', now: at(3), groupBy: ['day'] }))[0].calls, 1)
  assert.equal((await workspace.statusEvents({ until: at(2) })).length, 1)
  assert.equal((await workspace.statusEvents({ since: at(3) })).length, 0)
  assert.equal((await workspace.estimate({ now: at(4) })).now, text(4))
  await workspace.recordStatusTransition(task.id, 'completed', { timestamp: at(3) })
  assert.deepEqual((await workspace.estimate({ now: at(4), by: at(5) })).forecast.doneBy, { at: text(5), probability: 1 })
  const run = await workspace.commandRuns.create({ commandName: 'c', startedAt: at(0) })
  const ended = await workspace.commandRuns.finish(run.id, { status: 'succeeded', completedAt: at(5) })
  assert.deepEqual([ended.startedAt, ended.completedAt, ended.durationSeconds], [text(0), text(5), 300])
  const taskRun = await workspace.taskRuns.create({ taskId: task.id, command: 'c', startedAt: at(0) })
  assert.equal((await workspace.taskRuns.finish(taskRun.id, 'succeeded', at(6))).finishedAt, text(6))
})
