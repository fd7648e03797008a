/// <reference types="node" preserve="true" />
// What npm's `sqlite` and `sqlite3` are to a program, on this package's own SQLite.
import { Database } from './sqlite_database'

export { Database, open } from './sqlite_database'
export type { OpenConfig, RunResult, SqliteError, SqlTemplate, SqlValue } from './sqlite_types'

/** The flags of `mode`, as `sqlite3` has them. */
export const OPEN_READONLY = 1
export const OPEN_READWRITE = 2
export const OPEN_CREATE = 4

/** What `import sqlite3 from 'sqlite3'` gives, as far as `driver: sqlite3.Database` and `mode` need it. */
export default { Database, OPEN_READONLY, OPEN_READWRITE, OPEN_CREATE }
