import type { Failure } from './binary'

export type ErrorKind =
  'InvalidInput' | 'NotFound' | 'Conflict' | 'Busy' | 'Storage' | 'Corrupt' | 'Unsupported' | 'Closed' | 'Internal' | 'Cancelled'

export type ErrorCode =
  | 'MCODA_INVALID_INPUT'
  | 'MCODA_NOT_FOUND'
  | 'MCODA_CONFLICT'
  | 'MCODA_BUSY'
  | 'MCODA_STORAGE'
  | 'MCODA_CORRUPT'
  | 'MCODA_UNSUPPORTED'
  | 'MCODA_CLOSED'
  | 'MCODA_INTERNAL'
  | 'MCODA_CANCELLED'

/** What every call rejects with, except an aborted one, which rejects with its signal's reason. */
export class McodaError extends Error {
  declare readonly name: 'McodaError'
  readonly code: ErrorCode
  readonly kind: ErrorKind
  /** The JSON name of the invalid input field, where one field is at fault. */
  declare readonly field?: string
  /** The underlying cause, where it is known. */
  declare readonly detail?: string

  private constructor({ kind, code, message, field, detail }: Failure) {
    super(message)
    this.code = code as ErrorCode
    this.kind = kind as ErrorKind
    if (field !== undefined) this.field = field
    if (detail !== undefined) this.detail = detail
  }

  /** @internal */
  static from(failure: Failure): McodaError {
    return new McodaError(failure)
  }
}
Object.defineProperty(McodaError.prototype, 'name', { value: 'McodaError', writable: true, configurable: true })

/**
 * The error for an invalid value. Its message has the same form as the engine's.
 * @internal
 */
export function invalid(field: string, given: unknown, allowed: string, place = field): McodaError {
  const message = `${oneLine(place)}: got ${oneLine(given)}; expected ${allowed}`
  return McodaError.from({ kind: 'InvalidInput', code: 'MCODA_INVALID_INPUT', message, field })
}

/**
 * The same error, with the place where it occurred before its message.
 * @internal
 */
export function withPlace(place: string, { kind, code, message, field, detail }: McodaError): McodaError {
  const failure: Failure = { kind, code, message: `${oneLine(place)}: ${message}` }
  if (field !== undefined) failure.field = field
  if (detail !== undefined) failure.detail = detail
  return McodaError.from(failure)
}

/**
 * Error messages end up in logs, where one message must stay one line.
 * @internal
 */
export function oneLine(value: unknown, longest = 160): string {
  const text = String(value).replace(/\p{Cc}/gu, ' ')
  return text.length > longest ? `${text.slice(0, longest)}…` : text
}
