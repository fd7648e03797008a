// Bad values: each is refused with the field's name, and leaves nothing behind.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { McodaError, Workspace } from '@mcoda/native'
import { backlog, everything, freshWorkspace, rejection } from './support.mjs'

const MAX = Number.MAX_SAFE_INTEGER

/** Checks that every call is refused as it says, and that nothing was written. */
async function refused(workspace, cases) {
  const before = await everything(workspace)
  for (const [call, kind, field, part = field] of cases) {
    const error = await rejection(call())
    assert.ok(error instanceof McodaError, `${call}: ${error?.stack}`)
    assert.equal(error.kind, kind, `${call}: ${error}`)
    if (field) assert.equal(error.field, field, `${call}: ${error}`)
    assert.ok(error.message.includes(part), `${call}: ${error}`)
    assert.ok(error.message.length < 1000 && !error.message.includes('\n'), `${call}: ${error}`)
    assert.deepEqual(await everything(workspace), before, `${call}`)
  }
}

test('a_usage_record_with_an_invalid_value_names_the_field', async (t) => {
  const { workspace } = await freshWorkspace(t)
  await backlog(workspace)
  const cases = [
    [{ tokensPrompt: -1 }, 'tokensPrompt'],
    [{ completionTokens: -1 }, 'tokensCompletion'],
    [{ tokensTotal: MAX + 1 }, 'tokensTotal'],
    [{ tokensCacheRead: 1.5 }, 'tokensCacheRead'],
    [{ tokensCacheWrite: '7' }, 'tokensCacheWrite'],
    [{ tokensPrompt: 1e300 }, 'tokensPrompt'],
    [{ tokensPrompt: MAX, tokensCompletion: MAX }, 'tokensTotal'],
    [{ costEstimate: -0.01 }, 'costEstimate'],
    [{ costUsd: '1' }, 'costEstimate'],
    [{ durationMs: -1 }, 'durationMs'],
    [{ durationSeconds: true }, 'durationSeconds'],
    [{ startedAt: new Date(1), finishedAt: new Date(0) }, 'finishedAt'],
    [{ startedAt: '2025-02-30' }, 'startedAt'],
    [{ finishedAt: '2026-03-20T10:00:00' }, 'finishedAt'],
    [{ timestamp: 'yesterday' }, 'timestamp'],
    [{ timestamp: 1774008000000 }, 'timestamp'],
    [{ timestamp: '' }, 'timestamp'],
    [{ metadata: 'text' }, 'metadata'],
    [{ metadata: [1] }, 'metadata'],
    [{ jobId: 7 }, 'jobId'],
    [{ id: '' }, 'id'],
    [{ workspaceId: '  ' }, 'workspaceId'],
    [{ tokenPrompt: 1 }, 'tokenPrompt'],
    [{ tokensPrompt: 1, promptTokens: 2 }, 'promptTokens'],
    [[], 'usage'],
    [null, 'usage'],
    [undefined, 'usage'],
    ['text', 'usage'],
  ]
  const call = (usage) => () => workspace.recordTokenUsage(usage)
  await refused(
    workspace,
    cases.map(([usage, field]) => [call(usage), 'InvalidInput', field]),
  )
})

