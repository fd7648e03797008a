// Rows as Arrow IPC streams, as apache-arrow reads them: the values of the plain calls, with the same names.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { Global, McodaError, Workspace } from '@mcoda/native'
import { DataType, tableFromIPC } from 'apache-arrow'
import rowCalls from '../dist/row_calls.js'
import turns from '../dist/turns.js'
import { backlog, freshFolder, freshWorkspace, rejection } from './support.mjs'

/** A workspace in which every question has rows. */
async function busyWorkspace(t) {
  const { workspace, file } = await freshWorkspace(t)
  const { story, task } = await backlog(workspace)
  const [other] = await workspace.tasks.createMany([{ userStoryId: story.id, key: 'P-2', title: 'Ümläut 🎉', metadata: { a: [1, null] } }])
  const job = await workspace.jobs.create({ type: 'work', commandName: 'work-on-tasks', payload: { deep: { er: true } } })
  const commandRun = await workspace.commandRuns.create({ commandName: 'work-on-tasks', jobId: job.id })
  const run = await workspace.taskRuns.create({ taskId: task.id, command: 'work-on-tasks', jobId: job.id })
  const usage = { jobId: job.id, taskId: task.id, commandRunId: commandRun.id, commandName: 'work-on-tasks' }
  await workspace.recordTokenUsages([
    { ...usage, agentId: 'claude', tokensPrompt: 1200, costEstimate: 0.0296, currency: 'USD', metadata: { text: 'ü"' } },
    { ...usage, agentId: 'codex', tokensPrompt: 2 ** 53 - 1, timestamp: '2026-01-31T23:59:59.999Z' },
    { taskId: other.id, metadata: { errorKind: 'timeout' } },
  ])
  for (const status of ['in_progress', 'ready_to_code_review', 'ready_to_qa', 'completed']) {
    await workspace.recordStatusTransition(task.id, status, { metadata: { status } })
  }
  await workspace.taskRuns.finish(run.id, 'succeeded')
  return { workspace, file, task }
}

/** A value of a column as the plain row has it. `plain` is the value there. */
function plainOf(type, value, plain) {
  // What was not recorded is null; rows have an empty object or list there.
  if (value === null || value === undefined) return plain && Object.keys(plain).length === 0 ? plain : null
  if (DataType.isInt(type)) return Number(value)
  if (DataType.isTimestamp(type)) return new Date(Number(value)).toISOString()
  if (DataType.isDate(type)) return new Date(Number(value)).toISOString().slice(0, 10)
  if (DataType.isStruct(type)) {
    return Object.fromEntries(type.children.map((field) => [field.name, plainOf(field.type, value[field.name], plain?.[field.name])]))
  }
  // JSON without a type of its own is its text.
  if (DataType.isUtf8(type) && typeof plain === 'object') return JSON.parse(value)
  return value
}

/** Checks that the stream has the rows of the plain call, and returns the table. */
async function checked(session, name, ...args) {
  const [repository, method] = name.includes('.') ? name.split('.') : [undefined, name]
  const answered = await (repository ? session[repository] : session)[method](...args)
  const rows = answered.rows ?? answered
  const bytes = await session.arrow(name, ...args)
  assert.ok(bytes instanceof Uint8Array)
  const table = tableFromIPC(bytes)
  assert.equal(table.numRows, rows.length, name)
  rows.forEach((row, place) => {
    const found = table.get(place)
    for (const { name: field, type } of table.schema.fields) {
      const plain = row[field] ?? null
      assert.deepEqual(plainOf(type, found[field], plain), plain, `${name}: ${field} of row ${place}`)
    }
    for (const field of Object.keys(row)) assert.ok(table.schema.names.includes(field), `${name}: ${field}`)
  })
  return table
}

