/// <reference types="node" />

import type { Estimate, Velocity } from './lib/contract'
import type { CallOptions } from './lib/inputs'
import type {
  EstimateOptions,
  TelemetryConfig,
  TokenUsageQuery,
  TokenUsageRow,
  TokenUsageSummaryQuery,
  TokenUsageSummaryRow,
} from './lib/records'

export { McodaError, type ErrorCode, type ErrorKind } from './index'
export type { CallOptions, Estimate, TelemetryConfig, TokenUsageRow, TokenUsageSummaryRow, Velocity }

export interface TelemetryClientOptions {
  /** Where the API is, for example `https://telemetry.example.org/v1`. */
  baseUrl: string | URL
  /** Sent as the bearer token. Default: none. It is in no message of an error. */
  authToken?: string | undefined
  /** What makes the requests. Default: `globalThis.fetch`. */
  fetch?: typeof globalThis.fetch | undefined
}

/** Whose telemetry it is about. */
export interface OfWorkspace {
  /** The id of the workspace. */
  workspaceId: string
}

/** As a query of a workspace. The server takes the project's id, too, as `projectKey`. */
type UsageFilter = Pick<
  TokenUsageQuery,
  'projectKey' | 'agent' | 'command' | 'jobId' | 'taskId' | 'since' | 'until' | 'page' | 'pageSize'
>

export interface RemoteTokenUsageQuery extends OfWorkspace, UsageFilter {
  /** The order of the rows. Default: `timestamp:asc`, the only one. */
  sort?: 'timestamp:asc' | undefined
}

export interface RemoteSummaryQuery
  extends OfWorkspace, UsageFilter, Pick<TokenUsageSummaryQuery, 'groupBy' | 'timeZone'> {}

export interface RemoteOptOut extends OfWorkspace {
  /** Also record nothing locally; a strict choice that holds already stays. Default: false. */
  strict?: boolean | undefined
}

export interface RemoteEstimateOptions extends OfWorkspace, EstimateOptions {}

export interface RemoteVelocityOptions extends OfWorkspace, Omit<EstimateOptions, 'now'> {}

/**
 * Asks a server of the telemetry API. Calls have the names, the options and the answers of a workspace's; what is newer
 * than the server may be missing in an answer. They reject with a `McodaError`, an aborted one with its signal's
 * reason. Nothing is asked twice, and no redirect is followed.
 */
export class TelemetryClient {
  constructor(options: TelemetryClientOptions)
  /** By groups, in the order in which these first appear in time. */
  tokenUsageSummary(query: RemoteSummaryQuery, options?: CallOptions): Promise<TokenUsageSummaryRow[]>
  /** In the order of time. */
  tokenUsage(query: RemoteTokenUsageQuery, options?: CallOptions): Promise<TokenUsageRow[]>
  telemetryConfig(query: OfWorkspace, options?: CallOptions): Promise<TelemetryConfig>
  /** Sends no records away. */
  optOut(query: RemoteOptOut, options?: CallOptions): Promise<TelemetryConfig>
  /** Takes an opting-out back, a strict one too. */
  optIn(query: OfWorkspace, options?: CallOptions): Promise<TelemetryConfig>
  estimate(query: RemoteEstimateOptions, options?: CallOptions): Promise<Estimate>
  velocity(query: RemoteVelocityOptions, options?: CallOptions): Promise<Velocity>
}
