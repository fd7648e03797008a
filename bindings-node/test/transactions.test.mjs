// Calls of a transaction happen together or not at all, however it ends. The names are those of the core's tests.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Global, Workspace } from '@mcoda/native'
import { freshWorkspace, rejection } from './support.mjs'

const count = async (database) => (await database.query('SELECT count(*) AS n FROM token_usage'))[0].n

test('many_calls_commit_together', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const task = await workspace.transaction(async (tx) => {
    const project = await tx.projects.ensure({ key: 'P' })
    const epic = await tx.epics.create({ projectId: project.id, key: 'P-E', title: 'e' })
    const story = await tx.stories.create({ epicId: epic.id, key: 'P-S', title: 's' })
    const created = await tx.tasks.create({ userStoryId: story.id, key: 'P-T', title: 't' })
    await tx.recordTokenUsage({ taskId: created.id, tokensPrompt: 3 })
    assert.equal((await tx.tokenUsage()).length, 1, 'a transaction sees what it wrote')
    assert.equal(await count(tx), 1)
    assert.equal(tx.id, workspace.id)
    return created
  })
  assert.equal((await workspace.tasks.get('P-T')).id, task.id)
  assert.equal(await count(workspace), 1)
})

test('an_error_rolls_everything_back', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const why = new Error('the caller changed its mind')
  const failed = workspace.transaction(async (tx) => {
    await tx.recordTokenUsage({ tokensPrompt: 1 })
    await tx.projects.ensure({ key: 'P' })
    throw why
  })
  assert.equal(await rejection(failed), why)
  assert.equal(await count(workspace), 0)
  assert.deepEqual(await workspace.projects.list(), [])
  await workspace.recordTokenUsage({ tokensPrompt: 1 })
  assert.equal(await count(workspace), 1)
})

test('a_call_that_fails_leaves_the_transaction_as_it_was', async (t) => {
  const { workspace } = await freshWorkspace(t)
  await workspace.transaction(async (tx) => {
    await tx.recordTokenUsage({ tokensPrompt: 1 })
    const usages = [{ tokensPrompt: 2 }, { tokensPrompt: -1 }]
    assert.equal((await rejection(tx.recordTokenUsages(usages))).kind, 'InvalidInput')
    assert.equal((await rejection(tx.recordStatusTransition('nobody', 'completed'))).kind, 'NotFound')
    await tx.recordTokenUsage({ tokensPrompt: 4 })
  })
  const rows = await workspace.tokenUsage()
  assert.deepEqual(rows.map((row) => row.tokens_prompt).sort(), [1, 4])
})

test('a_transaction_that_has_ended_says_so', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const kept = await workspace.transaction((tx) => tx)
  assert.equal((await rejection(kept.recordTokenUsage({ tokensPrompt: 1 }))).kind, 'Closed')
  assert.equal((await rejection(kept.tokenUsage())).kind, 'Closed')
  assert.equal(await count(workspace), 0)
})

test('an_aborted_transaction_is_rolled_back', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const controller = new AbortController()
  const why = new Error('enough')
  const work = async (tx) => {
    await tx.recordTokenUsage({ tokensPrompt: 1 })
    controller.abort(why)
    await new Promise(() => {})
  }
  assert.equal(await rejection(workspace.transaction(work, { signal: controller.signal })), why)
  assert.equal(await count(workspace), 0)
  // The lock is free again.
  await workspace.recordTokenUsage({ tokensPrompt: 1 })
})

test('an_aborted_signal_begins_nothing', async (t) => {
  const { workspace } = await freshWorkspace(t)
  let called = false
  const options = { signal: AbortSignal.abort(new Error('before')) }
  const error = await rejection(workspace.transaction(() => (called = true), options))
  assert.equal(error.message, 'before')
  assert.equal(called, false)
})

test('a_forgotten_transaction_lets_go_of_the_lock', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const work = async (tx) => {
    await tx.recordTokenUsage({ tokensPrompt: 1 })
    await new Promise((resolve) => setTimeout(resolve, 600))
    await tx.recordTokenUsage({ tokensPrompt: 2 })
  }
  const error = await rejection(workspace.transaction(work, { limitMs: 100 }))
  assert.match(error.message, /rolled back/)
  assert.equal(await count(workspace), 0)
  await workspace.recordTokenUsage({ tokensPrompt: 1 })
})