test('what_json_cannot_hold_is_refused_and_never_becomes_null', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const circle = {}
  circle.circle = circle
  const cases = [
    [{ costEstimate: NaN }, 'costEstimate'],
    [{ costEstimate: Infinity }, 'costEstimate'],
    [{ durationMs: -Infinity }, 'durationMs'],
    [{ tokensPrompt: NaN }, 'tokensPrompt'],
    [{ tokensPrompt: 2n ** 53n }, 'tokensPrompt'],
    [{ tokensPrompt: -(2n ** 70n) }, 'tokensPrompt'],
    [{ tokensPrompt: 10n ** 400n }, 'tokensPrompt'],
    [{ timestamp: new Date(NaN) }, 'timestamp'],
    [{ timestamp: new Date(8.64e15) }, 'timestamp'],
    [{ modelName: NaN }, 'modelName'],
    [{ modelName: () => 'claude' }, 'modelName'],
    [{ agentId: Symbol('claude') }, 'agentId'],
    [{ agentId: 'half \ud83d' }, 'agentId'],
    [{ ['\ud83d']: 1 }, 'usage'],
    [{ agentId: new Map() }, 'agentId'],
    [{ metadata: { cost: NaN } }, 'metadata', 'metadata.cost'],
    [{ metadata: { a: [1, { b: Infinity }] } }, 'metadata', 'metadata.a[1].b'],
    [{ metadata: { a: [undefined] } }, 'metadata', 'metadata.a[0]'],
    [{ metadata: { a: 2n ** 53n } }, 'metadata', 'metadata.a'],
    [{ metadata: { a: new Map([[1, 2]]) } }, 'metadata', 'metadata.a'],
    [{ metadata: { a: new Uint8Array(1) } }, 'metadata', 'metadata.a'],
    [{ metadata: new Set() }, 'metadata'],
    [{ metadata: { a: Promise.resolve(1) } }, 'metadata', 'metadata.a'],
    [{ metadata: { when: new Date(NaN) } }, 'metadata', 'metadata.when'],
    [{ metadata: { a: '\udc00' } }, 'metadata', 'metadata.a'],
    [{ metadata: circle }, 'metadata', '100 levels'],
    [{ metadata: { ['long\n'.repeat(10_000)]: NaN } }, 'metadata', 'metadata.long long'],
    [{ ['x'.repeat(10_000)]: NaN }, 'x'.repeat(10_000), 'xxx'],
  ]
  const call = (usage) => () => workspace.recordTokenUsage(usage)
  await refused(
    workspace,
    cases.map(([usage, field, part]) => [call(usage), 'InvalidInput', field, part]),
  )
  await refused(workspace, [
    [
      () => workspace.recordTokenUsages([{}, { costEstimate: NaN }, {}]),
      'InvalidInput',
      'costEstimate',
      'record 2 of 3: costEstimate: got NaN',
    ],
    [
      () => workspace.recordTokenUsages([{}, { costEstimate: '1' }]),
      'InvalidInput',
      'costEstimate',
      'record 2 of 2: costEstimate: got',
    ],
    [() => workspace.recordTokenUsages(new Set([{}, NaN])), 'InvalidInput', 'usage', 'record 2 of 2: usage: got NaN'],
    [
      () => workspace.tasks.createMany([{}, { storyPoints: Infinity }]),
      'InvalidInput',
      'storyPoints',
      'task 2 of 2: ',
    ],
    [() => workspace.velocity({ spPerHourAll: NaN }), 'InvalidInput', 'spPerHourAll'],
    [() => workspace.estimate({ spPerHourQa: -Infinity }), 'InvalidInput', 'spPerHourQa'],
    [() => workspace.query('SELECT ?', [undefined]), 'InvalidInput', 'params'],
    [() => workspace.query('SELECT ?', [NaN]), 'InvalidInput', 'params'],
    [() => workspace.query('SELECT ?', [Infinity]), 'InvalidInput', 'params'],
    [() => workspace.query('SELECT ?', [2n ** 63n]), 'InvalidInput', 'params'],
    [() => workspace.query('SELECT ?', [() => 1]), 'InvalidInput', 'params'],
    [() => workspace.query('SELECT ?', [{}]), 'InvalidInput', 'params'],
    [() => workspace.query('SELECT ?', [new Date(NaN)]), 'InvalidInput', 'params'],
    [() => workspace.query('SELECT ?', ['\ud83d']), 'InvalidInput', 'params'],
    [() => workspace.query('SELECT :a', { '\ud83d': 1 }), 'InvalidInput', 'params'],
    [() => workspace.query('SELECT ?', 7), 'InvalidInput', 'params'],
    [() => workspace.query(7), 'InvalidInput', 'sql'],
  ])
})

test('json_that_could_not_be_read_again_is_refused_before_it_is_written', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const { task, story } = await backlog(workspace)
  const nested = (levels) => ({ x: Array.from({ length: levels - 2 }).reduce((inside) => [inside], []) })
  for (const levels of [101, 119, 128, 1000]) {
    const metadata = nested(levels)
    await refused(workspace, [
      [() => workspace.recordTokenUsage({ metadata }), 'InvalidInput', 'metadata'],
      [() => workspace.recordTokenUsages([{}, { metadata }]), 'InvalidInput', 'metadata'],
      [() => workspace.recordStatusTransition(task.id, 'completed', { metadata }), 'InvalidInput', 'metadata'],
      [
        () => workspace.recordStatusTransition(task.id, 'completed', { metadataPatch: metadata }),
        'InvalidInput',
        'metadataPatch',
      ],
      [
        () => workspace.tasks.create({ userStoryId: story.id, key: 'P-2', title: 't', metadata }),
        'InvalidInput',
        'metadata',
      ],
      [() => workspace.jobs.create({ type: 'work', payload: metadata }), 'InvalidInput', 'payload'],
    ])
  }
  await workspace.recordTokenUsage({ metadata: nested(100) })
  assert.deepEqual((await workspace.tokenUsage())[0].metadata, nested(100))
})

