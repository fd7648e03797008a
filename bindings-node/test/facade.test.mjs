// What the package adds in JavaScript: bound methods, printed handles, URLs as paths, null, and stacks that name the caller.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { Global, McodaError, Workspace, extractUsage, renderTokensTable } from '@mcoda/native'
import { TelemetryClient } from '@mcoda/native/client'
import { freshFolder, freshWorkspace, rejection, runAloud } from './support.mjs'

test('destructured_methods_work', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const { recordTokenUsage, transaction, iterateTokenUsage, query, projects, batch } = workspace
  const { ensure, get } = projects
  await recordTokenUsage({ tokensPrompt: 1 })
  const { key } = await ensure({ key: 'P' })
  assert.equal((await get(key)).key, 'P')
  await transaction(async ({ recordTokenUsage, tasks: { list } }) => {
    await recordTokenUsage({ tokensPrompt: 2 })
    assert.deepEqual(await list(), [])
  })
  await batch([{ call: 'recordTokenUsage', args: [{ tokensPrompt: 3 }] }])
  const prompts = []
  for await (const { tokens_prompt } of iterateTokenUsage()) prompts.push(tokens_prompt)
  assert.deepEqual(prompts, [1, 2, 3])
  assert.deepEqual(await query('SELECT count(*) AS n FROM token_usage'), [{ n: 3 }])
  const { openDb } = Global
  const { recordTokenUsage: recordGlobally, close } = await openDb(':memory:')
  await recordGlobally({})
  await close()
  const { velocity } = new TelemetryClient({ baseUrl: 'https://example.org', fetch: async () => new Response('{}') })
  assert.deepEqual(await velocity({ workspaceId: 'w' }), {})
})

test('every_method_is_bound_and_can_be_replaced', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const methodsOf = (object) => {
    const names = []
    for (let type = Object.getPrototypeOf(object); type !== Object.prototype; type = Object.getPrototypeOf(type)) {
      const all = Object.entries(Object.getOwnPropertyDescriptors(type))
      names.push(...all.filter(([name, { value }]) => typeof value === 'function' && name !== 'constructor'))
    }
    return names.map(([name]) => name)
  }
  for (const object of [workspace, workspace.tasks, workspace.commandRuns]) {
    const methods = methodsOf(object)
    assert.ok(methods.length > 2)
    for (const name of methods) {
      assert.ok(Object.hasOwn(object, name), name)
      assert.ok(!Object.keys(object).includes(name), `${name} is not enumerable`)
    }
  }
  const { mock } = t.mock.method(workspace, 'estimate', async () => 'mocked')
  assert.equal(await workspace.estimate(), 'mocked')
  assert.equal(mock.callCount(), 1)
})

test('a_printed_handle_shows_its_path_and_state', async (t) => {
  const { workspace, file } = await freshWorkspace(t, { workspaceId: 'shop' })
  const shown = (state, name = 'Workspace') => `${name} { id: 'shop', databasePath: ${inspect(file)}, state: '${state}' }`
  const flat = (value) => inspect(value, { breakLength: Infinity })
  assert.equal(flat(workspace), shown('open'))
  let kept
  await workspace.transaction(async (tx) => {
    kept = tx
    assert.equal(flat(tx), shown('open', 'WorkspaceTransaction'))
  })
  assert.equal(flat(kept), shown('committed', 'WorkspaceTransaction'))
  await rejection(
    workspace.transaction((tx) => {
      kept = tx
      throw new Error('no')
    }),
  )
  assert.equal(flat(kept), shown('rolled back', 'WorkspaceTransaction'))
  const closed = workspace.close()
  assert.equal(flat(workspace), shown('closing'))
  await closed
  assert.equal(flat(workspace), shown('closed'))
  const global = await Global.openDb(':memory:')
  t.after(() => global.close())
  assert.equal(flat(global), "Global { databasePath: ':memory:', state: 'open' }")
  assert.equal(inspect({ global }, { depth: 0 }), '{ global: [Global] }')
  assert.doesNotThrow(() => inspect(Workspace.prototype, { showHidden: true }))
})

test('a_file_url_is_accepted_wherever_a_path_is', async (t) => {
  const folder = join(freshFolder(t), 'a folder, with #1 and ü')
  mkdirSync(folder)
  const at = (name) => pathToFileURL(join(folder, name))
  const workspace = await Workspace.open(pathToFileURL(folder))
  t.after(() => workspace.close())
  const same = await Workspace.open(folder)
  t.after(() => same.close())
  assert.equal(workspace.databasePath, same.databasePath)
  writeFileSync(at('run.jsonl'), '{"id": "r", "model": "m", "usage": {"prompt_tokens": 3}}\n')
  assert.equal((await workspace.recordAgentFile(at('run.jsonl'))).recorded, 1)
  await workspace.backupTo(at('copy.db'))
  const copy = await Workspace.openDb(at('copy.db'), { jsonLog: at('log') })
  assert.equal(copy.databasePath, join(folder, 'copy.db'))
  await copy.recordTokenUsage({})
  await copy.close()
  assert.ok(existsSync(join(folder, 'log/token_usage.json')), 'the log is in the folder of the URL')
  const global = await Global.openDb(at('global.db'))
  assert.equal(global.databasePath, join(folder, 'global.db'))
  await global.close()
  for (const [call, field] of [
    [() => Workspace.open(new URL('https://user:secret@example.org/a')), 'root'],
    [() => Workspace.openDb(new URL('https://user:secret@example.org/a')), 'path'],
    [() => Global.openDb(new URL('file://elsewhere/a%2Fb')), 'path'],
    [() => Workspace.openDb(':memory:', { jsonLog: new URL('https://user:secret@example.org/') }), 'jsonLog'],
    [() => workspace.backupTo(new URL('data:,x')), 'path'],
    [() => workspace.recordAgentFile(new URL('https://user:secret@example.org/a')), 'path'],
  ]) {
    const error = await rejection(call())
    assert.equal(error.code, 'MCODA_INVALID_INPUT', `${call}: ${error}`)
    assert.equal(error.field, field)
    assert.match(error.message, new RegExp(`^${field}: got a .*; expected text or a file: URL$`))
    assert.ok(!error.message.includes('secret'), error.message)
  }
})

