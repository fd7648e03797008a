/// <reference types="node" />

/** A moment: a `Date`, or text in RFC 3339 with `Z` or an offset, or a date alone (midnight UTC). */
export type Time = Date | string

/** A bound in time: a moment, or a span before now such as `7d` (units s, m, h, d, w). */
export type Bound = Date | string

/** What JSON has. A `Date` inside becomes its ISO text. */
export type Json = null | boolean | number | string | Date | readonly Json[] | { readonly [name: string]: Json | undefined }

/** A JSON object that the host keeps with a row. */
export type JsonObject = { readonly [name: string]: Json | undefined }

/** A JSON object as it is read back. */
export type Metadata = { [name: string]: JsonValue }

/** A JSON value as it is read back. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [name: string]: JsonValue }

export type ErrorKind =
  | 'InvalidInput'
  | 'NotFound'
  | 'Conflict'
  | 'Busy'
  | 'Storage'
  | 'Corrupt'
  | 'Unsupported'
  | 'Closed'
  | 'Internal'

export type ErrorCode =
  | 'MCODA_INVALID_INPUT'
  | 'MCODA_NOT_FOUND'
  | 'MCODA_CONFLICT'
  | 'MCODA_BUSY'
  | 'MCODA_STORAGE'
  | 'MCODA_CORRUPT'
  | 'MCODA_UNSUPPORTED'
  | 'MCODA_CLOSED'
  | 'MCODA_INTERNAL'

/** What every call rejects with, but for an aborted one, which rejects with its signal's reason. */
export class McodaError extends Error {
  private constructor()
  readonly name: 'McodaError'
  readonly code: ErrorCode
  readonly kind: ErrorKind
  /** The input field at fault, by its name in JSON, where one is. */
  readonly field?: string
  /** What caused it, where that is known. */
  readonly detail?: string
}

/** The last argument of every call. */
export interface CallOptions {
  /**
   * Gives the call up: before it is made, while it waits for its turn or for another writer, and while it only
   * reads. It rejects with the signal's reason then, and has written nothing. A call that has begun to write is
   * finished, and its answer delivered.
   */
  signal?: AbortSignal | null | undefined
}

/** What a handle is opened with. */
export interface OpenOptions {
  /** The id that new records carry and queries look for. Default: `id` of `workspace.json`, else the root's path. */
  workspaceId?: string | undefined
  /** Settings in the shape of `config.json` that hold over the files'. */
  config?: JsonObject | undefined
  /** Turns remote export off for this handle. Default: false. */
  noTelemetry?: boolean | undefined
  /** Whether, or in which folder, the JSON log is written. Default: true for a root, none for a database file. */
  jsonLog?: boolean | string | undefined
  /** How far a commit goes: `normal` survives a crash, `full` a power cut too. Default: `normal`. */
  synchronous?: 'normal' | 'full' | undefined
  /** How long to wait for other writers, in milliseconds. Default: 30000. */
  busyTimeoutMs?: number | undefined
  /** Only reads: nothing is created, migrated or written. Default: false. */
  readOnly?: boolean | undefined
  /** `NotFound` where there is no database, in place of creating one. Default: false. */
  existingOnly?: boolean | undefined
}

/**
 * What one agent call cost. Absent is "not told", 0 is "told to be none". Token counts are whole numbers from 0 to
 * 2^53 − 1; costs and durations are finite and not negative.
 */
export interface TokenUsage {
  /** Recording the same id with the same content again adds nothing. Default: a new UUID. */
  id?: string | undefined
  /** The workspace that is billed. Default: the handle's own. */
  workspaceId?: string | undefined
  agentId?: string | undefined
  modelName?: string | undefined
  /** Must exist; so must every other row that is named here. */
  jobId?: string | undefined
  commandRunId?: string | undefined
  taskRunId?: string | undefined
  taskId?: string | undefined
  projectId?: string | undefined
  epicId?: string | undefined
  userStoryId?: string | undefined
  commandName?: string | undefined
  /** The step of the command. */
  action?: string | undefined
  /** How the agent was called. */
  invocationKind?: string | undefined
  provider?: string | undefined
  /** The currency of `costEstimate`. */
  currency?: string | undefined
  /** All input tokens, cached ones included. */
  tokensPrompt?: number | bigint | undefined
  /** Another name of `tokensPrompt`. */
  promptTokens?: number | bigint | undefined
  /** All output tokens. */
  tokensCompletion?: number | bigint | undefined
  /** Another name of `tokensCompletion`. */
  completionTokens?: number | bigint | undefined
  /** The provider's own total. Default: prompt + completion. */
  tokensTotal?: number | bigint | undefined
  /** Input tokens that came from a cache. */
  tokensCached?: number | bigint | undefined
  tokensCacheRead?: number | bigint | undefined
  tokensCacheWrite?: number | bigint | undefined
  /** In `currency`. */
  costEstimate?: number | undefined
  /** Another name of `costEstimate`. */
  costUsd?: number | undefined
  durationSeconds?: number | undefined
  durationMs?: number | undefined
  startedAt?: Time | undefined
  /** Not before `startedAt`. */
  finishedAt?: Time | undefined
  /** When the call counts. Default: now. */
  timestamp?: Time | undefined
  /** Anything else, kept unchanged. */
  metadata?: JsonObject | undefined
}

