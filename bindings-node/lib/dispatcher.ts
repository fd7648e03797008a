// Sends calls to the thread of a handle, and settles their promises when the replies arrive.
import type { Failure, Handle, Pieces, Rows, SqlDatabase } from './binary'
import { type CallSite, at, callSite } from './call_site'
import { McodaError } from './errors'
import type { CallOptions, OtherWorkspaces } from './inputs'
import { native } from './native'
import { onAbort, signalOf, timeoutOf } from './signals'
import { type Decode, copyInTurns, decodeInTurns } from './turns'

/** What a native handle or transaction reports about itself. */
export interface About {
  id: string | null
  databasePath: string
  limitMs: number | null
}

/** A native handle or transaction. */
export interface Opened {
  about: About
  handle: Handle
}

type Options = CallOptions | null | undefined
type StartHandle = (call: number, json: string) => Handle
type Reply = {
  json?: string | null
  failure?: Failure | null
  rest?: Pieces | null
  otherWorkspaceIds?: string[] | null
  arrow?: Uint8Array | null
}

const TIMED_OUT: Failure = {
  kind: 'Cancelled',
  code: 'MCODA_CANCELLED',
  message: 'the call reached its time limit before it changed anything: allow more time, or request less',
}

/** Calls that take less time than the way to another thread and back. */
const BRIEF: ReadonlySet<string> = new Set(['recordTokenUsage', 'recordStatusTransition'])

/** How long the arguments of such a call are at the most, in characters. */
const LONGEST_BRIEF = 16 * 1024

/** The calls under way, by their numbers. */
const pending = new Map<number, (reply: Reply) => void>()
let lastCall = 0

const dispatcher = new native.Dispatcher((call, json, failure, rest, otherWorkspaceIds, arrow) => {
  // A call that was cancelled is no longer here.
  pending.get(call)?.({ json, failure, rest, otherWorkspaceIds, arrow })
})

export async function open(name: string, args: unknown[], options: Options, site: CallSite | undefined): Promise<Opened> {
  return opened((call, json) => dispatcher.open(call, name, json), args, options, site)
}

/** Opens a workspace in a database that is open. */
export async function over(
  database: SqlDatabase,
  args: unknown[],
  options: Options,
  site: CallSite | undefined,
): Promise<Opened> {
  return opened((call, json) => dispatcher.over(call, database, json), args, options, site)
}

/** Begins a transaction of a handle. */
export async function begin(
  handle: Handle,
  limitMs: number | null,
  options: Options,
  site: CallSite | undefined,
): Promise<Opened> {
  let transaction: Handle
  const start = (call: number) => (transaction = handle.begin(call, limitMs))
  const about = (await send(start, (call) => handle.cancel(call), [], options, site)) as About
  return { about, handle: transaction! }
}

/** Makes a call of a handle or a transaction. */
export function call(
  handle: Handle,
  name: string,
  args: unknown[],
  options: Options,
  site: CallSite | undefined,
  decode?: Decode,
): Promise<unknown> {
  return send(
    (call, json) => handle.call(call, name, json),
    (call) => handle.cancel(call),
    args,
    options,
    site,
    decode,
    BRIEF.has(name) ? (json) => handle.callNow(name, json) : undefined,
  )
}

/** Makes a call of a handle or a transaction that returns rows, as an Arrow IPC stream. */
export function arrow(
  handle: Handle,
  name: string,
  args: unknown[],
  options: Options,
  site: CallSite | undefined,
): Promise<any> {
  const start = (call: number, json: string) => handle.arrow(call, name, json)
  return send(start, (call) => handle.cancel(call), args, options, site)
}

/** Makes a call that needs no open database, on a thread of its own. */
export async function work(name: string, args: unknown[], options: Options, site: CallSite | undefined): Promise<any> {
  return (await onNewHandle((call, json) => dispatcher.work(call, name, json), args, options, site)).reply
}

