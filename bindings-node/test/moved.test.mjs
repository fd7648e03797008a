// Projects that were moved, and databases with several workspaces.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { Workspace, workspaces } from '@mcoda/native'
import { freshFolder, rejection } from './support.mjs'

/** A database with a record of each of these workspaces. */
async function databaseOf(t, ...ids) {
  const file = join(freshFolder(t), 'mcoda.db')
  const workspace = await Workspace.openDb(file, { workspaceId: 'made' })
  for (const workspaceId of ids) await workspace.recordTokenUsage({ workspaceId })
  await workspace.close()
  return file
}

async function opened(t, file, options) {
  const workspace = await Workspace.openDb(file, options)
  t.after(() => workspace.close())
  return workspace
}

test('the_only_id_in_the_file_is_used_for_reading_and_writing', async (t) => {
  const workspace = await opened(t, await databaseOf(t, '/old/shop'))
  assert.equal(workspace.id, '/old/shop')
  assert.equal((await workspace.tokenUsage()).length, 1)
  assert.equal((await workspace.jobs.list()).otherWorkspaceIds, undefined)
})

test('of_several_ids_none_is_guessed_and_the_empty_result_lists_them', async (t) => {
  const workspace = await opened(t, await databaseOf(t, 'one', 'two'))
  const results = [
    await workspace.tokenUsage(),
    await workspace.tokenUsageSummary(),
    await workspace.callsOutside(),
    await workspace.economics(),
    await workspace.jobs.list(),
    await workspace.commandRuns.list(),
  ]
  for (const result of results) assert.deepEqual(result.otherWorkspaceIds, ['one', 'two'])
  const rows = workspace.iterateTokenUsage()
  for await (const row of rows) assert.fail(row.id)
  assert.deepEqual(rows.otherWorkspaceIds, ['one', 'two'])
  assert.deepEqual((await workspace.batch([{ call: 'tokenUsage', args: [] }])).otherWorkspaceIds, ['one', 'two'])
  assert.deepEqual(results[0], [])
  assert.equal(JSON.stringify(results[0]), '[]')
  await workspace.recordTokenUsage({})
  assert.equal((await workspace.jobs.list()).otherWorkspaceIds, undefined)
})

test('relocating_gives_all_rows_of_an_id_to_another', async (t) => {
  const workspace = await opened(t, await databaseOf(t, 'one', 'two'), { workspaceId: 'shop' })
  const error = await rejection(workspace.relocate('nobody', 'shop'))
  assert.deepEqual([error.kind, error.field], ['NotFound', 'oldId'])
  const done = await workspace.relocate('one', 'shop')
  assert.deepEqual(done, { tokenUsage: 1, jobs: 0, commandRuns: 0, workspaceFile: false })
  assert.equal((await workspace.tokenUsage()).length, 1)
})

test('a_new_workspace_gets_a_stable_id', async (t) => {
  const folder = freshFolder(t)
  const [HOME, root] = [join(folder, 'home'), join(folder, 'shop')]
  const environment = { HOME }
  const first = await Workspace.open(root, { environment })
  await first.close()
  const second = await Workspace.open(root, { environment })
  await second.close()
  assert.equal(second.id, first.id)
  assert.notEqual(first.id, root)
  const [found, ...others] = await workspaces({ environment })
  assert.deepEqual([found.id, found.root, found.rootExists, others.length], [first.id, root, false, 0])
})
