'use strict'

// Usage never stands deeper; the engine's own limit is below this.
const DEEPEST = 200

/**
 * What came back from a provider, as text. What JSON lacks is left out, since the engine takes strange input for
 * input that tells nothing.
 */
function bodyText(body) {
  if (typeof body === 'string') return body.toWellFormed()
  if (ArrayBuffer.isView(body)) return new TextDecoder().decode(body)
  try {
    return JSON.stringify(body) ?? ''
  } catch (error) {
    // A bigint, a cycle, or nesting without end. What the body's own code throws is its owner's.
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error
    return JSON.stringify(body, sparing()) ?? ''
  }
}

/** A replacer that leaves out what `JSON.stringify` fails at. */
function sparing() {
  /** The objects around the present one, the outermost first. */
  const around = []
  return function (_, value) {
    if (typeof value === 'bigint') return Number(value)
    if (typeof value !== 'object' || value === null) return value
    while (around.length > 0 && around.at(-1) !== this) around.pop()
    if (around.length > DEEPEST || around.includes(value)) return undefined
    around.push(value)
    return value
  }
}

module.exports = { bodyText }
