// What a Node program pays for a call of @mcoda/native, beside the npm packages `sqlite` over `sqlite3`, which the TypeScript
// packages use, and better-sqlite3, which blocks the event loop: `make bench-node`.
//
// Each figure is measured in processes of its own, in turns, on a file in the temporary folder with the settings of the
// TypeScript packages. Prints medians, and how many times faster the library is. The longest pause of the event loop includes
// what other programs take of the processors, and garbage collections of the result; processor time does not depend on other programs.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROUNDS = Number(process.env.ROUNDS ?? 3)
const SINGLE = 5_000
const BATCH = 10_000
const ROWS = Number(process.env.ROWS ?? 500_000)
/** The longest pause of the event loop that a large result may cause, in milliseconds. */
const PAUSE = 20
const HANDLES = 500
const FILES = 20
const OWN = fileURLToPath(import.meta.url)
const library = createRequire(new URL('../bindings-node/', import.meta.url))
const npm = createRequire(new URL('../tests/npm-sqlite/', import.meta.url))

const PRAGMAS = ['foreign_keys = ON', 'journal_mode = WAL', 'synchronous = NORMAL', 'busy_timeout = 30000']
const COLUMNS = [
  'id', 'workspace_id', 'agent_id', 'model_name', 'command_name', 'action', 'tokens_prompt', 'tokens_completion',
  'tokens_total', 'cost_estimate', 'currency', 'timestamp', 'metadata_json',
]
const INSERT = `INSERT INTO token_usage (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`
/** The rows of many calls, as the library stores them. */
const FILL_USAGE = `INSERT INTO token_usage (${COLUMNS.join(', ')}) WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
  SELECT printf('01990000-0000-7000-8000-%012x', i), 'bench', 'claude', 'opus', 'work', 'act', 1000 + i, 100, 1100 + i, 0.01, 'USD',
    strftime('%Y-%m-%dT%H:%M:%fZ', 1767225600 + i, 'unixepoch'), '{"commandName":"work","action":"act","attempt":' || i % 3 || '}' FROM n`
const FILL = `INSERT INTO rows WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
  SELECT i, 'name ' || i, i / 7.0, i % 13, 'a longer text in each row' FROM n`

/** One agent call, as the library takes it and as the TypeScript packages insert it. */
function usage(index) {
  const metadata = { commandName: 'work', action: 'act', attempt: index % 3 }
  const record = {
    agentId: 'claude', modelName: 'opus', commandName: 'work', action: 'act', tokensPrompt: 1000 + index,
    tokensCompletion: 100, tokensTotal: 1100 + index, costEstimate: 0.01, currency: 'USD',
    timestamp: new Date(1767225600000 + index).toISOString(), metadata,
  }
  return record
}

const values = (index) => {
  const { timestamp, metadata, ...record } = usage(index)
  const id = crypto.randomUUID()
  return [id, 'bench', ...Object.values(record), timestamp, JSON.stringify(metadata)]
}

async function connected(open, filename) {
  const database = await open(filename)
  for (const pragma of PRAGMAS) await database.exec(`PRAGMA ${pragma}`)
  return database
}

const openOwn = (filename) => library('@mcoda/native/sqlite').open({ filename })
const openNpm = (filename) => npm('sqlite').open({ filename, driver: npm('sqlite3').Database })

/** better-sqlite3 with the same names. */
function openBetter(filename) {
  const database = new (npm('better-sqlite3'))(filename)
  const prepared = new Map()
  const statement = (sql) => prepared.get(sql) ?? prepared.set(sql, database.prepare(sql)).get(sql)
  return {
    exec: (sql) => database.exec(sql),
    run: (sql, ...params) => statement(sql).run(...params),
    get: (sql, ...params) => statement(sql).get(...params),
    all: (sql, ...params) => statement(sql).all(...params),
    close: () => database.close(),
  }
}