/** What became of one record. */
export interface Recorded {
  /** The given id, else a new one. */
  id: string
  /** False where the config says `telemetry.strict`. */
  recorded: boolean
  /** Whether the record was there already, with the same content. */
  duplicate: boolean
  /** Whether the JSON log holds the record; if it is merely late, a later call completes it. */
  logged: boolean
}

/** Which token usage to look at; all of it where nothing is asked for. */
export interface TokenUsageQuery {
  /** By the project's key. */
  projectKey?: string | undefined
  /** By the agent's id or slug. */
  agent?: string | undefined
  command?: string | undefined
  /** Lets usage without any command pass the filter by `command`. */
  includeRowsWithoutCommand?: boolean | undefined
  jobId?: string | undefined
  taskId?: string | undefined
  /** Inclusive. Default: the last 7 days in a summary, everything in a list of rows. */
  since?: Bound | undefined
  /** Inclusive. */
  until?: Bound | undefined
  /** From 1. */
  page?: number | undefined
  /** Rows, or groups, of a page. Default: all. */
  pageSize?: number | undefined
  /** The moment that spans count back from. Default: now. */
  now?: Time | undefined
}

export type Dimension = 'project' | 'command' | 'agent' | 'model' | 'day' | 'job' | 'action' | 'provider' | 'task'

export interface TokenUsageSummaryQuery extends TokenUsageQuery {
  /** Default: project, command, agent. */
  groupBy?: readonly Dimension[] | undefined
}

/** One recorded call. Null is "not told". */
export interface TokenUsageRow {
  id: string
  /** Null in the global database. */
  workspace_id: string | null
  agent_id: string | null
  model_name: string | null
  job_id: string | null
  command_run_id: string | null
  task_run_id: string | null
  task_id: string | null
  project_id: string | null
  epic_id: string | null
  user_story_id: string | null
  command_name: string | null
  action: string | null
  invocation_kind: string | null
  provider: string | null
  currency: string | null
  tokens_prompt: number | null
  tokens_completion: number | null
  tokens_total: number | null
  tokens_cached: number | null
  tokens_cache_read: number | null
  tokens_cache_write: number | null
  cost_estimate: number | null
  duration_seconds: number | null
  duration_ms: number | null
  started_at: string | null
  finished_at: string | null
  timestamp: string
  /** What went wrong, as the metadata tells. */
  error_kind: string | null
  metadata: Metadata
}

/** The calls of one group together. The dimensions that were grouped by are there, the others are not. */
export interface TokenUsageSummaryRow {
  /** Null in the global database. */
  workspace_id: string | null
  project_id?: string | null
  command_name?: string | null
  agent_id?: string | null
  model_name?: string | null
  /** In UTC, `2026-03-20`; null where the time cannot be read. */
  day?: string | null
  job_id?: string | null
  action?: string | null
  provider?: string | null
  task_id?: string | null
  calls: number
  tokens_prompt: number
  tokens_completion: number
  tokens_total: number
  tokens_cached: number
  tokens_cache_read: number
  tokens_cache_write: number
  duration_ms: number
  /** Null where no call told a cost, and where there are several currencies. */
  cost_estimate: number | null
  /** Only where there are several currencies. */
  cost_by_currency?: { [currency: string]: number }
}

/** The circumstances of a move. */
export interface TransitionContext {
  commandName?: string | undefined
  /** Must exist. */
  jobId?: string | undefined
  /** Must exist. */
  taskRunId?: string | undefined
  agentId?: string | undefined
  /** Default: now. */
  timestamp?: Time | undefined
  /** Kept with the event. */
  metadata?: JsonObject | undefined
  /** Merged into the task's metadata. */
  metadataPatch?: JsonObject | undefined
  /** Why it failed or was reverted. */
  reason?: string | undefined
  /** `Conflict` where the task has another status. */
  expectedFrom?: string | undefined
}

