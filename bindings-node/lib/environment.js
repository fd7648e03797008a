'use strict'

const { kindOf, record } = require('./encode')
const native = require('./native')

const VARIABLES = native.environmentVariables()

/**
 * Options with the environment of this realm. The native part sees that of the process alone, which a worker thread or a
 * test runner may have exchanged here.
 */
function here(noun, options) {
  const encoded = record(noun, options) ?? {}
  // What is no object the engine refuses.
  if (kindOf(encoded) !== 'Object') return encoded
  encoded.environment ??= Object.fromEntries(
    VARIABLES.filter((name) => process.env[name] !== undefined).map((name) => [name, String(process.env[name])]),
  )
  return encoded
}

module.exports = { here }
