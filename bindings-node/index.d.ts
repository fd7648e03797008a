/// <reference types="node" />

import type {
  Backfilled,
  CommandRun,
  Complete,
  Epic,
  Estimate,
  ExtractedUsage,
  ImportSummary,
  Job,
  JobInspection,
  Project,
  Recorded,
  RecordedResponse,
  Row,
  StatusEvent,
  Story,
  Task,
  TaskRun,
  TelemetryConfig,
  TokenUsageRow,
  TokenUsageSummaryRow,
  Transition,
  Velocity,
} from './lib/answers'
import type {
  AgentBody,
  AgentContext,
  CallOptions,
  CommandRunEnd,
  Dimension,
  EstimateOptions,
  NewCommandRun,
  NewEpic,
  NewJob,
  NewProject,
  NewStory,
  NewTask,
  NewTaskRun,
  OpenOptions,
  SqlParams,
  StatusEventsQuery,
  Time,
  TokenUsage,
  TokenUsageQuery,
  TokenUsageSummaryQuery,
  TransitionContext,
} from './lib/inputs'

export * from './lib/answers'
export * from './lib/inputs'

export type ErrorKind =
  'InvalidInput' | 'NotFound' | 'Conflict' | 'Busy' | 'Storage' | 'Corrupt' | 'Unsupported' | 'Closed' | 'Internal'

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

/**
 * What a provider or an agent returned, read for what it cost: one record for the whole. Strange input gives an
 * empty record, never an error. `provider` helps where the shape does not tell what a number means.
 */
export function extractUsage(body: AgentBody, provider?: string | null): ExtractedUsage
/** The same by model, in the order in which they first appear. Their sums are what `extractUsage` gives. */
export function extractUsages(body: AgentBody, provider?: string | null): ExtractedUsage[]

/** Tables for people. Each line ends with a line feed. `groupBy` is that of the query. */
export function renderTokensTable(
  rows: readonly TokenUsageSummaryRow[],
  groupBy?: readonly Dimension[] | null,
): string
/** Single calls, one a line. */
export function renderJobTokens(rows: readonly TokenUsageRow[]): string
export function renderJobs(jobs: readonly Job[]): string
export function renderJobInspection(inspection: JobInspection): string
export function renderEstimate(estimate: Estimate): string
export function renderVelocity(velocity: Velocity): string
export function renderStatusEvents(events: readonly StatusEvent[]): string
export function renderTelemetryConfig(config: TelemetryConfig): string

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
  create(job: NewJob, options?: CallOptions): Promise<Complete<Job>>
  get(id: string, options?: CallOptions): Promise<Complete<Job> | null>
  /** Newest first. */
  list(options?: CallOptions): Promise<Complete<Job>[]>
  finish(id: string, state: string, errorSummary?: string | null, options?: CallOptions): Promise<Complete<Job>>
}

export interface CommandRuns {
  create(commandRun: NewCommandRun, options?: CallOptions): Promise<CommandRun>
  get(id: string, options?: CallOptions): Promise<CommandRun | null>
  finish(id: string, end: CommandRunEnd, options?: CallOptions): Promise<CommandRun>
}

export interface TaskRuns {
  create(taskRun: NewTaskRun, options?: CallOptions): Promise<Complete<TaskRun>>
  get(id: string, options?: CallOptions): Promise<Complete<TaskRun> | null>
  list(taskId: string, options?: CallOptions): Promise<Complete<TaskRun>[]>
  finish(id: string, status: string, finishedAt?: Time | null, options?: CallOptions): Promise<Complete<TaskRun>>
}

/** What both kinds of database answer. A handle's calls are made one after the other, in the order of the calls. */
declare abstract class Database implements AsyncDisposable {
  protected constructor()
  readonly databasePath: string
  /** The row, the agent's attribution to its command run and job, and the entry in the JSON log. */
  recordTokenUsage(usage: TokenUsage, options?: CallOptions): Promise<Recorded>
  /** All of them or none. */
  recordTokenUsages(usages: Iterable<TokenUsage>, options?: CallOptions): Promise<Recorded[]>
  /**
   * Reads what came back from an agent, as `extractUsage` does, and records it. A retry or a replay counts once, and
   * of two versions of one answer the last one wins. An answer that tells no usage gives no record.
   */
  recordAgentResponse(body: AgentBody, context?: AgentContext, options?: CallOptions): Promise<RecordedResponse>
  /**
   * Records a file of answers, or a transcript, of any length. A thousand lines are one transaction: an error, or
   * giving the call up, leaves what was recorded before, and reading the file again goes on from there.
   */
  recordAgentFile(path: string, context?: AgentContext, options?: CallOptions): Promise<ImportSummary>
  /** In the order of time. */
  tokenUsage(query?: TokenUsageQuery, options?: CallOptions): Promise<Complete<TokenUsageRow>[]>
  /**
   * The rows of `tokenUsage` one by one, in memory that hardly depends on how many there are. Which they are is settled
   * by the first `next`; other calls of the handle are made in between. Closing the handle ends it with `Closed`.
   */
  iterateTokenUsage(query?: TokenUsageQuery, options?: CallOptions): AsyncGenerator<Complete<TokenUsageRow>, void, undefined>
  /** By groups, in the order in which these first appear in time. */
  tokenUsageSummary(query?: TokenUsageSummaryQuery, options?: CallOptions): Promise<Complete<TokenUsageSummaryRow>[]>
  /** One statement that only reads. */
  query<T = Row>(sql: string, params?: SqlParams | null, options?: CallOptions): Promise<T[]>
  /**
   * Copies the database as it is now into a new file. `Conflict` where there is something at `path`, `InvalidInput` for
   * a name that ends in `-journal`, `-wal` or `-shm`, or that the library uses itself.
   */
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
  statusEvents(query?: StatusEventsQuery, options?: CallOptions): Promise<Complete<StatusEvent>[]>
  /** Writes the events for good that task runs stand in for in a velocity. Doing it again adds nothing. */
  backfillStatusEvents(estimateOptions?: EstimateOptions, options?: CallOptions): Promise<Backfilled>
  /** A job with its task runs and what it cost. */
  inspectJob(jobId: string, options?: CallOptions): Promise<Complete<JobInspection>>
  /** What config files, environment and open options say about recording and export. */
  telemetryConfig(options?: CallOptions): Promise<Complete<TelemetryConfig>>
  /** Opts out of sending records away, in the workspace's `config.json`; `strict` also stops recording them. */
  optOut(strict?: boolean | null, options?: CallOptions): Promise<Complete<TelemetryConfig>>
  /** Takes an opting-out back, a strict one too. */
  optIn(options?: CallOptions): Promise<Complete<TelemetryConfig>>
  velocity(estimateOptions?: EstimateOptions, options?: CallOptions): Promise<Complete<Velocity>>
  estimate(estimateOptions?: EstimateOptions, options?: CallOptions): Promise<Complete<Estimate>>
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
