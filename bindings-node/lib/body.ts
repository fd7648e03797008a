// Usage is never nested deeper; the engine's own limit is lower.
const MAX_DEPTH = 200

/**
 * A provider's response as text. Values that JSON lacks are omitted, since the engine reports no usage for input that
 * it does not recognize.
 */
export function bodyText(body: unknown): string {
  if (typeof body === 'string') return body.toWellFormed()
  if (ArrayBuffer.isView(body)) return new TextDecoder().decode(body as Uint8Array)
  try {
    return JSON.stringify(body) ?? ''
  } catch (error) {
    // A bigint, a cycle, or endless nesting. Other errors come from the body's own code and belong to the caller.
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error
    return JSON.stringify(body, omitUnserializable()) ?? ''
  }
}

/** A replacer that omits what `JSON.stringify` cannot serialize. */
function omitUnserializable() {
  /** The objects that contain the current one, the outermost first. */
  const parents: unknown[] = []
  return function (this: unknown, _: string, value: unknown): unknown {
    if (typeof value === 'bigint') return Number(value)
    if (typeof value !== 'object' || value === null) return value
    while (parents.length > 0 && parents.at(-1) !== this) parents.pop()
    if (parents.length > MAX_DEPTH || parents.includes(value)) return undefined
    parents.push(value)
    return value
  }
}
