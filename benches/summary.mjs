// The cost of one summary of half a million agent calls in a Node program: `node benches/summary.mjs`, after
// `npm run build` in bindings-node and `npm ci` in tests/node-hammer, which has the `sqlite3` addon.
//
// Three ways, each in processes of its own, in turns: tokenUsageSummary of @mcoda/native; SQLite's own GROUP BY through
// the `sqlite3` addon; and all rows through the same addon into arrays, which are then grouped in JavaScript, as a
// program does that has no engine. Prints medians, and the most memory that was ever resident above an idle process.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROWS = 500_000
const ROUNDS = 5
const COLUMNS = ['project_id', 'command_name', 'agent_id']
const SUMS = ['tokens_prompt', 'tokens_completion', 'tokens_total', 'tokens_cached', 'duration_ms', 'cost_estimate']
const require = createRequire(import.meta.url)
const OWN = fileURLToPath(import.meta.url)

const open = () => require('../bindings-node')

function addon(file) {
  const sqlite3 = require('../tests/node-hammer/node_modules/sqlite3')
  const database = new sqlite3.Database(file)
  const run = (method, sql) =>
    new Promise((resolve, reject) => {
      database[method](sql, (error, rows) => (error ? reject(error) : resolve(rows)))
    })
  return { all: (sql) => run('all', sql), exec: (sql) => run('exec', sql) }
}

const WAYS = {
  async library(file) {
    const { Workspace } = open()
    const workspace = await Workspace.openDb(file, { workspaceId: 'bench' })
    const query = { since: '2000-01-01', groupBy: ['project', 'command', 'agent'] }
    return async () => (await workspace.tokenUsageSummary(query)).length
  },
  async groupBy(file) {
    const database = addon(file)
    const sums = SUMS.map((name) => `sum(${name})`).join(', ')
    const columns = COLUMNS.join(', ')
    const sql = `SELECT ${columns}, count(*), ${sums} FROM token_usage WHERE workspace_id = 'bench' GROUP BY ${columns}`
    return async () => (await database.all(sql)).length
  },
  async inMemory(file) {
    const database = addon(file)
    return async () => {
      const groups = new Map()
      for (const row of await database.all("SELECT * FROM token_usage WHERE workspace_id = 'bench'")) {
        const metadata = row.metadata_json ? JSON.parse(row.metadata_json) : {}
        const command = row.command_name ?? metadata.commandName ?? null
        const key = JSON.stringify([row.project_id, command, row.agent_id])
        const group = groups.get(key) ?? { calls: 0, ...Object.fromEntries(SUMS.map((name) => [name, 0])) }
        groups.set(key, group)
        group.calls += 1
        for (const name of SUMS) group[name] += row[name] ?? 0
      }
      return groups.size
    }
  },
}

/** Every fourth row is an older one, whose command stands in its metadata. */
async function fill(file) {
  const { Workspace } = open()
  await (await Workspace.openDb(file, { workspaceId: 'bench' })).close()
  await addon(file).exec(`
    PRAGMA foreign_keys = OFF; PRAGMA synchronous = OFF; BEGIN;
    WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS} - 1)
    INSERT INTO token_usage (id, workspace_id, agent_id, model_name, task_id, project_id, command_name, action,
        tokens_prompt, tokens_completion, tokens_total, tokens_cached, cost_estimate, currency, duration_ms, timestamp,
        metadata_json)
    SELECT printf('%08x-0000-7000-8000-%012x', i, i), 'bench', 'agent-' || (i % 5), 'model-' || (i % 3),
        'task-' || (i % 20000), 'project-' || (i % 2), CASE WHEN i % 4 THEN 'command-' || (i % 7) END,
        CASE WHEN i % 4 THEN 'act' END, 1000 + i % 977, i % 311, 1000 + i % 977 + i % 311, i % 500, (i % 1000) / 7000.0,
        'USD', 500 + i % 9000, strftime('%Y-%m-%dT%H:%M:%fZ', 1767225610 + i * 30, 'unixepoch'),
        json_object('commandName', 'command-' || (i % 7), 'action', 'act', 'attempt', i % 3)
    FROM n; COMMIT;`)
}

/** The most MiB that this process ever had resident (Linux). */
const peak = () => Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024

async function measure(way, file) {
  const run_query = await WAYS[way](file)
  const before = peak()
  const start = performance.now()
  const groups = await run_query()
  console.log(JSON.stringify({ groups, seconds: (performance.now() - start) / 1000, mebibytes: peak() - before }))
}

function inOwnProcess(way, file) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [OWN, way, file], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${way}: ${stderr}`)
  return JSON.parse(stdout)
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]

async function compare() {
  const folder = mkdtempSync(join(tmpdir(), 'mcoda-summary-'))
  try {
    const file = join(folder, 'mcoda.db')
    await fill(file)
    const runs = Object.fromEntries(Object.keys(WAYS).map((way) => [way, []]))
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const way of Object.keys(WAYS)) runs[way].push(inOwnProcess(way, file))
    }
    const of = (way, what) => median(runs[way].map((run) => run[what]))
    for (const way of Object.keys(WAYS)) {
      const seconds = of(way, 'seconds')
      const ratio = seconds / of('library', 'seconds')
      console.log(
        `${way.padEnd(10)} ${seconds.toFixed(2)} s, ${ratio.toFixed(2)} times the library's; ` +
          `${of(way, 'mebibytes').toFixed(1)} MiB above idle; ${of(way, 'groups')} groups`,
      )
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const [way, file] = process.argv.slice(2)
await (way ? measure(way, file) : compare())
