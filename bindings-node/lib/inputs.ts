/** A point in time: a `Date`, RFC 3339 text with `Z` or an offset, or a date alone (midnight UTC). */
export type Time = Date | string

/**
 * A bound in time: as `Time`; a day of the query's time zone (`2026-03-20`, `today`, `yesterday`, `this-week`), which is included
 * as a whole; a span before now such as `7d` (units ms, s, m, h, d, w, mo); or `all`.
 */
export type Bound = Date | string

/** A JSON value. A `Date` inside becomes its ISO text. */
export type Json =
  null | boolean | number | string | Date | readonly Json[] | { readonly [name: string]: Json | undefined }

/** A JSON object that the host keeps with a row. */
export type JsonObject = { readonly [name: string]: Json | undefined }

/** The last argument of every call. */
export interface CallOptions {
  /**
   * Cancels the call: before it starts, while it waits in the handle's queue or for another writer, and while it only
   * reads. The call then rejects with the signal's reason, and has written nothing. A call that has begun to write is
   * completed, and its result delivered.
   */
  signal?: AbortSignal | null | undefined
  /**
   * Cancels the call in the same way after this many milliseconds, measured from when it was made. The call then
   * rejects with a `McodaError` of the kind `Cancelled`. Default: no limit.
   */
  timeoutMs?: number | null | undefined
}

/** What the result of a query may have besides its rows. */
export interface OtherWorkspaces {
  /**
   * The ids of other workspaces, where there are no rows because the database has those of other workspaces only: the project
   * was moved, or is opened with another id than before. Not enumerable.
   */
  readonly otherWorkspaceIds?: readonly string[]
}

/** The last argument of a transaction. */
export interface TransactionOptions extends CallOptions {
  /** After how many milliseconds the transaction is rolled back. Default: 10000. */
  limitMs?: number | null | undefined
}

/** One call of a batch. */
export interface BatchCall {
  /** Its name, for example `tasks.create`. */
  call: string
  /** Its arguments, in order; trailing ones may be omitted. */
  args?: readonly unknown[] | undefined
}

/** What a provider or an agent returned: text, its bytes, or the parsed JSON. */
export type AgentBody = string | object

/** A parameter of a statement. */
export type SqlParam = null | boolean | number | bigint | string | Date | NodeJS.ArrayBufferView

/** By position for `?` and `?1`, by name for `:name`, `@name` and `$name`, with or without the first character. */
export type SqlParams = readonly SqlParam[] | { readonly [name: string]: SqlParam }
