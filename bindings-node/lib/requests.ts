import { given, kindOf, plain } from './encode'
import { invalid } from './errors'

/** What a field accepts, and how it is written into the query. */
interface FieldKind {
  readonly allowed: string
  readonly accepts: (value: any) => boolean
  readonly check?: (name: string, value: any) => void
  /** Absent where the field belongs into the body. */
  readonly write?: (value: any) => string
}

type Fields = { readonly [name: string]: readonly [parameter: string, kind: FieldKind] }

/** An operation of the contract. */
export interface Operation {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly fields: Fields
  readonly returns: 'Array' | 'Object'
}

export interface Request {
  query: string
  body: { [parameter: string]: unknown } | undefined
}

// The server refuses text that is not a time, or a number that is not a page.
const TEXT: FieldKind = { allowed: 'text', accepts: (value: unknown) => typeof value === 'string', write: encodeURIComponent }
const NUMBER: FieldKind = { allowed: 'a number', accepts: (value: unknown) => typeof value === 'number', write: encodeURIComponent }
const TEXTS: FieldKind = {
  allowed: 'an array of texts',
  accepts: (value: unknown) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  // Servers that decode before they split would take a comma in a text as one between texts.
  check: (name, value: string[]) => {
    const joined = value.find((item) => item.includes(','))
    if (joined !== undefined) throw invalid(name, given(joined), 'one name in each text')
  },
  write: (value: string[]) => value.map(encodeURIComponent).join(','),
}
const BOOLEAN: FieldKind = { allowed: 'true or false', accepts: (value: unknown) => typeof value === 'boolean' }

// The fields of requests: the name in local calls, the name in the contract, and the kind.
const WORKSPACE: Fields = { workspaceId: ['workspace_id', TEXT] }

const USAGE: Fields = {
  ...WORKSPACE,
  projectKey: ['project_id', TEXT],
  agent: ['agent_id', TEXT],
  command: ['command_name', TEXT],
  jobId: ['job_id', TEXT],
  taskId: ['task_id', TEXT],
  since: ['from', TEXT],
  until: ['to', TEXT],
  page: ['page', NUMBER],
  pageSize: ['page_size', NUMBER],
}

const VELOCITY: Fields = {
  ...WORKSPACE,
  projectKey: ['project_key', TEXT],
  epicKey: ['epic_key', TEXT],
  storyKey: ['story_key', TEXT],
  assignee: ['assignee', TEXT],
  mode: ['mode', TEXT],
  windowTasks: ['window_tasks', NUMBER],
  spPerHourAll: ['sp_per_hour_all', NUMBER],
  spPerHourImplementation: ['sp_per_hour_implementation', NUMBER],
  spPerHourReview: ['sp_per_hour_review', NUMBER],
  spPerHourQa: ['sp_per_hour_qa', NUMBER],
}

/** The operations of docs/openapi/mcoda-telemetry.yaml. */
export const OPERATIONS = {
  tokenUsageSummary: {
    method: 'GET',
    path: '/telemetry/summary',
    fields: { ...USAGE, groupBy: ['group_by', TEXTS], timeZone: ['time_zone', TEXT] },
    returns: 'Array',
  },
  tokenUsage: {
    method: 'GET',
    path: '/telemetry/token-usage',
    fields: { ...USAGE, sort: ['sort', TEXT] },
    returns: 'Array',
  },
  telemetryConfig: { method: 'GET', path: '/telemetry/config', fields: WORKSPACE, returns: 'Object' },
  optOut: {
    method: 'POST',
    path: '/telemetry/opt-out',
    fields: { ...WORKSPACE, strict: ['strict', BOOLEAN] },
    returns: 'Object',
  },
  optIn: { method: 'POST', path: '/telemetry/opt-in', fields: WORKSPACE, returns: 'Object' },
  estimate: { method: 'GET', path: '/estimate', fields: { ...VELOCITY, now: ['now', TEXT] }, returns: 'Object' },
  velocity: { method: 'GET', path: '/velocity', fields: VELOCITY, returns: 'Object' },
} as const satisfies { readonly [call: string]: Operation }

/** The query string of a request and, where it has one, its body. */
export function requestOf({ fields }: Operation, input: unknown): Request {
  if (kindOf(input) !== 'Object') throw invalid('query', given(input), 'an object with a workspaceId')
  const values = input as { [name: string]: unknown }
  for (const name of Object.keys(values)) {
    if (values[name] !== undefined && !Object.hasOwn(fields, name)) {
      throw invalid(name, 'an unknown field', `one of ${Object.keys(fields).join(', ')}`)
    }
  }
  const query: string[] = []
  const body: { [parameter: string]: unknown } = {}
  for (const [name, [parameter, kind]] of Object.entries(fields)) {
    const value = valueOf(name, kind, values[name])
    if (value === undefined) continue
    if (kind.write) query.push(`${parameter}=${kind.write(value)}`)
    else body[parameter] = value
  }
  return { query: query.join('&'), body: Object.keys(body).length > 0 ? body : undefined }
}

/** The value to send. An absent value is not sent, nor is null, as in local calls. */
function valueOf(name: string, kind: FieldKind, input: unknown): unknown {
  const value = input === undefined ? null : plain(name, input)
  if (value === null || (Array.isArray(value) && value.length === 0)) {
    if (name === 'workspaceId') throw invalid(name, 'nothing', 'the id of a workspace')
    return undefined
  }
  if (!kind.accepts(value)) throw invalid(name, given(value), kind.allowed)
  kind.check?.(name, value)
  return value
}

/** The name in local calls of this parameter of the contract, else the same text. */
export function fieldOf({ fields }: Operation, parameter: string): string {
  return Object.keys(fields).find((name) => fields[name]![0] === parameter) ?? parameter
}
