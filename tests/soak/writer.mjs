// One of the processes of the soak test; writer.py says what it does. Usage: writer.mjs NAME ROOT FILE
import { existsSync, openSync, readFileSync, writeSync } from 'node:fs'
import { McodaError, Workspace } from '../../bindings-node/dist/index.mjs'

const [name, root, path] = process.argv.slice(2)
let ends = false
process.on('SIGTERM', () => (ends = true))
let number = existsSync(path) ? readFileSync(path, 'ascii').split('\n').length - 1 : 0
const file = openSync(path, 'a', 0o600)
const workspace = await Workspace.open(root)

async function record() {
  while (!ends) {
    try {
      return await workspace.recordTokenUsage({ id: `${name}-${number}`, agentId: name, tokensPrompt: number })
    } catch (error) {
      // Somebody was stopped with the lock in hand. A writer tries again.
      if (!(error instanceof McodaError && error.kind === 'Busy')) throw error
    }
  }
  return undefined
}

while (!ends) {
  number += 1
  const recorded = await record()
  // One call of the system's: a line is there as a whole or not at all.
  if (recorded) writeSync(file, `${number} ${recorded.logged ? 'logged' : 'unlogged'}\n`)
}
await workspace.close()
