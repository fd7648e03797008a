import type { CallSite } from './call_site'
import { given } from './encode'
import { invalid } from './errors'
import type { TransactionOptions } from './inputs'
import { CALL, internalsOf } from './internals'
import type { Session } from './session'
import { MAX_TIMEOUT, onAbort, signalOf } from './signals'
import * as dispatcher from './dispatcher'

/** For each handle, what rolls back the transactions that it has open. */
const openTransactions = new WeakMap<Session, Set<() => void>>()

/**
 * Runs `work` on a transaction of the handle, and commits when it resolves. In all other cases the transaction is rolled
 * back and its promise settles: `work` throws, the signal aborts, the handle is closed, or the time limit passes.
 */
export async function transaction<T, Tx extends Session>(
  handle: Session,
  sessionOf: (opened: dispatcher.Opened) => Tx,
  work: (tx: Tx) => T | Promise<T>,
  options: TransactionOptions | null | undefined,
  site: CallSite,
): Promise<T> {
  if (typeof work !== 'function') throw invalid('work', given(work), 'a function')
  const { limitMs, ...callOptions } = options ?? {}
  const signal = signalOf(callOptions)
  const opened = await dispatcher.begin(internalsOf(handle).handle, limitOf(limitMs), callOptions, site)
  const tx = sessionOf(opened)
  const end = (how: string) => tx[CALL](how, [], undefined, site)
  try {
    const value = await settle(handle, tx, opened.about.limitMs!, signal, work, end)
    if (signal?.aborted) throw signal.reason
    await end('commit')
    internalsOf(tx).state = 'committed'
    return value
  } catch (error) {
    internalsOf(tx).state = 'rolled back'
    // It always fails, since the transaction has ended. The error above is the cause.
    await end('rollback').catch(() => {})
    throw error
  }
}

function limitOf(limitMs: number | null | undefined): number | null {
  if (limitMs === undefined || limitMs === null) return null
  if (typeof limitMs !== 'number' || !(limitMs > 0 && limitMs <= Number.MAX_SAFE_INTEGER)) {
    throw invalid('limitMs', given(limitMs), 'a number of milliseconds above 0')
  }
  return limitMs
}

/** Settles as `work` does, or as soon as the transaction ends for another reason. */
function settle<T, Tx extends Session>(
  handle: Session,
  tx: Tx,
  limit: number,
  signal: AbortSignal | undefined,
  work: (tx: Tx) => T | Promise<T>,
  endTransaction: (how: string) => Promise<unknown>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const cleanUp = () => {
      stopListening()
      clearTimeout(timer)
      transactions.delete(close)
    }
    const fail = (error: unknown) => {
      cleanUp()
      reject(error)
    }
    const succeed = (value: T) => {
      cleanUp()
      resolve(value)
    }
    const end = (how: string) => void endTransaction(how).catch(fail)
    const stopListening = onAbort(signal, () => fail(signal!.reason))
    // The engine rolls back at the limit in any case. `work` may never settle, so the caller is notified here.
    const timer = limit <= MAX_TIMEOUT ? setTimeout(end, limit, 'expire') : undefined
    const close = () => end('leave')
    const transactions = openTransactions.get(handle) ?? new Set()
    openTransactions.set(handle, transactions.add(close))
    Promise.resolve()
      .then(() => work(tx))
      .then(succeed, fail)
  })
}

/** Rolls back the open transactions of a handle: a call of the handle may wait for them, and `close` behind that call. */
export function rollBackTransactions(handle: Session): void {
  for (const close of openTransactions.get(handle) ?? []) close()
}
