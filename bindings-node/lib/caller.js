'use strict'

const { McodaError } = require('./errors')
const native = require('./native')

/**
 * How an object makes a call: `this[CALL](name, args, options)`.
 * @type {any} The types of TypeScript know no symbol in a class that is made by a function.
 */
const CALL = Symbol('call')

/** The calls of one table. `call` is that of whoever has the table. */
class Repository {
  constructor(call) {
    Object.defineProperty(this, CALL, { value: call })
  }
}

/** Makes a call that needs no database, at once. */
function compute(name, args) {
  const { json, failure } = native.compute(name, JSON.stringify(args))
  if (failure) throw new McodaError(failure)
  return JSON.parse(json)
}

module.exports = { CALL, Repository, compute }
