'use strict'

const { McodaError } = require('./errors')
const native = require('./native')
const { onAbort, signalOf, timeoutOf } = require('./signals')

/** What a call rejects with that reached its time limit before it was its turn. */
const TOO_LATE = {
  kind: 'Cancelled',
  code: 'MCODA_CANCELLED',
  message: 'the call was given up at its time limit, before it changed anything: give it more time, or ask for less',
}

/** What waits for each call, by the call's number. */
const waiting = new Map()
let lastCall = 0

const dispatcher = new native.Dispatcher((call, json, failure) => {
  // A call that was given up waits no more.
  waiting.get(call)?.({ json, failure })
})

/** Opens a handle: what it is, and its native part. */
async function open(name, args, options) {
  /** @type {import('./mcoda.node').Handle} */
  let handle
  const begin = (call, json) => (handle = dispatcher.open(call, name, json))
  const about = await ask(begin, (call) => handle.cancel(call), args, options)
  return { about, handle }
}

/** Makes a call that needs no database and takes time, on a thread of its own. */
async function work(name, args, options) {
  /** @type {import('./mcoda.node').Handle} */
  let handle
  const begin = (number, json) => (handle = dispatcher.work(number, name, json))
  return ask(begin, (number) => handle.cancel(number), args, options)
}

/**
 * Begins a transaction of a handle: what the handle is, and the native part of the transaction.
 * @param {import('./mcoda.node').Handle} handle
 */
async function begin(handle, limitMs, options) {
  /** @type {import('./mcoda.node').Handle} */
  let transaction
  const start = (number) => (transaction = handle.begin(number, limitMs))
  const about = await ask(start, (number) => handle.cancel(number), [], options)
  return { about, handle: transaction }
}

/**
 * Makes a call of a handle.
 * @param {import('./mcoda.node').Handle} handle
 */
function call(handle, name, args, options) {
  return ask(
    (number, json) => handle.call(number, name, json),
    (number) => handle.cancel(number),
    args,
    options,
  )
}

/**
 * The rows of a query, fetched a chunk at a time.
 * @param {import('./mcoda.node').Handle} handle
 */
async function* rows(handle, args, options) {
  const signal = signalOf(options)
  const cancel = (number) => handle.cancel(number)
  /** @type {import('./mcoda.node').Rows} */
  let source
  await ask((number, json) => (source = handle.tokenUsage(number, json)), cancel, args, options)
  try {
    for (;;) {
      const chunk = await ask((number) => source.next(number), cancel, [], options)
      if (chunk.length === 0) return
      for (const row of chunk) {
        if (signal?.aborted) throw signal.reason
        yield row
      }
    }
  } finally {
    source.close()
  }
}

async function ask(begin, cancel, args, options) {
  const signal = signalOf(options)
  if (signal?.aborted) throw signal.reason
  const json = JSON.stringify(args)
  const answer = await answerTo((number) => begin(number, json), cancel, signal, timeoutOf(options))
  if (!answer.failure) return JSON.parse(answer.json)
  // Whatever made the call wait, it has changed nothing.
  if (signal?.aborted && answer.failure.kind === 'Cancelled') throw signal.reason
  // Made here and not where the answer arrives: its stack then leads to the `await` of the caller.
  throw new McodaError(answer.failure)
}

function answerTo(begin, cancel, signal, timeoutMs) {
  return new Promise((resolve, reject) => {
    const number = ++lastCall
    begin(number)
    const deaf = onAbort(signal, () => {
      if (!cancel(number)) return
      end()
      reject(signal.reason)
    })
    const end = () => {
      deaf()
      clearTimeout(timer)
      waiting.delete(number)
      if (waiting.size === 0) dispatcher.unref()
    }
    // A call that is under way is asked to stop, and replies.
    const late = () => {
      if (!cancel(number)) return
      end()
      reject(new McodaError(TOO_LATE))
    }
    const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs)
    waiting.set(number, (answer) => {
      end()
      resolve(answer)
    })
    if (waiting.size === 1) dispatcher.ref()
  })
}

module.exports = { begin, call, open, rows, work }