const insertOneByOne = async (database) => {
  for (let index = 0; index < SINGLE; index += 1) await database.run(INSERT, ...values(index))
}
const insertBatch = async (database) => {
  await database.exec('BEGIN IMMEDIATE')
  for (let index = 0; index < BATCH; index += 1) await database.run(INSERT, ...values(index))
  await database.exec('COMMIT')
}
const getOneByOne = async (database) => {
  for (let index = 0; index < SINGLE; index += 1) await database.get('SELECT * FROM rows WHERE id = ?', index + 1)
}
const runOneByOne = async (database) => {
  for (let index = 0; index < SINGLE; index += 1) await database.run('UPDATE rows SET a = ? WHERE id = ?', index, index + 1)
}
const allRows = async (database) => {
  if ((await database.all('SELECT * FROM rows')).length !== ROWS) throw new Error('rows are missing')
}
const allUsage = async (database) => {
  if ((await database.all('SELECT * FROM token_usage ORDER BY timestamp')).length !== ROWS) throw new Error('rows are missing')
}
const tokenUsage = async (workspace) => {
  if ((await workspace.tokenUsage({})).length !== ROWS) throw new Error('rows are missing')
}
const queryUsage = async (workspace) => {
  if ((await workspace.query('SELECT * FROM token_usage ORDER BY timestamp')).length !== ROWS) throw new Error('rows are missing')
}
/** A file with the usage of many calls, opened by `open`. */
const withUsage = (open, work) => async (filename) => {
  const filling = await openOwn(filename)
  await filling.exec(FILL_USAGE)
  await filling.close()
  return [await open(filename), work]
}
const insertedBy = (open) => async (filename) => [await connected(open, filename), insertOneByOne]
const rawBy = (work) => (open) => async (filename) => {
  const database = await connected(open, filename)
  await database.exec('CREATE TABLE rows (id INTEGER PRIMARY KEY, name TEXT, share REAL, a INTEGER, text TEXT)')
  await database.exec(FILL)
  return [database, work]
}
const batchBy = (open) => async (filename) => [await connected(open, filename), insertBatch]

const recordOneByOne = async (workspace) => {
  for (let index = 0; index < SINGLE; index += 1) await workspace.recordTokenUsage(usage(index))
}
const recordBatch = (workspace) => workspace.recordTokenUsages(Array.from({ length: BATCH }, (_, index) => usage(index)))
const recording = (work, options) => async (filename) => {
  const { Workspace } = library('@mcoda/native')
  return [await Workspace.openDb(filename, { workspaceId: 'bench', ...options?.(filename) }), work]
}
const recordingOver = async (filename) => {
  const { Workspace } = library('@mcoda/native')
  return [await Workspace.over(await connected(openOwn, filename), { workspaceId: 'bench' }), recordOneByOne]
}

/** Opens the file many times, and leaves all handles open until the end. */
const opening = (open) => async (filename) => {
  const handles = []
  const close = async () => {
    for (const handle of handles) await handle.close()
  }
  const work = async () => {
    for (let handle = 0; handle < HANDLES; handle += 1) handles.push(await open(filename))
  }
  return [{ close }, work]
}

/** Creates a workspace in many files, one after the other. */
const creating = (create) => async (filename) => {
  const work = async () => {
    for (let file = 0; file < FILES; file += 1) await (await create(`${filename}.${file}`)).close()
  }
  return [{ close: () => undefined }, work]
}
const openWorkspace = (filename) => library('@mcoda/native').Workspace.openDb(filename, { workspaceId: 'bench', queryBytes: 2 ** 31 })
const openedBy = (open) => opening((filename) => connected(open, filename))
/** The TypeScript packages create each table by a statement of its own. */
const createdBy = (open) => async (filename) => {
  const workspace = await openWorkspace(filename)
  const schema = await workspace.query("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite%'")
  await workspace.close()
  const create = async (file) => {
    const database = await connected(open, file)
    for (const { sql } of schema) await database.exec(sql)
    return database
  }
  return creating(create)(filename)
}

const rivals = (by) => ({ sqlite3: by(openNpm), 'better-sqlite3': by(openBetter) })
const get = rawBy(getOneByOne)
const run = rawBy(runOneByOne)
const all = rawBy(allRows)
const usageBy = (open) => withUsage((filename) => connected(open, filename), allUsage)
const withLog = (filename) => ({ jsonLog: join(filename, '..') })

/**
 * Each figure: how often it is done, by whom, and how many times faster than `sqlite3` the library is meant to be, where that is a
 * goal. What is done once is watched for the pauses of the event loop, too.
 */