test('null_is_accepted_where_an_argument_may_be_left_out', async (t) => {
  const { workspace } = await freshWorkspace(t, null)
  await workspace.recordAgentResponse('{}', null, null)
  await workspace.tokenUsage(null, null)
  await workspace.tokenUsageSummary(null)
  await workspace.statusEvents(null)
  await workspace.velocity(null)
  await workspace.estimate(null)
  await workspace.backfillStatusEvents(null)
  await workspace.optOut(null, null)
  await workspace.optIn(null)
  await workspace.tasks.list(null, null)
  await workspace.query('SELECT 1', null, null)
  await workspace.batch([{ call: 'tokenUsage', args: [null] }], null)
  await workspace.transaction(async (tx) => tx.estimate(null), null)
  for await (const row of workspace.iterateTokenUsage(null, null)) assert.fail(row)
  extractUsage('{}', null)
  renderTokensTable([], null)
  const global = await Global.openDb(':memory:', null, null)
  await global.close(null)
})

/** A call that fails in each way, made from a function whose name its stack must show. */
const FAILURES = {
  'an argument that the package refuses': (workspace) => workspace.recordTokenUsage({ metadata: NaN }),
  'an argument that the engine refuses': (workspace) => workspace.recordTokenUsage({ tokensPrompt: -1 }),
  'a call of a table': (workspace) => workspace.tasks.create({ userStoryId: 'x', key: 'k', title: 't' }),
  'a query': (workspace) => workspace.query('SELECT'),
  'a step of a loop': (workspace) => workspace.iterateTokenUsage({ page: -1 }).next(),
  'a transaction that cannot commit': (workspace) => workspace.transaction(() => {}, { limitMs: 0.001 }),
  'a call that reaches its time limit': (workspace) =>
    workspace.query(SLOW, [], { timeoutMs: 1 }),
  opening: () => Workspace.openDb('/no/such/folder/at/all.db', { existingOnly: true }),
  'opening the global database': () => Global.openDb('/no/such/folder/at/all.db', { existingOnly: true }),
  'a request': () => new TelemetryClient({ baseUrl: 'http://127.0.0.1:1' }).estimate({ workspaceId: 'w' }),
}
const SLOW = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n'

test('an_error_names_the_line_of_the_caller', async (t) => {
  const { workspace } = await freshWorkspace(t)
  for (const [what, call] of Object.entries(FAILURES)) {
    // Not awaited where it is made, as a call that was forgotten.
    const forgottenHere = () => void promises.push(call(workspace))
    const promises = []
    forgottenHere()
    const error = await rejection(promises[0])
    assert.ok(error instanceof McodaError, `${what}: ${error}`)
    const [first, ...frames] = error.stack.split('\n')
    assert.equal(first, `McodaError: ${error.message}`)
    assert.ok(frames.every((frame) => /^    at /.test(frame)), error.stack)
    assert.ok(frames.some((frame) => frame.includes('forgottenHere')), `${what}: ${error.stack}`)
    assert.ok(frames.some((frame) => frame.includes('facade.test.mjs')), `${what}: ${error.stack}`)
  }
})

test('an_unhandled_rejection_names_the_line_of_the_caller', (t) => {
  const source = `
    import { Workspace } from '@mcoda/native'
    process.on('unhandledRejection', (error) => { console.log(error.stack) })
    const workspace = await Workspace.openDb(':memory:')
    function forgetful() {
      workspace.recordTokenUsage({ tokensPrompt: -1 })
    }
    forgetful()
    await workspace.close()`
  const { stdout } = runAloud(t, source)
  assert.match(stdout, /^McodaError: tokensPrompt: got -1/)
  assert.match(stdout, /at forgetful \(.*program\.mjs:6:17\)/)
})

test('programs_that_change_how_stacks_are_made_get_their_errors', (t) => {
  const source = `
    import { Workspace } from '@mcoda/native'
    const workspace = await Workspace.openDb(':memory:')
    const fail = () => workspace.recordTokenUsage({ tokensPrompt: -1 }).catch(({ message }) => console.log(message))
    Error.stackTraceLimit = 0
    await fail()
    Error.stackTraceLimit = 10
    Error.prepareStackTrace = (_, frames) => frames
    await fail()
    Error.prepareStackTrace = undefined
    Object.freeze(Error)
    await fail()
    await workspace.close()`
  const { stdout } = runAloud(t, source)
  assert.equal(stdout.match(/^tokensPrompt: got -1.*$/gm).length, 3)
})
