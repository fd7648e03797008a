// The types say exactly what the engine accepts and returns: real names and results are compiled against them.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import * as mcoda from '@mcoda/native'
import { Global, McodaError, Workspace } from '@mcoda/native'
import calls from '../dist/calls.js'
import { PACKAGE, ROOT, backlog, freshFolder, freshWorkspace, rejection } from './support.mjs'

const TYPES = join(PACKAGE, 'test/types')

test('consumers_compile_and_the_types_are_those_of_the_engine', async (t) => {
  const lines = [
    "import type * as mcoda from '@mcoda/native'",
    ...(await inputs(t)),
    ...(await results(t)),
    ...methods(),
  ]
  // Inside of the package, where its own name is known.
  const folder = join(TYPES, 'generated/exact')
  mkdirSync(folder, { recursive: true })
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'exact.mts'), lines.map((line) => `${line}\n`).join(''))
  const config = { extends: '../../tsconfig.json', files: ['exact.mts', '../../esm.mts', '../../cjs.cts'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const run = tsc('-p', folder)
  assert.equal(run.status, 0, run.stdout)
})

function tsc(...args) {
  const program = join(PACKAGE, 'node_modules/typescript/bin/tsc')
  return spawnSync(process.execPath, [program, ...args], { cwd: PACKAGE, encoding: 'utf8' })
}

/** The fields of every input, as the engine lists them where one is unknown. */
async function inputs(t) {
  const { workspace } = await freshWorkspace(t)
  const unknown = { no_such_field: 1 }
  const calls = {
    OpenOptions: () => Workspace.openDb(':memory:', unknown),
    TokenUsage: () => workspace.recordTokenUsage(unknown),
    AgentContext: () => workspace.recordAgentResponse('', unknown),
    TokenUsageQuery: () => workspace.tokenUsage(unknown),
    TokenUsageSummaryQuery: () => workspace.tokenUsageSummary(unknown),
    TransitionContext: () => workspace.recordStatusTransition('t', 's', unknown),
    StatusEventsQuery: () => workspace.statusEvents(unknown),
    EstimateOptions: () => workspace.estimate(unknown),
    NewProject: () => workspace.projects.ensure(unknown),
    NewEpic: () => workspace.epics.create(unknown),
    NewStory: () => workspace.stories.create(unknown),
    NewTask: () => workspace.tasks.create(unknown),
    NewJob: () => workspace.jobs.create(unknown),
    NewCommandRun: () => workspace.commandRuns.create(unknown),
    CommandRunEnd: () => workspace.commandRuns.finish('r', unknown),
    NewTaskRun: () => workspace.taskRuns.create(unknown),
    CallOptions: () => workspace.close(unknown),
  }
  const lines = []
  for (const [type, call] of Object.entries(calls)) {
    const { message } = await rejection(call())
    const names = /expected one of (.*)$/.exec(message)[1].split(', ')
    lines.push(sameKeys(`input${type}`, `mcoda.${type}`, names))
  }
  const dimensions = await rejection(workspace.tokenUsageSummary({ groupBy: ['moon'] }))
  lines.push(
    sameKeys('dimensions', '{ [K in mcoda.Dimension]: 1 }', /one of (.*)$/.exec(dimensions.message)[1].split(', ')),
  )
  return lines
}

/** A declaration that compiles where the type has these names and no others. */
function sameKeys(name, type, keys) {
  return `export const ${name}: { [K in keyof Required<${type}>]: 1 } = ${JSON.stringify(Object.fromEntries(keys.map((key) => [key, 1])))}`
}

