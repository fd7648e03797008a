// docs/openapi/mcoda-telemetry.yaml, for tests that check results and requests against it.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import Ajv from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { ROOT } from './support.mjs'

export const CONTRACT_FILE = join(ROOT, 'docs/openapi/mcoda-telemetry.yaml')

export const contract = parse(readFileSync(CONTRACT_FILE, 'utf8'))

// `closed`: objects have the fields that the contract names and no others, so that a field that it lacks is found too.
const validators = {
  open: validatorOf(contract.components),
  closed: validatorOf({ ...contract.components, schemas: closed(contract.components.schemas) }),
}

/** Fails where the value is not what the schema says. */
export function assertValid(schema, value, { how = 'closed', what = JSON.stringify(schema) } = {}) {
  const validate = validators[how].compile({ ...schema, components: validators[how].components })
  assert.ok(validate(value), `${what}: ${JSON.stringify(validate.errors)} in ${JSON.stringify(value)}`)
}

/** Fails where the value is not what the contract's schema of this name says. */
export function assertIs(name, value) {
  assertValid({ $ref: `#/components/schemas/${name}` }, value, { what: name })
}

/** What a reference leads to. */
export function resolved(value) {
  if (value?.$ref === undefined) return value
  return value.$ref
    .split('/')
    .slice(1)
    .reduce((found, name) => found[name], contract)
}

/** The operations, each with its method, its path, and its parameters as they are. */
export const operations = Object.entries(contract.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({
    ...operation,
    method: method.toUpperCase(),
    path,
    parameters: operation.parameters.map(resolved),
  })),
)

/** The first example of a response. */
export function exampleOf(operation, status) {
  const { examples } = resolved(operation.responses[status]).content['application/json']
  return Object.values(examples)[0].value
}

function validatorOf(components) {
  // The schemas stand among words of OpenAPI that JSON Schema does not know.
  const ajv = new Ajv({ strict: false, allErrors: true })
  // Stricter than RFC 3339: the library has one way to write a time.
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  return Object.assign(ajv, { components })
}

function closed(schema) {
  if (typeof schema !== 'object' || schema === null) return schema
  if (Array.isArray(schema)) return schema.map(closed)
  const copy = Object.fromEntries(Object.entries(schema).map(([name, value]) => [name, closed(value)]))
  return copy.type === 'object' && copy.properties ? { additionalProperties: false, ...copy } : copy
}
