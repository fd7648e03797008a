// Encodes arguments as JSON values that the engine reads, and refuses what JSON lacks.
import { fileURLToPath } from 'node:url'
import { McodaError, invalid, withPlace } from './errors'

/** Encodes the arguments of one call. */
export type Encoder = (...args: any[]) => unknown[]

// The engine refuses more than 100 levels and names the field. Its parser stops at 128 and cannot name it.
const MAX_DEPTH = 120

type Fields = { [name: string]: unknown }

/** `value` as JSON. `field` is the input field that an error names. */
export function plain(field: string, value: unknown, place = field, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw invalid(field, 'a deeper one', 'JSON of at most 100 levels', place)
  switch (typeof value) {
    case 'undefined':
      if (depth > 0) throw invalid(field, 'undefined', 'a value, or null', place)
      return null
    case 'boolean':
      return value
    case 'number':
      if (!Number.isFinite(value)) throw invalid(field, value, 'a finite number', place)
      return value
    case 'bigint':
      if (!Number.isSafeInteger(Number(value))) {
        throw invalid(field, `${value}n`, 'a whole number up to 2^53-1', place)
      }
      return Number(value)
    case 'string':
      return wellFormed(field, value, place)
    case 'object':
      return value === null ? null : structure(field, value, place, depth)
    default:
      throw invalid(field, `a ${typeof value}`, 'a value that JSON has', place)
  }
}

function structure(field: string, value: object, place: string, depth: number): unknown {
  const kind = kindOf(value)
  if (kind === 'Date') return time(field, value as Date, place)
  if ('toJSON' in value && typeof value.toJSON === 'function') return plain(field, value.toJSON(), place, depth + 1)
  if (kind === 'Array') {
    return Array.from(value as unknown[], (item, index) => plain(field, item, `${place}[${index}]`, depth + 1))
  }
  if (kind !== 'Object') throw invalid(field, `a value of type ${kind}`, 'a value that JSON has', place)
  return fields(value, (name, item) => plain(field, item, `${place}.${name}`, depth + 1), field)
}

/** An argument whose fields have names of their own: a record, a query, options. */
export function record(name: string, value: unknown, place = ''): unknown {
  if (typeof value !== 'object' || value === null || kindOf(value) !== 'Object' || 'toJSON' in value) {
    return plain(name, value, place + name)
  }
  return fields(value, (field, item) => plain(field, item, place + field, 1), name)
}

/** Several such records. An error says which one is invalid, as the engine's errors do. */
export function records(name: string, values: unknown, noun: string, owner = noun): unknown[] {
  const all = items(name, values, 'an array of objects')
  const place = (index: number) => (all.length > 1 ? `${noun} ${index + 1} of ${all.length}: ` : '')
  return all.map((value, index) => record(owner, value, place(index)))
}

/**
 * The calls of a batch. An error says which call is invalid, as the engine's errors do. `encoders` has the encoder of
 * each call.
 */
export function calls(name: string, values: unknown, encoders: { readonly [call: string]: Encoder }): unknown[] {
  const all = items(name, values, 'an array of objects with call and args')
  return all.map((value, index) => {
    try {
      return call(name, value, encoders)
    } catch (error) {
      if (!(error instanceof McodaError)) throw error
      throw withPlace(`call ${index + 1} of ${all.length} (${(value as Fields | null)?.['call']})`, error)
    }
  })
}

function items(name: string, values: unknown, allowed: string): unknown[] {
  const isIterable = typeof values === 'object' && values !== null && Symbol.iterator in values
  if (!isIterable || typeof values[Symbol.iterator] !== 'function') throw invalid(name, given(values), allowed)
  return Array.from(values as Iterable<unknown>)
}

/** One call. An unknown name, or too many arguments, is left to the engine to refuse. */
function call(name: string, value: unknown, encoders: { readonly [call: string]: Encoder }): unknown {
  const { call: called, args } = (value ?? {}) as { call?: any; args?: unknown }
  const encode = Object.hasOwn(encoders, called) ? encoders[called] : undefined
  if (!encode || (args !== undefined && !Array.isArray(args)) || (args && args.length > encode.length)) {
    return plain(name, value)
  }
  return { ...(plain(name, { ...(value as Fields), args: [] }) as Fields), args: encode(...(args ?? [])) }
}

function fields(object: object, encode: (name: string, value: unknown) => unknown, owner: string): Fields {
  // Without a prototype, so that "__proto__" is a name like any other.
  const encoded: Fields = Object.create(null)
  for (const name of Object.keys(object)) {
    const value = (object as Fields)[name]
    if (value !== undefined) encoded[wellFormed(owner, name, owner)] = encode(name, value)
  }
  return encoded
}

export function text(field: string, value: unknown, allowed = 'text'): string {
  if (typeof value !== 'string') throw invalid(field, given(value), allowed)
  return wellFormed(field, value, field)
}

export function optionalText(field: string, value: unknown): string | null {
  return value === undefined || value === null ? null : text(field, value)
}

/** A path of a file or a folder: text, or a `file:` URL. */
export function path(field: string, value: unknown): string {
  if (kindOf(value) !== 'URL') return text(field, value, 'text or a file: URL')
  const url = value as URL
  // Other addresses may contain a password.
  if (url.protocol !== 'file:') throw invalid(field, `a URL that begins with ${url.protocol}`, 'text or a file: URL')
  try {
    return fileURLToPath(url)
  } catch (error) {
    throw invalid(field, `a file: URL that is no path (${(error as Error).message})`, 'text or a file: URL')
  }
}

export function optionalBoolean(field: string, value: unknown): boolean {
  if (value === undefined || value === null || typeof value === 'boolean') return value ?? false
  throw invalid(field, given(value), 'true or false')
}

export function optionalTime(field: string, value: unknown): string | null {
  return kindOf(value) === 'Date' ? time(field, value as Date, field) : optionalText(field, value)
}

export function time(field: string, date: Date, place: string): string {
  if (Number.isNaN(date.getTime())) throw invalid(field, 'an invalid Date', 'a valid Date', place)
  return date.toISOString()
}

export function wellFormed(field: string, value: string, place: string): string {
  if (!value.isWellFormed()) throw invalid(field, 'half of a surrogate pair', 'text', place)
  return value
}

/** How an error shows a value of the wrong type. Of an object only the type is shown, since it may hold a secret. */
export function given(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') return JSON.stringify(value)
  return typeof value === 'object' || typeof value === 'function' ? `a value of type ${kindOf(value)}` : String(value)
}

// Not `instanceof`: values may come from another realm.
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1)
}