/** Real results as literals: a field too few or too many does not compile. */
async function results(t) {
  const file = join(freshFolder(t), 'mcoda.db')
  copyFileSync(join(ROOT, 'tests/vectors/fixtures/shop.db'), file)
  const workspace = await Workspace.openDb(file, { workspaceId: 'w' })
  const { project, epic, story, task } = await backlog(workspace)
  const usage = { agentId: 'a', costEstimate: 1, metadata: { a: [1, { b: null }] } }
  await workspace.recordTokenUsages([
    { ...usage, currency: 'USD' },
    { ...usage, currency: 'EUR' },
  ])
  const job = await workspace.jobs.create({ type: 'work' })
  const commandRun = await workspace.commandRuns.create({ commandName: 'c', jobId: job.id })
  const taskRun = await workspace.taskRuns.create({ taskId: task.id, command: 'c' })
  const groupBy = ['project', 'command', 'agent', 'model', 'day', 'job', 'action', 'provider', 'task']
  const now = '2026-03-20T12:00:00Z'
  const response = { id: 'r', model: 'gpt-x', usage: { prompt_tokens: 3, prompt_tokens_details: { cached_tokens: 1 } } }
  const transcript = join(dirname(file), 'responses.jsonl')
  writeFileSync(transcript, `${JSON.stringify(response)}\nno JSON\n`)
  const global = await Global.openDb(':memory:')
  const found = {
    ExtractedUsage: [mcoda.extractUsage(''), mcoda.extractUsage(response, 'openai'), ...mcoda.extractUsages(response)],
    RecordedResponse: [await workspace.recordAgentResponse(response), await workspace.recordAgentResponse('')],
    ImportSummary: [await workspace.recordAgentFile(transcript)],
    JobInspection: [await workspace.inspectJob(job.id), await workspace.inspectJob('j1')],
    TelemetryConfig: [await workspace.telemetryConfig(), await settingsInMemory()],
    Recorded: [await workspace.recordTokenUsage({})],
    Transition: [
      await workspace.recordStatusTransition(task.id, 'in_progress', { metadata: { a: 1 } }),
      await workspace.recordStatusTransition(task.id, 'in_progress'),
    ],
    StatusEvent: await workspace.statusEvents(),
    TokenUsageRow: await workspace.tokenUsage(),
    TokenUsageSummaryRow: [
      ...(await workspace.tokenUsageSummary({ since: '2000-01-01', groupBy: ['day'] })),
      ...(await workspace.tokenUsageSummary({ since: '2000-01-01', groupBy })),
    ],
    Velocity: [await workspace.velocity(), await workspace.velocity({ mode: 'empirical' })],
    Estimate: [
      await workspace.estimate(),
      await workspace.estimate({ now, mode: 'mixed', projectKey: 'BLOG' }),
      await workspace.estimate({ projectKey: 'P', epicKey: 'P-E', storyKey: 'P-S', assignee: 'x', spPerHourAll: 0 }),
    ],
    Backfilled: [await workspace.backfillStatusEvents()],
    Project: [project, ...(await workspace.projects.list())],
    Epic: [epic, ...(await workspace.epics.list())],
    Story: [story, ...(await workspace.stories.list())],
    Task: [task, ...(await workspace.tasks.list())],
    Job: [job, await workspace.jobs.finish(job.id, 'failed', 'why')],
    CommandRun: [commandRun, await workspace.commandRuns.finish(commandRun.id, { status: 'failed', spProcessed: 1 })],
    TaskRun: [taskRun, await workspace.taskRuns.finish(taskRun.id, 'succeeded', new Date())],
    McodaError: [await fieldsOf(workspace.query('SELECT')), await fieldsOf(workspace.recordTokenUsage([]))],
  }
  assert.ok(found.TokenUsageSummaryRow.some((row) => row.cost_by_currency))
  assert.ok(
    found.Estimate.some(
      ({ wip, nextTransitions }) => wip.implementation.items.length > 0 && nextTransitions.complete,
    ),
  )
  found.TokenUsageSummaryRow.push(...(await summaryOfGlobal(global)))
  await Promise.all([workspace.close(), global.close()])
  return Object.entries(found).map(([type, values]) => {
    const own =
      type === 'McodaError' ? "Omit<mcoda.McodaError, 'name' | 'stack' | 'cause'>" : `mcoda.Complete<mcoda.${type}>`
    return `export const result${type}: ${own}[] = ${JSON.stringify(values)}`
  })
}

async function settingsInMemory() {
  const config = { telemetry: { endpoint: 'https://example.org' } }
  const workspace = await Workspace.openDb(':memory:', { config })
  return workspace.telemetryConfig().finally(() => workspace.close())
}

async function summaryOfGlobal(global) {
  await global.recordTokenUsage({ tokensPrompt: 1 })
  return global.tokenUsageSummary()
}

async function fieldsOf(promise) {
  const error = await rejection(promise)
  assert.ok(error instanceof McodaError)
  return { message: error.message, ...error }
}

/** The methods that the classes have at run time, and the functions of the package. */
function methods() {
  const namesOf = ({ prototype }) => Object.getOwnPropertyNames(prototype).filter((name) => name !== 'constructor')
  // One class inherits from the next: what a table has, and what a handle has besides.
  const all = (Class) => (Class === Function.prototype ? [] : [...namesOf(Class), ...all(Object.getPrototypeOf(Class))])
  const unique = (Class) => [...new Set(all(Class))]
  const { SessionCalls: _, WorkspaceCalls: __, ...repositories } = calls
  const fields = Object.keys(repositories).map((name) => name[0].toLowerCase() + name.slice(1))
  const functions = Object.keys(mcoda).filter((name) => !['default', 'module.exports'].includes(name))
  return [
    // TypeScript counts classes that are exported as types.
    sameKeys('ofPackage', `Omit<typeof mcoda, ${Object.keys(calls).map((name) => `'${name}'`).join(' | ')}>`, functions),
    sameKeys('ofWorkspace', 'Omit<mcoda.Workspace, symbol>', [...unique(Workspace), ...fields]),
    sameKeys('ofGlobal', 'Omit<mcoda.Global, symbol>', unique(Global)),
    ...Object.values(repositories).map((Class) => sameKeys(`of${Class.name}`, `mcoda.${Class.name}`, namesOf(Class))),
  ]
}