/** What a move did. */
export interface Transition {
  /** Null where the task had the status already. */
  eventId: string | null
  taskId: string
  fromStatus: string
  toStatus: string
  timestamp: string
  changed: boolean
}

export interface StatusEventsQuery {
  /** The task, by id or key. */
  task?: string | undefined
  /** Inclusive. */
  since?: Bound | undefined
  /** Inclusive. */
  until?: Bound | undefined
  /** The moment that spans count back from. Default: now. */
  now?: Time | undefined
}

/** One move of a task. */
export interface StatusEvent {
  id: string
  taskId: string
  /** Null where nobody knows. */
  fromStatus: string | null
  toStatus: string
  timestamp: string
  commandName: string | null
  jobId: string | null
  taskRunId: string | null
  agentId: string | null
  metadata: Metadata
}

export type VelocityMode = 'config' | 'empirical' | 'mixed'

/** The options of `velocity`, `estimate` and `backfillStatusEvents`. */
export interface EstimateOptions {
  projectKey?: string | undefined
  epicKey?: string | undefined
  storyKey?: string | undefined
  /** Case does not matter. */
  assignee?: string | undefined
  /** Default: `config`. */
  mode?: VelocityMode | undefined
  /** How many of a lane's newest samples count, 1 or more. Default: 10. */
  windowTasks?: number | undefined
  spPerHourAll?: number | undefined
  spPerHourImplementation?: number | undefined
  spPerHourReview?: number | undefined
  spPerHourQa?: number | undefined
  /** Default: the clock. */
  now?: Time | undefined
}

/** One value for each lane. */
export interface PerLane<T> {
  implementation: T
  review: T
  qa: T
}

/** How fast each lane works, in story points per hour. */
export interface Velocity {
  implementationSpPerHour: number
  reviewSpPerHour: number
  qaSpPerHour: number
  /** `config` where no lane had history. */
  source: VelocityMode
  requestedMode: VelocityMode
  windowTasks: number
  samples: PerLane<number>
}

export interface Backlog {
  tasks: number
  story_points: number
}

export interface Completion {
  done: number
  total: number
  percent: number
}

/** The tasks that are in a lane now. */
export interface Wip {
  tasks: number
  /** Tasks that are older than 85 % of the lane's finished visits. */
  aging: number
  items: WipItem[]
}

export interface WipItem {
  taskId: string
  taskKey: string
  /** Null where no event tells. */
  ageHours: number | null
  /** From 0 to 1; null where the lane has no history. */
  agePercentile: number | null
  aging: boolean
}

export interface NextTransition {
  taskId: string
  taskKey: string
  to: string
  /** From now; null where the lane has no speed. */
  hours: number | null
  at: string | null
}

/** How much is left, how fast it goes, and when it will be done. */
export interface Estimate {
  scope: { workspaceId: string; project?: string; epic?: string; story?: string; assignee?: string }
  now: string
  backlogTotals: PerLane<Backlog> & { done: Backlog }
  effectiveVelocity: Velocity
  /** Null where a lane has work and no speed. */
  durationsHours: {
    implementationHours: number | null
    reviewHours: number | null
    qaHours: number | null
    totalHours: number | null
  }
  /** Null where a lane has work and no speed. */
  etas: { readyToReviewEta: string | null; readyToQaEta: string | null; completeEta: string | null }
  statusCounts: {
    total: number
    readyToCodeReview: number
    failed: number
    inProgress: number
    readyToQa: number
    completed: number
  }
  completion: { workOnTasks: Completion; readyToQa: Completion; done: Completion }
  wip: PerLane<Wip>
  nextTransitions: {
    readyToReview: NextTransition | null
    readyToQa: NextTransition | null
    complete: NextTransition | null
    tasks: NextTransition[]
  }
}

/** How many events a backfill wrote. */
export interface Backfilled {
  events: number
}

export interface NewProject {
  key: string
  name?: string | undefined
  description?: string | undefined
  metadata?: JsonObject | undefined
}

export interface Project {
  id: string
  key: string
  name: string | null
  description: string | null
  metadata: Metadata
  createdAt: string
  updatedAt: string
}

export interface NewEpic {
  projectId: string
  key: string
  title: string
  description?: string | undefined
  priority?: number | undefined
  metadata?: JsonObject | undefined
}

export interface Epic {
  id: string
  projectId: string
  key: string
  title: string
  description: string | null
  priority: number | null
  metadata: Metadata
  createdAt: string
  updatedAt: string
}

