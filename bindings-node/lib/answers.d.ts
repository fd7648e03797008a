/// <reference types="node" />

import type { Metadata } from './contract'

export * from './contract'

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

/** A value of a row. Whole numbers beyond 2^53 − 1 are `bigint`. */
export type SqlValue = null | number | bigint | string | Buffer

export type Row = { [column: string]: SqlValue }
