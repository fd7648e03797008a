// What mcoda's TypeScript packages answer about a workspace of theirs, where that data is at hand.
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { Workspace } from '@mcoda/native'
import { difference } from './matching.mjs'
import { ROOT, freshFolder } from './support.mjs'

// Beside the checkout, not part of it.
const GOLDEN = join(dirname(ROOT), 'shared/golden')
const skip = existsSync(GOLDEN) ? false : `${GOLDEN} is not here`

async function compare(t, operations, least, check) {
  const file = join(freshFolder(t), 'mcoda.db')
  copyFileSync(join(GOLDEN, 'workspace.db'), file)
  const { cases, config, now, workspaceId } = JSON.parse(readFileSync(join(GOLDEN, 'cases.json'), 'utf8'))
  const workspace = await Workspace.openDb(file, { config, workspaceId })
  const ask = {
    velocity: (options) => workspace.velocity(options),
    estimate: (options) => workspace.estimate(options),
    tokenUsage: (options) => workspace.tokenUsage(options),
    tokenSummary: (options) => workspace.tokenUsageSummary(options),
  }
  const asked = cases.filter(({ op }) => operations.includes(op))
  for (const { op, options, expected } of asked) {
    check(await ask[op]({ ...options, now: new Date(now) }), expected, `${op} ${JSON.stringify(options)}`)
  }
  assert.ok(asked.length >= least, `${asked.length}`)
  await workspace.close()
}

test('velocity_and_estimate_agree_with_the_typescript_packages', { skip }, (t) =>
  compare(t, ['velocity', 'estimate'], 12, (found, { etas, ...expected }, place) => {
    // The library answers these better; docs/estimate.md says how.
    assert.equal(difference(found, expected, place), undefined)
  }),
)

test('token_rows_agree_with_the_typescript_packages', { skip }, (t) =>
  compare(t, ['tokenUsage'], 5, (found, expected, place) => {
    assert.equal(difference(found, expected, place), undefined)
  }),
)

test('token_summaries_agree_with_the_typescript_packages', { skip }, (t) =>
  compare(t, ['tokenSummary'], 11, (found, expected, place) => {
    // The order of groups is not part of the contract.
    const rest = [...expected]
    for (const row of found) {
      const same = rest.findIndex((other) => difference(row, other, place) === undefined)
      assert.notEqual(same, -1, `${place}: ${JSON.stringify(row)} is not expected`)
      rest.splice(same, 1)
    }
    assert.deepEqual(rest, [], place)
  }),
)
