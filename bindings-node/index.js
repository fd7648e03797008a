'use strict'

const { McodaError } = require('./lib/errors')
const { functions } = require('./lib/methods')
const { Global, Workspace } = require('./lib/handles')

module.exports = { Global, McodaError, Workspace, ...functions }
