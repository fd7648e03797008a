// The environment that holds is the one of the JavaScript that opens, not the one that the process was started with.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { Workspace } from '@mcoda/native'
import { PACKAGE, freshFolder, rejection } from './support.mjs'

const REAL = process.env.HOME

/** What a worker thread with this environment finds when it opens and records. */
async function inWorker(folder, env, openOptions = {}) {
  const worker = new Worker(
    `
      const { Workspace } = require(${JSON.stringify(PACKAGE)})
      const { parentPort, workerData } = require('node:worker_threads')
      const found = async () => {
        const workspace = await Workspace.open(workerData.root, workerData.openOptions)
        const recorded = await workspace.recordTokenUsage({ tokensPrompt: 1 })
        const rows = await workspace.tokenUsage().then((rows) => rows.length, (error) => error.kind)
        const config = await workspace.telemetryConfig().catch((error) => error.message)
        await workspace.close()
        return { path: workspace.databasePath, recorded, rows, config }
      }
      found().catch((error) => ({ error: error.message, field: error.field })).then((all) => parentPort.postMessage(all))
    `,
    { eval: true, env, workerData: { root: join(folder, 'shop'), openOptions } },
  )
  const [reply] = await once(worker, 'message')
  return reply
}

test('a_worker_thread_with_another_home_leaves_the_users_own_files_alone', async (t) => {
  const folder = freshFolder(t)
  const home = join(folder, 'home')
  const found = await inWorker(folder, { ...process.env, HOME: home })
  assert.ok(found.path.startsWith(join(home, '.mcoda')), JSON.stringify(found))
  assert.equal(found.rows, 1)
  assert.equal(existsSync(join(REAL, '.mcoda')), false)
  const other = await inWorker(folder, { USERPROFILE: home })
  assert.equal(other.path, found.path)
  // An environment that names no home is not meant to use the process's.
  assert.match((await inWorker(folder, {})).error, /HOME/)
  assert.equal(existsSync(join(REAL, '.mcoda')), false)
})

test('the_switches_of_a_worker_thread_hold_in_it', async (t) => {
  const folder = freshFolder(t)
  const env = { HOME: join(folder, 'home'), MCODA_TELEMETRY: 'off' }
  assert.equal((await inWorker(folder, env)).config.offByEnvironment, true)
  const off = await inWorker(folder, { HOME: join(folder, 'other'), MCODA_DISABLE_DB: '1' })
  assert.equal(off.rows, 'Storage', JSON.stringify(off))
  assert.equal(existsSync(off.path), false)
  writeFileSync(join(folder, 'user.json'), '{"telemetry": {"strict": true}}')
  const strict = await inWorker(folder, { ...env, MCODA_CONFIG: join(folder, 'user.json') })
  assert.equal(strict.recorded.recorded, false)
})

test('an_assignment_holds_from_the_next_opening_on', async (t) => {
  const folder = freshFolder(t)
  const restored = process.env
  t.after(() => (process.env = restored))
  for (const copy of [false, true]) {
    // Jest has a copy in place of the real one.
    if (copy) process.env = { ...restored }
    for (const name of ['one', 'two']) {
      process.env.HOME = join(folder, name)
      const workspace = await Workspace.open(join(folder, 'shop'))
      assert.ok(workspace.databasePath.startsWith(join(folder, name)), `${copy} ${name}`)
      process.env.MCODA_TELEMETRY = 'off'
      assert.equal((await workspace.telemetryConfig()).offByEnvironment, false, 'a handle keeps its own')
      delete process.env.MCODA_TELEMETRY
      await workspace.close()
    }
  }
  process.env = restored
  process.env.HOME = REAL
})

test('an_environment_can_be_given', async (t) => {
  const folder = freshFolder(t)
  mkdirSync(join(folder, 'home'))
  const environment = { HOME: join(folder, 'home'), MCODA_TELEMETRY: 'off', OTHER: 'x' }
  const workspace = await Workspace.open(join(folder, 'shop'), { environment })
  t.after(() => workspace.close())
  assert.ok(workspace.databasePath.startsWith(environment.HOME))
  assert.equal((await workspace.telemetryConfig()).offByEnvironment, true)
  const refused = await rejection(Workspace.open(folder, { environment: { HOME: 7 } }))
  assert.equal(refused.field, 'environment.HOME')
  assert.equal((await rejection(Workspace.open(folder, { environment: 'HOME=/x' }))).field, 'environment')
  assert.equal((await rejection(Workspace.open(folder, 'HOME=/x'))).kind, 'InvalidInput')
})