test('closing_rolls_an_open_transaction_back', async (t) => {
  const { workspace, file } = await freshWorkspace(t)
  const error = await rejection(
    workspace.transaction(async (tx) => {
      await tx.recordTokenUsage({ tokensPrompt: 1 })
      await workspace.close()
      await tx.recordTokenUsage({ tokensPrompt: 2 })
    }),
  )
  assert.equal(error.kind, 'Closed')
  const again = await Workspace.openDb(file ?? workspace.databasePath)
  t.after(() => again.close())
  assert.equal(await count(again), 0)
})

test('writes_of_the_handle_wait_for_the_transaction', async (t) => {
  const { workspace } = await freshWorkspace(t)
  let outside
  await workspace.transaction(async (tx) => {
    outside = workspace.recordTokenUsage({ tokensPrompt: 1 })
    await tx.recordTokenUsage({ tokensPrompt: 2 })
    await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(await count(tx), 1)
  })
  await outside
  assert.equal(await count(workspace), 2)
})

test('writes_of_the_handle_wait_longer_than_the_busy_timeout', async (t) => {
  const { workspace } = await freshWorkspace(t, { busyTimeoutMs: 50 })
  let outside
  await workspace.transaction(async (tx) => {
    outside = workspace.recordTokenUsage({ tokensPrompt: 1 })
    await tx.recordTokenUsage({ tokensPrompt: 2 })
    await new Promise((resolve) => setTimeout(resolve, 300))
  })
  await outside
  assert.equal(await count(workspace), 2)
})

test('closing_does_not_wait_behind_calls_that_wait_for_the_transaction', async (t) => {
  const { workspace } = await freshWorkspace(t)
  let outside
  let closed
  const started = Date.now()
  const failed = workspace.transaction(async (tx) => {
    await tx.recordTokenUsage({ tokensPrompt: 1 })
    outside = workspace.recordTokenUsage({ tokensPrompt: 2 })
    await new Promise((resolve) => setTimeout(resolve, 50))
    closed = workspace.close()
    await new Promise(() => {})
  })
  const error = await rejection(failed)
  assert.equal(error.kind, 'Closed')
  assert.match(error.message, /its handle was closed/)
  await outside
  await closed
  assert.ok(Date.now() - started < 5000, 'it did not wait for the time limit')
  const again = await Workspace.openDb(workspace.databasePath)
  t.after(() => again.close())
  assert.deepEqual((await again.tokenUsage()).map((row) => row.tokens_prompt), [2])
})

test('a_transaction_that_never_settles_ends_at_its_limit', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const work = async (tx) => {
    await tx.recordTokenUsage({ tokensPrompt: 1 })
    await new Promise(() => {})
  }
  const error = await rejection(workspace.transaction(work, { limitMs: 100 }))
  assert.equal(error.kind, 'Closed')
  assert.match(error.message, /0\.1 s, its time limit/)
  assert.equal(await count(workspace), 0)
})

test('a_transaction_that_waits_for_its_own_handle_ends_at_its_limit', async (t) => {
  const { workspace } = await freshWorkspace(t, { busyTimeoutMs: 60_000 })
  const work = async (tx) => {
    await tx.recordTokenUsage({ tokensPrompt: 1 })
    await workspace.recordTokenUsage({ tokensPrompt: 2 })
  }
  const error = await rejection(workspace.transaction(work, { limitMs: 100 }))
  assert.match(error.message, /wait for its end/)
  assert.deepEqual((await workspace.tokenUsage()).map((row) => row.tokens_prompt), [2])
})

const endless = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n'

test('what_ends_a_transaction_stops_its_question', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const limited = rejection(workspace.transaction((tx) => tx.query(endless), { limitMs: 100 }))
  assert.match((await limited).message, /0\.1 s, its time limit/)

  const why = new Error('enough')
  const controller = new AbortController()
  setTimeout(() => controller.abort(why), 50)
  const aborted = workspace.transaction((tx) => tx.query(endless), { signal: controller.signal })
  assert.equal(await rejection(aborted), why)
  await workspace.recordTokenUsage({ tokensPrompt: 1 })

  const closing = rejection(workspace.transaction((tx) => tx.query(endless)))
  await new Promise((resolve) => setTimeout(resolve, 50))
  await workspace.close()
  assert.match((await closing).message, /its handle was closed/)
})

