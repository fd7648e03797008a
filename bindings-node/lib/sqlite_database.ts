import { setImmediate as macrotask } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { SqlDatabase } from './binary'
import { INSPECT } from './internals'
import { dispatcher, isIdle, send, type SqlReply } from './sqlite_dispatcher'
import { sqliteError } from './sqlite_errors'
import type { OpenConfig, RunResult, SqlTemplate } from './sqlite_types'
import { decode, encode, type Encoded } from './sqlite_values'

/** The native parts of open databases. */
const natives = new WeakMap<object, SqlDatabase>()

/** Opens a database with SQLite's defaults: no PRAGMA is set, and foreign keys are off. */
export async function open<Driver = any, Stmt = any>(config: OpenConfig): Promise<Database<Driver, Stmt>> {
  const database = new Database<Driver, Stmt>(config)
  await database.open()
  return database
}

/**
 * One connection to a database, with the semantics of npm's `sqlite`. Calls run in the order in which they are made, on a
 * thread of the database. A transaction that `BEGIN` opens stays open until `COMMIT` or `ROLLBACK`.
 *
 * Parameters are passed one by one, in one array, or in one object of names. Missing ones are NULL.
 */
export class Database<_Driver = any, _Stmt = any> {
  /** The options that were passed to `open`. */
  readonly config: OpenConfig

  constructor(config: OpenConfig) {
    this.config = config
  }

  /** Opens the database. The function `open` has done so already. */
  async open(): Promise<void> {
    if (natives.has(this)) throw sqliteError('SQLITE_MISUSE', 21, 'Database is already open')
    const { file, writes, creates, exact } = opening(this.config)
    let opened: SqlDatabase
    const reply = await send((call) => (opened = dispatcher.open(call, file, writes, creates, exact)))
    rowsOf(reply)
    natives.set(this, opened!)
  }

  /** Runs all statements, up to the first one that fails. The effects of those before it remain. */
  async exec(sql: string | SqlTemplate): Promise<void> {
    const text = textOf(sql)
    const native = nativeOf(this)
    rowsOf(await send((call) => native.exec(call, text)))
  }

  /** Runs the first statement. */
  async run(sql: string | SqlTemplate, ...params: any[]): Promise<RunResult> {
    const { text, encoded } = statement(sql, params)
    const native = nativeOf(this)
    return rowsOf(await send((call) => native.run(call, text, encoded.params, encoded.blobs)))[0]
  }

  /** The first row of the first statement, or `undefined`. */
  async get<T = any>(sql: string | SqlTemplate, ...params: any[]): Promise<T | undefined> {
    const { text, encoded } = statement(sql, params)
    const native = nativeOf(this)
    const now = isIdle() && !encoded.blobs ? native.getNow(text, encoded.params) : null
    return rowsOf(now ?? (await send((call) => native.get(call, text, encoded.params, encoded.blobs))))[0]
  }

  /** All rows of the first statement. Large results arrive in chunks, between which the event loop turns. */
  async all<T = any[]>(sql: string | SqlTemplate, ...params: any[]): Promise<T> {
    const result = await select(this, sql, params, false)
    if (!result.rest) return result.rows as T
    const rows: any[] = []
    for await (const chunk of chunks(result)) {
      for (const row of chunk) rows.push(row)
    }
    return rows as T
  }

  /**
   * Calls the last argument with `(null, row)` for each row of the first statement, and resolves to the number of rows.
   * Calls made in the meantime run after the statement. If the callback throws, this rejects with the same error.
   */
  async each<T = any>(sql: string | SqlTemplate, ...rest: [...any[], (error: Error | null, row: T) => void]): Promise<number> {
    const callback = rest.pop()
    if (typeof callback !== 'function') {
      throw new Error('sqlite: Last param of Database#each() must be a callback function')
    }
    const result = await select(this, sql, rest, false)
    let count = 0
    for await (const chunk of chunks(result)) {
      for (const row of chunk) callback(null, row)
      count += chunk.length
    }
    return count
  }

  /**
   * The rows of the first statement one by one, in memory that does not depend on their number. The first `next` runs the
   * statement. Other calls may be made during the iteration and do not change its rows: the remaining ones are then
   * kept in memory, and beyond 8 MiB in a temporary file. Closing the database ends the iteration with an error.
   */
  async *iterate<T = any>(sql: string | SqlTemplate, ...params: any[]): AsyncGenerator<T, void, undefined> {
    for await (const chunk of chunks(await select(this, sql, params, true))) yield* chunk
  }

  /** Sets `busyTimeout`, in milliseconds. Default: 1000. */
  configure(option: 'busyTimeout', value: number): void {
    if (option !== 'busyTimeout') throw new TypeError(`${String(option)} is not a valid configuration option`)
    if (!Number.isInteger(value) || value < 0 || value > 0x7fffffff) throw new TypeError('Value must be an integer')
    const native = nativeOf(this)
    // It fails only if the database is closed, as later calls will.
    void send((call) => native.setBusyTimeout(call, value))
  }

