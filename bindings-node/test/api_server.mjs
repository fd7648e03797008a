// A server of the telemetry API that checks requests against the contract and responds with its examples.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { assertValid, contract, exampleOf, operations, resolved } from './contract.mjs'

export const TOKEN = 'secret-token.of/the=test'

/**
 * A server on a port of its own: `baseUrl`, and the `requests` that it got. `respond(operation, request, response)`
 * responds in place of the examples.
 */
export async function serve(t, respond = giveExample) {
  const requests = []
  const server = createServer(async (request, response) => {
    try {
      const read = await readRequest(request)
      requests.push(read)
      await respond(read.operation, read, response)
    } catch (error) {
      requests.push({ error })
      give(response, 400, { code: 'INVALID_INPUT', message: error.message })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  })
  return { baseUrl: `http://127.0.0.1:${server.address().port}/v1`, requests, server }
}

export function give(response, status, body, headers = { 'content-type': 'application/json' }) {
  response.writeHead(status, headers)
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
}

function giveExample(operation, request, response) {
  if (request.headers.authorization !== `Bearer ${TOKEN}`) give(response, 401, exampleOf(operation, 401))
  else give(response, 200, exampleOf(operation, 200))
}

/** The request, or an error where the contract has no such. */
async function readRequest(request) {
  const { pathname, search } = new URL(request.url, 'http://127.0.0.1')
  const operation = operations.find(({ method, path }) => request.method === method && pathname === `/v1${path}`)
  if (!operation) throw new Error(`there is no ${request.method} ${pathname}`)
  const parameters = readParameters(operation, search)
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return { operation, parameters, body: readBody(operation, request.headers, text), headers: request.headers }
}

function readParameters(operation, search) {
  const given = Object.fromEntries(
    search
      .slice(1)
      .split('&')
      .map((pair) => pair.split('=')),
  )
  const parameters = {}
  for (const { name, required, schema } of operation.parameters) {
    if (given[name] === undefined && required) throw new Error(`${name} is missing`)
    if (given[name] === undefined) continue
    parameters[name] = readParameter(schema, given[name])
    assertValid(schema, parameters[name], { what: name })
    delete given[name]
  }
  if (Object.keys(given).length > 0) throw new Error(`unknown: ${Object.keys(given)}`)
  return parameters
}

function readParameter(schema, text) {
  switch (resolved(schema).type) {
    case 'array':
      return text.split(',').map(decodeURIComponent)
    case 'integer':
    case 'number':
      return Number(decodeURIComponent(text))
    default:
      return decodeURIComponent(text)
  }
}

function readBody({ requestBody }, headers, text) {
  if (text === '') return undefined
  if (!requestBody || headers['content-type'] !== 'application/json') throw new Error('a body that is not expected')
  const body = JSON.parse(text)
  assertValid(requestBody.content['application/json'].schema, body, { what: 'body' })
  return body
}

export const ERROR_NAMES = contract.components.schemas.Error.properties.code.enum
