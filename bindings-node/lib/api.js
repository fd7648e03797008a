'use strict'

const { McodaError, oneLine, refused } = require('./errors')
const { kindOf } = require('./encode')
const { fieldOf, requestOf } = require('./requests')
const { signalOf, timeoutOf } = require('./signals')

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
}

/** What a status means where no error of the contract comes with it, as from a proxy. All others are Storage. */
const NAMES_BY_STATUS = {
  400: 'INVALID_INPUT',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  422: 'INVALID_INPUT',
  429: 'BUSY',
  501: 'UNSUPPORTED',
  503: 'BUSY',
}

const LONGEST_MESSAGE = 2000

/** A server, and how it is asked. */
class Api {
  // Private fields are neither printed nor serialised, so the token is not.
  #base
  #token
  #fetch

  constructor(options) {
    const { baseUrl, authToken, fetch } = optionsOf(options)
    this.#base = baseOf(baseUrl)
    this.#token = tokenOf(authToken)
    if (typeof fetch !== 'function' && fetch !== undefined && fetch !== null) {
      throw refused('fetch', kindOf(fetch), 'a function')
    }
    this.#fetch = fetch ?? undefined
  }

  /** Makes one request. Nothing is ever asked twice: the caller knows whether that is wanted. */
  async ask(operation, query, options) {
    const signal = signalOf(options)
    const timeoutMs = timeoutOf(options)
    const late = timeoutMs === undefined ? undefined : AbortSignal.timeout(timeoutMs)
    const request = requestOf(operation, query)
    if (signal?.aborted) throw signal.reason
    const { response, text } = await this.#send(operation, request, signal, late)
    if (!response.ok) throw this.#refusal(operation, response, text)
    const answer = parsed(text)
    if (kindOf(answer) !== operation.answers) {
      throw failure('CORRUPT', `${nameOf(operation)}: the answer is not one of the telemetry API: check baseUrl`)
    }
    return answer
  }

  async #send(operation, { query, body }, signal, late) {
    const headers = { accept: 'application/json' }
    if (this.#token !== undefined) headers.authorization = `Bearer ${this.#token}`
    if (body !== undefined) headers['content-type'] = 'application/json'
    const init = { method: operation.method, headers, redirect: 'manual' }
    if (body !== undefined) init.body = JSON.stringify(body)
    const signals = [signal, late].filter(Boolean)
    if (signals.length > 0) init.signal = AbortSignal.any(signals)
    const fetch = this.#fetch ?? globalThis.fetch
    try {
      const response = await fetch(`${this.#base}${operation.path}?${query}`, init)
      return { response, text: await response.text() }
    } catch (cause) {
      if (signal?.aborted) throw signal.reason
      if (late?.aborted) throw failure('CANCELLED', `${nameOf(operation)}: no answer within the time limit`)
      const causes = causesOf(cause).map((text) => this.#harmless(text))
      // Not the whole address: some have secrets in their paths.
      const message = `${nameOf(operation)}: no answer from ${new URL(this.#base).origin}: ${causes.at(-1)}`
      throw failure('STORAGE', message, { detail: causes.join(': ') })
    }
  }

  /** The error that the server answered, as a local call would have thrown it. */
  #refusal(operation, { status }, text) {
    const error = parsed(text)
    const byStatus = NAMES_BY_STATUS[status] ?? 'STORAGE'
    if (typeof error?.message !== 'string' || typeof error.code !== 'string') {
      const hint = status < 400 ? 'redirects are not followed: give baseUrl as it is now' : 'without saying why'
      return failure(byStatus, `${nameOf(operation)}: the server answers ${status}, ${hint}`)
    }
    // A kind that a later version of the contract may add.
    const name = Object.hasOwn(KINDS, error.code) ? error.code : byStatus
    const { field, detail } = error
    return failure(name, this.#harmless(error.message), {
      field: typeof field === 'string' ? fieldOf(operation, this.#harmless(field)) : undefined,
      detail: typeof detail === 'string' ? this.#harmless(detail) : undefined,
    })
  }

  /** What others wrote, fit for a log. */
  #harmless(text) {
    const safe = this.#token === undefined ? text : text.replaceAll(this.#token, '(the token)')
    return oneLine(safe, LONGEST_MESSAGE)
  }
}

function optionsOf(options) {
  const kind = kindOf(options)
  if (kind !== 'Object') throw refused('options', `a value of type ${kind}`, 'an object with a baseUrl')
  for (const name of Object.keys(options)) {
    if (options[name] !== undefined && !['baseUrl', 'authToken', 'fetch'].includes(name)) {
      throw refused(name, 'an unknown field', 'one of baseUrl, authToken, fetch')
    }
  }
  return options
}

// A URL that is refused is not shown: a password may be in it.
function baseOf(baseUrl) {
  const text = kindOf(baseUrl) === 'URL' ? baseUrl.href : baseUrl
  const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined
  if (!['http:', 'https:'].includes(url?.protocol)) {
    throw refused('baseUrl', 'something else', 'a URL that begins with https:// or http://')
  }
  if (url.username || url.password) throw refused('baseUrl', 'one with a password', 'a URL without, and an authToken')
  if (url.search || url.hash) throw refused('baseUrl', 'one with ? or #', 'a URL that ends with its path')
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

function tokenOf(authToken) {
  if (authToken === undefined || authToken === null) return undefined
  // What `fetch` refuses it would also print.
  if (typeof authToken !== 'string' || !/^[\x21-\x7e]+$/.test(authToken)) {
    throw refused('authToken', 'something else', 'visible ASCII characters')
  }
  return authToken
}

function parsed(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What an error says, and what caused it, down to the first cause. */
function causesOf(error) {
  const texts = []
  for (let next = error; next !== undefined && next !== null && texts.length < 8; next = next.cause) {
    const text = next.message || next.code || String(next)
    if (text !== texts.at(-1)) texts.push(text)
  }
  return texts.length > 0 ? texts : ['nobody knows why']
}

function nameOf({ method, path }) {
  return `${method} ${path}`
}

function failure(name, message, more) {
  return new McodaError({ kind: KINDS[name], code: `MCODA_${name}`, message, ...more })
}

module.exports = { Api }