  /**
   * Ends the running call, of this database or of a workspace over it: it fails with `SQLITE_INTERRUPT`, or with the kind
   * `Cancelled`. Calls that wait for their turn are not affected. As with the method of npm's `sqlite3`, a statement that
   * writes is rolled back, and with it the open transaction.
   */
  interrupt(): void {
    nativeOf(this).interrupt()
  }

  /**
   * Closes the database after the calls that were made before. When it resolves, the files are closed, and the database
   * writes nothing more.
   */
  async close(): Promise<void> {
    const native = nativeOf(this)
    rowsOf(await send((call) => native.close(call)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** @internal */
  [INSPECT](): string {
    const state = natives.has(this) ? '' : ', not open'
    return `Database { filename: ${JSON.stringify(String(this.config?.filename))}${state} }`
  }
}

/** @internal */
export function nativeOf(database: unknown): SqlDatabase {
  const native = natives.get(database as object)
  if (!native) throw sqliteError('SQLITE_MISUSE', 21, 'Database is not open')
  return native
}

/** Whether the value is a `Database` that was opened. */
export function isDatabase(value: unknown): value is Database {
  return typeof value === 'object' && value !== null && natives.has(value)
}

/** The first rows of a statement, and how to get the others, if any. */
interface Result {
  rows: any[]
  rest: { native: SqlDatabase; of: number } | undefined
}

async function select(
  database: Database,
  sql: string | SqlTemplate,
  params: readonly unknown[],
  yields: boolean,
): Promise<Result> {
  const { text, encoded } = statement(sql, params)
  const native = nativeOf(database)
  let of: number
  const reply = await send((call) => native.rows((of = call), text, encoded.params, encoded.blobs, yields))
  return { rows: rowsOf(reply), rest: reply.beside?.more ? { native, of: of! } : undefined }
}

/** All rows of a result, chunk by chunk, with a turn of the event loop between two of them. */
async function* chunks({ rows, rest }: Result): AsyncGenerator<any[], void, undefined> {
  if (!rest) return yield rows
  const { native, of } = rest
  const ask = () => send((call) => native.more(call, of))
  try {
    // The thread prepares the next chunk while this one is read.
    let next: Promise<SqlReply> | undefined = ask()
    yield rows
    while (next) {
      await macrotask()
      const reply: SqlReply = await next
      next = reply.beside?.more ? ask() : undefined
      yield rowsOf(reply)
    }
  } finally {
    native.stop(of)
  }
}

/** The arguments of the native part. */
function opening({ filename, mode, largeIntegers }: OpenConfig) {
  if (filename === null || filename === undefined) throw new Error('sqlite: filename cannot be null / undefined')
  const file = filename instanceof URL ? fileURLToPath(filename) : filename
  if (typeof file !== 'string') throw new TypeError(`filename: got a value of type ${typeof file}; expected text`)
  const large = largeIntegers ?? 'error'
  if (large !== 'error' && large !== 'bigint') {
    throw new TypeError(`largeIntegers: got ${JSON.stringify(large)}; expected 'error' or 'bigint'`)
  }
  // npm's package treats 0 as the default, too.
  const flags = mode || READ_WRITE | CREATE
  const access = flags & ~IGNORED
  if (![READ_ONLY, READ_WRITE, READ_WRITE | CREATE].includes(access)) {
    const allowed = 'OPEN_READONLY, OPEN_READWRITE, or OPEN_READWRITE | OPEN_CREATE'
    throw new TypeError(`mode: got ${String(mode)}; expected ${allowed}`)
  }
  return { file, writes: access !== READ_ONLY, creates: (access & CREATE) !== 0, exact: large === 'bigint' }
}

const READ_ONLY = 1
const READ_WRITE = 2
const CREATE = 4
/** OPEN_FULLMUTEX and OPEN_PRIVATECACHE, which apply to every database here. */
const IGNORED = 0x10000 | 0x40000

/** The rows of a reply. An error is created here, in an async function, so that its stack contains the awaiting caller. */
function rowsOf({ json, beside, failure }: SqlReply): any[] {
  if (failure) throw sqliteError(failure.code, failure.errno, failure.text)
  return decode(json, beside)
}

function statement(sql: string | SqlTemplate, params: readonly unknown[]): { text: string; encoded: Encoded } {
  const text = textOf(sql)
  if (typeof sql === 'string') return { text, encoded: encode(params) }
  return { text, encoded: encode(sql.values === undefined ? [] : [sql.values]) }
}

function textOf(sql: string | SqlTemplate): string {
  const text = typeof sql === 'string' ? sql : sql?.sql
  if (typeof text !== 'string') throw new TypeError(`sql: got a value of type ${typeof text}; expected text`)
  return text
}
