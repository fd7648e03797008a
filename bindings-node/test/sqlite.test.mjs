import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { Worker } from 'node:worker_threads'
import sqlite3, { Database, OPEN_READONLY, open } from '@mcoda/native/sqlite'
import { freshFolder, runProgram } from './support.mjs'

const NUMBERS = 'WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT i, hex(i) AS h FROM n'
const ON_LINUX = existsSync('/proc/self/status') ? false : 'resident memory can be read on Linux only'
const memory = (config) => open({ filename: ':memory:', ...config })

test('the_package_is_what_the_names_of_npm_are', async () => {
  const required = createRequire(import.meta.url)('@mcoda/native/sqlite')
  assert.equal(required.Database, Database)
  assert.equal(required.open, open)
  assert.deepEqual(sqlite3, { Database, OPEN_READONLY: 1, OPEN_READWRITE: 2, OPEN_CREATE: 4 })
  const database = await open({ filename: ':memory:', driver: sqlite3.Database })
  assert.ok(database instanceof Database)
  assert.equal(inspect(database), 'Database { filename: ":memory:" }')
  await database[Symbol.asyncDispose]()
  await assert.rejects(database.close(), { message: 'SQLITE_MISUSE: Database is closed' })
  // The class itself is usable, as npm's is.
  const other = new Database({ filename: ':memory:' })
  await assert.rejects(other.exec(''), { message: 'SQLITE_MISUSE: Database is not open' })
  await other.open()
  await other.close()
})

test('what_it_is_opened_with_is_checked', async () => {
  for (const config of [{ filename: 7 }, { filename: ':memory:', mode: 64 }, { filename: ':memory:', largeIntegers: true }]) {
    await assert.rejects(open(config), { name: 'TypeError', message: /: got .*; expected / })
  }
})

test('a_file_is_opened_by_its_URL', async (t) => {
  const file = join(freshFolder(t), 'a b%.db')
  await (await open({ filename: pathToFileURL(file) })).close()
  assert.ok(existsSync(file))
})

test('calls_run_in_the_order_in_which_they_are_made', async () => {
  const database = await memory()
  const seen = []
  const calls = [database.exec('CREATE TABLE t (a)')]
  for (let index = 0; index < 500; index += 1) {
    calls.push(database.run('INSERT INTO t VALUES (?)', index))
    calls.push(database.get('SELECT count(*) AS n FROM t').then(({ n }) => seen.push(n)))
    if (index % 50 === 0) calls.push(database.all(NUMBERS, 5000).then((rows) => assert.equal(rows.length, 5000)))
    calls.push(database.exec('UPDATE t SET a = a + 1'))
  }
  await Promise.all(calls)
  assert.deepEqual(seen, Array.from({ length: 500 }, (_, index) => index + 1))
  await database.close()
})

test('a_bigint_is_bound_exactly_and_comes_back_exactly_where_that_is_asked_for', async () => {
  const database = await memory({ largeIntegers: 'bigint' })
  await database.exec('CREATE TABLE t (a INTEGER PRIMARY KEY, b)')
  const large = 2n ** 63n - 1n
  assert.deepEqual(await database.run('INSERT INTO t VALUES (?, ?)', large, -(2n ** 53n)), { lastID: large, changes: 1 })
  assert.deepEqual(await database.all('SELECT a, b, 7 AS c FROM t'), [{ a: large, b: -(2n ** 53n), c: 7 }])
  await assert.rejects(database.get('SELECT ?', 2n ** 63n), { message: /parameter 1: got 9223372036854775808n; expected/ })
  await database.close()
})

test('bytes_are_copied_when_the_call_is_made', async () => {
  const database = await memory()
  const bytes = Buffer.from('before')
  const call = database.get('SELECT ? AS a', bytes)
  bytes.fill('x')
  assert.equal((await call).a.toString(), 'before')
  const large = Buffer.alloc(3 << 20, 7)
  const rows = await database.all('SELECT ? AS a, 1 AS b UNION ALL SELECT ?, 2 UNION ALL SELECT NULL, 3', large, Buffer.of(1))
  assert.deepEqual(rows.map(({ a, b }) => [a?.length, b]), [[large.length, 1], [1, 2], [undefined, 3]])
  await database.close()
})

test('an_error_leads_to_the_caller', async () => {
  const database = await memory()
  async function ofTheCaller() {
    await database.run('INSERT INTO nowhere VALUES (1)')
  }
  await assert.rejects(ofTheCaller(), ({ stack }) => /ofTheCaller/.test(stack))
  await database.close()
})

