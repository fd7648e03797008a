/** Where a call was made. V8 collects the frames at once; their text is made only when an error needs it. */
export interface CallSite {
  stack?: string
}

// Collecting frames takes about 10 µs, which is much beside a call of 30 µs. So a loop of calls gets them once in a
// millisecond, after a burst in which every call does. Without them an error still has the frames of callers that await.
const BURST = 64
let available = BURST
let refilled = 0

/** The current call site, without the frame of `callee` and of what `callee` called. */
export function callSite(callee: Function = callSite): CallSite | undefined {
  // Only V8 has `captureStackTrace`, and the client of a server may run elsewhere.
  if ((available === 0 && !refill()) || !Error.captureStackTrace) return undefined
  available -= 1
  const site: CallSite = {}
  Error.captureStackTrace(site, callee)
  return site
}

/** Makes one more call site available for each millisecond since the last time. Returns whether there are any. */
function refill(): boolean {
  const now = performance.now()
  available = Math.min(BURST, Math.floor(now - refilled))
  if (available > 0) refilled = now
  return available > 0
}

/**
 * The error, with the frames of the call in place of its own. It was made when the reply arrived, so its own frames
 * contain the caller only where the caller awaits the call.
 */
export function at<E extends Error>(site: CallSite | undefined, error: E): E {
  const stack = site?.stack
  // `Error.prepareStackTrace` of the program may return anything.
  const frames = typeof stack === 'string' ? stack.indexOf('\n    at ') : -1
  if (frames >= 0) error.stack = `${error.name}: ${error.message}${stack!.slice(frames)}`
  return error
}
