// Converts parameters to JSON, and rows from JSON. Values that JSON cannot represent are passed beside it.
import type { SqlBeside } from './binary'
import { sqliteError } from './sqlite_errors'

/** Parameters as JSON, and the blobs to which it refers by index. */
export interface Encoded {
  params: string | null
  blobs: Uint8Array[] | null
}

const NONE: Encoded = { params: null, blobs: null }

/** Encodes parameters that are passed one by one, in an array, or in an object of names, as `sqlite3` accepts them. */
export function encode(given: readonly unknown[]): Encoded {
  if (given.length === 0) return NONE
  const blobs: Uint8Array[] = []
  const first = given[0]
  let params: unknown
  if (Array.isArray(first)) {
    requireAlone(given)
    params = Array.from(first, (value, place) => encodeValue(value, place + 1, blobs))
  } else if (isRecord(first)) {
    requireAlone(given)
    params = Object.fromEntries(Object.entries(first).map(([name, value]) => [name, encodeValue(value, name, blobs)]))
  } else {
    params = given.map((value, place) => encodeValue(value, place + 1, blobs))
  }
  return { params: JSON.stringify(params), blobs: blobs.length > 0 ? blobs : null }
}

/** Further values would be bound to nothing. */
function requireAlone(given: readonly unknown[]): void {
  if (given.length === 1) return
  const text = 'column index out of range: there are parameters after an array or an object of names'
  throw sqliteError('SQLITE_RANGE', 25, text)
}

function encodeValue(value: unknown, place: number | string, blobs: Uint8Array[]): unknown {
  switch (typeof value) {
    case 'string':
      // As npm's package: UTF-8 cannot represent half of a surrogate pair.
      return value.toWellFormed()
    case 'number':
      return Number.isFinite(value) ? value : encodeNumber(value, place)
    case 'undefined':
      return null
    case 'boolean':
      return value
    case 'bigint':
      if (BigInt.asIntN(64, value) !== value) throw refused(place, `${value}n`, 'a bigint of 64 bits')
      return { integer: String(value) }
    case 'object':
      return value === null ? null : encodeObject(value, place, blobs)
    default:
      throw refused(place, `a ${typeof value}`)
  }
}

function encodeNumber(value: number, place: number | string): unknown {
  if (Number.isNaN(value)) throw refused(place, 'NaN')
  return { real: String(value) }
}

function encodeObject(value: object, place: number | string, blobs: Uint8Array[]): unknown {
  if (ArrayBuffer.isView(value)) return blob(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), blobs)
  // Not `instanceof`, because a value may come from another realm.
  switch (kindOf(value)) {
    case 'Date':
      return encodeTime(Number(value), place)
    case 'RegExp':
      return String(value).toWellFormed()
    case 'ArrayBuffer':
      return blob(new Uint8Array(value as ArrayBuffer), blobs)
    default:
      throw refused(place, Array.isArray(value) ? 'an array' : `a value of type ${kindOf(value)}`)
  }
}

/** Bound as REAL, as by `sqlite3`, even if it is whole. */
function encodeTime(millis: number, place: number | string): unknown {
  if (Number.isNaN(millis)) throw refused(place, 'an invalid Date')
  return { real: String(millis) }
}

function blob(bytes: Uint8Array, blobs: Uint8Array[]): unknown {
  return { blob: blobs.push(bytes) - 1 }
}

const ALLOWED = 'null, undefined, a boolean, a number except NaN, a bigint, text, a Date or bytes'

function refused(place: number | string, given: string, allowed = ALLOWED): Error {
  return sqliteError('SQLITE_MISMATCH', 20, `parameter ${place}: got ${given}; expected ${allowed}`)
}

/** Whether the value is an object of names. */
function isRecord(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false
  return !['Date', 'RegExp', 'ArrayBuffer'].includes(kindOf(value))
}

function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1)
}

/** Decodes the rows of a chunk. */
export function decode(json: string, beside: SqlBeside | null | undefined): any[] {
  if (json === '') return []
  const rows = JSON.parse(json)
  if (beside?.exact !== undefined) {
    for (const [row, name, kind, value] of JSON.parse(beside.exact)) {
      rows[row][name] = exactly(kind, value, beside.blobs)
    }
  }
  return rows
}

function exactly(kind: string, value: any, blobs: Buffer[] | undefined): unknown {
  switch (kind) {
    case 'integer':
      return BigInt(value)
    case 'real':
      return Number(value)
    default:
      return blobs![value]
  }
}
