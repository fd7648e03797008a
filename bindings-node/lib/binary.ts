// Generated from src by `npm run build`: do not edit.
/** Sends the replies to the calls of all handles to one JavaScript environment. */
export declare class Dispatcher {
  /**
   * `settle` receives the number of each call with either its result as JSON or its error. Of a large result it receives
   * the first piece, and the others as `rest`. If a result is empty because the database has rows of other workspaces
   * only, it receives their ids. Instead of JSON, a call of [`Handle::arrow`] has an Arrow IPC stream.
   */
  constructor(settle: (call: number, json: string | null, failure: Failure | null, rest: Pieces | null, otherWorkspaceIds: string[] | null, arrow: Uint8Array | null) => void)
  /** Keeps the process alive for pending replies. */
  ref(): void
  /** Lets the process end. */
  unref(): void
  /**
   * Starts to open a handle, as the call with this number: `name` identifies what is opened and how, `json` is the array
   * of its path and options. Calls may be made once that has succeeded.
   */
  open(call: number, name: string, json: string): Handle
  /**
   * Begins to open a workspace in a database of the host, as the call with this number. Its calls run on the connection
   * of that database, in order with the database's own. `json` is the array of the options.
   */
  over(call: number, database: SqlDatabase, json: string): Handle
  /**
   * Makes a call that needs no database on a thread of its own, as the call with this number. The handle is there to
   * give it up.
   */
  work(call: number, name: string, json: string): Handle
}

/** One open database. Its calls run one after the other, on a thread that it has while there are calls. */
export declare class Handle {
  /** Queues the call with this number: `name` identifies it, `json` is the array of its arguments. */
  call(call: number, name: string, json: string): void
  /**
   * Makes a call whose result is short on this thread, if that takes no time worth mentioning: nobody else has the database,
   * and no call is pending. Returns null, and has changed nothing, if the call must be queued instead.
   */
  callNow(name: string, json: string): Computed | null
  /** Queues the call with this number, which returns rows: its reply is an Arrow IPC stream. */
  arrow(call: number, name: string, json: string): void
  /**
   * Queues beginning a transaction, as the call with this number, with a time limit in milliseconds or the
   * engine's default. Calls of the transaction may be made once that has succeeded. They have a queue of their own:
   * calls of this handle wait for the transaction, and its calls must not wait behind them.
   */
  begin(call: number, limitMs?: number | undefined | null): Handle
  /**
   * Queues a query of token usage, whose rows are fetched a chunk at a time, as the call with this number: `json` is the
   * array of the query.
   */
  tokenUsage(call: number, json: string): Rows
  /**
   * Cancels the call with this number. Returns true where no reply follows: the call had not started, or was
   * opening the handle. Any other running call is requested to stop, and replies.
   */
  cancel(call: number): boolean
}

/** The pieces of a result behind its first one. */
export declare class Pieces {
  /** The next piece, or null at the end. */
  next(): string | null
}

/** Rows of token usage, fetched on demand. Between chunks the handle is free for other calls. */
export declare class Rows {
  /** Queues fetching the next rows as the call with this number. An empty result is the end. */
  next(call: number): void
  /** Frees the memory, unless a call is running; garbage collection does it then. */
  close(): void
}

/** One database. Its calls run in the order in which they are made, on a thread that it has while there are calls. */
export declare class SqlDatabase {
  /** Queues running all statements, as the call with this number. */
  exec(call: number, sql: string): void
  /** Queues running the first statement. The reply is a row with `lastID` and `changes`. */
  run(call: number, sql: string, params?: string | undefined | null, blobs?: Array<Uint8Array> | undefined | null): void
  /** Queues running the first statement up to its first row. */
  get(call: number, sql: string, params?: string | undefined | null, blobs?: Array<Uint8Array> | undefined | null): void
  /**
   * As `get`, on this thread, if that takes no time worth mentioning: the statement only reads, nobody else has the database,
   * and no call is pending. Returns null, and has changed nothing, if the call must be queued instead.
   */
  getNow(sql: string, params?: string | undefined | null): SqlAnswer | null
  /**
   * Queues running the first statement. The reply contains the first rows; `more` gets the others, if any. Calls behind
   * one that `yields` do not wait until all of its rows were requested: the remaining ones are stored temporarily.
   */
  rows(call: number, sql: string, params: string | undefined | null, blobs: Array<Uint8Array> | undefined | null, yields: boolean): void
  /** Requests the next rows of the call `of`, as the call with this number. */
  more(call: number, of: number): void
  /** Releases the rows of the call `of`. */
  stop(of: number): void
  /** Queues setting how long calls wait for other connections, in milliseconds. */
  setBusyTimeout(call: number, millis: number): void
  /** Ends the running call with `SQLITE_INTERRUPT`. Queued calls are not affected. */
  interrupt(): void
  /** Queues closing the database, as the call with this number. Ends calls that yield and have more rows. */
  close(call: number): void
}

/** Brings the replies to the calls of all databases back to one JavaScript environment. */
export declare class SqlDispatcher {
  /** `settle` gets the number of each call with its rows as JSON, the values that JSON cannot represent, and the error. */
  constructor(settle: (call: number, json: string, beside: SqlBeside | null, failure: SqlFailure | null) => void)
  /** Keeps the process alive for replies that are still to come. */
  ref(): void
  /** Lets the process end. */
  unref(): void
  /**
   * Begins to open a database file, as the call with this number. With `exact`, whole numbers beyond 2^53-1 come as
   * digits; otherwise a call that finds one fails.
   */
  open(call: number, file: string, writes: boolean, creates: boolean, exact: boolean): SqlDatabase
}

/** Runs a function of the package on the calling thread: `name` identifies it, `json` is the array of its arguments. */
export declare function compute(name: string, json: string): Computed

/** A result as JSON, or an error. */
export interface Computed {
  /** The result. Absent where there is an error. */
  json?: string
  /** The error. */
  failure?: Failure
}

/** The names of the environment variables that opening a database reads. */
export declare function environmentVariables(): Array<string>

/** The error of a call. */
export interface Failure {
  /** `InvalidInput`, `NotFound`, … */
  kind: string
  /** `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, … */
  code: string
  /** One line that says what is wrong and what to do. */
  message: string
  /** The JSON name of the invalid input field, where one field is at fault. */
  field?: string
  /** The underlying cause, where it is known. */
  detail?: string
}

/** Rows with what accompanies them, or an error. */
export interface SqlAnswer {
  /** The rows. Empty where there is an error. */
  json: string
  /** What accompanies them. */
  beside?: SqlBeside
  /** The error. */
  failure?: SqlFailure
}

/** What accompanies the JSON of some rows. */
export interface SqlBeside {
  /** The values that JSON cannot represent: an array of `[row, name, kind, value]`. */
  exact?: string
  /** The blobs. */
  blobs?: Array<Buffer>
  /** Whether there may be more rows. */
  more: boolean
}

/** An error. */
export interface SqlFailure {
  /** `SQLITE_CONSTRAINT`, … */
  code: string
  /** The number of the code. */
  errno: number
  /** The message. */
  text: string
}
