/// <reference types="node" preserve="true" />
// The semantics of npm's `sqlite` and `sqlite3`, on this package's own SQLite.
import { Database } from './sqlite_database'

export { Database, open } from './sqlite_database'
export type { OpenConfig, RunResult, SqliteError, SqlTemplate, SqlValue } from './sqlite_types'

/** Flags of `mode`, with the values of `sqlite3`. */
export const OPEN_READONLY = 1
export const OPEN_READWRITE = 2
export const OPEN_CREATE = 4

/** The parts of the default export of `sqlite3` that `driver` and `mode` need. */
export default { Database, OPEN_READONLY, OPEN_READWRITE, OPEN_CREATE }
