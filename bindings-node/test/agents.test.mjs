// What agents return, in all the forms that JavaScript has for it.
import assert from 'node:assert/strict'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Global, McodaError, extractUsage, extractUsages } from '@mcoda/native'
import { everything, freshFolder, freshWorkspace, isPending, lockElsewhere, rejection } from './support.mjs'

const BODY = { id: 'r-1', model: 'gpt-x', usage: { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15 } }

test('text_bytes_and_objects_say_the_same', () => {
  const json = JSON.stringify(BODY)
  const expected = extractUsage(BODY)
  assert.equal(expected.tokensPrompt, 12)
  class RecordedObject {
    constructor() {
      Object.assign(this, BODY)
    }
  }
  for (const body of [json, Buffer.from(json), new TextEncoder().encode(json), new RecordedObject(), { toJSON: () => BODY }]) {
    assert.deepEqual(extractUsage(body), expected)
    assert.deepEqual(extractUsages(body), [expected])
  }
  assert.deepEqual(extractUsages([BODY, { ...BODY, id: 'r-2', model: 'gpt-y' }]).length, 2)
})

test('strange_input_is_never_an_error', () => {
  const cyclic = { usage: { prompt_tokens: 12n, completion_tokens: 3 } }
  cyclic.self = cyclic
  cyclic.list = [cyclic, { cyclic }]
  assert.equal(extractUsage(cyclic).tokensPrompt, 12)
  assert.equal(extractUsage(cyclic).tokensCompletion, 3)
  let deep = {}
  for (let level = 0; level < 100_000; level += 1) deep = { deep }
  assert.equal(extractUsage({ ...BODY, deep }).tokensPrompt, 12)
  const nothing = extractUsage('')
  assert.equal(nothing.tokensPrompt, null)
  const values = [undefined, null, true, NaN, -Infinity, 7n, Symbol('s')]
  for (const body of [...values, () => BODY, [], [[]], {}, new Map(), deep]) {
    assert.deepEqual(extractUsage(body), nothing)
    assert.deepEqual(extractUsages(body), [])
  }
  for (const body of ['\ud800', '{"usage": {"prompt_tokens": 1, "\udfff": 2}}', '\0', Buffer.from([0xff, 0xfe])]) {
    assert.ok(extractUsage(body))
  }
  assert.equal(extractUsage({ usage: { prompt_tokens: NaN, completion_tokens: 3 } }).tokensCompletion, 3)
  const own = new Error('of the body')
  const failing = {
    get usage() {
      throw own
    },
  }
  assert.throws(() => extractUsage(failing), own)
})

test('a_provider_is_text', () => {
  for (const provider of [7, {}, [], true]) {
    assert.throws(
      () => extractUsage(BODY, provider),
      (error) => error instanceof McodaError && error.kind === 'InvalidInput' && error.field === 'provider',
    )
  }
  assert.deepEqual(extractUsage(BODY, null), extractUsage(BODY))
  assert.equal(extractUsage(BODY, 'acme').provider, 'acme')
})

test('what_was_read_can_be_recorded_as_it_is', async (t) => {
  const { workspace } = await freshWorkspace(t)
  await workspace.recordTokenUsage({ ...extractUsage(BODY), id: 'own' })
  const [row] = await workspace.tokenUsage()
  assert.deepEqual([row.id, row.tokens_prompt, row.model_name], ['own', 12, 'gpt-x'])
})

test('a_response_is_recorded_once_in_whatever_form_it_comes', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const global = await Global.openDb(':memory:')
  for (const handle of [workspace, global]) {
    const context = { commandName: 'review', startedAt: new Date(0) }
    const first = await handle.recordAgentResponse(BODY, context)
    assert.deepEqual(first.usage, extractUsage(BODY))
    assert.deepEqual(
      first.records.map(({ recorded, duplicate }) => [recorded, duplicate]),
      [[true, false]],
    )
    const again = await handle.recordAgentResponse(JSON.stringify(BODY), context)
    assert.equal(again.records[0].duplicate, true)
    assert.equal((await handle.tokenUsage()).length, 1)
  }
  await global.close()
})

test('an_invalid_context_is_refused_and_nothing_is_written', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const before = await everything(workspace)
  for (const [context, kind, field] of [
    [{ noSuchField: 1 }, 'InvalidInput', 'noSuchField'],
    [{ computeCost: 'yes' }, 'InvalidInput', 'computeCost'],
    [{ durationMs: NaN }, 'InvalidInput', 'durationMs'],
    [{ startedAt: new Date(NaN) }, 'InvalidInput', 'startedAt'],
    [{ responseId: ' ' }, 'InvalidInput', 'responseId'],
    [{ jobId: 'nowhere' }, 'NotFound', 'jobId'],
    [[], 'InvalidInput', 'context'],
  ]) {
    for (const call of [
      () => workspace.recordAgentResponse(BODY, context),
      () => workspace.recordAgentFile(fileOf(t, JSON.stringify(BODY)), context),
    ]) {
      const error = await rejection(call())
      assert.deepEqual([error.kind, error.field], [kind, field], `${error}`)
    }
  }
  for (const strict of [0, 'yes', {}]) {
    assert.equal((await rejection(workspace.optOut(strict))).field, 'strict')
  }
  assert.deepEqual(await everything(workspace), before)
})

function fileOf(t, text) {
  const file = join(freshFolder(t), 'responses.jsonl')
  writeFileSync(file, text)
  return file
}

test('a_file_is_read_once_and_goes_on_where_it_has_grown', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const lines = Array.from({ length: 2500 }, (_, index) => JSON.stringify({ ...BODY, id: `r-${index}` }))
  const file = fileOf(t, `${lines.join('\n')}\nno JSON\n`)
  const summary = await workspace.recordAgentFile(file, { agentId: 'a' })
  assert.deepEqual([summary.recorded, summary.duplicates, summary.skipped.notJson], [2500, 0, 1])
  appendFileSync(file, `${JSON.stringify({ ...BODY, id: 'new' })}\n`)
  const again = await workspace.recordAgentFile(file, { agentId: 'a' })
  assert.deepEqual([again.recorded, again.duplicates], [1, 2500])
})

test('a_file_that_cannot_be_read_is_named', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const folder = freshFolder(t)
  for (const path of [join(folder, 'missing.jsonl'), folder]) {
    const error = await rejection(workspace.recordAgentFile(path))
    assert.equal(error.code, 'MCODA_STORAGE')
    assert.ok(error.message.includes(path), error.message)
  }
  assert.equal((await rejection(workspace.recordAgentFile(7))).field, 'path')
})

test('reading_a_file_is_cancelled_while_it_waits_for_another_writer', async (t) => {
  const { workspace, file } = await freshWorkspace(t)
  const release = await lockElsewhere(t, file)
  const abort = new AbortController()
  const responses = fileOf(t, JSON.stringify(BODY))
  const reading = workspace.recordAgentFile(responses, {}, { signal: abort.signal })
  await setTimeout(50)
  assert.ok(await isPending(reading))
  abort.abort()
  assert.equal((await rejection(reading)).name, 'AbortError')
  await release()
  assert.deepEqual(await workspace.tokenUsage(), [])
  assert.equal((await workspace.recordAgentFile(responses)).recorded, 1)
})
