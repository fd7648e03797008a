'use strict'

const { refused } = require('./errors')
const { given, kindOf, text, time, wellFormed } = require('./encode')

const ALLOWED = 'null, a boolean, a finite number, a bigint of 64 bits, text, bytes or a Date'

/** The arguments of a query: the statement, its parameters, and beside them those that JSON cannot say. */
function queryArguments(sql, params) {
  const exact = []
  let place = 0
  const encode = (value) => {
    const beside = besideJson(value)
    if (beside) exact.push([place, beside])
    place += 1
    return beside ? null : inJson(value)
  }
  return [text('sql', sql), encodeAll(params, encode), exact]
}

function encodeAll(params, encode) {
  if (params === undefined || params === null) return null
  if (Array.isArray(params)) return Array.from(params, encode)
  if (kindOf(params) !== 'Object') throw refused('params', given(params), 'an array, or an object of names')
  const encoded = Object.create(null)
  for (const [name, value] of Object.entries(params)) encoded[wellFormed('params', name, 'params')] = encode(value)
  // Names that look like array indexes come first in every object, so the places are right.
  return encoded
}

function besideJson(value) {
  if (typeof value === 'bigint') {
    if (BigInt.asIntN(64, value) !== value) throw refused('params', `${value}n`, ALLOWED)
    return { bigInt: value.toString() }
  }
  if (ArrayBuffer.isView(value)) {
    return { blob: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex') }
  }
  return undefined
}

function inJson(value) {
  if (value === null || typeof value === 'boolean' || Number.isFinite(value)) return value
  if (typeof value === 'string') return wellFormed('params', value, 'params')
  if (kindOf(value) === 'Date') return time('params', value, 'params')
  throw refused('params', given(value), ALLOWED)
}

/** The rows of an answer as objects. */
function rowsOf({ columns, rows, exact }) {
  for (const [row, column, value] of exact) rows[row][column] = exactly(value)
  return rows.map((values) => Object.fromEntries(columns.map((name, column) => [name, values[column]])))
}

function exactly({ bigInt, blob, number }) {
  if (bigInt !== undefined) return BigInt(bigInt)
  return blob !== undefined ? Buffer.from(blob, 'hex') : Number(number)
}

module.exports = { queryArguments, rowsOf }
