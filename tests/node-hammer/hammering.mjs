// Runs the hammer in a process of its own, and counts in another one what is there.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Workspace } from '../../bindings-node/dist/index.mjs'

const HAMMER = join(import.meta.dirname, 'hammer.mjs')

// Each row of whichever copy is counted in its own transaction.
const PREPARE = `
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.executescript("""
CREATE TABLE counter (n INTEGER NOT NULL);
INSERT INTO counter VALUES (0);
CREATE TRIGGER counted AFTER INSERT ON token_usage BEGIN UPDATE counter SET n = n + 1; END;
""")`

const COUNT = `
import json, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
one = lambda sql: connection.execute(sql).fetchone()[0]
print(json.dumps({
    "rows": one("SELECT count(*) FROM token_usage"),
    "counter": one("SELECT n FROM counter"),
    "check": one("PRAGMA integrity_check"),
}))`

/** What each task is called in the tests, and how many inserts a round of it makes. */
const TASKS = [
  ['overlap', 'overlapping_transactions_lose_nothing', 43],
  ['race', 'racing_writers_lose_nothing_while_others_come_and_go', 43],
  ['rollback', 'a_database_that_leaves_write_ahead_logging_loses_nothing', 44],
]

/**
 * Declares the tests beside the package `name`, which is installed in `folder`: this many rounds of every task, of
 * which all are acknowledged and none is lost. With the locks turned off something must go wrong: else they would
 * show nothing.
 */
export function hammer(name, folder, rounds) {
  for (const [task, behaviour, each] of TASKS) {
    test(`${behaviour} (${name})`, async (t) => {
      const outcome = await run(name, folder, task, rounds, '')
      const result = JSON.stringify(outcome)
      t.diagnostic(`${name}, ${task}: ${result}`)
      const { acknowledged, rows, counter, check } = outcome
      const all = rounds * each
      assert.deepEqual([acknowledged, rows, counter, check], [all, all, all, 'ok'], result)
      assert.deepEqual(outcome.errors, {}, result)

      // Without the locks every wait is in vain, and a few rounds show enough.
      const without = await run(name, folder, task, Math.ceil(rounds / 4), 'off')
      t.diagnostic(`${name}, ${task}, without the locks: ${JSON.stringify(without).slice(0, 300)}`)
      assert.ok(isWrong(without), `without the locks this should have gone wrong: ${JSON.stringify(without)}`)
    })
  }
}

function isWrong({ failed, acknowledged, errors, rows, counter, check }) {
  if (failed !== undefined || Object.keys(errors).length > 0) return true
  return check !== 'ok' || rows !== acknowledged || counter !== acknowledged
}

/** What the hammer came to, on a new database. */
async function run(name, folder, task, rounds, locks) {
  const place = mkdtempSync(join(tmpdir(), 'mcoda-hammer-'))
  try {
    const file = join(place, 'mcoda.db')
    await (await Workspace.openDb(file)).close()
    execFileSync('python3', ['-c', PREPARE, file])
    const hammered = spawnSync(process.execPath, [HAMMER, name, folder, file, task, String(rounds)], {
      encoding: 'utf8',
      env: { ...process.env, HOME: place, MCODA_TEST_LOCKS: locks },
      // Without the locks it may hang.
      timeout: locks === 'off' ? 15_000 : 600_000,
      killSignal: 'SIGKILL',
    })
    if (hammered.status !== 0) return { failed: hammered.signal ?? hammered.stderr.trim() }
    const tally = JSON.parse(hammered.stdout)
    const counted = spawnSync('python3', ['-c', COUNT, file], { encoding: 'utf8' })
    if (counted.status !== 0) return { ...tally, failed: counted.stderr.trim() }
    return { ...tally, ...JSON.parse(counted.stdout) }
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}
