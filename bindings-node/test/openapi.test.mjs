// What the package answers, and the types that it exports, are what docs/openapi/mcoda-telemetry.yaml says.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Global, Workspace } from '@mcoda/native'
import { assertIs, assertValid, contract } from './contract.mjs'
import { PACKAGE, ROOT, backlog, freshFolder, freshWorkspace, rejection } from './support.mjs'

const DIMENSIONS = contract.components.schemas.Dimension.enum
const since = '2000-01-01'

function all(schema, answers) {
  assert.ok(answers.length > 0, `${schema}: nothing to check`)
  for (const answer of answers) assertIs(schema, answer)
}

/** Everything that a workspace can be asked. */
async function ask(workspace) {
  all('TokenUsageRow', await workspace.tokenUsage())
  for (const groupBy of [[], DIMENSIONS, ...DIMENSIONS.map((dimension) => [dimension])]) {
    all('TokenUsageSummaryRow', await workspace.tokenUsageSummary({ since, groupBy }))
  }
  all('TokenUsageSummaryRow', await workspace.tokenUsageSummary({ since, groupBy: ['day'], timeZone: 'Asia/Tokyo' }))
  all('StatusEvent', await workspace.statusEvents())
  const jobs = await workspace.jobs.list()
  all('Job', jobs)
  all('JobInspection', await Promise.all(jobs.map(({ id }) => workspace.inspectJob(id))))
  assertIs('TelemetryConfig', await workspace.telemetryConfig())
  for (const mode of contract.components.schemas.VelocityMode.enum) {
    for (const spPerHourAll of [undefined, 0, 2.5]) {
      assertIs('Velocity', await workspace.velocity({ mode, spPerHourAll }))
      assertIs('Estimate', await workspace.estimate({ mode, spPerHourAll }))
    }
  }
}

test('results_of_a_workspace_with_history_match_the_contract', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const { story, task } = await backlog(workspace)
  const open = await workspace.tasks.create({ userStoryId: story.id, key: 'P-2', title: 'Open', storyPoints: 5 })
  const moves = ['in_progress', 'ready_to_code_review', 'ready_to_qa', 'completed', 'changes_requested']
  for (const [hour, status] of moves.entries()) {
    const timestamp = new Date(Date.UTC(2026, 2, 20, 8 + hour))
    await workspace.recordStatusTransition(task.id, status, { timestamp, metadata: { lane: [status] } })
  }
  await workspace.recordStatusTransition(open.id, 'in_progress')
  const job = await workspace.jobs.create({ type: 'work', totalItems: 3, payload: { a: [1] } })
  const run = await workspace.taskRuns.create({ taskId: open.id, command: 'qa-tasks', jobId: job.id })
  all('TaskRun', [run, ...(await workspace.taskRuns.list(open.id))])
  const records = [
    { jobId: job.id, taskId: open.id, agentId: 'claude', costEstimate: 0.1, currency: 'USD', durationMs: 1500.5 },
    { jobId: job.id, costEstimate: 3, currency: 'EUR', tokensPrompt: Number.MAX_SAFE_INTEGER },
    { metadata: { error: 'why', deep: [{ a: null }] }, startedAt: new Date(0), finishedAt: new Date(1) },
  ]
  for (const record of records) assertIs('TokenUsage', JSON.parse(JSON.stringify(record)))
  await workspace.recordTokenUsages(records)
  await ask(workspace)
  const narrow = { projectKey: 'P', epicKey: 'P-E', storyKey: 'P-S', assignee: 'ada' }
  assertIs('Estimate', await workspace.estimate(narrow))
})

test('results_of_a_workspace_with_foreign_rows_match_the_contract', async (t) => {
  const file = join(freshFolder(t), 'mcoda.db')
  copyFileSync(join(ROOT, 'tests/vectors/fixtures/shop.db'), file)
  const workspace = await Workspace.openDb(file, { workspaceId: 'w' })
  t.after(() => workspace.close())
  const rows = []
  for await (const row of workspace.iterateTokenUsage()) rows.push(row)
  all('TokenUsageRow', rows)
  await ask(workspace)
})

test('telemetry_settings_are_what_the_contract_says', async (t) => {
  const { workspace } = await freshWorkspace(t)
  all('TelemetryConfig', [await workspace.optOut(true), await workspace.optIn()])
  const inMemory = await Workspace.openDb(':memory:', { noTelemetry: true })
  assertIs('TelemetryConfig', await inMemory.telemetryConfig())
  await inMemory.close()
})

