// One of the processes of the load test. load.py says what it does and what it writes; writer.c and writer.py do the
// same. Usage: writer.mjs NAME ROOT SECONDS FILE TASK…
import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { McodaError, Workspace } from '../../bindings-node/dist/index.mjs'

const RECORDS_A_MOVE = 20
const QUERIES = 10
const STATUSES = ['in_progress', 'ready_to_code_review', 'ready_to_qa', 'changes_requested']

const [name, root, duration, file, ...tasks] = process.argv.slice(2)
const seconds = Number(duration)
const log = createWriteStream(file)

/** The result of the call and its duration in microseconds; nothing if it failed. */
async function timed(what, call) {
  const begun = performance.now()
  try {
    const result = await call()
    return { result, took: ((performance.now() - begun) * 1000).toFixed() }
  } catch (error) {
    if (!(error instanceof McodaError)) throw error
    log.write(`failed ${what} ${error.kind}\n`)
    return {}
  }
}

const workspace = await Workspace.open(root)
console.log('ready')
await once(process.stdin, 'data')
process.stdin.pause()
const begun = performance.now()
const passed = () => (performance.now() - begun) / 1000
let next = seconds / QUERIES
for (let number = 1; passed() < seconds; number += 1) {
  const usage = {
    id: `${name}-${number}`,
    taskId: tasks[number % tasks.length],
    agentId: name,
    commandName: 'work-on-tasks',
    tokensPrompt: number,
    tokensCompletion: 1,
  }
  const { result, took } = await timed(usage.id, () => workspace.recordTokenUsage(usage))
  if (result) log.write(`recorded ${result.id} ${took} ${result.logged ? 'logged' : 'unlogged'}\n`)
  if (number % RECORDS_A_MOVE === 0) {
    const move = number / RECORDS_A_MOVE
    const task = tasks[move % tasks.length]
    const status = STATUSES[Math.floor(move / tasks.length) % 4]
    const moved = await timed('move', () => workspace.recordStatusTransition(task, status))
    // Another process may have moved it there meanwhile: then there is no event.
    if (moved.result) log.write(`moved ${moved.result.eventId ?? '-'} ${moved.took}\n`)
  }
  if (passed() >= next) {
    const query = { agent: name, groupBy: ['agent'] }
    const queried = await timed('query', () => workspace.tokenUsageSummary(query))
    if (queried.result) log.write(`queried ${queried.result[0].calls} ${queried.took}\n`)
    next += seconds / QUERIES
  }
}
await workspace.close()
log.end()
await once(log, 'finish')
