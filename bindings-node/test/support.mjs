// What the tests share. Their home folder is a fresh one, so that no test sees the user's files.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after } from 'node:test'
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
