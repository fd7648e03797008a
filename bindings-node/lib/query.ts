import { invalid } from './errors'
import { given, kindOf, text, time, wellFormed } from './encode'
import type { Row, SqlValue } from './results'

const ALLOWED = 'null, a boolean, a finite number, a bigint of 64 bits, text, bytes or a Date'

/** A value that JSON cannot represent. */
interface Exact {
  bigInt?: string
  blob?: string
  number?: string
}

/** A result as the native part writes it. The values in `exact`, by row and column, are null in `rows`. */
interface TableJson {
  columns: string[]
  rows: SqlValue[][]
  exact: [row: number, column: number, value: Exact][]
}

/** The arguments of a query: the statement, its parameters, and separately those that JSON cannot represent. */
export function queryArguments(sql: unknown, params: unknown): unknown[] {
  const exact: [number, Exact][] = []
  let place = 0
  const encode = (value: unknown) => {
    const separate = exactOf(value)
    if (separate) exact.push([place, separate])
    place += 1
    return separate ? null : inJson(value)
  }
  return [text('sql', sql), encodeAll(params, encode), exact]
}

function encodeAll(params: unknown, encode: (value: unknown) => unknown): unknown {
  if (params === undefined || params === null) return null
  if (Array.isArray(params)) return Array.from(params, encode)
  if (kindOf(params) !== 'Object') throw invalid('params', given(params), 'an array, or an object of names')
  const encoded: { [name: string]: unknown } = Object.create(null)
  for (const [name, value] of Object.entries(params)) encoded[wellFormed('params', name, 'params')] = encode(value)
  // Names that look like array indexes come first in every object, so the places match.
  return encoded
}

function exactOf(value: unknown): Exact | undefined {
  if (typeof value === 'bigint') {
    if (BigInt.asIntN(64, value) !== value) throw invalid('params', `${value}n`, ALLOWED)
    return { bigInt: value.toString() }
  }
  if (ArrayBuffer.isView(value)) {
    return { blob: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex') }
  }
  return undefined
}

function inJson(value: unknown): unknown {
  if (value === null || typeof value === 'boolean' || Number.isFinite(value)) return value
  if (typeof value === 'string') return wellFormed('params', value, 'params')
  if (kindOf(value) === 'Date') return time('params', value as Date, 'params')
  throw invalid('params', given(value), ALLOWED)
}

/** The rows of a result as objects. */
export function rowsOf({ columns, rows, exact }: TableJson): Row[] {
  for (const [row, column, value] of exact) rows[row]![column] = decode(value)
  return rows.map((values) => Object.fromEntries(columns.map((name, column) => [name, values[column]!])))
}

function decode({ bigInt, blob, number }: Exact): SqlValue {
  if (bigInt !== undefined) return BigInt(bigInt)
  return blob !== undefined ? Buffer.from(blob, 'hex') : Number(number)
}
