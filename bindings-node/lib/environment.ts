import { kindOf, record } from './encode'
import { native } from './native'
import { path } from './path'

const VARIABLES = native.environmentVariables()

/**
 * Options with the environment of this realm, where none is given. The native part sees only that of the process, which a
 * worker thread or a test runner may have replaced here.
 */
export function encodeOptions(noun: string, options: unknown): unknown {
  const encoded = record(noun, withPaths(options)) ?? {}
  // The engine refuses what is not an object.
  if (kindOf(encoded) !== 'Object') return encoded
  const fields = encoded as { environment?: unknown }
  fields.environment ??= Object.fromEntries(
    VARIABLES.filter((name) => process.env[name] !== undefined).map((name) => [name, String(process.env[name])]),
  )
  return fields
}

/** JSON would have the address of a URL, which is not a path. */
function withPaths(options: unknown): unknown {
  const folder = (options as { jsonLog?: unknown } | null | undefined)?.jsonLog
  return kindOf(folder) === 'URL' ? { ...(options as object), jsonLog: path('jsonLog', folder) } : options
}
