/** Where a call was made. V8 collects the frames at once; their text is made only when an error needs it. */
export interface CallSite {
  stack?: string
}

/** The current call site, without the frame of `callee` and of what `callee` called. */
export function callSite(callee: Function = callSite): CallSite {
  const site: CallSite = {}
  Error.captureStackTrace(site, callee)
  return site
}

/**
 * The error, with the frames of the call in place of its own. It was made when the reply arrived, so its own frames
 * contain the caller only where the caller awaits the call.
 */
export function at<E extends Error>(site: CallSite, error: E): E {
  const { stack } = site
  // `Error.prepareStackTrace` of the program may return anything.
  const frames = typeof stack === 'string' ? stack.indexOf('\n    at ') : -1
  if (frames >= 0) error.stack = `${error.name}: ${error.message}${stack!.slice(frames)}`
  return error
}