test('every_question_has_the_rows_of_the_plain_call', async (t) => {
  const { workspace, task } = await busyWorkspace(t)
  const calls = {
    tokenUsage: [],
    tokenUsageSummary: [{ since: 'all', groupBy: ['day', 'agent'] }],
    statusEvents: [{ task: task.key }],
    laneVisits: [],
    cumulativeFlow: [],
    throughput: [],
    economics: [],
    query: ['SELECT key, story_points, 1 AS whole, 0.5 AS real, NULL AS none FROM tasks WHERE key = ?', ['P-1']],
    backtest: [{ mode: 'empirical' }],
    workspaceIds: [],
    'projects.list': [],
    'epics.list': [],
    'stories.list': [],
    'tasks.list': [],
    'tasks.find': [{ statuses: ['completed'] }],
    'jobs.list': [],
    'commandRuns.list': [],
    'taskRuns.list': [task.id],
  }
  assert.deepEqual(Object.keys(calls).sort(), Object.keys(rowCalls.rowArguments).sort(), 'every call is tried')
  for (const [name, args] of Object.entries(calls)) {
    const table = await checked(workspace, name, ...args)
    if (name !== 'backtest') assert.ok(table.numRows > 0, `${name} has rows`)
  }
})

test('columns_have_types_and_the_names_of_the_fields', async (t) => {
  const { workspace } = await busyWorkspace(t)
  const types = (table) => Object.fromEntries(table.schema.fields.map(({ name, type }) => [name, String(type)]))
  const usage = types(await checked(workspace, 'tokenUsage'))
  assert.equal(usage.timestamp, 'Timestamp<MILLISECOND, UTC>')
  assert.deepEqual([usage.tokens_prompt, usage.cost_estimate, usage.agent_id, usage.metadata], ['Int64', 'Float64', 'Utf8', 'Utf8'])
  const summary = types(await checked(workspace, 'tokenUsageSummary', { since: 'all', groupBy: ['day'] }))
  assert.equal(summary.day, 'Date32<DAY>')
  assert.equal(types(await checked(workspace, 'tasks.list')).storyPoints, 'Float64')
  const economics = await checked(workspace, 'economics')
  assert.match(types(economics).cost_per_task, /^Struct<\{mean:Float64, /)
})

test('values_of_sql_are_exact', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const params = { big: 2n ** 63n - 1n, blob: Buffer.from([0, 255]), text: 'ü' }
  const bytes = await workspace.arrow('query', 'SELECT :big AS big, :blob AS blob, :text AS text', params)
  const row = tableFromIPC(bytes).get(0)
  assert.equal(row.big, 2n ** 63n - 1n)
  assert.deepEqual([...row.blob], [0, 255])
  assert.equal(row.text, 'ü')
  const mixed = await rejection(workspace.arrow('query', "SELECT 1 AS fine, 1 AS v UNION ALL SELECT 2, 'a'"))
  assert.deepEqual([mixed.kind, mixed.field], ['InvalidInput', 'v'])
})

test('empty_results_have_columns_and_name_other_workspaces', async (t) => {
  const file = join(freshFolder(t), 'mcoda.db')
  const before = await Workspace.openDb(file, { workspaceId: 'made' })
  assert.equal(tableFromIPC(await before.arrow('tokenUsage')).numRows, 0)
  for (const workspaceId of ['one', 'two']) await before.recordTokenUsage({ workspaceId })
  await before.close()
  const workspace = await Workspace.openDb(file, { workspaceId: 'three' })
  t.after(() => workspace.close())
  for (const name of ['tokenUsage', 'tokenUsageSummary', 'economics', 'jobs.list', 'commandRuns.list']) {
    const bytes = await workspace.arrow(name)
    assert.deepEqual(bytes.otherWorkspaceIds, ['one', 'two'], name)
    const table = tableFromIPC(bytes)
    assert.equal(table.numRows, 0)
    assert.ok(table.numCols > 5, name)
  }
})

