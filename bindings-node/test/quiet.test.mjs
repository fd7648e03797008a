// The package writes nothing to a program's output, whatever goes wrong.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { freshFolder, runAloud } from './support.mjs'

const PROGRAM = `
import assert from 'node:assert/strict'
import { chmodSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Workspace } from '@mcoda/native'

const root = process.argv[2]
const texts = ['modelName', 'commandName', 'action', 'invocationKind', 'provider', 'currency']
const secrets = Object.fromEntries(texts.map((name) => [name, 'SECRET-' + name]))
secrets.metadata = { SECRET: ['SECRET'] }
async function refused(kind, call, ...names) {
  const error = await Promise.resolve().then(call).then(() => assert.fail('not refused'), (error) => error)
  assert.equal(error.kind, kind, error)
  const told = [error, error.message, error.detail, JSON.stringify(error)].join(' ')
  assert.ok(!told.replaceAll('SECRET-' + error.field, '').includes('SECRET'), told)
  for (const name of names) assert.ok(error.message.includes(name), told)
}

const workspace = await Workspace.open(root, { busyTimeoutMs: 0 })
const file = workspace.databasePath
await workspace.recordTokenUsage({ id: 'one', ...secrets })
await refused('InvalidInput', () => workspace.recordTokenUsage({ tokensPrompt: -1, ...secrets }))
await refused('InvalidInput', () => workspace.recordTokenUsage({ ...secrets, tokensPrompt: 'SECRET-tokensPrompt' }))
await refused('InvalidInput', () => workspace.query("SELECT json_extract('{}', action) FROM token_usage"))
await refused('NotFound', () => workspace.recordTokenUsage({ jobId: 'SECRET-jobId', ...secrets }))
await refused('Conflict', () => workspace.recordTokenUsage({ id: 'one', tokensPrompt: 1, ...secrets }))
await workspace.close()
await refused('Closed', () => workspace.recordTokenUsage(secrets))
if (process.platform !== 'win32') {
  chmodSync(dirname(file), 0o777)
  await refused('Storage', () => Workspace.open(root), dirname(file), 'world-writable')
  chmodSync(dirname(file), 0o700)
}
writeFileSync(file, 'SECRET '.repeat(1000))
await refused('Corrupt', () => Workspace.open(root))
`

for (const backtrace of ['0', 'full']) {
  test(`nothing_is_printed_whatever_goes_wrong_with_backtrace_${backtrace}`, (t) => {
    const folder = freshFolder(t)
    mkdirSync(join(folder, 'home'))
    const environment = { ...process.env, HOME: join(folder, 'home'), RUST_BACKTRACE: backtrace }
    const run = runAloud(t, PROGRAM, [join(folder, 'shop')], [], environment)
    assert.deepEqual(run, { stdout: '', stderr: '' })
  })
}