test('large_results_hold_the_event_loop_for_a_short_time_only', async () => {
  const database = await memory()
  await database.exec('CREATE TABLE t (a INTEGER PRIMARY KEY, b, c)')
  await database.run(`INSERT INTO t SELECT i, 'name ' || h, i / 7.0 FROM (${NUMBERS})`, 100_000)
  let turns = 0
  const turn = () => {
    turns += 1
    timer = setImmediate(turn)
  }
  let timer = setImmediate(turn)
  const rows = await database.all('SELECT * FROM t')
  clearImmediate(timer)
  assert.equal(rows.length, 100_000)
  assert.deepEqual(rows[99_999], { a: 100_000, b: 'name 313030303030', c: 100_000 / 7 })
  // A turn of the loop for each chunk: how long one takes is for a benchmark to say.
  assert.ok(turns > 30, `${turns} turns`)
  await database.close()
})

test('each_gives_rows_while_they_are_read_and_ends_where_the_callback_throws', async () => {
  const database = await memory()
  let sum = 0
  assert.equal(await database.each(NUMBERS, 30_000, (error, { i }) => (sum += i)), 30_000)
  assert.equal(sum, (30_000 * 30_001) / 2)
  let seen = 0
  const stop = new Error('enough')
  await assert.rejects(
    database.each(NUMBERS, 1e12, () => {
      seen += 1
      if (seen === 10_000) throw stop
    }),
    stop,
  )
  // What is made within the callback runs after the statement, and waits for no callback.
  const calls = []
  await database.exec('CREATE TABLE t (a)')
  await database.each(NUMBERS.replace('hex(i)', '(SELECT count(*) FROM t)'), 20_000, (_, { i, h }) => {
    assert.equal(h, 0)
    if (i % 1000 === 1) calls.push(database.run('INSERT INTO t VALUES (?)', i))
  })
  await Promise.all(calls)
  assert.equal((await database.get('SELECT count(*) AS n FROM t')).n, 20)
  await database.close()
})

// Held rows would be 200 MiB.
const FLAT = `
  import { readFileSync } from 'node:fs'
  import { open } from '@mcoda/native/sqlite'
  const SQL = 'WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500000) SELECT i, hex(zeroblob(200)) AS h FROM n'
  const resident = () => {
    gc()
    return Number(/VmRSS:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1])
  }
  const database = await open({ filename: ':memory:' })
  const seen = { iterate: [], each: [] }
  const see = (way, { i }) => i % 100000 === 0 && seen[way].push(resident())
  for await (const row of database.iterate(SQL)) see('iterate', row)
  await database.each(SQL, (_, row) => see('each', row))
  console.log(JSON.stringify(seen))`

test('reading_row_by_row_takes_the_same_memory_however_many_rows_there_are', { skip: ON_LINUX }, (t) => {
  for (const [way, [first, ...later]] of Object.entries(JSON.parse(runProgram(t, FLAT, [], ['--expose-gc'])))) {
    assert.equal(later.length, 4)
    const growth = Math.max(...later) - first
    t.diagnostic(`${way}: ${first} KiB after 100000 rows, ${growth} KiB more after 500000`)
    assert.ok(growth < 32 * 1024, `${way}: ${growth} KiB more than ${first}`)
  }
})

test('an_iteration_gives_the_rows_that_were_there_when_it_began_whatever_runs_meanwhile', async () => {
  const database = await memory()
  await database.exec('CREATE TABLE t (a INTEGER PRIMARY KEY, b, c)')
  await database.run(`INSERT INTO t SELECT i, h, x'00ff' FROM (${NUMBERS})`, 50_000)
  let count = 0
  for await (const row of database.iterate('SELECT * FROM t ORDER BY a')) {
    count += 1
    assert.equal(row.a, count)
    assert.ok(row.c.equals(Buffer.from([0, 255])))
    if (count % 5000 === 1) {
      await database.run('DELETE FROM t WHERE a > ?', count)
      await database.run('INSERT INTO t SELECT max(a) + 1, 1, 1 FROM t')
    }
  }
  assert.equal(count, 50_000)
  assert.equal((await database.get('SELECT count(*) AS n FROM t')).n, 11)
  await database.close()
})

test('iterations_run_beside_each_other_and_one_that_is_left_holds_nobody_up', async () => {
  const database = await memory()
  const endless = NUMBERS.replace('WHERE i < ?', '')
  for await (const { i } of database.iterate(endless)) {
    if (i === 3000) break
  }
  assert.deepEqual(await database.get('SELECT 1 AS a'), { a: 1 })
  const [one, other] = [database.iterate(NUMBERS, 30_000), database.iterate(NUMBERS, 30_000)]
  for (let index = 1; index <= 30_000; index += 1) {
    assert.equal((await one.next()).value.i, index)
    assert.equal((await other.next()).value.i, index)
  }
  assert.ok((await one.next()).done)
  assert.ok((await other.next()).done)
  const failing = database.iterate('SELECT 1 AS a UNION ALL SELECT abs(-9223372036854775808)')
  await assert.rejects(async () => {
    for await (const row of failing) assert.equal(row.a, 1)
  }, { message: 'SQLITE_ERROR: integer overflow' })
  await database.close()
})

