// The event loop and libuv's pool stay free while calls wait, and nothing is lost. Progress is counted, not timed.
import assert from 'node:assert/strict'
import { pbkdf2 } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Worker } from 'node:worker_threads'
import { Workspace } from '@mcoda/native'
import { PACKAGE, backlog, freshFolder, freshWorkspace, isPending, lockElsewhere } from './support.mjs'

const count = async (workspace) => (await workspace.query('SELECT count(*) AS n FROM token_usage'))[0].n

test('a_thousand_concurrent_records_are_all_kept_and_the_event_loop_is_free', async (t) => {
  const workspace = await Workspace.open(freshFolder(t))
  t.after(() => workspace.close())
  let settled = 0
  const records = Array.from({ length: 1000 }, async (_, index) => {
    const recorded = await workspace.recordTokenUsage({ id: `call-${index}`, tokensPrompt: index })
    settled += 1
    return recorded
  })
  // How often the loop went round while the records were under way, and at how many different stages of them.
  const stages = new Set()
  let rounds = 0
  while (settled < records.length) {
    rounds += 1
    stages.add(settled)
    await setImmediate()
  }
  const recorded = await Promise.all(records)
  assert.ok(rounds > 100 && stages.size > 50, `${rounds} rounds, ${stages.size} stages`)
  t.diagnostic(`the event loop went round ${rounds} times`)
  assert.deepEqual(
    recorded.map(({ id }) => id),
    Array.from({ length: 1000 }, (_, index) => `call-${index}`),
  )
  assert.ok(recorded.every((one) => one.recorded && one.logged && !one.duplicate))
  assert.equal(await count(workspace), 1000)
  const log = JSON.parse(readFileSync(join(dirname(workspace.databasePath), 'token_usage.json'), 'utf8'))
  assert.deepEqual(new Set(log.map(({ id }) => id)).size, 1000)
})

test('the_event_loop_goes_on_while_a_call_waits_for_another_process', async (t) => {
  const { workspace, file } = await freshWorkspace(t)
  const release = await lockElsewhere(t, file)
  const record = workspace.recordTokenUsage({})
  let rounds = 0
  for (; rounds < 1000; rounds += 1) await setImmediate()
  await setTimeout(50)
  assert.ok(await isPending(record), 'the call waits')
  await release()
  assert.ok((await record).recorded)
})

test('files_and_hashes_are_served_while_eight_handles_wait', async (t) => {
  const { workspace, file } = await freshWorkspace(t)
  const handles = await Promise.all(Array.from({ length: 8 }, () => Workspace.openDb(file)))
  t.after(() => Promise.all(handles.map((handle) => handle.close())))
  const release = await lockElsewhere(t, file)
  const records = handles.map((handle) => handle.recordTokenUsage({}))
  // Four of these would fill the pool, which has four threads.
  const hashes = Array.from({ length: 8 }, () => promisify(pbkdf2)('secret', 'salt', 1000, 32, 'sha256'))
  assert.equal((await Promise.all(hashes)).length, 8)
  assert.ok((await readFile(join(PACKAGE, 'package.json'), 'utf8')).includes('@mcoda/native'))
  for (const record of records) assert.ok(await isPending(record), 'every handle waits')
  await release()
  assert.ok((await Promise.all(records)).every(({ recorded }) => recorded))
  assert.equal(await count(workspace), 8)
})

test('four_writers_that_wait_for_each_other_all_get_through', async (t) => {
  const { workspace, file } = await freshWorkspace(t)
  const { task } = await backlog(workspace)
  const release = await lockElsewhere(t, file)
  const opened = Promise.all(Array.from({ length: 4 }, () => Workspace.openDb(file)))
  const writers = (await opened).map(async (handle, writer) => {
    for (let round = 0; round < 25; round += 1) {
      const job = await handle.jobs.create({ type: 'work' })
      await handle.recordTokenUsage({ jobId: job.id, agentId: `agent-${writer}` })
      await handle.recordStatusTransition(task.id, round % 2 ? 'in_progress' : 'changes_requested')
      await handle.jobs.finish(job.id, 'completed')
    }
    await handle.close()
  })
  for (const writer of writers) assert.ok(await isPending(writer))
  await release()
  await Promise.all(writers)
  assert.equal(await count(workspace), 100)
  assert.ok((await workspace.jobs.list()).every(({ state }) => state === 'completed'))
})

test('calls_of_a_handle_are_made_in_their_order', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const { task } = await backlog(workspace)
  const statuses = Array.from({ length: 50 }, (_, index) => `step_${index}`)
  await Promise.all(statuses.map((status) => workspace.recordStatusTransition(task.key, status, { allowUnknownStatus: true })))
  assert.deepEqual(
    (await workspace.statusEvents()).map(({ toStatus }) => toStatus),
    statuses,
  )
})

test('records_of_several_worker_threads_are_all_kept', async (t) => {
  const { workspace, file } = await freshWorkspace(t)
  const source = `
    const { workerData, parentPort } = require('node:worker_threads')
    const { Workspace } = require(workerData.entry)
    Workspace.openDb(workerData.file).then(async (workspace) => {
      const records = Array.from({ length: 100 }, () => workspace.recordTokenUsage({ agentId: workerData.agent }))
      parentPort.postMessage((await Promise.all(records)).filter(({ recorded }) => recorded).length)
      // Open still: the thread ends all the same.
    })`
  const work = (agent) =>
    new Promise((resolve, reject) => {
      const workerData = { entry: join(PACKAGE, 'dist/index.js'), file, agent }
      const worker = new Worker(source, { eval: true, workerData })
      let recorded
      worker.on('message', (message) => (recorded = message))
      worker.on('error', reject)
      worker.on('exit', () => resolve(recorded))
    })
  const own = Promise.all(Array.from({ length: 100 }, () => workspace.recordTokenUsage({ agentId: 'main' })))
  assert.deepEqual(await Promise.all(['a', 'b', 'c', 'd'].map(work)), [100, 100, 100, 100])
  await own
  assert.equal(await count(workspace), 500)
})
