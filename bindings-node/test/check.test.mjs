// Checks of handles and paths, and checkpoints. Which faults are found, the engine's own tests show.
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { Workspace, checkPath, renderCheck } from '@mcoda/native'
import { freshFolder, freshWorkspace, rejection } from './support.mjs'

test('nothing_is_found_in_a_healthy_workspace', async (t) => {
  const root = join(freshFolder(t), 'shop')
  mkdirSync(root)
  const workspace = await Workspace.open(root)
  await workspace.recordTokenUsage({ id: 'a' })
  const report = await workspace.check({ full: true, timeLimitMs: 60_000 }, { timeoutMs: 60_000 })
  assert.deepEqual([report.ok, report.full, report.kind, report.findings], [true, true, 'workspace', []])
  assert.ok(report.checked.includes('jsonLog') && report.checked.includes('integrity'))
  const byPath = await checkPath(root)
  assert.deepEqual([byPath.ok, byPath.database, byPath.findings], [true, report.database, []])
  assert.match(renderCheck(report), /nothing is wrong\n$/)
  await workspace.close()
})

test('damage_is_found', async (t) => {
  const file = join(freshFolder(t), 'mcoda.db')
  writeFileSync(file, 'this is no database'.repeat(100), { mode: 0o600 })
  const before = [readFileSync(file), statSync(file).mtimeMs]
  const report = await checkPath(file)
  const damaged = report.findings.filter(({ code }) => code === 'damaged')
  assert.deepEqual([report.ok, damaged.length, damaged[0]?.severity], [false, 1, 'error'], JSON.stringify(report))
  assert.deepEqual([readFileSync(file), statSync(file).mtimeMs], before)
  assert.deepEqual(readdirSync(dirname(file)), ['mcoda.db'])
})

test('a_workspace_that_is_not_there_is_found', async (t) => {
  const home = freshFolder(t)
  const root = freshFolder(t)
  const { ok, findings, database } = await checkPath(root, { environment: { HOME: home } })
  assert.deepEqual([ok, findings.map(({ code }) => code)], [false, ['missing']])
  assert.ok(database.startsWith(join(home, '.mcoda')) && !existsSync(join(home, '.mcoda')))
})

// What no environment is given for is looked for in that of this realm.
test('a_check_of_a_path_has_the_environment_of_its_realm', async (t) => {
  const before = process.env.HOME
  const home = freshFolder(t)
  try {
    process.env.HOME = home
    const { database } = await checkPath(freshFolder(t))
    assert.ok(database.startsWith(join(home, '.mcoda')), database)
  } finally {
    process.env.HOME = before
  }
})

test('a_check_can_be_cancelled', async (t) => {
  const { workspace, file } = await freshWorkspace(t)
  const aborted = AbortSignal.abort(new Error('enough'))
  for (const given of [workspace.check({}, { signal: aborted }), checkPath(file, {}, { signal: aborted })]) {
    assert.equal((await rejection(given)).message, 'enough')
  }
  assert.equal((await rejection(checkPath(file, { timeLimitMs: 0 }))).field, 'timeLimitMs')
})

test('a_checkpoint_empties_the_write_ahead_log', async (t) => {
  const { workspace, file } = await freshWorkspace(t)
  await workspace.recordTokenUsage({ id: 'a' })
  const done = await workspace.checkpoint()
  assert.deepEqual([done.truncated, done.busy, done.walBytes], [true, false, 0])
  assert.ok(done.frames > 0 && done.checkpointed === done.frames)
  assert.equal(statSync(`${file}-wal`).size, 0)
})

test('a_checkpoint_is_refused_where_it_cannot_be', async (t) => {
  const { workspace, file } = await freshWorkspace(t)
  const refused = await rejection(workspace.transaction((tx) => tx.checkpoint()))
  assert.equal(refused.kind, 'Unsupported')
  const reads = await Workspace.openDb(file, { readOnly: true })
  assert.equal((await rejection(reads.checkpoint())).kind, 'Unsupported')
  await reads.close()
})
