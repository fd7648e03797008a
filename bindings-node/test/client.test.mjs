// The client of the telemetry API against a server that answers the contract's own examples.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { inspect } from 'node:util'
import * as local from '@mcoda/native'
import { McodaError, TelemetryClient } from '@mcoda/native/client'
import { ERROR_NAMES, TOKEN, give, serve } from './api_server.mjs'
import { exampleOf, operations } from './contract.mjs'
import { PACKAGE, eventually, isPending, rejection } from './support.mjs'

const workspaceId = 'w'

/** The call of each operation with every option that it has, and what these are in the contract. */
const USAGE = {
  workspaceId: ['a workspace & more', 'workspace_id'],
  projectKey: ['SHOP', 'project_id'],
  agent: ['claude+1', 'agent_id'],
  command: ['work-on-tasks', 'command_name'],
  jobId: ['j%20', 'job_id'],
  taskId: ['tâche 🙂', 'task_id'],
  since: ['7d', 'from'],
  until: [new Date(Date.UTC(2026, 2, 20, 12)), 'to', '2026-03-20T12:00:00.000Z'],
  page: [2, 'page'],
  pageSize: [50, 'page_size'],
}
const VELOCITY = {
  workspaceId: ['w', 'workspace_id'],
  projectKey: ['SHOP', 'project_key'],
  epicKey: ['SHOP-1', 'epic_key'],
  storyKey: ['SHOP-1-S1', 'story_key'],
  assignee: ['Ada, ?#/', 'assignee'],
  mode: ['mixed', 'mode'],
  windowTasks: [5, 'window_tasks'],
  spPerHourAll: [2.5, 'sp_per_hour_all'],
  spPerHourImplementation: [1e-7, 'sp_per_hour_implementation'],
  spPerHourReview: [1e21, 'sp_per_hour_review'],
  spPerHourQa: [-1, 'sp_per_hour_qa'],
}
const CALLS = {
  tokenUsageSummary: [
    'getTelemetrySummary',
    { ...USAGE, groupBy: [['day', 'agent'], 'group_by'], timeZone: ['Europe/Berlin', 'time_zone'] },
  ],
  tokenUsage: ['getTokenUsage', { ...USAGE, sort: ['timestamp:asc', 'sort'] }],
  telemetryConfig: ['getTelemetryConfig', { workspaceId: ['w', 'workspace_id'] }],
  optOut: ['optOutOfTelemetry', { workspaceId: ['w', 'workspace_id'], strict: [true, 'strict'] }],
  optIn: ['optInToTelemetry', { workspaceId: ['w', 'workspace_id'] }],
  estimate: ['getEstimate', { ...VELOCITY, now: ['2026-03-20T12:00:00.000Z', 'now'] }],
  velocity: ['getVelocity', VELOCITY],
}

async function clientOf(t, answer) {
  const server = await serve(t, answer)
  return { ...server, client: new TelemetryClient({ baseUrl: server.baseUrl, authToken: TOKEN }) }
}

function operationOf(call) {
  return operations.find(({ operationId }) => operationId === CALLS[call][0])
}

test('every_operation_of_the_contract_has_a_call_that_gives_its_answer', async (t) => {
  const { client, requests } = await clientOf(t)
  const names = Object.getOwnPropertyNames(TelemetryClient.prototype).filter((name) => name !== 'constructor')
  assert.deepEqual(names.sort(), Object.keys(CALLS).sort())
  const ids = operations.map(({ operationId }) => operationId)
  assert.deepEqual(
    Object.values(CALLS)
      .map(([id]) => id)
      .sort(),
    ids.sort(),
  )
  for (const call of names) {
    const answer = await client[call]({ workspaceId })
    assert.deepEqual(answer, exampleOf(operationOf(call), 200), call)
    const { headers, body, parameters } = requests.at(-1)
    assert.deepEqual(parameters, { workspace_id: 'w' })
    assert.deepEqual([headers.accept, headers.authorization], ['application/json', `Bearer ${TOKEN}`])
    assert.equal(body, undefined)
  }
  assert.equal(requests.length, 7)
})

test('every_option_is_sent_as_its_parameter_and_every_parameter_has_an_option', async (t) => {
  const { client, requests } = await clientOf(t)
  for (const [call, [, options]] of Object.entries(CALLS)) {
    const query = Object.fromEntries(Object.entries(options).map(([name, [value]]) => [name, value]))
    await client[call](query)
    const sent = Object.fromEntries(
      Object.values(options).map(([value, parameter, written = value]) => [parameter, written]),
    )
    const { parameters, body } = requests.at(-1)
    assert.deepEqual({ ...parameters, ...body }, sent, call)
    const known = operationOf(call).parameters.map(({ name }) => name)
    assert.deepEqual(Object.keys(parameters).sort(), known.sort(), call)
  }
})

