/** The options of `open`. */
export interface OpenConfig {
  /** The path of the file, whose folder must exist; `:memory:` for a database that lives as long as the object. */
  filename: string | URL
  /** Ignored. npm's `sqlite` requires it. */
  driver?: unknown
  /** `OPEN_READONLY`, `OPEN_READWRITE`, or `OPEN_READWRITE | OPEN_CREATE`. Default: the last one. */
  mode?: number | undefined
  /**
   * How integers beyond 2^53-1 are returned, which a `number` cannot represent exactly: `'error'` rejects the call with
   * the name of the column, `'bigint'` returns a `bigint`. Default: `'error'`.
   */
  largeIntegers?: 'error' | 'bigint' | undefined
}

/** A parameter. `undefined` is bound as NULL, a boolean as 1 or 0, a `Date` as its milliseconds. */
export type SqlValue =
  string | number | bigint | boolean | null | undefined | Date | RegExp | NodeJS.ArrayBufferView | ArrayBuffer

/** A statement with its parameters, as returned by the package `sql-template-strings`. */
export interface SqlTemplate {
  sql: string
  values?: readonly unknown[]
}

/** The result of `run`. */
export interface RunResult {
  /** The rowid of the last inserted row; a `bigint` if a number cannot represent it exactly. */
  lastID: number
  /** How many rows the last INSERT, UPDATE or DELETE changed. */
  changes: number
}

/** An error of SQLite. `message` is `CODE: text`. */
export interface SqliteError extends Error {
  /** The primary code: `SQLITE_CONSTRAINT`, `SQLITE_BUSY`, … */
  code: string
  errno: number
}
