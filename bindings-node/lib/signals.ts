import { invalid } from './errors'
import { given } from './encode'
import type { CallOptions } from './inputs'

/** The longest time that `setTimeout` accepts. */
export const MAX_TIMEOUT = 2 ** 31 - 1

/** The calls to cancel when a signal is aborted. They share one listener: Node warns of more than ten. */
interface Listeners {
  readonly cancels: Set<() => void>
  readonly remove: () => void
}
const listening = new WeakMap<AbortSignal, Listeners>()

/** The signal of a call's last argument, which may also have a time limit. */
export function signalOf(options: CallOptions | null | undefined): AbortSignal | undefined {
  if (options === undefined || options === null) return undefined
  if (typeof options !== 'object') throw invalid('options', given(options), 'an object with a signal or timeoutMs')
  for (const name of Object.keys(options)) {
    if (name !== 'signal' && name !== 'timeoutMs') {
      throw invalid(name, 'an unknown field', 'one of signal, timeoutMs')
    }
  }
  const { signal } = options
  if (signal === undefined || signal === null) return undefined
  if (typeof signal !== 'object' || !('aborted' in signal) || typeof signal.addEventListener !== 'function') {
    throw invalid('signal', given(signal), 'an AbortSignal')
  }
  return signal
}

/** The time limit of a call's last argument, in milliseconds. */
export function timeoutOf(options: CallOptions | null | undefined): number | undefined {
  const timeoutMs = options?.timeoutMs
  if (timeoutMs === undefined || timeoutMs === null) return undefined
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT)) {
    throw invalid('timeoutMs', given(timeoutMs), `a number of milliseconds above 0, ${MAX_TIMEOUT} at the most`)
  }
  return timeoutMs
}

/** Calls `cancel` when the signal is aborted. The function that it returns removes that again. */
export function onAbort(signal: AbortSignal | undefined, cancel: () => void): () => void {
  if (!signal) return () => {}
  const listeners = listening.get(signal) ?? listenTo(signal)
  listeners.cancels.add(cancel)
  return () => {
    listeners.cancels.delete(cancel)
    if (listeners.cancels.size === 0) listeners.remove()
  }
}

function listenTo(signal: AbortSignal): Listeners {
  const cancels = new Set<() => void>()
  const abort = () => {
    for (const cancel of cancels) cancel()
  }
  const remove = () => {
    signal.removeEventListener('abort', abort)
    listening.delete(signal)
  }
  const listeners = { cancels, remove }
  listening.set(signal, listeners)
  signal.addEventListener('abort', abort, { once: true })
  return listeners
}
