import type { SqliteError } from './sqlite_types'

/** An error with the properties of npm's `sqlite3`. */
export function sqliteError(code: string, errno: number, text: string): SqliteError {
  return Object.assign(new Error(`${code}: ${text}`), { errno, code })
}
