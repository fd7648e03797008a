import { McodaError } from './errors'
import { native } from './native'

/** Makes a call that needs no database, on the calling thread. */
export function compute(name: string, args: unknown[]): any {
  const { json, failure } = native.compute(name, JSON.stringify(args))
  if (failure) throw McodaError.from(failure)
  return JSON.parse(json!)
}
