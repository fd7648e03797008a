// Results as text tables. The engine defines their content; these tests check that each result gets its own table.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as mcoda from '@mcoda/native'
import { McodaError } from '@mcoda/native'
import { backlog, freshWorkspace } from './support.mjs'

async function results(t) {
  const { workspace } = await freshWorkspace(t)
  const { task } = await backlog(workspace)
  const job = await workspace.jobs.create({ type: 'work', commandName: 'work-on-tasks' })
  const run = await workspace.taskRuns.create({ taskId: task.id, command: 'work-on-tasks', jobId: job.id })
  const usage = { jobId: job.id, commandName: 'work-on-tasks', agentId: 'claude', tokensPrompt: 1200 }
  await workspace.recordTokenUsage(usage)
  await workspace.recordStatusTransition(task.key, 'in_progress')
  await workspace.taskRuns.finish(run.id, 'succeeded')
  return {
    renderTokensTable: [await workspace.tokenUsageSummary(), /^COMMAND.*\n.*\n.*work-on-tasks.* 1,200\b/],
    renderJobTokens: [await workspace.tokenUsage({ jobId: job.id }), /^TIME.*\n.*\n.*claude.* 1,200\b/m],
    renderJobs: [await workspace.jobs.list(), new RegExp(job.id)],
    renderJobInspection: [await workspace.inspectJob(job.id), /P-1[^]*1,200/],
    renderEstimate: [await workspace.estimate({ spPerHourAll: 2 }), /P-1/],
    renderVelocity: [await workspace.velocity({ spPerHourAll: 2 }), /2/],
    renderStatusEvents: [await workspace.statusEvents(), /in_progress/],
    renderTelemetryConfig: [await workspace.telemetryConfig(), /config\.json/],
    renderEconomics: [await workspace.economics(), /claude.* 1,200 /],
    renderCheck: [await workspace.check(), /examinations: /],
  }
}

test('every_result_has_a_table', async (t) => {
  const all = await results(t)
  assert.deepEqual(Object.keys(all).sort(), Object.keys(mcoda).filter((name) => name.startsWith('render')).sort())
  for (const [name, [result, expected]] of Object.entries(all)) {
    const table = mcoda[name](result)
    assert.match(table, expected, name)
    assert.ok(table.endsWith('\n'), name)
    // Read back from JSON it is the same result.
    assert.equal(mcoda[name](JSON.parse(JSON.stringify(result))), table)
  }
})

test('the_table_of_a_summary_has_the_columns_that_were_grouped_by', async (t) => {
  const { workspace } = await freshWorkspace(t)
  await workspace.recordTokenUsage({ agentId: 'claude', timestamp: '2026-03-20T12:00:00Z' })
  const groupBy = ['day', 'agent']
  const rows = await workspace.tokenUsageSummary({ since: '2026-01-01', groupBy })
  assert.match(mcoda.renderTokensTable(rows, groupBy), /^DAY +\| AGENT.*\n.*\n2026-03-20 +\| claude/)
  assert.equal(mcoda.renderTokensTable([], null), mcoda.renderTokensTable([]))
  assert.throws(
    () => mcoda.renderTokensTable(rows, ['moon']),
    (error) => error instanceof McodaError && error.field === 'groupBy',
  )
})

test('what_is_not_a_result_is_refused_by_name', () => {
  const fields = {
    renderTokensTable: 'rows',
    renderJobTokens: 'rows',
    renderJobs: 'jobs',
    renderJobInspection: 'inspection',
    renderEstimate: 'estimate',
    renderVelocity: 'velocity',
    renderStatusEvents: 'events',
    renderTelemetryConfig: 'config',
    renderEconomics: 'economics',
    renderCheck: 'report',
  }
  for (const [name, field] of Object.entries(fields)) {
    const wrong = [{ calls: 'many', tokens_prompt: 'many', taskId: 7 }]
    for (const result of [undefined, null, 7, 'text', [7], wrong, { rows: [] }, NaN, new Map(), () => 1]) {
      assert.throws(
        () => mcoda[name](result),
        (error) => error instanceof McodaError && error.kind === 'InvalidInput' && error.field === field,
        `${name} of ${String(result)}`,
      )
    }
  }
})
