// Many handles: what they need while they are open, and what is left when they are closed.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { freshFolder, runProgram } from './support.mjs'

const skip = existsSync('/proc/self/task') ? false : 'threads can be counted on Linux only'

/** Opens and closes handles of each kind in a process of its own. `use` makes calls on one of them. */
function program(open, use) {
  return `
    import { readFileSync, readdirSync } from 'node:fs'
    import { setTimeout } from 'node:timers/promises'
    import { Global, Workspace } from '@mcoda/native'
    import { open } from '@mcoda/native/sqlite'
    const file = process.argv[2]
    const threads = () => readdirSync('/proc/self/task').filter((task) => nameOf(task) === 'mcoda').length
    function nameOf(task) {
      try {
        return readFileSync('/proc/self/task/' + task + '/comm', 'utf8').trim()
      } catch {
        return 'gone'
      }
    }
    /** Waits until idle threads have ended, and frees what JavaScript has left. */
    async function settle() {
      for (let tries = 0; threads() && tries < 500; tries += 1) await setTimeout(10)
      for (let round = 0; round < 5; round += 1) {
        gc()
        await setTimeout(5)
      }
    }
    const held = () => ({
      threads: threads(),
      descriptors: readdirSync('/proc/self/fd').length,
      resident: Number(/VmRSS:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]),
    })
    async function round(count) {
      const handles = []
      let most = 0
      for (let handle = 0; handle < count; handle += 1) {
        handles.push(await ${open})
        most = Math.max(most, threads())
      }
      await settle()
      const idle = threads()
      for (const handle of handles) await ${use}
      for (const handle of handles) await handle.close()
      handles.length = 0
      await settle()
      return { most, idle, ...held() }
    }
    const few = await round(100)
    console.log(JSON.stringify([few, await round(1000)]))`
}

// V8's young generation grows to 16 MB and stays so: that is JavaScript's memory, and not measured here.
const FLAGS = ['--expose-gc', '--max-semi-space-size=1']

const KINDS = {
  'Workspace.openDb': ['Workspace.openDb(file)', 'handle.recordTokenUsage({}).then(() => handle.tokenUsageSummary())'],
  'Global.openDb': ['Global.openDb(file)', 'handle.recordTokenUsage({}).then(() => handle.tokenUsageSummary())'],
  'sqlite.open': ['open({ filename: file })', "handle.exec('CREATE TABLE IF NOT EXISTS t (a)').then(() => handle.all('SELECT * FROM t'))"],
}

for (const [kind, [open, use]] of Object.entries(KINDS)) {
  test(`a_thousand_handles_leave_nothing_behind, ${kind}`, { skip }, (t) => {
    const output = runProgram(t, program(open, use), [join(freshFolder(t), 'mcoda.db')], FLAGS)
    const [few, many] = JSON.parse(output)
    t.diagnostic(`${kind}: ${JSON.stringify(few)}, then ${JSON.stringify(many)}`)
    // One after the other is opened by the same thread, or by another one if that is not free yet.
    assert.ok(many.most <= 3, `${many.most} threads while the handles were opened`)
    assert.deepEqual([many.idle, many.threads], [0, 0], 'a handle without calls has no thread')
    assert.ok(many.descriptors <= 1.1 * few.descriptors, output)
    // Without returning it, memory is four times as much.
    assert.ok(many.resident <= 1.1 * few.resident, output)
  })
}
