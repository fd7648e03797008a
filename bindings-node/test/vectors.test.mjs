// The vectors that every language runs, ../tests/vectors/*.json, through this interface.
import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import * as mcoda from '@mcoda/native'
import { Global, McodaError, Workspace } from '@mcoda/native'
import { difference, substituted } from './matching.mjs'
import { ROOT, freshFolder } from './support.mjs'

const VECTORS = join(ROOT, 'tests/vectors')

for (const file of readdirSync(VECTORS)
  .filter((name) => name.endsWith('.json'))
  .sort()) {
  for (const oneCase of JSON.parse(readFileSync(join(VECTORS, file), 'utf8')).cases) {
    test(`${basename(file, '.json')}::${oneCase.name}`, (t) => run(oneCase, t))
  }
}

async function run({ fixture, open = {}, handle: kind = 'workspace', steps }, t) {
  const folder = freshFolder(t)
  const database = join(folder, 'mcoda.db')
  if (fixture) copyFileSync(join(VECTORS, 'fixtures', `${fixture}.db`), database)
  const saved = { folder }
  const Handle = { workspace: Workspace, global: Global }[kind]
  const options = substituted(open, saved)
  const stateSql = readFileSync(join(VECTORS, kind === 'global' ? 'state_global.sql' : 'state.sql'), 'utf8')
  let handle = await Handle.openDb(database, options)
  for (const [index, step] of steps.entries()) {
    const place = `step ${index + 1}, ${step.call ?? 'reopen'}`
    if (step.reopen) {
      await handle.close()
      handle = await Handle.openDb(database, Object.assign(options, step.reopen))
      continue
    }
    // Nothing where the handle is closed.
    const state = () => handle.query(stateSql).catch(() => null)
    const before = await state()
    const made = call(handle, step.call, substituted(step.args ?? [], saved))
    if (step.error) {
      const error = await made.then(
        (result) => assert.fail(`${place}: returned ${JSON.stringify(result)}`),
        (error) => error,
      )
      assertError(error, step.error, place)
      assert.deepEqual(await state(), before, `${place} failed, and changed something`)
    } else {
      const result = inJson(await made)
      if ('expect' in step) {
        const tolerance = step.exact ? 0 : 1e-9
        assert.equal(difference(result, substituted(step.expect, saved), place, tolerance), undefined)
      }
      if (step.save) saved[step.save] = result
    }
  }
  await handle.close()
}

/** `tasks.create_many` is `handle.tasks.createMany`, `extract_usage` a function of the package. */
async function call(handle, name, args) {
  const path = name.split('.').map((part) => part.replace(/_(.)/g, (_, letter) => letter.toUpperCase()))
  const method = path.pop()
  if (method in mcoda) return mcoda[method](...args)
  const owner = path.length ? handle[path[0]] : handle
  return owner[method](...args)
}

/** Blobs are hexadecimal text in JSON, and a call that returns nothing returns null, as in the vectors. */
function inJson(result) {
  if (result === undefined) return null
  if (Buffer.isBuffer(result)) return result.toString('hex')
  if (typeof result === 'bigint') return Number(result)
  if (result === Infinity || result === -Infinity) return null
  if (typeof result !== 'object' || result === null) return result
  if (Array.isArray(result)) return result.map(inJson)
  return Object.fromEntries(Object.entries(result).map(([name, value]) => [name, inJson(value)]))
}

function assertError(error, expected, place) {
  assert.ok(error instanceof McodaError, `${place}: ${error?.stack}`)
  assert.equal(error.kind, expected.kind, `${place}: ${error}`)
  if (expected.field) assert.equal(error.field, expected.field, `${place}: ${error}`)
  if (expected.message) assert.ok(error.message.includes(expected.message), `${place}: ${error}`)
}