test('transactions_and_the_global_database_have_streams', async (t) => {
  const { workspace } = await freshWorkspace(t)
  await workspace.transaction(async (tx) => {
    await tx.recordTokenUsage({ tokensPrompt: 7 })
    assert.equal((await checked(tx, 'tokenUsage')).get(0).tokens_prompt, 7n)
    assert.equal(tableFromIPC(await workspace.arrow('tokenUsage')).numRows, 0)
  })
  const global = await Global.openDb(join(freshFolder(t), 'global.db'))
  t.after(() => global.close())
  await global.recordTokenUsage({ tokensPrompt: 1 })
  assert.equal((await checked(global, 'tokenUsage')).numRows, 1)
  const error = await rejection(global.arrow('tasks.list'))
  assert.equal(error.kind, 'InvalidInput')
})

test('what_is_not_a_question_is_refused_by_name', async (t) => {
  const { workspace } = await freshWorkspace(t)
  for (const name of ['recordTokenUsages', 'estimate', 'close', 'toString', '__proto__', 'nothing', undefined, 7]) {
    const error = await rejection(workspace.arrow(name, [{}]))
    assert.ok(error instanceof McodaError, String(name))
    assert.deepEqual([error.kind, error.field], ['InvalidInput', 'call'])
  }
  assert.deepEqual(await workspace.tokenUsage(), [])
  const error = await rejection(workspace.arrow('tokenUsage', { agnet: 'claude' }))
  assert.deepEqual([error.kind, error.field], ['InvalidInput', 'agnet'])
  assert.match(error.stack, /arrow\.test\.mjs/)
  assert.match((await rejection(workspace.arrow('query', 7))).message, /^sql: /)
})

test('signals_and_time_limits_are_those_of_the_method', async (t) => {
  const { workspace } = await freshWorkspace(t)
  assert.equal(await rejection(workspace.arrow('tokenUsage', {}, { signal: AbortSignal.abort('no') })), 'no')
  const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) AS i FROM n'
  const controller = new AbortController()
  const running = rejection(workspace.arrow('query', endless, [], { signal: controller.signal }))
  await setImmediate()
  controller.abort('enough')
  assert.equal(await running, 'enough')
  const limited = await rejection(workspace.arrow('query', endless, null, { timeoutMs: 20 }))
  assert.equal(limited.kind, 'Cancelled')
  await workspace.close()
  assert.equal((await rejection(workspace.arrow('tokenUsage'))).kind, 'Closed')
})

test('the_event_loop_turns_while_a_stream_is_copied', async () => {
  const bytes = new Uint8Array(5 * 2 ** 20 + 1).map((_, place) => place)
  let turn = 0
  const copied = turns.copyInTurns(bytes).then((own) => ({ own, turn }))
  for (; turn < 10; turn += 1) await setImmediate()
  const { own, turn: last } = await copied
  assert.deepEqual(own, bytes)
  assert.ok(last >= 4 && last < 10, `copied in ${last} turns`)
  const aborted = turns.copyInTurns(bytes, AbortSignal.abort('enough'))
  assert.equal(await rejection(aborted), 'enough')
})

test('many_rows_are_one_stream_that_may_be_handed_to_another_thread', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const numbers = `WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n LIMIT 200000)
    SELECT i, 'text ' || i AS text, CASE WHEN i % 3 THEN i END AS gaps FROM n`
  const bytes = await workspace.arrow('query', numbers)
  const table = tableFromIPC(bytes)
  assert.ok(table.batches.length > 1)
  assert.equal(table.numRows, 200_000)
  for (const place of [0, 1, 65_535, 65_536, 199_999]) {
    assert.deepEqual({ ...table.get(place) }, {
      i: BigInt(place),
      text: `text ${place}`,
      gaps: place % 3 ? BigInt(place) : null,
    })
  }
  const moved = structuredClone(bytes, { transfer: [bytes.buffer] })
  assert.equal(bytes.length, 0)
  assert.equal(tableFromIPC(moved).numRows, 200_000)
})
