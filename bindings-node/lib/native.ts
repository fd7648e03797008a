// Loads the native part: the one beside this file, as in a package built on this machine, else that of the platform's own
// package, which package managers install as an optional dependency.
import type * as binary from './binary'

/**
 * The endings of the packages' names. Of the two for Linux, package managers install the one that fits the system's C
 * library, and the other one cannot be loaded.
 */
const PACKAGES: { readonly [platform: string]: readonly string[] } = {
  darwin: [''],
  linux: ['-gnu', '-musl'],
  win32: ['-msvc'],
}

export const native = load()

function load(): typeof binary {
  const platform = `${process.platform}-${process.arch}`
  const packages = PACKAGES[process.platform]?.map((suffix) => `@mcoda/native-${platform}${suffix}`) ?? []
  const failures: string[] = []
  for (const name of ['./mcoda.node', ...packages]) {
    try {
      return require(name)
    } catch (error) {
      failures.push(`${name}: ${String((error as Error).message).split('\n', 1)[0]}`)
    }
  }
  const message =
    `@mcoda/native has no binary for ${platform} here. Install it without --omit=optional, on the platform that it runs on, ` +
    `or build it with \`npm run build\` in bindings-node of libmcoda, which needs Rust. Tried ${failures.join('; ')}`
  throw new Error(message)
}