test('a_transition_with_an_invalid_value_names_the_field', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const { task } = await backlog(workspace)
  const move = (name, to, context) => () => workspace.recordStatusTransition(name, to, context)
  await refused(workspace, [
    [move('nobody', 'completed'), 'NotFound', 'task'],
    [move('', 'completed'), 'NotFound', 'task'],
    [move(undefined, 'completed'), 'InvalidInput', 'task'],
    [move({}, 'completed'), 'InvalidInput', 'task'],
    [move(task.id), 'InvalidInput', 'toStatus'],
    [move(task.id, 7), 'InvalidInput', 'toStatus'],
    [move(task.id, ' '), 'InvalidInput', 'toStatus'],
    [move(task.id, 'in\nprogress'), 'InvalidInput', 'toStatus'],
    [move(task.id, 'completed', { jobId: 'nobody' }), 'NotFound', 'jobId'],
    [move(task.id, 'completed', { taskRunId: 'nobody' }), 'NotFound', 'taskRunId'],
    [move(task.id, 'completed', { timestamp: '2025-02-30' }), 'InvalidInput', 'timestamp'],
    [move(task.id, 'completed', { timestamp: new Date(NaN) }), 'InvalidInput', 'timestamp'],
    [move(task.id, 'completed', { metadata: 1 }), 'InvalidInput', 'metadata'],
    [move(task.id, 'completed', { metadata_patch: [] }), 'InvalidInput', 'metadataPatch'],
    [move(task.id, 'completed', { form: 'x' }), 'InvalidInput', 'form'],
    [move(task.id, 'completed', 'x'), 'InvalidInput', 'context'],
    [move(task.id, 'completed', { expectedFrom: 'in_progress' }), 'Conflict', undefined, 'expectedFrom'],
  ])
})

test('an_invalid_time_bound_is_an_error_not_a_wider_query', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const bounds = ['tomorrow', '', '7', '-1d', '1.5h', '2025-02-30', '2026-03-20T10:00:00', '1y', 7, new Date(NaN)]
  for (const bound of bounds) {
    await refused(workspace, [
      [() => workspace.statusEvents({ since: bound }), 'InvalidInput', 'since'],
      [() => workspace.tokenUsage({ until: bound }), 'InvalidInput', 'until'],
      [() => workspace.tokenUsageSummary({ since: bound }), 'InvalidInput', 'since'],
    ])
  }
  await refused(workspace, [[() => workspace.statusEvents({ task: 'nobody' }), 'NotFound', 'task']])
})

test('an_estimate_with_an_invalid_option_names_it', async (t) => {
  const { workspace } = await freshWorkspace(t)
  await backlog(workspace)
  for (const [options, kind, field] of [
    [{ projectKey: 'X' }, 'NotFound', 'projectKey'],
    [{ epicKey: 'X' }, 'NotFound', 'epicKey'],
    [{ storyKey: 'X' }, 'NotFound', 'storyKey'],
    [{ projectKey: 'P', epicKey: 'X' }, 'NotFound', 'epicKey'],
    [{ mode: 'guess' }, 'InvalidInput', 'mode'],
    [{ mode: 'Empirical' }, 'InvalidInput', 'mode'],
    [{ windowTasks: 0 }, 'InvalidInput', 'windowTasks'],
    [{ windowTasks: -3 }, 'InvalidInput', 'windowTasks'],
    [{ windowTasks: 1.5 }, 'InvalidInput', 'windowTasks'],
    [{ spPerHourAll: '10' }, 'InvalidInput', 'spPerHourAll'],
    [{ now: 'today' }, 'InvalidInput', 'now'],
    [{ now: new Date(NaN) }, 'InvalidInput', 'now'],
    [{ window: 3 }, 'InvalidInput', 'window'],
  ]) {
    await refused(workspace, [
      [() => workspace.velocity(options), kind, field],
      [() => workspace.estimate(options), kind, field],
      [() => workspace.backfillStatusEvents(options), kind, field],
    ])
  }
})