/** The rows of a query, fetched a chunk at a time. `noRows` gets the ids of other workspaces if there are none because of them. */
export async function* rows<T>(
  handle: Handle,
  args: unknown[],
  options: Options,
  noRows: (otherWorkspaceIds: readonly string[]) => void,
): AsyncGenerator<T, void, undefined> {
  const signal = signalOf(options)
  const cancel = (call: number) => handle.cancel(call)
  let source: Rows
  await send((call, json) => (source = handle.tokenUsage(call, json)), cancel, args, options, callSite(rows))
  try {
    for (;;) {
      const chunk = (await send((call) => source.next(call), cancel, [], options, callSite(rows))) as T[] & OtherWorkspaces
      if (chunk.otherWorkspaceIds) noRows(chunk.otherWorkspaceIds)
      if (chunk.length === 0) return
      for (const row of chunk) {
        if (signal?.aborted) throw signal.reason
        yield row
      }
    }
  } finally {
    source!.close()
  }
}

async function opened(start: StartHandle, args: unknown[], options: Options, site: CallSite | undefined): Promise<Opened> {
  const { reply, handle } = await onNewHandle(start, args, options, site)
  return { about: reply as About, handle }
}

/** Makes the first call of a handle that comes to be with it, and that cancels it. */
async function onNewHandle(
  start: StartHandle,
  args: unknown[],
  options: Options,
  site: CallSite | undefined,
): Promise<{ reply: unknown; handle: Handle }> {
  let handle: Handle
  const begin = (call: number, json: string) => (handle = start(call, json))
  const reply = await send(begin, (call) => handle.cancel(call), args, options, site)
  return { reply, handle: handle! }
}

async function send(
  start: (call: number, json: string) => void,
  cancel: (call: number) => boolean,
  args: unknown[],
  options: Options,
  site: CallSite | undefined,
  decode: Decode = JSON.parse,
  makeNow?: (json: string) => Reply | null,
): Promise<unknown> {
  const signal = signalOf(options)
  const timeoutMs = timeoutOf(options)
  if (signal?.aborted) throw signal.reason
  const json = JSON.stringify(args)
  // Calls are settled in the order in which they are made, so none is made now while others are pending.
  const now = pending.size === 0 && json.length <= LONGEST_BRIEF ? makeNow?.(json) : null
  const { failure, ...found } = now ?? (await reply((call) => start(call, json), cancel, signal, timeoutMs))
  if (!failure) {
    const result = found.arrow
      ? copyInTurns(found.arrow, signal)
      : decodeInTurns(found.json!, found.rest ?? null, decode, signal)
    return found.otherWorkspaceIds ? withOtherWorkspaces(await result, found.otherWorkspaceIds) : result
  }
  // A call that was cancelled has changed nothing, whatever it was waiting for.
  if (signal?.aborted && failure.kind === 'Cancelled') throw signal.reason
  throw at(site, McodaError.from(failure))
}

/** An empty result, with the ids of the workspaces because of which it is empty. */
function withOtherWorkspaces(result: unknown, ids: string[]): unknown {
  // Not enumerable: the result equals any other empty one, and is the same JSON.
  return Object.defineProperty(result as object, 'otherWorkspaceIds', { value: ids })
}

function reply(
  start: (call: number) => void,
  cancel: (call: number) => boolean,
  signal: AbortSignal | undefined,
  timeoutMs: number | undefined,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const call = ++lastCall
    start(call)
    // A call that is running is requested to stop, and replies.
    const abort = () => {
      if (!cancel(call)) return
      end()
      reject(signal!.reason)
    }
    const expire = () => {
      if (!cancel(call)) return
      end()
      resolve({ json: null, failure: TIMED_OUT })
    }
    const stopListening = onAbort(signal, abort)
    const timer = timeoutMs === undefined ? undefined : setTimeout(expire, timeoutMs)
    const end = () => {
      stopListening()
      clearTimeout(timer)
      pending.delete(call)
      if (pending.size === 0) dispatcher.unref()
    }
    pending.set(call, (reply) => {
      end()
      resolve(reply)
    })
    if (pending.size === 1) dispatcher.ref()
  })
}
