// A consumer in TypeScript, as an ES module. It is compiled, never run.
import sqlite3, { open, type Database } from '@mcoda/native/sqlite'
import {
  Global,
  McodaError,
  Workspace,
  extractUsage,
  extractUsages,
  renderJobTokens,
  renderTokensTable,
  type AsStored,
  type Complete,
  type Estimate,
  type ExtractedUsage,
  type ImportSummary,
  type JobInspection,
  type Recorded,
  type RecordedResponse,
  type StatusEvent,
  type Task,
  type TelemetryConfig,
  type TokenUsageRow,
  type TokenUsageSummaryRow,
  type Transition,
  type Velocity,
  type WorkspaceTransaction,
} from '@mcoda/native'
import { McodaError as ErrorOfClient, TelemetryClient } from '@mcoda/native/client'

export async function everyKindOfCall(signal: AbortSignal): Promise<void> {
  const workspace: Workspace = await Workspace.open('.', { workspaceId: 'shop', jsonLog: false }, { signal })
  const { id, databasePath }: { id: string; databasePath: string } = workspace
  const recorded: Recorded = await workspace.recordTokenUsage({ tokensPrompt: 3n, startedAt: new Date() }, { signal })
  const [one, spent]: [Recorded, TokenUsageSummaryRow[]] = await workspace.transaction(
    async (tx) => [await tx.recordTokenUsage({ taskId: tx.id }), await tx.tokenUsageSummary()],
    { signal, limitMs: 500 },
  )
  const results: unknown[] = await workspace.batch([{ call: 'tokenUsage', args: [spent] }], { signal })
  results.push(one)
  // @ts-expect-error A transaction is not a handle.
  await workspace.transaction((tx) => tx.close())
  const many: Recorded[] = await workspace.recordTokenUsages(new Set([{ agentId: id, metadata: { a: [1, null] } }]))
  const move: Transition = await workspace.recordStatusTransition('T1', 'in_progress', {
    expectedFrom: 'not_started',
  })
  const events: StatusEvent[] = await workspace.statusEvents({ since: '7d', until: new Date() })
  const rows: TokenUsageRow[] = await workspace.tokenUsage({ command: 'work-on-tasks' })
  const sums: TokenUsageSummaryRow[] = await workspace.tokenUsageSummary({ groupBy: ['day', 'agent'] })
  const query = { jobId: 'j', timeZone: 'Europe/Berlin' }
  const streams: Uint8Array[] = [await workspace.arrow('tokenUsage', query, { signal }), await workspace.arrow('tasks.list')]
  streams.push(await workspace.arrow('query', 'SELECT ?', [1n]))
  const stored: AsStored<Task> | null = await workspace.tasks.get('T1')
  const noted: string[] = Object.keys(stored?.metadata ?? {})
  // @ts-expect-error it may be null
  stored.metadata.a
  results.push(noted, stored?.title.length)
  // @ts-expect-error It returns no rows.
  await workspace.arrow('estimate')
  // @ts-expect-error The arguments are those of the method.
  await workspace.arrow('tokenUsage', { task: 7 })
  for await (const row of workspace.iterateTokenUsage(query, { signal })) rows.push(row)
  const tables: string = renderTokensTable(sums, ['day', 'agent']) + renderJobTokens(rows)
  const body: { usage: { prompt_tokens: number } } = { usage: { prompt_tokens: 3 } }
  const extracted: ExtractedUsage = extractUsage(body, 'openai')
  await workspace.recordTokenUsages([{ ...extracted, taskId: 't' }, ...extractUsages('{}')])
  const response: RecordedResponse = await workspace.recordAgentResponse(body, { computeCost: true }, { signal })
  const imported: ImportSummary = await workspace.recordAgentFile('run.jsonl', { asDeltas: true, agentId: 'a' })
  const inspected: JobInspection = await workspace.inspectJob('j')
  const settings: TelemetryConfig = await workspace.optOut(true, { signal })
  const velocity: Velocity = await workspace.velocity({ mode: 'mixed' }, { signal })
  const estimate: Complete<Estimate> = await workspace.estimate()
  const eta: string | null = estimate.etas.completeEta
  const day: string | null | undefined = sums[0]?.day
  const named = await workspace.query<{ n: number }>('SELECT count(*) AS n FROM tasks WHERE key = :key', {
    key: 'T1',
  })
  const n: number | undefined = named[0]?.n
  const [cell] = await workspace.query('SELECT ?', [1n, Buffer.alloc(1), new Uint8Array(1), null, true])
  if (cell && Buffer.isBuffer(cell['a'])) cell['a'].toString('hex')
  const task = await workspace.tasks.get('T1')
  const points: number | null = task?.storyPoints ?? null
  await workspace.tasks.createMany([{ userStoryId: 's', key: 'k', title: 't' }])
  await workspace.jobs.finish('j', 'failed', 'why', { signal })
  await workspace.taskRuns.finish('r', 'succeeded', new Date())
  await using global = await Global.openDb(databasePath)
  await global.backupTo('copy.db')
  try {
    await workspace.close()
  } catch (error) {
    if (error instanceof McodaError && error.kind === 'Busy' && error.code === 'MCODA_BUSY') error.field?.length
  }
  void [recorded, many, move, events, rows, velocity, eta, day, n, points]
  void [tables, response.records[0]?.updated, imported.skipped.notJson, settings.endpoint]
  void inspected.taskRuns[0]?.taskKey
}

