// What is known about two workspaces in the schema of mcoda's TypeScript packages: one of our own, whose answers are
// computed independently, and one of theirs with their answers, where that data is at hand.
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { Workspace } from '@mcoda/native'
import { difference } from './matching.mjs'
import { ROOT, freshFolder } from './support.mjs'

const GOLDEN = join(ROOT, 'tests/golden')
// No part of this repository: it stands beside the checkout, or beside the folder of several.
const PLACES = [dirname(ROOT), dirname(dirname(ROOT))].map((folder) => join(folder, 'shared/golden'))
const SHARED = PLACES.find((place) => existsSync(place))

/** A test for each workspace; without the shared one its test is reported as skipped. */
function compareAll(name, operations, least, check) {
  test(`golden: ${name}`, (t) => compare(t, GOLDEN, operations, least, check))
  const skip = SHARED ? false : `${PLACES[0]} is missing`
  test(`shared: ${name}`, { skip }, (t) => compare(t, SHARED, operations, least, check))
}

async function compare(t, folder, operations, least, check) {
  const file = join(freshFolder(t), 'mcoda.db')
  copyFileSync(join(folder, 'workspace.db'), file)
  const { cases, config, now, workspaceId } = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8'))
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

compareAll('velocities_and_estimates_agree', ['velocity', 'estimate'], 12, (found, { etas, ...expected }, place) => {
  // The library computes these differently; docs/estimate.md says how.
  assert.equal(difference(found, expected, place), undefined)
})

compareAll('token_rows_agree', ['tokenUsage'], 5, (found, expected, place) => {
  assert.equal(difference(found, expected, place), undefined)
})

compareAll('token_summaries_agree', ['tokenSummary'], 11, (found, expected, place) => {
  // The order of groups is not part of the contract.
  const rest = [...expected]
  for (const row of found) {
    const same = rest.findIndex((other) => difference(row, other, place) === undefined)
    assert.notEqual(same, -1, `${place}: ${JSON.stringify(row)} is not expected`)
    rest.splice(same, 1)
  }
  assert.deepEqual(rest, [], place)
})
