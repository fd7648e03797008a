'use strict'

/** @returns {typeof import('./mcoda.node')} */
function load() {
  try {
    return require('./mcoda.node')
  } catch (cause) {
    const message =
      `@mcoda/native has no binary for ${process.platform}-${process.arch} here. ` +
      'Build it with `npm run build` in bindings-node of libmcoda, which needs Rust.'
    throw new Error(message, { cause })
  }
}

module.exports = load()
