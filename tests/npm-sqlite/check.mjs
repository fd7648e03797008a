// Holds a driver to the table of cases.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CASES, FILE_CASES } from './cases.mjs'

/** Makes a test of each case. `isOurs` says which of two answers is meant where they differ. */
export function check(test, open, isOurs) {
  for (const one of CASES) {
    test(one.name, async () => {
      const database = await open({ filename: ':memory:' })
      try {
        await compare(one, () => one.run(database, open), isOurs)
      } finally {
        await database.close()
      }
    })
  }
  for (const one of FILE_CASES) {
    test(one.name, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'npm-sqlite-'))
      try {
        await compare(one, () => one.run(join(folder, 'x.db'), open), isOurs)
      } finally {
        rmSync(folder, { recursive: true })
      }
    })
  }
}

async function compare(one, run, isOurs) {
  const expected = isOurs && one.ours ? one.ours : one
  if ('fails' in expected) {
    // Something that was written down, and never just any error but where the table says so.
    await assert.rejects(async () => run(), (error) => {
      assert.ok(error instanceof Error)
      for (const [name, value] of Object.entries(expected.fails)) {
        if (value instanceof RegExp) assert.match(error[name], value)
        else assert.equal(error[name], value)
      }
      return true
    })
  } else {
    assert.deepStrictEqual(await run(), expected.gives)
  }
}
