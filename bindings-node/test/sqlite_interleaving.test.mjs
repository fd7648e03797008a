// 50 awaiters share one database object and a workspace over it, in and out of transactions. A model, which takes each call
// at the time at which it is made, says what each has to resolve to, and what is there in the end.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { Workspace } from '@mcoda/native'
import { open } from '@mcoda/native/sqlite'
import { freshFolder } from './support.mjs'

const AWAITERS = 50
const SEEDS = Array.from({ length: Number(process.env.MCODA_TEST_ROUNDS ?? 3) }, (_, round) => 20_261_129 + round)

/** Numbers from a seed, so that a failure can be had again. */
function random(seed) {
  let state = seed
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648
    return Math.floor((state / 2147483648) * below)
  }
}

/** What one connection holds: keys, each once, and a transaction or none. */
class Model {
  committed = new Set()
  open
  /** Each transaction, and the time outside of one, by a number; those whose changes were taken back. */
  epoch = 0
  undone = new Set()

  get keys() {
    return this.open ?? this.committed
  }

  begin() {
    if (this.open) return 'SQLITE_ERROR: cannot start a transaction within a transaction'
    this.open = new Set(this.committed)
    this.epoch += 1
  }

  end(verb) {
    if (!this.open) return `SQLITE_ERROR: cannot ${verb.toLowerCase()} - no transaction is active`
    if (verb === 'COMMIT') this.committed = this.open
    else this.undone.add(this.epoch)
    this.open = undefined
    this.epoch += 1
  }

  insert(keys) {
    if (keys.some((key, place) => this.keys.has(key) || keys.indexOf(key) !== place)) {
      return 'SQLITE_CONSTRAINT: UNIQUE constraint failed: t.a'
    }
    for (const key of keys) this.keys.add(key)
  }
}

/** Makes the calls of all awaiters, and checks what each comes to. */
async function interleave(database, workspace, seed, steps) {
  const next = random(seed)
  const model = new Model()
  /** The ids of records, each with the epoch in which it was made; of those that were given up, whether they ran. */
  const records = new Map()
  const checks = []
  let recorded = 0

  /** What the promise comes to, and what the model says. Nobody else may wait for it. */
  const check = (promise, wanted, gives) => {
    const checked = promise.then(
      (value) => {
        assert.equal(undefined, wanted, `it succeeded, where the model says ${wanted}`)
        if (gives !== undefined) assert.deepEqual(value, gives)
      },
      (error) => assert.equal(error.message, wanted),
    )
    checks.push(checked)
    return checked
  }

  const calls = {
    begin: () => check(database.exec(next(2) ? 'BEGIN IMMEDIATE' : 'BEGIN'), model.begin()),
    commit: () => check(database.exec('COMMIT'), model.end('COMMIT')),
    rollback: () => check(database.exec('ROLLBACK'), model.end('ROLLBACK')),
    insert: () => {
      const key = next(400)
      return check(database.run('INSERT INTO t VALUES (?)', key), model.insert([key]))
    },
    // A statement that fails has changed nothing.
    insertSome: () => {
      const keys = [next(400), next(400), next(400)]
      return check(database.run('INSERT INTO t VALUES (?), (?), (?)', keys), model.insert(keys))
    },
    remove: () => {
      const key = next(400)
      const wanted = model.keys.delete(key) ? { a: key } : undefined
      const call = database.get('DELETE FROM t WHERE a = ? RETURNING a', [key])
      return check(call.then((row) => [row]), undefined, [wanted])
    },
    count: () => check(database.get('SELECT count(*) AS n FROM t'), undefined, { n: model.keys.size }),
    all: () => {
      const keys = [...model.keys].sort((one, other) => one - other)
      return check(database.all('SELECT a FROM t ORDER BY a'), undefined, keys.map((a) => ({ a })))
    },
    query: () => check(workspace.query('SELECT count(*) AS n FROM t'), undefined, [{ n: model.keys.size }]),
    record: () => {
      const id = `record ${recorded++}`
      records.set(id, { epoch: model.epoch, ran: true })
      return check(workspace.recordTokenUsage({ id }), undefined)
    },
    failingBatch: () => {
      const batch = [{ id: `never ${recorded++}` }, { id: `never ${recorded++}`, taskId: 'unknown' }]
      return check(workspace.recordTokenUsages(batch).catch(({ code }) => [code]), undefined, ['MCODA_NOT_FOUND'])
    },
    aborted: () => {
      const id = `aborted ${recorded++}`
      const record = { epoch: model.epoch, ran: undefined }
      records.set(id, record)
      const abort = new AbortController()
      const call = workspace.recordTokenUsage({ id }, { signal: abort.signal })
      void setImmediate().then(() => abort.abort())
      const outcome = call.then(
        () => (record.ran = true),
        ({ name }) => {
          assert.equal(name, 'AbortError')
          record.ran = false
        },
      )
      checks.push(outcome)
      return outcome
    },
  }
  const names = Object.keys(calls)

  const awaiter = async () => {
    for (let step = 0; step < steps; step += 1) {
      const call = calls[names[next(names.length)]]()
      const how = next(6)
      // A promise that is dropped is checked all the same.
      if (how === 0) continue
      await call
      if (how === 1) await setImmediate()
      if (how === 2) await setTimeout(next(3))
    }
  }
  await Promise.all(Array.from({ length: AWAITERS }, awaiter))
  if (model.open) await calls[next(2) ? 'commit' : 'rollback']()
  await Promise.all(checks)
  const kept = [...records].filter(([, { epoch, ran }]) => ran && !model.undone.has(epoch)).map(([id]) => id)
  return { keys: [...model.committed].sort((one, other) => one - other), records: kept.sort() }
}