test('rows_that_could_not_be_identified_are_refused', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const { project, epic, story, task } = await backlog(workspace)
  const { projects, epics, stories, tasks, jobs, commandRuns, taskRuns } = workspace
  const good = { userStoryId: story.id, key: 'P-2', title: 't' }
  await refused(workspace, [
    [() => projects.ensure({}), 'InvalidInput', 'key'],
    [() => projects.get(), 'InvalidInput', 'key'],
    [() => epics.create({ projectId: project.id, key: 'P-E', title: 't' }), 'Conflict', undefined, 'P-E'],
    [() => epics.create({ projectId: 'nobody', key: 'E', title: 't' }), 'NotFound', 'projectId'],
    [() => stories.create({ epicId: epic.id, key: 'P-S', title: 't' }), 'Conflict', undefined, 'P-S'],
    [() => stories.create({ epicId: 'nobody', key: 'S', title: 't' }), 'NotFound', 'epicId'],
    [() => stories.list(7), 'InvalidInput', 'epicId'],
    [() => jobs.create({}), 'InvalidInput', 'type'],
    [() => jobs.finish('nobody', 'failed'), 'NotFound', 'jobId'],
    [() => jobs.finish('nobody', 'failed', 7), 'InvalidInput', 'errorSummary'],
    [() => commandRuns.create({ commandName: 'c', jobId: 'nobody' }), 'NotFound', 'jobId'],
    [() => commandRuns.finish('nobody', { status: 'failed' }), 'NotFound', 'commandRunId'],
    [() => commandRuns.finish('nobody'), 'InvalidInput', undefined, 'commandRunEnd'],
    [() => taskRuns.create({ taskId: 'P-1', command: 'c' }), 'NotFound', 'taskId'],
    [
      () => taskRuns.create({ taskId: task.id, command: 'c', storyPointsAtRun: Infinity }),
      'InvalidInput',
      'storyPointsAtRun',
    ],
    [() => taskRuns.finish('nobody', 'failed'), 'NotFound', 'taskRunId'],
    [() => taskRuns.finish('nobody', 'failed', 'soon'), 'InvalidInput', 'finishedAt'],
    [() => taskRuns.finish('nobody', 'failed', new Date(NaN)), 'InvalidInput', 'finishedAt'],
    [() => tasks.createMany(7), 'InvalidInput', 'tasks'],
    [() => tasks.createMany('ab'), 'InvalidInput', 'tasks'],
    [() => workspace.recordTokenUsages({}), 'InvalidInput', 'usages'],
    [() => workspace.recordTokenUsages([undefined]), 'InvalidInput', 'usage'],
  ])
  for (const [bad, kind, names] of [
    [{ ...good, key: 'P-1' }, 'Conflict', 'P-1'],
    [{ ...good, key: ' ' }, 'InvalidInput', 'key'],
    [{ ...good, title: '' }, 'InvalidInput', 'title'],
    [{ ...good, status: '\t' }, 'InvalidInput', 'status'],
    [{ ...good, userStoryId: 'nobody' }, 'NotFound', 'userStoryId'],
    [{ ...good, storyPoints: -1 }, 'InvalidInput', 'storyPoints'],
    [{ ...good, storyPoints: NaN }, 'InvalidInput', 'storyPoints'],
  ]) {
    await refused(workspace, [
      [() => tasks.create(bad), kind, undefined, names],
      [() => tasks.createMany([{ ...good, key: 'P-9' }, bad]), kind, undefined, names],
    ])
  }
})

test('options_that_open_nothing_are_refused', async () => {
  for (const [call, field] of [
    [() => Workspace.openDb(), 'path'],
    [() => Workspace.openDb(7), 'path'],
    [() => Workspace.open(null), 'root'],
    [() => Workspace.openDb(':memory:', { jsonlog: true }), 'jsonlog'],
    [() => Workspace.openDb(':memory:', { jsonLog: 7 }), 'jsonLog'],
    [() => Workspace.openDb(':memory:', { busyTimeoutMs: -1 }), 'busyTimeoutMs'],
    [() => Workspace.openDb(':memory:', { busyTimeoutMs: NaN }), 'busyTimeoutMs'],
    [() => Workspace.openDb(':memory:', { synchronous: 'off' }), 'synchronous'],
    [() => Workspace.openDb(':memory:', { workspaceId: ' ' }), 'workspaceId'],
    [() => Workspace.openDb(':memory:', 7), 'options'],
    [() => Workspace.openDb(':memory:', {}, { signal: 7 }), 'signal'],
    [() => Workspace.openDb(':memory:', {}, { abort: 7 }), 'abort'],
    [() => Workspace.openDb(':memory:', {}, 7), 'options'],
  ]) {
    const error = await rejection(call())
    assert.equal(error.code, 'MCODA_INVALID_INPUT', `${call}: ${error}`)
    assert.equal(error.field, field, `${call}: ${error}`)
  }
})