test('what_is_absent_is_not_sent', async (t) => {
  const { client, requests } = await clientOf(t)
  await client.tokenUsageSummary({ workspaceId, agent: undefined, command: null, groupBy: [], unknown: undefined })
  assert.deepEqual(requests.at(-1).parameters, { workspace_id: 'w' })
  await client.optOut({ workspaceId, strict: false })
  assert.deepEqual(requests.at(-1).body, { strict: false })
})

test('the_address_may_end_with_a_slash_and_be_a_url', async (t) => {
  const { baseUrl } = await serve(t)
  for (const address of [`${baseUrl}/`, `${baseUrl}///`, new URL(baseUrl)]) {
    const client = new TelemetryClient({ baseUrl: address, authToken: TOKEN })
    assert.equal((await client.optIn({ workspaceId })).optOut, false)
  }
})

test('without_a_token_none_is_sent_and_the_refusal_is_told', async (t) => {
  const { baseUrl, requests } = await serve(t)
  const error = await rejection(new TelemetryClient({ baseUrl }).estimate({ workspaceId }))
  assert.equal(requests[0].headers.authorization, undefined)
  assert.deepEqual([error.kind, error.message], ['Storage', 'the token is not valid: ask for another one'])
})

test('a_bad_value_is_refused_by_its_name_and_nothing_is_sent', async (t) => {
  const { client, requests } = await clientOf(t)
  const bad = [
    ['tokenUsage', undefined, 'query', 'query: got nothing; expected an object with a workspaceId'],
    ['tokenUsage', {}, 'workspaceId', 'workspaceId: got nothing; expected the id of a workspace'],
    ['tokenUsage', { workspaceId: 7 }, 'workspaceId', 'workspaceId: got 7; expected text'],
    ['tokenUsage', { workspaceId, agnet: 'a' }, 'agnet', 'agnet: got an unknown field; expected one of workspaceId, '],
    ['tokenUsage', { workspaceId, agent: 7 }, 'agent', 'agent: got 7; expected text'],
    ['tokenUsage', { workspaceId, agent: '\ud800' }, 'agent', 'agent: got half of a surrogate pair; expected text'],
    ['tokenUsage', { workspaceId, page: '2' }, 'page', 'page: got "2"; expected a number'],
    ['tokenUsage', { workspaceId, page: NaN }, 'page', 'page: got NaN; expected a finite number'],
    ['tokenUsage', { workspaceId, since: new Date(NaN) }, 'since', 'since: got an invalid Date'],
    ['tokenUsage', { workspaceId, now: new Date() }, 'now', 'now: got an unknown field'],
    ['tokenUsageSummary', { workspaceId, groupBy: 'day' }, 'groupBy', 'groupBy: got "day"; expected an array of texts'],
    ['tokenUsageSummary', { workspaceId, groupBy: ['day,agent'] }, 'groupBy', 'groupBy: got "day,agent"; expected one'],
    ['optOut', { workspaceId, strict: 'false' }, 'strict', 'strict: got "false"; expected true or false'],
    ['velocity', { workspaceId, spPerHourAll: Infinity }, 'spPerHourAll', 'spPerHourAll: got Infinity'],
  ]
  for (const [call, query, field, message] of bad) {
    const error = await rejection(client[call](query))
    assert.ok(error instanceof McodaError, message)
    assert.deepEqual([error.code, error.field], ['MCODA_INVALID_INPUT', field])
    assert.ok(error.message.startsWith(message), error.message)
  }
  const unknown = await rejection(client.optIn({ workspaceId }, { timeout: 1 }))
  assert.deepEqual([unknown.kind, unknown.field], ['InvalidInput', 'timeout'])
  assert.equal(requests.length, 0)
})

test('a_client_is_not_made_of_bad_options_and_the_refusal_shows_no_secret', () => {
  const baseUrl = 'https://example.org'
  const bad = [
    [undefined, 'options'],
    ['https://user:hunter2@example.org', 'options'],
    [{}, 'baseUrl'],
    [{ baseUrl: 7 }, 'baseUrl'],
    [{ baseUrl: 'example.org/hunter2' }, 'baseUrl'],
    [{ baseUrl: 'ftp://example.org/hunter2' }, 'baseUrl'],
    [{ baseUrl: 'https://user:hunter2@example.org' }, 'baseUrl'],
    [{ baseUrl: 'https://example.org/?token=hunter2' }, 'baseUrl'],
    [{ baseUrl: 'https://example.org/#hunter2' }, 'baseUrl'],
    [{ baseUrl, authToken: 7 }, 'authToken'],
    [{ baseUrl, authToken: '' }, 'authToken'],
    [{ baseUrl, authToken: 'hunter2\r\nX-Other: 1' }, 'authToken'],
    [{ baseUrl, authToken: 'hunter2 ü' }, 'authToken'],
    [{ baseUrl, fetch: 'hunter2' }, 'fetch'],
    [{ baseUrl, workspaceId }, 'workspaceId'],
  ]
  for (const [options, field] of bad) {
    assert.throws(
      () => new TelemetryClient(options),
      (error) => {
        assert.ok(error instanceof McodaError && error.kind === 'InvalidInput')
        assert.equal(error.field, field)
        assert.ok(!inspect(error).includes('hunter2'), inspect(error))
        return true
      },
    )
  }
})

