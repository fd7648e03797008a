// Large results are decoded a piece at a time, and the event loop turns in between.
import type { Pieces } from './binary'

/** How many characters are decoded in one turn of the event loop: less than a millisecond's work. */
const PER_TURN = 64 * 1024

/** How many bytes are copied in one turn of the event loop. */
const COPIED_PER_TURN = 1024 * 1024

/** Results that are shorter do not count: parsing one takes less time than receiving it. */
const SHORT = 4 * 1024

/** Decodes the JSON of a result, or of a piece of it. */
export type Decode = (json: string) => any

let decoded = 0
let nextTurn: Promise<void> | undefined

/** Decodes a result. If it has more than one piece, each is an array, and the result is all of their items. */
export function decodeInTurns(
  json: string,
  rest: Pieces | null,
  decode: Decode,
  signal: AbortSignal | undefined,
): unknown | Promise<unknown> {
  const isShort = json.length < SHORT && !rest
  return isShort ? decode(json) : decodePieces(json, rest, decode, signal)
}

async function decodePieces(
  json: string,
  rest: Pieces | null,
  decode: Decode,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  await turnFor(json)
  const result = decode(json)
  if (!rest) return result
  for (let piece = rest.next(); piece !== null; piece = rest.next()) {
    await turnFor(piece)
    if (signal?.aborted) throw signal.reason
    for (const item of decode(piece)) result.push(item)
  }
  return result
}

/**
 * Copies bytes of the native part into memory of JavaScript. Only that may be transferred to other threads, as some readers of
 * Arrow do.
 */
export async function copyInTurns(bytes: Uint8Array, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const own = new Uint8Array(bytes.length)
  for (let start = 0; start < bytes.length; start += COPIED_PER_TURN) {
    if (start > 0) await turn()
    if (signal?.aborted) throw signal.reason
    own.set(bytes.subarray(start, start + COPIED_PER_TURN), start)
  }
  return own
}

/** Waits until the event loop has time for this piece. */
async function turnFor(json: string): Promise<void> {
  while (decoded >= PER_TURN) await turn()
  decoded += json.length
  void turn()
}

/** The next turn of the event loop. All results that wait for it share one. */
function turn(): Promise<void> {
  nextTurn ??= new Promise((resolve) =>
    setImmediate(() => {
      nextTurn = undefined
      decoded = 0
      resolve()
    }),
  )
  return nextTurn
}