export async function pathsAreTextsOrUrlsAndOptionalArgumentsMayBeNull(): Promise<void> {
  const workspace = await Workspace.open(new URL('file:///w'), { jsonLog: new URL('file:///log') }, null)
  const { recordTokenUsage, transaction, tasks } = workspace
  await recordTokenUsage({ agentId: null }, null)
  await transaction(async (tx: WorkspaceTransaction) => (await tx.tasks.list(null)).length, null)
  await Promise.all([workspace.tokenUsage(null), workspace.estimate(null, null), tasks.list(null, null)])
  await Promise.all([workspace.recordAgentFile(new URL('file:///a'), null), workspace.backupTo(new URL('file:///b'))])
  // What tests put in the place of a handle is checked by its shape.
  const fake: Pick<Workspace, 'recordTokenUsage'> = { recordTokenUsage }
  const global: Global = await Global.openDb(new URL('file:///g'), null)
  // @ts-expect-error a statement is required
  await global.query(null)
  void fake
}

export async function aServerHasTheCallsOfAWorkspace(client: TelemetryClient, workspace: Workspace): Promise<void> {
  const results = async (remote: boolean): Promise<[TokenUsageSummaryRow[], Estimate]> => {
    const query = { projectKey: 'P', groupBy: ['day', 'agent'], since: new Date() } as const
    if (!remote) return [await workspace.tokenUsageSummary(query), await workspace.estimate()]
    const workspaceId = workspace.id
    return [await client.tokenUsageSummary({ workspaceId, ...query }), await client.estimate({ workspaceId })]
  }
  const [, estimate] = await results(true)
  const aging: number | undefined = estimate.wip?.qa.aging
  const { optOut } = await client.optOut({ workspaceId: 'w', strict: true }, { signal: AbortSignal.timeout(1) })
  const error: unknown = new Error('why')
  if (error instanceof ErrorOfClient && error instanceof McodaError) error.kind.length
  new TelemetryClient({ baseUrl: new URL('https://example.org'), authToken: undefined, fetch: globalThis.fetch })
  void [aging, optOut]
}

export async function whatTheTypesRefuse(
  workspace: Workspace,
  global: Global,
  client: TelemetryClient,
): Promise<void> {
  // @ts-expect-error a misspelt field
  await workspace.recordTokenUsage({ tokenPrompt: 1 })
  // @ts-expect-error text is no count
  await workspace.recordTokenUsage({ tokensPrompt: '1' })
  // @ts-expect-error a function is no JSON
  await workspace.recordTokenUsage({ metadata: { a: () => 1 } })
  // @ts-expect-error an unknown dimension
  await workspace.tokenUsageSummary({ groupBy: ['moon'] })
  // @ts-expect-error rows of calls are no sums
  renderTokensTable(await workspace.tokenUsage())
  // @ts-expect-error a misspelt field
  await workspace.recordAgentResponse('{}', { computeCosts: true })
  // @ts-expect-error rows come one by one
  for (const row of workspace.iterateTokenUsage()) void row
  // @ts-expect-error the global database has no jobs
  await global.inspectJob('j')
  // @ts-expect-error an unknown mode
  await workspace.velocity({ mode: 'guess' })
  // @ts-expect-error a required field is missing
  await workspace.tasks.create({ key: 'k', title: 't' })
  // @ts-expect-error an unknown option of a call
  await workspace.estimate({}, { abort: true })
  // @ts-expect-error a parameter of a query is a value
  await workspace.query('SELECT ?', [undefined])
  // @ts-expect-error the global database has no backlog
  await global.estimate()
  // @ts-expect-error the global database has no backlog
  await global.arrow('tasks.list')
  // @ts-expect-error a request is about a workspace
  await client.estimate({})
  // @ts-expect-error an older server may lack it
  ;(await client.estimate({ workspaceId: 'w' })).wip.qa
  // @ts-expect-error the contract has no such parameter
  await client.tokenUsage({ workspaceId: 'w', includeRowsWithoutCommand: true })
  // @ts-expect-error a server is somewhere
  new TelemetryClient({ authToken: 't' })
  // @ts-expect-error handles are opened
  new Workspace()
  // @ts-expect-error errors are the package's
  new McodaError()
  // @ts-expect-error a handle's id is its own
  workspace.id = 'other'
}

/** As the TypeScript packages use npm's `sqlite` and `sqlite3`. */
export async function sql(): Promise<number> {
  const database: Database = await open({ filename: ':memory:', driver: sqlite3.Database })
  const typed: Database<typeof sqlite3.Database, unknown> = database
  await database.exec('PRAGMA foreign_keys = ON')
  const { changes, lastID } = await database.run('UPDATE t SET a = ?', 1)
  const row = await database.get<{ a: number }>('SELECT a FROM t WHERE b IN (?, ?)', ['x', undefined])
  const anything = await database.get('SELECT 1')
  const rows = await database.all<{ a: number }[]>('SELECT a FROM t', 1, null)
  for await (const { a } of typed.iterate<{ a: number }>('SELECT a FROM t')) rows.push({ a })
  const count = await database.each<{ a: number }>('SELECT a FROM t', 1, (_error, { a }) => rows.push({ a }))
  const workspace = await Workspace.over(database, { workspaceId: 'w' })
  await workspace.close()
  // @ts-expect-error a row may be missing
  row.a
  // @ts-expect-error a file has a name
  await open({ driver: sqlite3.Database })
  // @ts-expect-error a workspace is over an open database
  await Workspace.over({ filename: 'x' })
  await database.close()
  return changes + lastID + count + (row?.a ?? 0) + anything.b + rows.length
}
