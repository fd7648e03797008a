/// <reference types="node" />

import type { VelocityMode } from './inputs'

/** A JSON object as it is read back. */
export type Metadata = { [name: string]: JsonValue }

/** A JSON value as it is read back. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [name: string]: JsonValue }

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

/** What a provider or an agent returned, as a record's fields. Null is "not told". It can be recorded as it is. */
export interface ExtractedUsage {
  /** The host's to tell; so are the other ids, the command and its step. */
  id: null
  workspaceId: null
  agentId: null
  modelName: string | null
  jobId: null
  commandRunId: null
  taskRunId: null
  taskId: null
  projectId: null
  epicId: null
  userStoryId: null
  commandName: null
  action: null
  invocationKind: string | null
  provider: string | null
  currency: string | null
  /** All input tokens, cached ones included. */
  tokensPrompt: number | null
  tokensCompletion: number | null
  tokensTotal: number | null
  tokensCached: number | null
  tokensCacheRead: number | null
  tokensCacheWrite: number | null
  costEstimate: number | null
  durationSeconds: number | null
  durationMs: number | null
  startedAt: string | null
  finishedAt: string | null
  timestamp: string | null
  /** What the fields have no room for stands in `usage`. */
  metadata: Metadata | null
}

/** What was read of an agent's answer, and what became of its records. */
export interface RecordedResponse {
  /** All that the answer tells, as `extractUsage` gives it. */
  usage: ExtractedUsage
  /** One record for each call and each model that worked for it; none where the answer tells no usage. */
  records: ResponseRecord[]
}

/** What became of one record of an answer. */
export interface ResponseRecord {
  /** Made of the provider's id of the answer or the session; a new one where there is none. */
  id: string
  modelName: string | null
  /** False where the config says `telemetry.strict`. */
  recorded: boolean
  /** Whether there was nothing new in it. */
  duplicate: boolean
  /** Whether it replaced an earlier version of itself. */
  updated: boolean
  /** Whether the JSON log holds it. */
  logged: boolean
}

/** What was read of a file, and what was not recorded of it and why. */
export interface ImportSummary {
  bytes: number
  lines: number
  /** JSON objects found. */
  objects: number
  /** New records. */
  recorded: number
  /** Records that replaced an earlier version of themselves. */
  updated: number
  /** Records that were there already. */
  duplicates: number
  /** Records that the telemetry settings forbid to keep. */
  refused: number
  /** Whether the JSON log holds all of them. */
  logged: boolean
  skipped: Skipped
}

/** What was not recorded, and why. */
export interface Skipped {
  /** JSON objects that tell no usage. */
  withoutUsage: number
  /** JSON that is damaged or broken off. */
  damaged: number
  /** Lines of text that is no JSON. */
  notJson: number
  /** Lines of more than 64 MiB. */
  tooLong: number
}

/** What holds for recording and for sending records away. */
export interface TelemetryConfig {
  /** Whether token usage is recorded here. */
  localRecording: boolean
  /** Whether records may be sent to an endpoint. This version sends nothing in any case. */
  remoteExport: boolean
  /** `telemetry.optOut` of the config files. */
  optOut: boolean
  /** `telemetry.strict` of the config files. */
  strict: boolean
  /** Whether `MCODA_TELEMETRY=off` turns remote export off. */
  offByEnvironment: boolean
  /** Whether this handle turns remote export off (`noTelemetry`). */
  offByHandle: boolean
  /** Where records would be sent. */
  endpoint?: string
  /** The file that opting out and in writes; a database in memory has none. */
  configPath?: string
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
  /** In the time zone of the query, `2026-03-20`; null where the time cannot be read. */
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

export interface Project {
  id: string
  key: string
  name: string | null
  description: string | null
  metadata: Metadata
  createdAt: string
  updatedAt: string
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

/** A job with everything that was recorded about it, of all time. */
export interface JobInspection {
  job: Job
  /** Oldest first. */
  taskRuns: InspectedRun[]
  /** What it cost by command, agent and model. */
  tokens: TokenUsageSummaryRow[]
}

export interface InspectedRun extends TaskRun {
  /** Null where the task is gone. */
  taskKey: string | null
}

/** A value of a row. Whole numbers beyond 2^53 − 1 are `bigint`. */
export type SqlValue = null | number | bigint | string | Buffer

export type Row = { [column: string]: SqlValue }
