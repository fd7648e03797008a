// Generated from src by `npm run build`: do not edit.
/** Brings the replies to the calls of all handles back to one JavaScript environment. */
export declare class Dispatcher {
  /** `settle` gets the number of each call with either its answer as JSON or what went wrong. */
  constructor(settle: (call: number, json: string | null, failure: Failure | null) => void)
  /** Keeps the process alive for replies that are still to come. */
  ref(): void
  /** Lets the process end. */
  unref(): void
  /**
   * Begins to open a handle, as the call with this number: `name` says what and how, `json` is the array
   * of its path and options. Calls may be made once that has succeeded.
   */
  open(call: number, name: string, json: string): Handle
}

/** One open database. Its calls are made one after the other, on a thread of its own. */
export declare class Handle {
  /** Queues the call with this number: `name` says which, `json` is the array of its arguments. */
  call(call: number, name: string, json: string): void
  /**
   * Queues beginning a transaction, as the call with this number; with a time limit in milliseconds or the
   * engine's own. Calls of the transaction may be made once that has succeeded: they have a thread of their own,
   * so none of them waits behind calls of this handle, which wait for the transaction.
   */
  begin(call: number, limitMs?: number | undefined | null): Handle
  /**
   * Queues asking for token usage, whose rows come chunk by chunk, as the call with this number: `json` is the
   * array of the query.
   */
  tokenUsage(call: number, json: string): Rows
  /**
   * Gives up the call with this number. True where its answer need not be waited for: it had not begun,
   * or was opening the handle. Another one that is under way is asked to stop, and replies.
   */
  cancel(call: number): boolean
}

/** Rows of token usage that are fetched when they are asked for. Between chunks the handle is free for other calls. */
export declare class Rows {
  /** Queues fetching the next rows as the call with this number; no rows are the end. */
  next(call: number): void
  /** Frees the memory where no call is under way; otherwise garbage collection does. */
  close(): void
}

/** Calls a function of the package at once: `name` says which, `json` is the array of its arguments. */
export declare function compute(name: string, json: string): Computed

/** What a function replies, as JSON, or what went wrong. */
export interface Computed {
  /** The answer. */
  json?: string
  /** What went wrong; there is no answer then. */
  failure?: Failure
}

/** The names of the environment variables that opening a database looks at. */
export declare function environmentVariables(): Array<string>

/** What went wrong. */
export interface Failure {
  /** `InvalidInput`, `NotFound`, … */
  kind: string
  /** `MCODA_INVALID_INPUT`, `MCODA_NOT_FOUND`, … */
  code: string
  /** One line that says what is wrong and what to do. */
  message: string
  /** The input field at fault, where one is. */
  field?: string
  /** What caused it, where that is known. */
  detail?: string
}
