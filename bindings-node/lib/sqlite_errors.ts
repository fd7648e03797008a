import type { SqliteError } from './sqlite_types'

/** An error as npm's `sqlite3` has it. */
export function sqliteError(code: string, errno: number, text: string): SqliteError {
  return Object.assign(new Error(`${code}: ${text}`), { errno, code })
}