for (const seed of SEEDS) {
  test(`the_model_agrees_whatever_${AWAITERS}_awaiters_do_seed_${seed}`, async (t) => {
    const folder = freshFolder(t)
    const filename = join(folder, 'mcoda.db')
    const database = await open({ filename })
    await database.exec('PRAGMA foreign_keys = ON; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF')
    await database.exec('CREATE TABLE t (a INTEGER UNIQUE)')
    const workspace = await Workspace.over(database, { jsonLog: folder })
    const expected = await interleave(database, workspace, seed, 60)
    await database.close()

    const again = await open({ filename })
    assert.deepEqual((await again.all('SELECT a FROM t ORDER BY a')).map(({ a }) => a), expected.keys)
    assert.deepEqual((await again.all('SELECT id FROM token_usage ORDER BY id')).map(({ id }) => id), expected.records)
    assert.deepEqual(await again.all('PRAGMA integrity_check'), [{ integrity_check: 'ok' }])
    await again.close()
    const { readFileSync } = await import('node:fs')
    const logged = JSON.parse(readFileSync(join(folder, 'token_usage.json'), 'utf8'))
    assert.deepEqual(logged.map(({ id }) => id).sort(), expected.records)
  })
}

/** `withTransaction` as repositories have it, with the turns that it lacks there. */
function turns(database) {
  let last = Promise.resolve()
  return (work) => {
    const run = async () => {
      await database.exec('BEGIN IMMEDIATE')
      try {
        const value = await work()
        await database.exec('COMMIT')
        return value
      } catch (error) {
        await database.exec('ROLLBACK')
        throw error
      }
    }
    const turn = last.then(run)
    last = turn.catch(() => {})
    return turn
  }
}

for (const seed of SEEDS) {
  test(`transactions_that_take_turns_happen_whole_or_not_at_all_seed_${seed}`, async (t) => {
    const filename = join(freshFolder(t), 'mcoda.db')
    const database = await open({ filename })
    await database.exec('PRAGMA foreign_keys = ON; PRAGMA journal_mode = WAL; CREATE TABLE t (owner, step)')
    const workspace = await Workspace.over(database)
    const withTransaction = turns(database)
    const next = random(seed)
    const outcomes = await Promise.all(
      Array.from({ length: AWAITERS }, async (_, owner) => {
        await setTimeout(next(20))
        const fails = next(3) === 0
        const work = async () => {
          for (let step = 0; step < 5; step += 1) {
            await database.run('INSERT INTO t VALUES (?, ?)', owner, step)
            if (next(2)) await setTimeout(next(3))
            if (fails && step === 3) throw new Error('given up')
          }
          await workspace.recordTokenUsage({ id: `${owner}`, tokensPrompt: owner })
        }
        return withTransaction(work).then(() => owner, ({ message }) => message)
      }),
    )
    const kept = outcomes.filter((owner) => typeof owner === 'number')
    assert.ok(kept.length > 0 && kept.length < AWAITERS)
    assert.ok(outcomes.every((outcome) => typeof outcome === 'number' || outcome === 'given up'))
    const rows = await database.all('SELECT owner, count(*) AS n FROM t GROUP BY owner ORDER BY owner')
    assert.deepEqual(rows, kept.map((owner) => ({ owner, n: 5 })))
    assert.equal((await database.get('SELECT count(*) AS n FROM token_usage')).n, kept.length)
    await database.close()
  })
}
