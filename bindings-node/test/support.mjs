// What the tests share. Their home folder is a fresh one, so that no test sees the user's files.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after } from 'node:test'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { Workspace } from '@mcoda/native'

export const PACKAGE = dirname(import.meta.dirname)
export const ROOT = dirname(PACKAGE)

const HOME = mkdtempSync(join(tmpdir(), 'mcoda-home-'))
process.env.HOME = HOME
after(() => rmSync(HOME, { recursive: true, force: true }))

/** A folder that goes with the test. */
export function freshFolder(t) {
  const folder = mkdtempSync(join(tmpdir(), 'mcoda-node-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** An open workspace in a fresh file, and the file. */
export async function freshWorkspace(t, options) {
  const file = join(freshFolder(t), 'mcoda.db')
  const workspace = await Workspace.openDb(file, options)
  t.after(() => workspace.close())
  return { workspace, file }
}

const STATE = readFileSync(join(ROOT, 'tests/vectors/state.sql'), 'utf8')

/** Everything that a call could change. */
export function everything(workspace) {
  return workspace.query(STATE)
}

/** A project, an epic, a story and the task P-1. */
export async function backlog(workspace) {
  const project = await workspace.projects.ensure({ key: 'P' })
  const epic = await workspace.epics.create({ projectId: project.id, key: 'P-E', title: 'Epic' })
  const story = await workspace.stories.create({ epicId: epic.id, key: 'P-S', title: 'Story' })
  const task = await workspace.tasks.create({ userStoryId: story.id, key: 'P-1', title: 'Task', storyPoints: 1 })
  return { project, epic, story, task }
}

/** What the promise rejects with. */
export function rejection(promise) {
  return promise.then(
    (answer) => {
      throw new Error(`not rejected, but ${JSON.stringify(answer)}`)
    },
    (error) => error,
  )
}

const HOLD = `
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("CREATE TABLE IF NOT EXISTS held (a)")
connection.execute("BEGIN " + sys.argv[2])
connection.execute("INSERT INTO held VALUES (1)")
print("held", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
`

/** Another process holds the write lock of the file until `release` is called. */
export async function lockElsewhere(t, file, how = 'IMMEDIATE') {
  const child = spawn('python3', ['-c', HOLD, file, how], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.after(() => child.kill())
  const exited = once(child, 'exit')
  await once(child.stdout, 'data')
  return async () => {
    child.stdin.end()
    await exited
  }
}

/** Whether the promise has settled yet. */
export async function isPending(promise) {
  const pending = {}
  return (await Promise.race([promise.catch(() => undefined), setImmediate(pending)])) === pending
}

/** Waits until `condition` holds, and fails where it never does. */
export async function eventually(condition, what) {
  for (let tries = 0; tries < 3000; tries += 1) {
    if (condition()) return
    await setTimeout(10)
  }
  throw new Error(`never: ${what}`)
}

/** Runs a program of its own with the package at hand, and gives all that it printed. */
export function runAloud(t, source, args = [], flags = [], env = process.env) {
  const file = join(freshFolder(t), 'program.mjs')
  // A program outside of the package cannot name it.
  writeFileSync(
    file,
    source.replaceAll("'@mcoda/native'", JSON.stringify(pathToFileURL(join(PACKAGE, 'dist/index.mjs')).href)),
  )
  const run = spawnSync(process.execPath, [...flags, file, ...args], { encoding: 'utf8', timeout: 120_000, env })
  if (run.status !== 0) throw new Error(`${run.signal ?? run.status}: ${run.stdout}${run.stderr}`)
  return { stdout: run.stdout, stderr: run.stderr }
}

/** `runAloud`, for what it printed to its standard output. */
export function runProgram(t, source, args, flags) {
  return runAloud(t, source, args, flags).stdout
}
