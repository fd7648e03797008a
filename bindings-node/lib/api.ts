import { type CallSite, at } from './call_site'
import type { TelemetryClientOptions } from './client'
import { kindOf } from './encode'
import { McodaError, invalid, oneLine } from './errors'
import type { CallOptions } from './inputs'
import { type Operation, type Request, fieldOf, requestOf } from './requests'
import { signalOf, timeoutOf } from './signals'

/** The kinds of errors by their names in the contract. */
const KINDS = {
  INVALID_INPUT: 'InvalidInput',
  NOT_FOUND: 'NotFound',
  CONFLICT: 'Conflict',
  BUSY: 'Busy',
  STORAGE: 'Storage',
  CORRUPT: 'Corrupt',
  UNSUPPORTED: 'Unsupported',
  CLOSED: 'Closed',
  INTERNAL: 'Internal',
  CANCELLED: 'Cancelled',
} as const

type Name = keyof typeof KINDS

/** The kinds for responses without an error of the contract, as from a proxy. All other statuses are Storage. */
const NAMES_BY_STATUS: { readonly [status: number]: Name } = {
  400: 'INVALID_INPUT',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  422: 'INVALID_INPUT',
  429: 'BUSY',
  501: 'UNSUPPORTED',
  503: 'BUSY',
}

const MAX_MESSAGE = 2000

/** Makes the requests to a server. */
export class Api {
  // Private fields are neither printed nor serialized, so neither is the token.
  #base: string
  #token: string | undefined
  #fetch: typeof globalThis.fetch | undefined

  constructor(options: TelemetryClientOptions) {
    const { baseUrl, authToken, fetch } = optionsOf(options)
    this.#base = baseOf(baseUrl)
    this.#token = tokenOf(authToken)
    if (typeof fetch !== 'function' && fetch !== undefined && fetch !== null) {
      throw invalid('fetch', kindOf(fetch), 'a function')
    }
    this.#fetch = fetch ?? undefined
  }

  /** Makes one request. It is never repeated: only the caller knows whether that is wanted. */
  async send(operation: Operation, query: unknown, options: CallOptions | null | undefined, site: CallSite): Promise<any> {
    try {
      return await this.#request(operation, query, options)
    } catch (error) {
      throw error instanceof McodaError ? at(site, error) : error
    }
  }

  async #request(operation: Operation, query: unknown, options: CallOptions | null | undefined): Promise<unknown> {
    const signal = signalOf(options)
    const timeoutMs = timeoutOf(options)
    const timeout = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)
    const request = requestOf(operation, query)
    if (signal?.aborted) throw signal.reason
    const { response, text } = await this.#fetchText(operation, request, signal, timeout)
    if (!response.ok) throw this.#errorOf(operation, response, text)
    const result = parsed(text)
    if (kindOf(result) !== operation.returns) {
      throw failure('CORRUPT', `${nameOf(operation)}: the response is not one of the telemetry API: check baseUrl`)
    }
    return result
  }

  async #fetchText(
    operation: Operation,
    { query, body }: Request,
    signal: AbortSignal | undefined,
    timeout: AbortSignal | undefined,
  ): Promise<{ response: Response; text: string }> {
    const headers: { [name: string]: string } = { accept: 'application/json' }
    if (this.#token !== undefined) headers['authorization'] = `Bearer ${this.#token}`
    if (body !== undefined) headers['content-type'] = 'application/json'
    const init: RequestInit = { method: operation.method, headers, redirect: 'manual' }
    if (body !== undefined) init.body = JSON.stringify(body)
    const signals = [signal, timeout].filter((one) => one !== undefined)
    if (signals.length > 0) init.signal = AbortSignal.any(signals)
    const fetch = this.#fetch ?? globalThis.fetch
    try {
      const response = await fetch(`${this.#base}${operation.path}?${query}`, init)
      return { response, text: await response.text() }
    } catch (cause) {
      if (signal?.aborted) throw signal.reason
      if (timeout?.aborted) throw failure('CANCELLED', `${nameOf(operation)}: no response within the time limit`)
      const causes = causesOf(cause).map((text) => this.#sanitize(text))
      // Not the whole address: the path may contain a secret.
      const message = `${nameOf(operation)}: no response from ${new URL(this.#base).origin}: ${causes.at(-1)}`
      throw failure('STORAGE', message, { detail: causes.join(': ') })
    }
  }

  /** The error that the server returned, as a local call would have thrown it. */
  #errorOf(operation: Operation, { status }: Response, text: string): McodaError {
    const error = parsed(text) as { [name: string]: unknown } | null | undefined
    const byStatus = NAMES_BY_STATUS[status] ?? 'STORAGE'
    if (typeof error?.['message'] !== 'string' || typeof error['code'] !== 'string') {
      const hint = status < 400 ? 'redirects are not followed: set baseUrl to the new address' : 'without a reason'
      return failure(byStatus, `${nameOf(operation)}: the server returned ${status}, ${hint}`)
    }
    const { message, code, field, detail } = error
    // A later version of the contract may have more kinds.
    const name = Object.hasOwn(KINDS, code) ? (code as Name) : byStatus
    const more: Details = {}
    if (typeof field === 'string') more.field = fieldOf(operation, this.#sanitize(field))
    if (typeof detail === 'string') more.detail = this.#sanitize(detail)
    return failure(name, this.#sanitize(message), more)
  }

  /** Text from outside, without the token and as one line. */
  #sanitize(text: string): string {
    const safe = this.#token === undefined ? text : text.replaceAll(this.#token, '(the token)')
    return oneLine(safe, MAX_MESSAGE)
  }
}

interface Details {
  field?: string
  detail?: string
}

function optionsOf(options: TelemetryClientOptions): TelemetryClientOptions {
  const kind = kindOf(options)
  if (kind !== 'Object') throw invalid('options', `a value of type ${kind}`, 'an object with a baseUrl')
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined && !['baseUrl', 'authToken', 'fetch'].includes(name)) {
      throw invalid(name, 'an unknown field', 'one of baseUrl, authToken, fetch')
    }
  }
  return options
}

// The message does not show an invalid URL, which may contain a password.
function baseOf(baseUrl: unknown): string {
  const text = kindOf(baseUrl) === 'URL' ? (baseUrl as URL).href : baseUrl
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
  if (!url || !['http:', 'https:'].includes(url.protocol)) {
    throw invalid('baseUrl', 'something else', 'a URL that begins with https:// or http://')
  }
  if (url.username || url.password) throw invalid('baseUrl', 'one with a password', 'a URL without, and an authToken')
  if (url.search || url.hash) throw invalid('baseUrl', 'one with ? or #', 'a URL that ends with its path')
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

function tokenOf(authToken: unknown): string | undefined {
  if (authToken === undefined || authToken === null) return undefined
  // `fetch` would print an invalid one.
  if (typeof authToken !== 'string' || !/^[\x21-\x7e]+$/.test(authToken)) {
    throw invalid('authToken', 'something else', 'visible ASCII characters')
  }
  return authToken
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The messages of an error and its causes, the root cause last. */
function causesOf(error: any): string[] {
  const texts: string[] = []
  for (let next = error; next !== undefined && next !== null && texts.length < 8; next = next.cause) {
    const text = next.message || next.code || String(next)
    if (text !== texts.at(-1)) texts.push(text)
  }
  return texts.length > 0 ? texts : ['unknown cause']
}

function nameOf({ method, path }: Operation): string {
  return `${method} ${path}`
}

function failure(name: Name, message: string, more: Details = {}): McodaError {
  return McodaError.from({ kind: KINDS[name], code: `MCODA_${name}`, message, ...more })
}
