/// <reference types="node" />

/** A moment: a `Date`, or text in RFC 3339 with `Z` or an offset, or a date alone (midnight UTC). */
export type Time = Date | string

/** A bound in time: a moment, or a span before now such as `7d` (units s, m, h, d, w). */
export type Bound = Date | string

/** What JSON has. A `Date` inside becomes its ISO text. */
export type Json =
  null | boolean | number | string | Date | readonly Json[] | { readonly [name: string]: Json | undefined }

/** A JSON object that the host keeps with a row. */
export type JsonObject = { readonly [name: string]: Json | undefined }

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
 * What one agent call cost. Absent or null is "not told", 0 is "told to be none". Token counts are whole numbers from 0 to
 * 2^53 − 1; costs and durations are finite and not negative.
 */
export interface TokenUsage {
  /** Recording the same id with the same content again adds nothing. Default: a new UUID. */
  id?: string | null | undefined
  /** The workspace that is billed. Default: the handle's own. */
  workspaceId?: string | null | undefined
  agentId?: string | null | undefined
  modelName?: string | null | undefined
  /** Must exist; so must every other row that is named here. */
  jobId?: string | null | undefined
  commandRunId?: string | null | undefined
  taskRunId?: string | null | undefined
  taskId?: string | null | undefined
  projectId?: string | null | undefined
  epicId?: string | null | undefined
  userStoryId?: string | null | undefined
  commandName?: string | null | undefined
  /** The step of the command. */
  action?: string | null | undefined
  /** How the agent was called. */
  invocationKind?: string | null | undefined
  provider?: string | null | undefined
  /** The currency of `costEstimate`. */
  currency?: string | null | undefined
  /** All input tokens, cached ones included. */
  tokensPrompt?: number | bigint | null | undefined
  /** Another name of `tokensPrompt`. */
  promptTokens?: number | bigint | null | undefined
  /** All output tokens. */
  tokensCompletion?: number | bigint | null | undefined
  /** Another name of `tokensCompletion`. */
  completionTokens?: number | bigint | null | undefined
  /** The provider's own total. Default: prompt + completion. */
  tokensTotal?: number | bigint | null | undefined
  /** Input tokens that came from a cache. */
  tokensCached?: number | bigint | null | undefined
  tokensCacheRead?: number | bigint | null | undefined
  tokensCacheWrite?: number | bigint | null | undefined
  /** In `currency`. */
  costEstimate?: number | null | undefined
  /** Another name of `costEstimate`. */
  costUsd?: number | null | undefined
  durationSeconds?: number | null | undefined
  durationMs?: number | null | undefined
  startedAt?: Time | null | undefined
  /** Not before `startedAt`. */
  finishedAt?: Time | null | undefined
  /** When the call counts. Default: now. */
  timestamp?: Time | null | undefined
  /** Anything else, kept unchanged. */
  metadata?: JsonObject | null | undefined
}

/** What a provider or an agent returned: text, its bytes, or the parsed JSON. */
export type AgentBody = string | object

/** What a host knows about an answer besides what came back. All of it may be absent. */
export interface AgentContext {
  /** Who answered, where the answer's numbers mean something else from one provider to another. */
  provider?: string | undefined
  /** What the answer is known by, so that a retry counts once, where it has no id of its own. */
  responseId?: string | undefined
  /** The session that counts up, where the answer does not name it. */
  sessionId?: string | undefined
  /** The workspace that is billed. Default: the handle's own. */
  workspaceId?: string | undefined
  agentId?: string | undefined
  /** The model, where the answer does not name it. */
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
  /** How the agent was called, where the answer does not tell. */
  invocationKind?: string | undefined
  /** As measured here, where the answer tells no times. */
  startedAt?: Time | undefined
  /** Not before `startedAt`. */
  finishedAt?: Time | undefined
  /** As measured here, where the answer tells no duration. */
  durationMs?: number | undefined
  /** When the call counts. Default: when the answer was made, where it tells, else now. */
  timestamp?: Time | undefined
  /** Kept beside `usage` in the record's metadata. */
  metadata?: JsonObject | undefined
  /** Whether a cost that the answer does not tell is computed from the table of prices. Default: false. */
  computeCost?: boolean | undefined
  /** Whether a count from a session's beginning is recorded as what came on top of the last one. Default: false. */
  asDeltas?: boolean | undefined
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
  /** Whose days a summary by day counts in, by its IANA name (`Europe/Berlin`). Default: UTC. */
  timeZone?: string | undefined
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

export interface NewProject {
  key: string
  name?: string | undefined
  description?: string | undefined
  metadata?: JsonObject | undefined
}

export interface NewEpic {
  projectId: string
  key: string
  title: string
  description?: string | undefined
  priority?: number | undefined
  metadata?: JsonObject | undefined
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

export interface NewJob {
  type: string
  /** Default: `running`. */
  state?: string | undefined
  commandName?: string | undefined
  payload?: JsonObject | undefined
  totalItems?: number | undefined
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

/** A parameter of a statement. */
export type SqlParam = null | boolean | number | bigint | string | Date | NodeJS.ArrayBufferView

/** By position for `?` and `?1`, by name for `:name`, `@name` and `$name`, with or without the first character. */
export type SqlParams = readonly SqlParam[] | { readonly [name: string]: SqlParam }
