'use strict'

const { CALL } = require('./caller')
const { given } = require('./encode')
const { refused } = require('./errors')
const { LONGEST, onAbort, signalOf } = require('./signals')

/** The transactions of each handle that are open, as what ends them. */
const open = new WeakMap()

/**
 * Runs `work` on a transaction of the handle, and commits where it resolves. Whatever else happens the transaction is
 * rolled back, and its promise settles: `work` throws, the signal aborts, the handle is closed, or the time limit passes.
 */
async function transaction(handle, begin, work, options) {
  if (typeof work !== 'function') throw refused('work', given(work), 'a function')
  const { limitMs, ...rest } = options ?? {}
  const signal = signalOf(rest)
  const { tx, limit } = await begin(limitOf(limitMs), rest)
  try {
    const value = await first(handle, tx, limit, signal, work)
    if (signal?.aborted) throw signal.reason
    await tx[CALL]('commit', [])
    return value
  } catch (error) {
    // It always says that the transaction has ended, and what ended it matters more than that.
    await tx[CALL]('rollback', []).catch(() => {})
    throw error
  }
}

function limitOf(limitMs) {
  if (limitMs === undefined || limitMs === null) return null
  if (typeof limitMs !== 'number' || !(limitMs > 0 && limitMs <= Number.MAX_SAFE_INTEGER)) {
    throw refused('limitMs', given(limitMs), 'a number of milliseconds above 0')
  }
  return limitMs
}

/** What `work` comes to, or whatever ends the transaction before that. */
function first(handle, tx, limit, signal, work) {
  return new Promise((resolve, reject) => {
    const settling = (settle) => (value) => {
      deaf()
      clearTimeout(timer)
      ends.delete(close)
      settle(value)
    }
    const fail = settling(reject)
    const end = (how) => tx[CALL](how, []).catch(fail)
    const deaf = onAbort(signal, () => fail(signal.reason))
    // The engine rolls back at the limit whatever happens here. `work` may never settle, so that nobody would know.
    const timer = limit <= LONGEST ? setTimeout(end, limit, 'expire') : undefined
    const close = () => end('leave')
    const ends = open.get(handle) ?? new Set()
    open.set(handle, ends.add(close))
    Promise.resolve()
      .then(() => work(tx))
      .then(settling(resolve), fail)
  })
}

/** Rolls back what the handle has open: a call of the handle may wait for that, with the closing behind it. */
function leave(handle) {
  for (const close of open.get(handle) ?? []) close()
}

module.exports = { leave, transaction }
