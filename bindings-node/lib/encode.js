'use strict'

const { McodaError, inPlace, refused } = require('./errors')

// The engine refuses more than 100 levels, and names the field. Its parser stops at 128, and cannot.
const DEEPEST = 120

/** `value` with nothing in it that JSON lacks. `field` is the input field that an error names. */
function plain(field, value, place = field, depth = 0) {
  if (depth > DEEPEST) throw refused(field, 'a deeper one', 'JSON of at most 100 levels', place)
  switch (typeof value) {
    case 'undefined':
      if (depth > 0) throw refused(field, 'undefined', 'a value, or null', place)
      return null
    case 'boolean':
      return value
    case 'number':
      if (!Number.isFinite(value)) throw refused(field, value, 'a finite number', place)
      return value
    case 'bigint':
      if (!Number.isSafeInteger(Number(value))) {
        throw refused(field, `${value}n`, 'a whole number up to 2^53-1', place)
      }
      return Number(value)
    case 'string':
      return wellFormed(field, value, place)
    case 'object':
      return value === null ? null : structure(field, value, place, depth)
    default:
      throw refused(field, `a ${typeof value}`, 'a value that JSON has', place)
  }
}

function structure(field, value, place, depth) {
  const kind = kindOf(value)
  if (kind === 'Date') return time(field, value, place)
  if (typeof value.toJSON === 'function') return plain(field, value.toJSON(), place, depth + 1)
  if (kind === 'Array') {
    return Array.from(value, (item, index) => plain(field, item, `${place}[${index}]`, depth + 1))
  }
  if (kind !== 'Object') throw refused(field, `a value of type ${kind}`, 'a value that JSON has', place)
  return fields(value, (name, item) => plain(field, item, `${place}.${name}`, depth + 1), field)
}

/** An argument whose fields have names of their own: a record, a query, options. */
function record(name, value, place = '') {
  if (typeof value !== 'object' || value === null || kindOf(value) !== 'Object' || 'toJSON' in value) {
    return plain(name, value, place + name)
  }
  return fields(value, (field, item) => plain(field, item, place + field, 1), name)
}

/** Several such records; an error says which one it is about, as the engine's do. */
function records(name, values, noun, owner = noun) {
  if (typeof values !== 'object' || values === null || typeof values[Symbol.iterator] !== 'function') {
    throw refused(name, given(values), 'an array of objects')
  }
  const all = Array.from(values)
  const place = (index) => (all.length > 1 ? `${noun} ${index + 1} of ${all.length}: ` : '')
  return all.map((value, index) => record(owner, value, place(index)))
}

/**
 * The calls of a batch; an error says which one it is about, as the engine's do. `argumentsOf` has what encodes the
 * arguments of each call.
 */
function calls(name, values, argumentsOf) {
  if (typeof values !== 'object' || values === null || typeof values[Symbol.iterator] !== 'function') {
    throw refused(name, given(values), 'an array of objects with call and args')
  }
  const all = Array.from(values)
  return all.map((value, index) => {
    try {
      return call(name, value, argumentsOf)
    } catch (error) {
      if (!(error instanceof McodaError)) throw error
      throw inPlace(`call ${index + 1} of ${all.length} (${value?.call})`, error)
    }
  })
}

/** One call. What is no call of the table, or has too many arguments, is left to the engine to refuse. */
function call(name, value, argumentsOf) {
  const { call: called, args } = value ?? {}
  const encode = Object.hasOwn(argumentsOf, called) ? argumentsOf[called] : undefined
  if (!encode || (args !== undefined && !Array.isArray(args)) || args?.length > encode.length) return plain(name, value)
  return { ...plain(name, { ...value, args: [] }), args: encode(...(args ?? [])) }
}

function fields(object, encode, owner) {
  // Without a prototype, so that "__proto__" is a name like any other.
  const encoded = Object.create(null)
  for (const name of Object.keys(object)) {
    const value = object[name]
    if (value !== undefined) encoded[wellFormed(owner, name, owner)] = encode(name, value)
  }
  return encoded
}

function text(field, value) {
  if (typeof value !== 'string') throw refused(field, given(value), 'text')
  return wellFormed(field, value, field)
}

function optionalText(field, value) {
  return value === undefined || value === null ? null : text(field, value)
}

function optionalSwitch(field, value) {
  if (value === undefined || value === null || typeof value === 'boolean') return value ?? false
  throw refused(field, given(value), 'true or false')
}

function optionalTime(field, value) {
  return kindOf(value) === 'Date' ? time(field, value, field) : optionalText(field, value)
}

function time(field, date, place) {
  if (Number.isNaN(date.getTime())) throw refused(field, 'an invalid Date', 'a Date that is a moment', place)
  return date.toISOString()
}

function wellFormed(field, value, place) {
  if (!value.isWellFormed()) throw refused(field, 'half of a surrogate pair', 'text', place)
  return value
}

/** How an error shows a value of the wrong type: structures by their kind alone, since they may hold anything. */
function given(value) {
  if (value === undefined) return 'nothing'
  if (typeof value === 'string') return JSON.stringify(value)
  return typeof value === 'object' || typeof value === 'function' ? `a value of type ${kindOf(value)}` : String(value)
}

// Not `instanceof`: values may come from another realm.
function kindOf(value) {
  return Object.prototype.toString.call(value).slice(8, -1)
}

module.exports = {
  calls,
  given,
  kindOf,
  optionalSwitch,
  optionalText,
  optionalTime,
  plain,
  record,
  records,
  text,
  time,
  wellFormed,
}
