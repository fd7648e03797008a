// One of the processes of the load test. load.py says what it does and what it writes; writer.c and writer.py do the
// same. Usage: writer.mjs NAME ROOT SECONDS FILE TASK…
import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { McodaError, Workspace } from '../../bindings-node/dist/index.mjs'

const RECORDS_A_MOVE = 20
const QUESTIONS = 10
const STATUSES = ['in_progress', 'ready_to_code_review', 'ready_to_qa', 'changes_requested']

const [name, root, duration, file, ...tasks] = process.argv.slice(2)
const seconds = Number(duration)
const told = createWriteStream(file)

/** What the call answers and how many microseconds it took; nothing where it failed. */
async function timed(what, call) {
  const begun = performance.now()
  try {
    const answer = await call()
    return { answer, took: ((performance.now() - begun) * 1000).toFixed() }
  } catch (error) {
    if (!(error instanceof McodaError)) throw error
    told.write(`failed ${what} ${error.kind}\n`)
    return {}
  }
}

const workspace = await Workspace.open(root)
console.log('ready')
await once(process.stdin, 'data')
process.stdin.pause()
const begun = performance.now()
const passed = () => (performance.now() - begun) / 1000
let next = seconds / QUESTIONS
for (let number = 1; passed() < seconds; number += 1) {
  const usage = {
    id: `${name}-${number}`,
    taskId: tasks[number % tasks.length],
    agentId: name,
    commandName: 'work-on-tasks',
    tokensPrompt: number,
    tokensCompletion: 1,
  }
  const { answer, took } = await timed(usage.id, () => workspace.recordTokenUsage(usage))
  if (answer) told.write(`recorded ${answer.id} ${took} ${answer.logged ? 'logged' : 'unlogged'}\n`)
  if (number % RECORDS_A_MOVE === 0) {
    const move = number / RECORDS_A_MOVE
    const task = tasks[move % tasks.length]
    const status = STATUSES[Math.floor(move / tasks.length) % 4]
    const moved = await timed('move', () => workspace.recordStatusTransition(task, status))
    // Another process may have moved it there meanwhile: then there is no event.
    if (moved.answer) told.write(`moved ${moved.answer.eventId ?? '-'} ${moved.took}\n`)
  }
  if (passed() >= next) {
    const question = { agent: name, groupBy: ['agent'] }
    const asked = await timed('question', () => workspace.tokenUsageSummary(question))
    if (asked.answer) told.write(`asked ${asked.answer[0].calls} ${asked.took}\n`)
    next += seconds / QUESTIONS
  }
}
await workspace.close()
told.end()
await once(told, 'finish')