test('a_signal_stops_a_question_and_not_its_transaction', async (t) => {
  const { workspace } = await freshWorkspace(t)
  await workspace.transaction(async (tx) => {
    await tx.recordTokenUsage({ tokensPrompt: 1 })
    const error = await rejection(tx.query(endless, [], { signal: AbortSignal.timeout(50) }))
    assert.equal(error.name, 'TimeoutError')
    await tx.recordTokenUsage({ tokensPrompt: 2 })
  })
  assert.equal(await count(workspace), 2)
})

test('the_global_database_has_transactions_too', async (t) => {
  const global = await Global.openDb(':memory:')
  t.after(() => global.close())
  await rejection(
    global.transaction(async (tx) => {
      await tx.recordTokenUsage({ tokensPrompt: 1 })
      throw new Error('no')
    }),
  )
  assert.equal(await count(global), 0)
  await global.transaction((tx) => tx.recordTokenUsage({ tokensPrompt: 1 }))
  assert.equal(await count(global), 1)
})

test('transactions_check_what_they_are_given', async (t) => {
  const { workspace } = await freshWorkspace(t)
  for (const [work, options, field] of [
    [undefined, undefined, 'work'],
    [async () => {}, { limitMs: 0 }, 'limitMs'],
    [async () => {}, { limitMs: '1' }, 'limitMs'],
  ]) {
    const error = await rejection(workspace.transaction(work, options))
    assert.equal(error.kind, 'InvalidInput')
    assert.equal(error.field, field)
  }
})

test('a_batch_happens_as_a_whole_or_not_at_all', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const calls = [
    { call: 'projects.ensure', args: [{ key: 'P' }] },
    { call: 'recordTokenUsage', args: [{ tokensPrompt: 1 }] },
  ]
  const results = await workspace.batch(calls)
  assert.equal(results.length, 2)
  assert.equal(results[0].key, 'P')
  await rejection(workspace.batch([...calls, { call: 'recordTokenUsage', args: [{ tokensPrompt: -1 }] }]))
  assert.equal(await count(workspace), 1)
})

test('a_batch_takes_what_the_methods_take', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const time = new Date('2026-01-02T03:04:05.000Z')
  const body = new TextEncoder().encode('{"id": "m", "usage": {"input_tokens": 3, "output_tokens": 1}}')
  const usages = new Set([{ tokensPrompt: 1, timestamp: time, taskId: undefined }, { tokensPrompt: 2n }])
  const [response, recorded] = await workspace.batch([
    { call: 'recordAgentResponse', args: [body] },
    { call: 'recordTokenUsages', args: [usages] },
    { call: 'projects.list' },
  ])
  assert.equal(response.records.length, 1)
  assert.equal(recorded.length, 2)
  const rows = await workspace.tokenUsage()
  assert.deepEqual(rows.map((row) => row.tokens_prompt).sort(), [1, 2, 3])
  assert.ok(rows.some((row) => row.timestamp === time.toISOString()))
})

test('an_error_of_a_batch_is_that_of_the_method_with_its_call', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const first = { call: 'projects.list' }
  for (const bad of [NaN, -1, 'x', '\ud800']) {
    const usage = { tokensPrompt: bad }
    const alone = await rejection(workspace.recordTokenUsage(usage))
    const call = { call: 'recordTokenUsage', args: [usage] }
    const error = await rejection(workspace.batch([first, call]))
    assert.equal(error.message, `call 2 of 2 (recordTokenUsage): ${alone.message}`)
    assert.equal(error.field, alone.field)
  }
  for (const call of [null, 7, 'projects.list', {}, { call: 7 }, { call: 'toString' }, { call: 'projects.list', args: 7 }]) {
    assert.equal((await rejection(workspace.batch([first, call]))).kind, 'InvalidInput')
  }
})
