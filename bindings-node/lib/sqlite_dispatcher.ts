// Sends calls to the threads of databases, and settles their promises when the replies arrive.
import type { SqlBeside, SqlFailure } from './binary'
import { native } from './native'

/** The reply to a call: rows, or an error. */
export interface SqlReply {
  json: string
  beside?: SqlBeside | null
  failure?: SqlFailure | null
}

/** The pending calls, by number. */
const pending = new Map<number, (reply: SqlReply) => void>()
let lastCall = 0

export const dispatcher = new native.SqlDispatcher((call, json, beside, failure) => {
  const settle = pending.get(call)!
  pending.delete(call)
  if (pending.size === 0) dispatcher.unref()
  settle({ json, beside, failure })
})

/** Whether no call is pending. Calls are settled in the order in which they are made, so only then one may be made at once. */
export function isIdle(): boolean {
  return pending.size === 0
}

/** Makes a call. `start` gets its number. Never rejects: a failure is part of the reply. */
export function send(start: (call: number) => void): Promise<SqlReply> {
  return new Promise((resolve) => {
    const call = ++lastCall
    start(call)
    pending.set(call, resolve)
    if (pending.size === 1) dispatcher.ref()
  })
}
