'use strict'

const { refused } = require('./errors')
const { given } = require('./encode')

/** The longest time that `setTimeout` keeps. */
const LONGEST = 2 ** 31 - 1

/** The calls that each signal would give up. One listener serves them all: Node warns of more than ten. */
const listening = new WeakMap()

/** The signal of a call's last argument, which may hold a time limit, too. */
function signalOf(options) {
  if (options === undefined || options === null) return undefined
  if (typeof options !== 'object') throw refused('options', given(options), 'an object with a signal or timeoutMs')
  for (const name of Object.keys(options)) {
    if (name !== 'signal' && name !== 'timeoutMs') {
      throw refused(name, 'an unknown field', 'one of signal, timeoutMs')
    }
  }
  const { signal } = options
  if (signal === undefined || signal === null) return undefined
  if (typeof signal !== 'object' || !('aborted' in signal) || typeof signal.addEventListener !== 'function') {
    throw refused('signal', given(signal), 'an AbortSignal')
  }
  return signal
}

/** The time limit of a call's last argument, in milliseconds. */
function timeoutOf(options) {
  const timeoutMs = options?.timeoutMs
  if (timeoutMs === undefined || timeoutMs === null) return undefined
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0 && timeoutMs <= LONGEST)) {
    throw refused('timeoutMs', given(timeoutMs), `a number of milliseconds above 0, ${LONGEST} at the most`)
  }
  return timeoutMs
}

/** Calls `giveUp` when the signal is aborted. What it returns stops that. */
function onAbort(signal, giveUp) {
  if (!signal) return () => {}
  let calls = listening.get(signal)
  if (!calls) {
    calls = new Set()
    const tell = () => {
      for (const one of calls) one()
    }
    calls.stop = () => {
      signal.removeEventListener('abort', tell)
      listening.delete(signal)
    }
    listening.set(signal, calls)
    signal.addEventListener('abort', tell, { once: true })
  }
  calls.add(giveUp)
  return () => {
    calls.delete(giveUp)
    if (calls.size === 0) calls.stop()
  }
}

module.exports = { LONGEST, onAbort, signalOf, timeoutOf }
