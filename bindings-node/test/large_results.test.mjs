// Large results cross in pieces, and the event loop turns between them. Turns are counted, nothing is timed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import turns from '../dist/turns.js'
import { freshWorkspace, rejection } from './support.mjs'

test('the_rows_of_a_large_result_are_all_there_and_in_order', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const metadata = { text: 'ü'.repeat(200) }
  const records = Array.from({ length: 5000 }, (_, index) => ({ tokensPrompt: index, metadata }))
  await workspace.recordTokenUsages(records)
  const rows = await workspace.tokenUsage()
  assert.deepEqual(rows.map(({ tokens_prompt }) => tokens_prompt), records.map(({ tokensPrompt }) => tokensPrompt))
  assert.deepEqual(rows.at(-1).metadata, metadata)
  const page = await workspace.tokenUsage({ page: 1, pageSize: 1 })
  assert.deepEqual(page, rows.slice(0, 1))
})

test('every_value_of_a_large_query_is_in_its_row', async (t) => {
  const { workspace } = await freshWorkspace(t)
  const sql = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000)
    SELECT i, i + 9007199254740992 AS big, CAST('b' || i AS BLOB) AS blob, 'text ' || i AS text, NULL AS empty FROM n`
  const rows = await workspace.query(sql)
  assert.equal(rows.length, 20000)
  rows.forEach((row, index) => {
    const i = index + 1
    const blob = Buffer.from(`b${i}`)
    assert.deepEqual(row, { i, big: BigInt(i) + 9007199254740992n, blob, text: `text ${i}`, empty: null })
  })
  assert.deepEqual(await workspace.query('SELECT 1 AS a WHERE 0'), [])
  const large = await workspace.query("SELECT hex(zeroblob(150000)) AS a UNION ALL SELECT 'y'")
  assert.deepEqual(large.map(({ a }) => a.length), [300000, 1])
})

/** A result of `count` pieces after the first one, which notes at which turn of the event loop each was read. */
function piecesOf(count) {
  let turn = 0
  const readAt = []
  let isOver = false
  const loop = async () => {
    for (; !isOver; turn += 1) await setImmediate()
  }
  void loop()
  const piece = (number) => JSON.stringify([number, 'x'.repeat(130 * 1024)])
  const next = () => {
    if (readAt.length === count) return null
    readAt.push(turn)
    return piece(readAt.length)
  }
  return { first: piece(0), rest: { next }, readAt, end: () => (isOver = true) }
}

test('the_event_loop_turns_between_the_pieces_of_a_result', async (t) => {
  const { first, rest, readAt, end } = piecesOf(50)
  t.after(end)
  const result = await turns.decodeInTurns(first, rest, JSON.parse)
  assert.deepEqual(result.filter((item) => typeof item === 'number'), Array.from({ length: 51 }, (_, index) => index))
  assert.ok(new Set(readAt).size >= 49, `read in turns ${readAt}`)
})

test('results_that_arrive_together_share_the_turns', async (t) => {
  const parts = Array.from({ length: 4 }, () => piecesOf(10))
  t.after(() => parts.forEach(({ end }) => end()))
  const decoded = await Promise.all(parts.map(({ first, rest }) => turns.decodeInTurns(first, rest, JSON.parse)))
  assert.ok(decoded.every(({ length }) => length === 22))
  // One piece a turn fills it, so that 40 pieces take as many turns.
  assert.ok(parts[0].readAt.at(-1) >= 30, `read in turns ${parts[0].readAt}`)
})

test('an_abort_ends_the_decoding_of_a_result', async (t) => {
  const { first, rest, readAt, end } = piecesOf(50)
  t.after(end)
  const controller = new AbortController()
  const result = turns.decodeInTurns(first, rest, JSON.parse, controller.signal)
  await setImmediate()
  await setImmediate()
  controller.abort('enough')
  assert.equal(await rejection(result), 'enough')
  assert.ok(readAt.length < 10, `${readAt.length} pieces were read`)
})