export interface NewStory {
  epicId: string
  key: string
  title: string
  description?: string | undefined
  acceptanceCriteria?: string | undefined
  priority?: number | undefined
  metadata?: JsonObject | undefined
}

export interface Story {
  id: string
  projectId: string
  epicId: string
  key: string
  title: string
  description: string | null
  acceptanceCriteria: string | null
  priority: number | null
  metadata: Metadata
  createdAt: string
  updatedAt: string
}

export interface NewTask {
  userStoryId: string
  key: string
  title: string
  description?: string | undefined
  type?: string | undefined
  /** Default: `not_started`. */
  status?: string | undefined
  /** Finite, 0 or more. */
  storyPoints?: number | undefined
  priority?: number | undefined
  assignedAgentId?: string | undefined
  assigneeHuman?: string | undefined
  metadata?: JsonObject | undefined
}

export interface Task {
  id: string
  projectId: string
  epicId: string
  userStoryId: string
  key: string
  title: string
  description: string | null
  type: string | null
  status: string
  storyPoints: number | null
  priority: number | null
  assignedAgentId: string | null
  assigneeHuman: string | null
  metadata: Metadata
  createdAt: string
  updatedAt: string
}

export interface NewJob {
  type: string
  /** Default: `running`. */
  state?: string | undefined
  commandName?: string | undefined
  payload?: JsonObject | undefined
  totalItems?: number | undefined
}

export interface Job {
  id: string
  workspaceId: string
  type: string
  state: string
  commandName: string | null
  agentId: string | null
  agentIds: string[]
  payload: Metadata
  totalItems: number | null
  processedItems: number | null
  createdAt: string
  updatedAt: string
  completedAt: string | null
  errorSummary: string | null
}

export interface NewCommandRun {
  commandName: string
  jobId?: string | undefined
  /** Default: now. */
  startedAt?: Time | undefined
}

export interface CommandRunEnd {
  /** What became of it, for example `succeeded`. */
  status: string
  errorSummary?: string | undefined
  spProcessed?: number | undefined
  /** Default: now. */
  completedAt?: Time | undefined
}

export interface CommandRun {
  id: string
  workspaceId: string
  commandName: string
  jobId: string | null
  agentId: string | null
  agentIds: string[]
  startedAt: string
  completedAt: string | null
  status: string
  errorSummary: string | null
  durationSeconds: number | null
  spProcessed: number | null
}

export interface NewTaskRun {
  taskId: string
  command: string
  jobId?: string | undefined
  commandRunId?: string | undefined
  agentId?: string | undefined
  /** Default: now. */
  startedAt?: Time | undefined
  /** Default: the task's. */
  storyPointsAtRun?: number | undefined
  runContext?: JsonObject | undefined
}

export interface TaskRun {
  id: string
  taskId: string
  command: string
  jobId: string | null
  commandRunId: string | null
  agentId: string | null
  status: string
  startedAt: string
  finishedAt: string | null
  storyPointsAtRun: number | null
  spPerHourEffective: number | null
  runContext: Metadata
}

export interface Projects {
  /** The project with this key, which is made where there is none. */
  ensure(project: NewProject, options?: CallOptions): Promise<Project>
  get(key: string, options?: CallOptions): Promise<Project | null>
  /** By key. */
  list(options?: CallOptions): Promise<Project[]>
}

export interface Epics {
  create(epic: NewEpic, options?: CallOptions): Promise<Epic>
  get(id: string, options?: CallOptions): Promise<Epic | null>
  /** Those of a project, or all, by key. */
  list(projectId?: string | null, options?: CallOptions): Promise<Epic[]>
}

export interface Stories {
  create(story: NewStory, options?: CallOptions): Promise<Story>
  get(id: string, options?: CallOptions): Promise<Story | null>
  /** Those of an epic, or all, by key. */
  list(epicId?: string | null, options?: CallOptions): Promise<Story[]>
}

export interface Tasks {
  create(task: NewTask, options?: CallOptions): Promise<Task>
  /** All of them or none. */
  createMany(tasks: Iterable<NewTask>, options?: CallOptions): Promise<Task[]>
  get(idOrKey: string, options?: CallOptions): Promise<Task | null>
  /** Those of a user story, or all, by key. */
  list(userStoryId?: string | null, options?: CallOptions): Promise<Task[]>
}

export interface Jobs {
  create(job: NewJob, options?: CallOptions): Promise<Job>
  get(id: string, options?: CallOptions): Promise<Job | null>
  /** Newest first. */
  list(options?: CallOptions): Promise<Job[]>
  finish(id: string, state: string, errorSummary?: string | null, options?: CallOptions): Promise<Job>
}

