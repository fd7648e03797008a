// Opens a database, creates two tasks, records the usage of a call, changes a status, computes an estimate, and
// handles an error. Run it with `node quickstart.mjs [FILE]` where @mcoda/native is installed.
import { McodaError, Workspace } from '@mcoda/native'

// A project's own workspace is opened by its root folder: await Workspace.open('.')
const workspace = await Workspace.openDb(process.argv[2] ?? ':memory:')

const project = await workspace.projects.ensure({ key: 'SHOP' })
const epic = await workspace.epics.create({ projectId: project.id, key: 'SHOP-1', title: 'Checkout' })
const story = await workspace.stories.create({ epicId: epic.id, key: 'SHOP-1-S1', title: 'Pay by card' })
const tasks = await workspace.tasks.createMany([
  { userStoryId: story.id, key: 'T1', title: 'Validate cards', storyPoints: 2 },
  { userStoryId: story.id, key: 'T2', title: 'Refund', storyPoints: 3 },
])
console.log(`${tasks.length} tasks in SHOP`)

const usage = {
  id: 'call-1', // a retry with the same id counts once
  taskId: tasks[0].id,
  agentId: 'claude',
  commandName: 'work-on-tasks',
  tokensPrompt: 12_400, // all input tokens, including cached ones
  tokensCached: 8_100,
  tokensCompletion: 950,
  costEstimate: 0.0296,
  currency: 'USD',
  timestamp: new Date(),
}
console.log(`recorded ${(await workspace.recordTokenUsage(usage)).id}`)
console.log(`a retry is a duplicate: ${(await workspace.recordTokenUsage(usage)).duplicate}`)

const moved = await workspace.recordStatusTransition('T1', 'in_progress')
console.log(`T1: ${moved.fromStatus} -> ${moved.toStatus}`)

const estimate = await workspace.estimate({ spPerHourAll: 2.5 })
console.log(`${estimate.backlogTotals.implementation.story_points} story points left`)
console.log(`done at ${estimate.etas.completeEta}`)

try {
  await workspace.recordTokenUsage({ tokensPrompt: -1 })
} catch (error) {
  if (!(error instanceof McodaError) || error.code !== 'MCODA_INVALID_INPUT') throw error
  console.log(`refused: ${error.message}`)
}
await workspace.close()
