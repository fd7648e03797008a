import type * as binary from './binary'

export const native = load()

function load(): typeof binary {
  try {
    return require('./mcoda.node')
  } catch (cause) {
    const message =
      `@mcoda/native has no binary for ${process.platform}-${process.arch} here. ` +
      'Build it with `npm run build` in bindings-node of libmcoda, which needs Rust.'
    throw new Error(message, { cause })
  }
}