test('closing_ends_an_iteration', async () => {
  const database = await memory()
  const rows = database.iterate(NUMBERS, 1e12)
  assert.equal((await rows.next()).value.i, 1)
  await database.close()
  await assert.rejects(
    async () => {
      for await (const _ of rows);
    },
    { message: 'SQLITE_MISUSE: Database is closed' },
  )
})

test('closing_lets_go_of_the_files', async () => {
  for (let round = 0; round < 20; round += 1) {
    const folder = mkdtempSync(join(tmpdir(), 'mcoda-sqlite-'))
    const filename = join(folder, 'x.db')
    const [database, other] = [await open({ filename }), await open({ filename })]
    await database.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a)')
    const writes = Array.from({ length: 50 }, (_, index) => database.run('INSERT INTO t VALUES (?)', index))
    const reads = other.all('SELECT * FROM t')
    // Not awaited: they run before the closing.
    await Promise.all([database.close(), other.close()])
    assert.deepEqual(readdirSync(folder), ['x.db'])
    rmSync(folder, { recursive: true })
    await sleep(round === 0 ? 50 : 0)
    assert.ok(!existsSync(folder))
    await Promise.all([...writes, reads])
  }
})

test('a_database_that_nobody_closes_lets_the_process_end', async (t) => {
  const { spawnSync } = await import('node:child_process')
  const file = join(freshFolder(t), 'x.db')
  const program = `
    import { open } from '@mcoda/native/sqlite'
    const database = await open({ filename: ${JSON.stringify(file)} })
    await database.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)')
    globalThis.rows = database.iterate('WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n')
    await rows.next()
    console.log('done')`
  const options = { encoding: 'utf8', cwd: import.meta.dirname, timeout: 20_000 }
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], options)
  assert.deepEqual([stdout, stderr, status], ['done\n', '', 0])
})

test('a_thread_of_JavaScript_that_ends_leaves_no_call_behind', async (t) => {
  const filename = join(freshFolder(t), 'x.db')
  const program = `
    const { open } = require('@mcoda/native/sqlite')
    const { parentPort, workerData } = require('node:worker_threads')
    open({ filename: workerData }).then(async (database) => {
      await database.exec('CREATE TABLE IF NOT EXISTS t (a)')
      database.all('WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n')
      parentPort.postMessage('reading')
    })`
  for (let round = 0; round < 5; round += 1) {
    const worker = new Worker(program, { eval: true, workerData: filename })
    await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject))
    await worker.terminate()
  }
  const database = await open({ filename })
  await database.exec('DROP TABLE t; VACUUM')
  await database.close()
})

const COEXISTENCE = `
  import { readFileSync } from 'node:fs'
  import { DatabaseSync } from '@photostructure/sqlite'
  import { open } from '@mcoda/native/sqlite'
  const filename = process.argv[1]
  const database = await open({ filename })
  await database.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a)')
  const refused = []
  for (let round = 0; round < 20; round += 1) {
    await database.exec('BEGIN IMMEDIATE; INSERT INTO t VALUES (1)')
    // Closing any descriptor of a file releases all POSIX locks that the process has on it.
    readFileSync(filename)
    const other = new DatabaseSync(filename, { timeout: 0 })
    try {
      other.exec('INSERT INTO t VALUES (2)')
    } catch (error) {
      refused.push(error.message)
    }
    other.close()
    await database.exec('COMMIT')
  }
  const { n } = await database.get('SELECT count(*) AS n FROM t')
  await database.close()
  console.log(JSON.stringify({ n, refused: new Set(refused).size, times: refused.length }))`

test('no_other_copy_of_SQLite_in_the_process_writes_during_a_transaction', async (t) => {
  // Elsewhere writing beside another copy is refused, or nothing is needed: see docs/reliability.md.
  if (!existsSync('/proc/self/fd')) return t.skip('no locks of the file description')
  const { spawnSync } = await import('node:child_process')
  const run = (locks) => {
    const args = ['--input-type=module', '-e', COEXISTENCE, join(freshFolder(t), 'x.db')]
    const options = { encoding: 'utf8', cwd: import.meta.dirname, timeout: 60_000 }
    return spawnSync(process.execPath, args, { ...options, env: { ...process.env, MCODA_TEST_LOCKS: locks } })
  }
  const expected = '{"n":20,"refused":1,"times":20}\n'
  const { stdout, stderr } = run('')
  assert.deepEqual([stdout, stderr], [expected, ''])
  // Without the locks it goes wrong: otherwise the test would show nothing.
  assert.notEqual(run('off').stdout, expected)
})

test('many_databases_can_be_open', async () => {
  const databases = await Promise.all(Array.from({ length: 100 }, () => memory()))
  const rows = await Promise.all(databases.map((database, index) => database.get('SELECT ? AS a', index)))
  assert.deepEqual(rows.map(({ a }) => a), Array.from({ length: 100 }, (_, index) => index))
  await Promise.all(databases.map((database) => database.close()))
  assert.equal(OPEN_READONLY, 1)
})
