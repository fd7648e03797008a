import type { VelocityMode } from './records'

// What the contract (docs/openapi/mcoda-telemetry.yaml) describes has the same fields here, and as optional: a server
// may be older than this package, and lack what is newer. The tests compare the two.

/** The fields that may be absent in the library's own results, too. */
type Occasional =
  | 'project'
  | 'epic'
  | 'story'
  | 'assignee'
  | 'project_id'
  | 'command_name'
  | 'agent_id'
  | 'model_name'
  | 'day'
  | 'job_id'
  | 'action'
  | 'provider'
  | 'task_id'
  | 'epic_id'
  | 'user_story_id'
  | 'hour'
  | 'week'
  | 'month'
  | 'session'
  | 'cost_by_currency'
  | 'currency'
  | 'logError'
  | 'endpoint'
  | 'configPath'
  | 'taskKey'
  | 'forecast'
  | 'reason'
  | 'doneBy'
  | 'bottleneck'
  | 'rework'
  | 'cost'
  | 'tokens'
  | 'baseline'
  | 'stalled'
  | 'tasksPerJob'

/** A result of the library itself, which has all the fields that an older server may lack: `Complete<Estimate>`. */
export type Complete<T> = T extends readonly (infer Item)[]
  ? Complete<Item>[]
  : T extends object
    ? string extends keyof T
      ? T
      : { [K in keyof T as K extends Occasional ? never : K]-?: Complete<T[K]> } & {
          [K in keyof T as K extends Occasional ? K : never]: Complete<T[K]>
        }
    : T

/** A JSON object as it is read back. */
export type Metadata = { [name: string]: JsonValue }

/** A JSON value as it is read back. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [name: string]: JsonValue }

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
  requestedMode?: VelocityMode
  windowTasks?: number
  samples?: PerLane<number>
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
  /** Null where no event shows it. */
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
  now?: string
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
  etas: { readyToReviewEta?: string | null; readyToQaEta?: string | null; completeEta?: string | null }
  statusCounts?: {
    total: number
    readyToCodeReview: number
    failed: number
    inProgress: number
    readyToQa: number
    completed: number
  }
  completion?: { workOnTasks: Completion; readyToQa: Completion; done: Completion }
  wip?: PerLane<Wip>
  nextTransitions?: {
    readyToReview: NextTransition | null
    readyToQa: NextTransition | null
    complete: NextTransition | null
    tasks: NextTransition[]
  }
  laneTimes?: PerLane<LaneTime>
  /** Absent if it was not asked for. */
  forecast?: Forecast
}

/** How long tasks spend in one lane, in hours; null where the history does not reach so far. */
export interface LaneTime {
  p50: number | null
  p85: number | null
  p95: number | null
  visits: number
  /** How many of the visits are not over. */
  open: number
  bands?: AgingBands
}

/** Ages, in hours, from which a task is older than a share of the visits; null if too few have ended. */
export interface AgingBands {
  p50: number | null
  p70: number | null
  p85: number | null
  p95: number | null
}

/** Values by probability. */
export interface Quantiles<T> {
  p10: T
  p50: T
  p80: T
  p85: T
  p95: T
}

/** When a milestone is reached. */
export interface MilestoneForecast {
  /** From now. */
  hours: Quantiles<number>
  at?: Quantiles<string | null>
}

/** When the milestones are reached, and how sure that is. */
export interface Forecast {
  basis: 'history' | 'prior'
  model: 'flow' | 'throughput' | 'schedule'
  /** How many completed tasks are behind it. */
  samples: number
  trials: number
  seed: number
  readyToReview: MilestoneForecast | null
  readyToQa: MilestoneForecast | null
  complete: MilestoneForecast | null
  /** Why the milestones are null. */
  reason?: string
  /** How probable it is that everything is completed by a time; show more than 0.95 as "> 95 %". */
  doneBy?: { at: string; probability: number }
  /** The share of trials in which each lane was the bottleneck. */
  bottleneck?: PerLane<number>
  /** How many times a task is expected to be implemented. */
  rework?: { passesPerTask: number }
  /** What completing the open tasks still costs. */
  cost?: { currency: string | null; p50: number; p85: number }
  /** The tokens that completing the open tasks still takes. */
  tokens?: { p50: number; p85: number }
  /** The throughput bootstrap's forecast. */
  baseline?: { complete: MilestoneForecast }
  /** No task has moved for longer than ever before, in working hours. */
  stalled?: { hours: number; longestBefore: number }
  /** How many waiting tasks were simulated as one. */
  tasksPerJob?: number
}

export {}