test('errors_of_the_server_come_back_as_those_of_the_library', async (t) => {
  let next
  const { client, requests } = await clientOf(t, (operation, request, response) => give(response, ...next(operation)))
  for (const call of Object.keys(CALLS)) {
    for (const status of [400, 401, 404, 409, 503, 'default']) {
      next = (operation) => [status === 'default' ? 500 : status, exampleOf(operation, status)]
      const error = await rejection(client[call]({ workspaceId }))
      const { code, message, field } = exampleOf(operationOf(call), status)
      assert.ok(error instanceof McodaError && error instanceof local.McodaError)
      assert.deepEqual([error.code, error.message, error.field], [`MCODA_${code}`, message, field])
      assert.match(error.stack, /client\.test\.mjs/)
    }
  }
  assert.equal(requests.length, 7 * 6, 'nothing is asked twice')
})

test('every_kind_of_error_is_told_whatever_the_status', async (t) => {
  let code
  const detail = 'the cause\nof it'
  const { client } = await clientOf(t, (operation, request, response) =>
    give(response, 418, { code, message: 'm', field: 'page_size', detail, retryable: true }),
  )
  const kinds = []
  for (code of ERROR_NAMES) {
    const error = await rejection(client.tokenUsage({ workspaceId, pageSize: 1 }))
    assert.equal(error.code, `MCODA_${code}`)
    assert.deepEqual([error.field, error.detail], ['pageSize', 'the cause of it'], 'named as the option, in one line')
    kinds.push(error.kind)
  }
  assert.deepEqual(
    kinds.map((kind) => kind.replace(/\B[A-Z]/g, (letter) => `_${letter}`).toUpperCase()),
    ERROR_NAMES,
  )
})

test('an_answer_that_is_none_of_the_api_is_an_error_that_says_so', async (t) => {
  let next
  const { client, requests } = await clientOf(t, (operation, request, response) => give(response, ...next))
  const html = { 'content-type': 'text/html' }
  const cases = [
    [[200, '<html>Welcome</html>', html], 'Corrupt', /^GET \/estimate: the response is not one of the telemetry API/],
    [[200, ''], 'Corrupt', /check baseUrl/],
    [[200, '[]'], 'Corrupt', /check baseUrl/],
    [[200, 'null'], 'Corrupt', /check baseUrl/],
    [[200, '{"scope": '], 'Corrupt', /check baseUrl/],
    [[301, '', { location: `https://127.0.0.1:1/${TOKEN}` }], 'Storage', /returned 301, redirects are not followed/],
    [[400, '<html>', html], 'InvalidInput', /^GET \/estimate: the server returned 400, without a reason$/],
    [[401, 'no'], 'Storage', /401/],
    [[403, '{"error": "no"}'], 'Storage', /403/],
    [[404, '<html>', html], 'NotFound', /404/],
    [[409, '[]'], 'Conflict', /409/],
    [[422, 'null'], 'InvalidInput', /422/],
    [[429, '"slow down"'], 'Busy', /429/],
    [[500, '{"code": 7, "message": "m"}'], 'Storage', /500/],
    [[501, ''], 'Unsupported', /501/],
    [[502, '<html>', html], 'Storage', /502/],
    [[503, '<html>', html], 'Busy', /503/],
    [[504, ''], 'Storage', /504/],
    [[409, '{"code": "OF_TOMORROW", "message": "newer"}'], 'Conflict', /^newer$/],
    [[500, '{"code": "__proto__", "message": "m", "field": 7}'], 'Storage', /^m$/],
  ]
  for (const [answer, kind, message] of cases) {
    next = answer
    const error = await rejection(client.estimate({ workspaceId }))
    assert.ok(error instanceof McodaError, answer.join())
    assert.deepEqual([error.kind, error.field], [kind, undefined], answer.join())
    assert.match(error.message, message)
  }
  next = [200, '{}']
  assert.equal((await rejection(client.tokenUsage({ workspaceId }))).kind, 'Corrupt')
  assert.equal(requests.length, cases.length + 1)
})

