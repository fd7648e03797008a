import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { McodaError, Workspace } from '@mcoda/native'
import { open } from '@mcoda/native/sqlite'
import { backlog, freshFolder, isPending, runProgram } from './support.mjs'

/** A database as the TypeScript packages open it. */
async function opened(filename) {
  const database = await open({ filename })
  for (const pragma of ['foreign_keys = ON', 'journal_mode = WAL', 'synchronous = NORMAL', 'busy_timeout = 30000']) {
    await database.exec(`PRAGMA ${pragma}`)
  }
  return database
}

const count = async (database) => (await database.get('SELECT count(*) AS n FROM token_usage')).n

test('calls_of_the_workspace_are_part_of_the_transaction_that_the_host_has_open', async (t) => {
  const folder = freshFolder(t)
  const database = await opened(join(folder, 'mcoda.db'))
  const workspace = await Workspace.over(database, { workspaceId: 'w', jsonLog: folder })
  assert.equal(workspace.id, 'w')
  assert.equal(workspace.databasePath, join(folder, 'mcoda.db'))
  const { task } = await backlog(workspace)
  const logged = () => JSON.parse(readFileSync(join(folder, 'token_usage.json'), 'utf8')).map(({ id }) => id)
  const start = performance.now()
  for (const end of ['ROLLBACK', 'COMMIT']) {
    await database.exec('BEGIN IMMEDIATE')
    await database.run('UPDATE tasks SET title = ? WHERE id = ?', end, task.id)
    const recorded = await workspace.recordTokenUsage({ id: end, taskId: task.id, tokensPrompt: 5 })
    assert.deepEqual([recorded.recorded, recorded.logged], [true, false])
    await workspace.recordStatusTransition(task.id, 'in_progress')
    assert.equal(await count(database), 1)
    assert.equal((await workspace.tokenUsage({})).length, 1)
    await database.exec(end)
    assert.equal(await count(database), end === 'COMMIT' ? 1 : 0)
    const { title, status } = await workspace.tasks.get(task.id)
    assert.deepEqual([title, status], end === 'COMMIT' ? ['COMMIT', 'in_progress'] : [task.title, 'not_started'])
  }
  assert.deepEqual(logged(), ['COMMIT'])
  // It would wait for 30 s if it waited for itself.
  assert.ok(performance.now() - start < 15_000)
  await workspace.close()
  assert.equal(await count(database), 1)
  await database.close()
})

test('calls_of_both_run_in_the_order_in_which_they_are_made', async () => {
  const database = await opened(':memory:')
  const workspace = await Workspace.over(database)
  const seen = []
  const calls = []
  for (let index = 0; index < 200; index += 1) {
    calls.push(workspace.recordTokenUsage({ tokensPrompt: index }))
    calls.push(count(database).then((n) => seen.push(n)))
    calls.push(database.run('UPDATE token_usage SET tokens_prompt = tokens_prompt + 1'))
  }
  await Promise.all(calls)
  assert.deepEqual(seen, Array.from({ length: 200 }, (_, index) => index + 1))
  await database.close()
})

test('a_call_that_fails_leaves_the_transaction_of_the_host_as_it_was', async () => {
  const database = await opened(':memory:')
  const workspace = await Workspace.over(database)
  await database.exec('BEGIN')
  await workspace.recordTokenUsage({ id: 'one' })
  await assert.rejects(workspace.recordTokenUsages([{ id: 'two' }, { taskId: 'none' }]), { code: 'MCODA_NOT_FOUND' })
  await assert.rejects(workspace.batch([{ call: 'recordTokenUsage', args: [{ id: 'x' }] }, { call: 'jobs.get' }]), McodaError)
  const { length } = await workspace.batch([{ call: 'recordTokenUsage', args: [{ id: 'three' }] }])
  assert.equal(length, 1)
  await database.exec('COMMIT')
  assert.deepEqual(await database.all('SELECT id FROM token_usage ORDER BY rowid'), [{ id: 'one' }, { id: 'three' }])
  await database.close()
})

test('what_does_not_fit_a_connection_of_the_host_is_refused', async () => {
  const bare = await open({ filename: ':memory:' })
  await assert.rejects(Workspace.over(bare), { code: 'MCODA_UNSUPPORTED', message: /PRAGMA foreign_keys = ON/ })
  await bare.exec('PRAGMA foreign_keys = ON')
  const workspace = await Workspace.over(bare)
  await assert.rejects(workspace.transaction(() => {}), { code: 'MCODA_UNSUPPORTED', message: /BEGIN IMMEDIATE/ })
  await assert.rejects(Workspace.over(bare, { synchronous: 'full' }), { code: 'MCODA_INVALID_INPUT', field: 'synchronous' })
  for (const other of [undefined, null, {}, workspace, { ...bare }, Object.create(bare)]) {
    await assert.rejects(Workspace.over(other), { code: 'MCODA_INVALID_INPUT', field: 'database' })
  }
  await bare.close()
  await assert.rejects(workspace.tokenUsage({}), { code: 'MCODA_CLOSED' })
  await assert.rejects(Workspace.over(bare), { code: 'MCODA_CLOSED' })
})

test('a_workspace_keeps_the_database_open_that_it_is_over', (t) => {
  const program = `
    import { Workspace } from '@mcoda/native'
    import { open } from '@mcoda/native/sqlite'
    const opened = async () => {
      const database = await open({ filename: ':memory:' })
      await database.exec('PRAGMA foreign_keys = ON')
      return Workspace.over(database)
    }
    const workspace = await opened()
    for (let round = 0; round < 10; round += 1) {
      globalThis.gc()
      await new Promise((resolve) => setTimeout(resolve, 5))
      await workspace.recordTokenUsage({})
    }
    console.log((await workspace.tokenUsage({})).length)`
  assert.equal(runProgram(t, program, [], ['--expose-gc']), '10\n')
})

test('rows_of_usage_are_iterated_while_the_host_goes_on', async () => {
  const database = await opened(':memory:')
  const workspace = await Workspace.over(database)
  await workspace.recordTokenUsages(Array.from({ length: 1000 }, (_, index) => ({ tokensPrompt: index })))
  let seen = 0
  for await (const { tokens_prompt } of workspace.iterateTokenUsage()) {
    assert.equal(tokens_prompt, seen)
    seen += 1
    if (seen % 100 === 0) await database.run('INSERT INTO jobs SELECT * FROM jobs WHERE 0')
  }
  assert.equal(seen, 1000)
  await database.close()
})

test('an_aborted_call_never_runs_and_the_calls_behind_it_do', async () => {
  const database = await opened(':memory:')
  const workspace = await Workspace.over(database)
  const slow = database.get('WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2e6) SELECT max(i) AS m FROM n')
  const abort = new AbortController()
  const call = workspace.recordTokenUsage({ id: 'aborted' }, { signal: abort.signal })
  const behind = workspace.recordTokenUsage({ id: 'kept' })
  assert.ok(await isPending(call))
  abort.abort(new Error('no more'))
  await assert.rejects(call, { message: 'no more' })
  assert.equal((await slow).m, 2e6)
  await behind
  assert.deepEqual(await database.all('SELECT id FROM token_usage'), [{ id: 'kept' }])
  await database.close()
})
