'use strict'

// Nothing here loads the native part: a client works where there is no binary.
const { McodaError } = require('./lib/errors')
const { TelemetryClient } = require('./lib/client')

module.exports = { McodaError, TelemetryClient }
