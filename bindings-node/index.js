'use strict'

const { McodaError } = require('./lib/errors')
const { Global, Workspace } = require('./lib/handles')

module.exports = { Global, McodaError, Workspace }
