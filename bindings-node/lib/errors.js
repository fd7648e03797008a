'use strict'

/** What every call rejects with where the engine, or this package on its behalf, refuses or fails. */
class McodaError extends Error {
  /** @param {import('./mcoda.node').Failure} failure */
  constructor({ kind, code, message, field, detail }) {
    super(message)
    this.code = code
    this.kind = kind
    if (field !== undefined) this.field = field
    if (detail !== undefined) this.detail = detail
  }
}
Object.defineProperty(McodaError.prototype, 'name', { value: 'McodaError', writable: true, configurable: true })

/** A value that cannot be brought to the engine, in the words that the engine has for bad values. */
function refused(field, given, allowed, place = field) {
  const message = `${oneLine(place)}: got ${oneLine(given)}; expected ${allowed}`
  return new McodaError({ kind: 'InvalidInput', code: 'MCODA_INVALID_INPUT', message, field })
}

/** The error, with where it is before what it says. */
function inPlace(place, { kind, code, message, field, detail }) {
  return new McodaError({ kind, code, message: `${oneLine(place)}: ${message}`, field, detail })
}

/** Errors end up in logs, and one line must stay one line. */
function oneLine(value, longest = 160) {
  const text = String(value).replace(/\p{Cc}/gu, ' ')
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}

module.exports = { McodaError, inPlace, oneLine, refused }
