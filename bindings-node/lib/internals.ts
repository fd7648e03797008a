// What handles and transactions hide from their users.
import type { Opened } from './dispatcher'

/** How an object makes a call: `this[CALL](name, args, options)`. */
export const CALL: unique symbol = Symbol('call')

/** What only this package may pass to a constructor: users open handles. */
export const INTERNAL: unique symbol = Symbol('internal')

/** The hook of `console.log`. */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never

export type State = 'open' | 'closing' | 'closed' | 'committed' | 'rolled back'

export interface Internals extends Opened {
  state: State
}

/** Not private fields: with these, an object of a test could not take the place of a handle in TypeScript. */
const internals = new WeakMap<object, Internals>()

export function keepInternals(session: object, opened: Opened): void {
  internals.set(session, { ...opened, state: 'open' })
}

/** The native part of a session, and its state. */
export function internalsOf(session: object): Internals {
  const found = internals.get(session)
  if (!found) throw new TypeError(`not an open handle or transaction: ${Object.prototype.toString.call(session)}`)
  return found
}

/** What `console.log` shows of a session. */
export function inspected(session: object): { id?: string; databasePath: string; state: State } | undefined {
  const found = internals.get(session)
  if (!found) return undefined
  const { about, state } = found
  const { id, databasePath } = about
  return id === null ? { databasePath, state } : { id, databasePath, state }
}