const FIGURES = {
  'open, without a call': { times: HANDLES, goal: 1, ways: { library: opening(openWorkspace), ...rivals(openedBy) } },
  'open of @mcoda/native/sqlite': { times: HANDLES, goal: 1, ways: { library: opening(openOwn), ...rivals(openedBy) } },
  'create a workspace': { times: FILES, goal: 3, ways: { library: creating(openWorkspace), ...rivals(createdBy) } },
  'record, one by one': { times: SINGLE, goal: 3, ways: { library: recording(recordOneByOne), ...rivals(insertedBy) } },
  'record, over an open database': { times: SINGLE, goal: 1, ways: { library: recordingOver, ...rivals(insertedBy) } },
  'record, with the JSON log': { times: SINGLE, goal: 1, ways: { library: recording(recordOneByOne, withLog), ...rivals(insertedBy) } },
  [`record, ${BATCH} at once`]: { times: BATCH, goal: 3, ways: { library: recording(recordBatch), ...rivals(batchBy) } },
  'get, one by one': { times: SINGLE, goal: 1.5, ways: { library: get(openOwn), ...rivals(get) } },
  'run, one by one': { times: SINGLE, goal: 1, ways: { library: run(openOwn), ...rivals(run) } },
  [`all, ${ROWS} rows`]: { times: 1, goal: 1, ways: { library: all(openOwn), ...rivals(all) } },
  // The rivals only read the rows: they complete and parse nothing.
  [`tokenUsage, ${ROWS} rows`]: { times: 1, ways: { library: withUsage(openWorkspace, tokenUsage), ...rivals(usageBy) } },
  [`query, ${ROWS} rows`]: { times: 1, ways: { library: withUsage(openWorkspace, queryUsage), ...rivals(usageBy) } },
}

/** How long the event loop was held at the most, in milliseconds. */
function pauses() {
  let longest = 0
  let last = performance.now()
  let timer
  const turn = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
    timer = setImmediate(turn)
  }
  turn()
  return () => {
    clearImmediate(timer)
    return Math.max(longest, performance.now() - last)
  }
}

async function measure(figure, way) {
  const folder = mkdtempSync(join(tmpdir(), 'mcoda-bench-'))
  try {
    const filename = join(folder, 'mcoda.db')
    // All of them insert into the same table.
    const { Workspace } = library('@mcoda/native')
    await (await Workspace.openDb(filename)).close()
    const [database, work] = await FIGURES[figure].ways[way](filename)
    const watched = FIGURES[figure].times === 1 ? pauses() : () => 0
    const [start, before] = [performance.now(), process.cpuUsage()]
    await work(database)
    const millis = performance.now() - start
    const { user, system } = process.cpuUsage(before)
    console.log(JSON.stringify({ millis, processor: (user + system) / 1000, pause: watched() }))
    await database.close()
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function inOwnProcess(figure, way) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [OWN, figure, way], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${figure} by ${way}: ${stderr}`)
  return JSON.parse(stdout)
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]

function compare() {
  for (const [figure, { times, goal, ways }] of Object.entries(FIGURES)) {
    const runs = Object.fromEntries(Object.keys(ways).map((way) => [way, []]))
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const way of Object.keys(ways)) runs[way].push(inOwnProcess(figure, way))
    }
    const medians = (what) => Object.fromEntries(Object.keys(ways).map((way) => [way, median(runs[way].map((run) => run[what]))]))
    const [millis, processor] = [medians('millis'), medians('processor')]
    const ratio = (of) => (of.sqlite3 / of.library).toFixed(2)
    console.log(`${figure}: ${ratio(millis)} times as fast as sqlite3${goal ? ` (goal ${goal})` : ''}; by processor time ${ratio(processor)} times`)
    for (const way of Object.keys(ways)) {
      const each = times === 1 ? `${millis[way].toFixed(0)} ms` : `${((millis[way] / times) * 1000).toFixed(1)} us each`
      const cpu = times === 1 ? `${processor[way].toFixed(0)} ms` : `${((processor[way] / times) * 1000).toFixed(1)} us`
      const longest = median(runs[way].map((run) => run.pause)).toFixed(1)
      const pause = times === 1 ? `, longest pause ${longest} ms${way === 'library' ? ` (goal ${PAUSE} ms)` : ''}` : ''
      console.log(`  ${way.padEnd(16)} ${each}, processor ${cpu}${pause}`)
    }
  }
}

const [figure, way] = process.argv.slice(2)
await (figure ? measure(figure, way) : compare())
