/** What a database is opened with. */
export interface OpenConfig {
  /** The path of the file; `:memory:` for a database that lives as long as the object. Its folder must be there. */
  filename: string | URL
  /** What npm's `sqlite` wants to know. It is not used: the driver is this package. */
  driver?: unknown
  /** `OPEN_READONLY`, or `OPEN_READWRITE`, with `OPEN_CREATE` or without. Default: `OPEN_READWRITE | OPEN_CREATE`. */
  mode?: number | undefined
  /**
   * What becomes of whole numbers beyond 2^53-1, which a `number` does not hold exactly: `'error'` rejects the call and
   * names the column, `'bigint'` gives a `bigint`. Default: `'error'`.
   */
  largeIntegers?: 'error' | 'bigint' | undefined
}

/** What a parameter may be. `undefined` is NULL, a boolean 1 or 0, a `Date` its milliseconds. */
export type SqlValue =
  string | number | bigint | boolean | null | undefined | Date | RegExp | NodeJS.ArrayBufferView | ArrayBuffer

/** A statement with its parameters, as the package `sql-template-strings` makes it. */
export interface SqlTemplate {
  sql: string
  values?: readonly unknown[]
}

/** What a statement did. */
export interface RunResult {
  /** The row number of the row that was inserted last; a `bigint` where a number does not hold it exactly. */
  lastID: number
  /** How many rows were changed by the last statement that changes rows. */
  changes: number
}

/** What SQLite refused, or failed at. `message` is `CODE: text`. */
export interface SqliteError extends Error {
  /** The primary code: `SQLITE_CONSTRAINT`, `SQLITE_BUSY`, … */
  code: string
  errno: number
}