test('answers_of_the_global_database_are_what_the_contract_says', async (t) => {
  const global = await Global.openDb(':memory:')
  t.after(() => global.close())
  await global.recordTokenUsage({ commandName: 'chat', tokensPrompt: 1 })
  all('TokenUsageRow', await global.tokenUsage())
  all('TokenUsageSummaryRow', await global.tokenUsageSummary())
})

test('errors_are_what_the_contract_says', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const errors = [
    await rejection(workspace.recordTokenUsage({ tokensPrompt: -1 })),
    await rejection(workspace.recordTokenUsage({ tokensPrompt: NaN })),
    await rejection(workspace.estimate({ projectKey: 'NONE' })),
    await rejection(workspace.query('SELECT')),
  ]
  await workspace.close()
  errors.push(await rejection(workspace.tokenUsage()))
  for (const { code, message, field, detail } of errors) {
    // The names of codes are the package's own with a prefix, the others are the contract's.
    const error = { code: code.replace(/^MCODA_/, ''), message, field, detail }
    assertIs('Error', JSON.parse(JSON.stringify(error)))
  }
})

test('an_invalid_result_is_detected', async (t) => {
  const { workspace } = await freshWorkspace(t)
  await workspace.recordTokenUsage({ agentId: 'a' })
  const [row] = await workspace.tokenUsage()
  const wrong = [
    { agent_id: 7 },
    { tokens_prompt: 0.5 },
    { metadata: [] },
    { timestamp: null },
    { of_tomorrow: 1 },
    { error_kind: undefined },
  ]
  assertIs('TokenUsageRow', row)
  for (const change of wrong) {
    const changed = JSON.parse(JSON.stringify({ ...row, ...change }))
    assert.throws(() => assertIs('TokenUsageRow', changed), assert.AssertionError, JSON.stringify(change))
  }
  const newer = { ...row, of_tomorrow: 1 }
  assertValid({ $ref: '#/components/schemas/TokenUsageRow' }, newer, { how: 'open' })
  const estimate = await workspace.estimate()
  assert.throws(() => assertIs('Estimate', { ...estimate, now: 'soon' }), assert.AssertionError)
})

test('the_types_of_the_contract_are_made_from_it', () => {
  const { scripts } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'))
  const [, ...args] = scripts.contract.split(' ')
  const generator = join(PACKAGE, 'node_modules/openapi-typescript/bin/cli.js')
  const run = spawnSync(process.execPath, [generator, ...args, '--check'], { cwd: PACKAGE, encoding: 'utf8' })
  assert.equal(run.status, 0, `test/types/openapi.d.ts is not the contract's: run \`npm run contract\`\n${run.stderr}`)
})

test('the_exported_types_are_those_of_the_contract', (t) => {
  assert.equal(differences(t), '')
})

test('a_type_that_is_not_the_contracts_is_found', (t) => {
  const found = differences(t, [
    ['invocation_kind?: string | null', 'invocation_kind: string | null'],
    ['source: components["schemas"]["VelocityMode"]', 'source: string'],
    ['localRecording: boolean;', 'localRecording: boolean; ofTomorrow?: boolean;'],
  ])
  const source = readFileSync(join(PACKAGE, 'test/types/contract.mts'), 'utf8').split('\n')
  const lines = [...found.matchAll(/\((\d+),\d+\): error/g)].map(([, line]) => source[line - 1].trim())
  for (const name of ['TokenUsageRow', 'Velocity', 'Estimate', 'TelemetryConfig']) {
    assert.ok(lines.includes(`${name}: true,`), `${name}: ${found}`)
  }
})

/** What the compiler says to the comparison, with changes to the contract's types. */
function differences(t, changes = []) {
  const folder = join(PACKAGE, 'test/types/generated/contract')
  mkdirSync(folder, { recursive: true })
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  copyFileSync(join(PACKAGE, 'test/types/contract.mts'), join(folder, 'contract.mts'))
  let types = readFileSync(join(PACKAGE, 'test/types/openapi.d.ts'), 'utf8')
  for (const [before, after] of changes) {
    assert.ok(types.includes(before), before)
    types = types.replace(before, after)
  }
  writeFileSync(join(folder, 'openapi.d.ts'), types)
  const config = { extends: '../../tsconfig.json', files: ['contract.mts'] }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const program = join(PACKAGE, 'node_modules/typescript/bin/tsc')
  return spawnSync(process.execPath, [program, '-p', folder], { cwd: PACKAGE, encoding: 'utf8' }).stdout
}
