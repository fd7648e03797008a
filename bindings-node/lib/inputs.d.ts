/// <reference types="node" />

/** A moment: a `Date`, or text in RFC 3339 with `Z` or an offset, or a date alone (midnight UTC). */
export type Time = Date | string

/** A bound in time: a moment, or a span before now such as `7d` (units s, m, h, d, w). */
export type Bound = Date | string

/** What JSON has. A `Date` inside becomes its ISO text. */
export type Json =
  null | boolean | number | string | Date | readonly Json[] | { readonly [name: string]: Json | undefined }

/** A JSON object that the host keeps with a row. */
export type JsonObject = { readonly [name: string]: Json | undefined }

/** The last argument of every call. */
export interface CallOptions {
  /**
   * Gives the call up: before it is made, while it waits for its turn or for another writer, and while it only
   * reads. It rejects with the signal's reason then, and has written nothing. A call that has begun to write is
   * finished, and its answer delivered.
   */
  signal?: AbortSignal | null | undefined
  /**
   * Gives the call up in the same way when so many milliseconds have passed since it was made. It rejects with a
   * `McodaError` of the kind `Cancelled` then. Default: no limit.
   */
  timeoutMs?: number | null | undefined
}

/** The last argument of a transaction. */
export interface TransactionOptions extends CallOptions {
  /** After how many milliseconds the transaction is rolled back. Default: 10000. */
  limitMs?: number | null | undefined
}

/** One call of a batch. */
export interface OneCall {
  /** Its name, for example `tasks.create`. */
  call: string
  /** Its arguments, in their order; those at the end may be left out. */
  args?: readonly unknown[] | undefined
}

/** What a provider or an agent returned: text, its bytes, or the parsed JSON. */
export type AgentBody = string | object

/** A parameter of a statement. */
export type SqlParam = null | boolean | number | bigint | string | Date | NodeJS.ArrayBufferView

/** By position for `?` and `?1`, by name for `:name`, `@name` and `$name`, with or without the first character. */
export type SqlParams = readonly SqlParam[] | { readonly [name: string]: SqlParam }