test('a_server_that_cannot_be_reached_or_breaks_off_is_storage_and_asked_once', async (t) => {
  const { client, requests } = await clientOf(t, (operation, request, response) => {
    if (operation.method === 'GET') {
      response.writeHead(200, { 'content-length': 100 })
      response.write('[')
    }
    setImmediate(() => response.destroy())
  })
  for (const call of ['tokenUsage', 'optOut', 'optIn']) {
    const error = await rejection(client[call]({ workspaceId }))
    assert.ok(error instanceof McodaError && error.kind === 'Storage', inspect(error))
    assert.match(error.message, /: no response from http:\/\/127\.0\.0\.1:\d+: ./)
  }
  assert.equal(requests.length, 3)

  const { baseUrl, server } = await serve(t)
  server.close()
  await once(server, 'close')
  const nowhere = new TelemetryClient({ baseUrl, authToken: TOKEN })
  const error = await rejection(nowhere.optOut({ workspaceId }))
  assert.equal(error.kind, 'Storage')
  assert.match(error.message, /^POST \/telemetry\/opt-out: no response from http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/)
  assert.match(error.detail, /^fetch failed: .*ECONNREFUSED/)
})

test('an_aborted_call_rejects_with_the_reason_of_its_signal', async (t) => {
  const { client, requests } = await clientOf(t, (operation, request, response) => {
    // An answer that begins, and never ends.
    if (operation.method === 'GET') response.writeHead(200).write('[')
  })
  const reason = new Error('changed my mind')
  assert.equal(await rejection(client.optOut({ workspaceId }, { signal: AbortSignal.abort(reason) })), reason)
  assert.equal(requests.length, 0, 'nothing is sent')

  const warnings = []
  const warn = (warning) => warnings.push(warning)
  process.on('warning', warn)
  t.after(() => process.off('warning', warn))
  const controller = new AbortController()
  const calls = ['tokenUsage', 'optIn'].flatMap((call) =>
    Array.from({ length: 20 }, () => client[call]({ workspaceId }, { signal: controller.signal })),
  )
  const rejections = calls.map(rejection)
  await eventually(() => requests.length === 40, 'all are asked')
  assert.ok(await isPending(rejections[0]))
  controller.abort()
  for (const error of await Promise.all(rejections)) assert.equal(error.name, 'AbortError')
  const timeout = await rejection(client.estimate({ workspaceId }, { signal: AbortSignal.timeout(20) }))
  assert.equal(timeout.name, 'TimeoutError')
  assert.deepEqual(warnings, [])
})

test('no_error_and_no_printing_of_a_client_shows_the_token', async (t) => {
  const { client, baseUrl } = await clientOf(t, (operation, request, response) => {
    const message = `bad: ${request.headers.authorization}`
    give(response, 500, { code: 'INTERNAL', message, detail: TOKEN, field: TOKEN })
  })
  const broken = () => Promise.reject(new TypeError(`bad header ${TOKEN}`, { cause: new Error(TOKEN) }))
  const errors = [
    await rejection(client.estimate({ workspaceId })),
    await rejection(new TelemetryClient({ baseUrl, authToken: TOKEN, fetch: broken }).estimate({ workspaceId })),
  ]
  assert.equal(errors[0].message, 'bad: Bearer (the token)')
  for (const shown of [...errors, client]) {
    const texts = [inspect(shown, { depth: 9, showHidden: true }), JSON.stringify(shown), String(shown)]
    assert.ok(!texts.join().includes(TOKEN), texts.join())
  }
})

test('the_callers_own_fetch_is_used', async () => {
  const asked = []
  const fetch = async (...args) => {
    asked.push(args)
    return new Response('{"implementationSpPerHour": 1}')
  }
  const client = new TelemetryClient({ baseUrl: 'https://example.org/v1', fetch })
  assert.deepEqual(await client.velocity({ workspaceId: 'a b' }), { implementationSpPerHour: 1 })
  const init = { method: 'GET', headers: { accept: 'application/json' }, redirect: 'manual' }
  assert.deepEqual(asked, [['https://example.org/v1/velocity?workspace_id=a%20b', init]])
})

test('the_client_loads_no_native_part', () => {
  const program = `
    import { createRequire } from 'node:module'
    import { McodaError, TelemetryClient } from '@mcoda/native/client'
    console.log(typeof McodaError, typeof TelemetryClient, Object.keys(createRequire('/').cache).join())`
  const args = ['--input-type=module', '--eval', program]
  const { stdout } = spawnSync(process.execPath, args, { cwd: PACKAGE, encoding: 'utf8' })
  assert.match(stdout, /^function function .*client\.js/)
  assert.doesNotMatch(stdout, /\.node|dispatcher/)
})
