'use strict'

const { CALL } = require('./caller')
const { given } = require('./encode')
const { refused } = require('./errors')
const { onAbort, signalOf } = require('./signals')

/**
 * Runs `work` on a transaction, and commits where it resolves. Whatever else happens the transaction is rolled back:
 * `work` throws, the signal aborts, the handle is closed, or the time limit passes.
 */
async function transaction(begin, work, options) {
  if (typeof work !== 'function') throw refused('work', given(work), 'a function')
  const { limitMs, ...rest } = options ?? {}
  const signal = signalOf(rest)
  const tx = await begin(limitOf(limitMs), rest)
  try {
    const value = await untilAborted(signal, () => work(tx))
    if (signal?.aborted) throw signal.reason
    await tx[CALL]('commit', [])
    return value
  } catch (error) {
    // It may have ended already, and what ended it matters more than that.
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

/** What `work` comes to, or the signal's reason as soon as it is aborted. */
function untilAborted(signal, work) {
  return new Promise((resolve, reject) => {
    const deaf = onAbort(signal, () => reject(signal.reason))
    Promise.resolve()
      .then(work)
      .then(resolve, reject)
      .finally(deaf)
  })
}

module.exports = { transaction }