export interface CommandRuns {
  create(commandRun: NewCommandRun, options?: CallOptions): Promise<CommandRun>
  get(id: string, options?: CallOptions): Promise<CommandRun | null>
  finish(id: string, end: CommandRunEnd, options?: CallOptions): Promise<CommandRun>
}

export interface TaskRuns {
  create(taskRun: NewTaskRun, options?: CallOptions): Promise<TaskRun>
  get(id: string, options?: CallOptions): Promise<TaskRun | null>
  list(taskId: string, options?: CallOptions): Promise<TaskRun[]>
  finish(id: string, status: string, finishedAt?: Time | null, options?: CallOptions): Promise<TaskRun>
}

/** A parameter of a statement. */
export type SqlParam = null | boolean | number | bigint | string | Date | NodeJS.ArrayBufferView

/** By position for `?` and `?1`, by name for `:name`, `@name` and `$name`, with or without the first character. */
export type SqlParams = readonly SqlParam[] | { readonly [name: string]: SqlParam }

/** A value of a row. Whole numbers beyond 2^53 − 1 are `bigint`. */
export type SqlValue = null | number | bigint | string | Buffer

export type Row = { [column: string]: SqlValue }

/** What both kinds of database answer. A handle's calls are made one after the other, in the order of the calls. */
declare abstract class Database implements AsyncDisposable {
  protected constructor()
  readonly databasePath: string
  /** The row, the agent's attribution to its command run and job, and the entry in the JSON log. */
  recordTokenUsage(usage: TokenUsage, options?: CallOptions): Promise<Recorded>
  /** All of them or none. */
  recordTokenUsages(usages: Iterable<TokenUsage>, options?: CallOptions): Promise<Recorded[]>
  /** In the order of time. */
  tokenUsage(query?: TokenUsageQuery, options?: CallOptions): Promise<TokenUsageRow[]>
  /** By groups, in the order in which these first appear in time. */
  tokenUsageSummary(query?: TokenUsageSummaryQuery, options?: CallOptions): Promise<TokenUsageSummaryRow[]>
  /** One statement that only reads. */
  query<T = Row>(sql: string, params?: SqlParams | null, options?: CallOptions): Promise<T[]>
  /** Copies the database as it is now into a new file. `Conflict` where there is something at `path`. */
  backupTo(path: string, options?: CallOptions): Promise<void>
  /** After the calls that are under way. Twice is fine; every other call is `Closed` afterwards. */
  close(options?: CallOptions): Promise<void>
  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** The record of one project's work. */
export class Workspace extends Database {
  private constructor()
  /** The workspace of the project whose root folder is `root`; what is missing is created. */
  static open(root: string, openOptions?: OpenOptions, options?: CallOptions): Promise<Workspace>
  /** The workspace database in this file; what is missing is created. `:memory:` lives as long as the handle. */
  static openDb(path: string, openOptions?: OpenOptions, options?: CallOptions): Promise<Workspace>

  readonly id: string
  readonly projects: Projects
  readonly epics: Epics
  readonly stories: Stories
  readonly tasks: Tasks
  readonly jobs: Jobs
  readonly commandRuns: CommandRuns
  readonly taskRuns: TaskRuns

  /** Moves the task with this id or key: the task, its metadata and the event, in one transaction. */
  recordStatusTransition(
    task: string,
    toStatus: string,
    context?: TransitionContext,
    options?: CallOptions,
  ): Promise<Transition>
  /** The recorded moves, in the order of time. */
  statusEvents(query?: StatusEventsQuery, options?: CallOptions): Promise<StatusEvent[]>
  /** Writes the events for good that task runs stand in for in a velocity. Doing it again adds nothing. */
  backfillStatusEvents(estimateOptions?: EstimateOptions, options?: CallOptions): Promise<Backfilled>
  velocity(estimateOptions?: EstimateOptions, options?: CallOptions): Promise<Velocity>
  estimate(estimateOptions?: EstimateOptions, options?: CallOptions): Promise<Estimate>
}

/** The user's own database: agents, and what their calls outside of any project cost. */
export class Global extends Database {
  private constructor()
  /** `.mcoda/mcoda.db` in the home folder; what is missing is created. */
  static open(openOptions?: OpenOptions, options?: CallOptions): Promise<Global>
  /** The global database in this file; what is missing is created. */
  static openDb(path: string, openOptions?: OpenOptions, options?: CallOptions): Promise<Global>
}

export {}
