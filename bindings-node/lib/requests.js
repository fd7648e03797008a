'use strict'

const { refused } = require('./errors')
const { given, kindOf, plain } = require('./encode')

// What a field takes. Text that is no moment, or a number that is no page, is the server's to refuse.
const TEXT = { allowed: 'text', takes: (value) => typeof value === 'string', write: encodeURIComponent }
const NUMBER = { allowed: 'a number', takes: (value) => typeof value === 'number', write: encodeURIComponent }
const TEXTS = {
  allowed: 'an array of texts',
  takes: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  // A comma in a text would be one between texts, for servers that decode before they split.
  check: (name, value) => {
    const joined = value.find((item) => item.includes(','))
    if (joined !== undefined) throw refused(name, given(joined), 'one name in each text')
  },
  write: (value) => value.map(encodeURIComponent).join(','),
}
// It has no place in a query: what is a boolean goes into the body.
const BOOLEAN = { allowed: 'true or false', takes: (value) => typeof value === 'boolean' }

// The fields of requests: what local calls name the same, the contract's name, and what it takes.
const WORKSPACE = { workspaceId: ['workspace_id', TEXT] }

const USAGE = {
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

const VELOCITY = {
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
const OPERATIONS = {
  tokenUsageSummary: {
    method: 'GET',
    path: '/telemetry/summary',
    fields: { ...USAGE, groupBy: ['group_by', TEXTS], timeZone: ['time_zone', TEXT] },
    answers: 'Array',
  },
  tokenUsage: {
    method: 'GET',
    path: '/telemetry/token-usage',
    fields: { ...USAGE, sort: ['sort', TEXT] },
    answers: 'Array',
  },
  telemetryConfig: { method: 'GET', path: '/telemetry/config', fields: WORKSPACE, answers: 'Object' },
  optOut: {
    method: 'POST',
    path: '/telemetry/opt-out',
    fields: { ...WORKSPACE, strict: ['strict', BOOLEAN] },
    answers: 'Object',
  },
  optIn: { method: 'POST', path: '/telemetry/opt-in', fields: WORKSPACE, answers: 'Object' },
  estimate: { method: 'GET', path: '/estimate', fields: { ...VELOCITY, now: ['now', TEXT] }, answers: 'Object' },
  velocity: { method: 'GET', path: '/velocity', fields: VELOCITY, answers: 'Object' },
}

/** The query string of a request and, where it has one, its body. */
function requestOf({ fields }, input) {
  if (kindOf(input) !== 'Object') throw refused('query', given(input), 'an object with a workspaceId')
  for (const name of Object.keys(input)) {
    if (input[name] !== undefined && !Object.hasOwn(fields, name)) {
      throw refused(name, 'an unknown field', `one of ${Object.keys(fields).join(', ')}`)
    }
  }
  const query = []
  const body = {}
  for (const [name, [parameter, kind]] of Object.entries(fields)) {
    const value = valueOf(name, kind, input[name])
    if (value === undefined) continue
    if (kind === BOOLEAN) body[parameter] = value
    else query.push(`${parameter}=${kind.write(value)}`)
  }
  return { query: query.join('&'), body: Object.keys(body).length > 0 ? body : undefined }
}

/** The value to send. What is absent, or null as in local calls, is not sent. */
function valueOf(name, kind, input) {
  const value = input === undefined ? null : plain(name, input)
  if (value === null || (kind === TEXTS && value.length === 0)) {
    if (name === 'workspaceId') throw refused(name, 'nothing', 'the id of a workspace')
    return undefined
  }
  if (!kind.takes(value)) throw refused(name, given(value), kind.allowed)
  kind.check?.(name, value)
  return value
}

/** The field here that is this parameter of the contract, else the same text. */
function fieldOf({ fields }, parameter) {
  return Object.keys(fields).find((name) => fields[name][0] === parameter) ?? parameter
}

module.exports = { OPERATIONS, fieldOf, requestOf }
