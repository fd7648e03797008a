/// <reference types="node" preserve="true" />
// Nothing here loads the native part: a client works where there is no binary.
import { Api } from './api'
import { bindMethods } from './bind'
import { callSite } from './call_site'
import type { Estimate, Velocity } from './contract'
import type { CallOptions } from './inputs'
import type {
  EstimateOptions,
  TelemetryConfig,
  TokenUsageQuery,
  TokenUsageRow,
  TokenUsageSummaryQuery,
  TokenUsageSummaryRow,
} from './records'
import { OPERATIONS } from './requests'

export { McodaError, type ErrorCode, type ErrorKind } from './errors'
export type { CallOptions, Estimate, TelemetryConfig, TokenUsageRow, TokenUsageSummaryRow, Velocity }

export interface TelemetryClientOptions {
  /** The address of the API, for example `https://telemetry.example.org/v1`. */
  baseUrl: string | URL
  /** Sent as the bearer token. Default: none. No error message contains it. */
  authToken?: string | null | undefined
  /** The function that makes the requests. Default: `globalThis.fetch`. */
  fetch?: typeof globalThis.fetch | null | undefined
}

/** The workspace that a request is about. */
export interface OfWorkspace {
  /** The id of the workspace. */
  workspaceId: string
}

/** As a query of a workspace. The server also accepts the project's id as `projectKey`. */
type UsageFilter = Pick<
  TokenUsageQuery,
  'projectKey' | 'agent' | 'command' | 'jobId' | 'taskId' | 'since' | 'until' | 'page' | 'pageSize'
>

export interface RemoteTokenUsageQuery extends OfWorkspace, UsageFilter {
  /** The order of the rows. Default: `timestamp:asc`, the only one. */
  sort?: 'timestamp:asc' | null | undefined
}

export interface RemoteSummaryQuery
  extends OfWorkspace, UsageFilter, Pick<TokenUsageSummaryQuery, 'groupBy' | 'timeZone'> {}

export interface RemoteOptOut extends OfWorkspace {
  /** Also record nothing locally. A strict setting that is already on stays on. Default: false. */
  strict?: boolean | null | undefined
}

export interface RemoteEstimateOptions extends OfWorkspace, EstimateOptions {}

export interface RemoteVelocityOptions extends OfWorkspace, Omit<EstimateOptions, 'now'> {}

/**
 * A client of a server of the telemetry API. Calls have the names, options and results of a workspace's; a result may lack
 * fields that are newer than the server. They reject with a `McodaError`, an aborted one with its signal's reason. No
 * request is repeated, and no redirect is followed.
 */
export class TelemetryClient {
  #api: Api

  constructor(options: TelemetryClientOptions) {
    this.#api = new Api(options)
    bindMethods(this)
  }

  /** Sums by groups, in the order in which these first appear in time. */
  async tokenUsageSummary(query: RemoteSummaryQuery, options?: CallOptions | null): Promise<TokenUsageSummaryRow[]> {
    return this.#api.send(OPERATIONS.tokenUsageSummary, query, options, callSite())
  }

  /** Single agent calls, in the order of time. */
  async tokenUsage(query: RemoteTokenUsageQuery, options?: CallOptions | null): Promise<TokenUsageRow[]> {
    return this.#api.send(OPERATIONS.tokenUsage, query, options, callSite())
  }

  async telemetryConfig(query: OfWorkspace, options?: CallOptions | null): Promise<TelemetryConfig> {
    return this.#api.send(OPERATIONS.telemetryConfig, query, options, callSite())
  }

  /** Opts out of sending records away. */
  async optOut(query: RemoteOptOut, options?: CallOptions | null): Promise<TelemetryConfig> {
    return this.#api.send(OPERATIONS.optOut, query, options, callSite())
  }

  /** Reverts an opt-out, also a strict one. */
  async optIn(query: OfWorkspace, options?: CallOptions | null): Promise<TelemetryConfig> {
    return this.#api.send(OPERATIONS.optIn, query, options, callSite())
  }

  async estimate(query: RemoteEstimateOptions, options?: CallOptions | null): Promise<Estimate> {
    return this.#api.send(OPERATIONS.estimate, query, options, callSite())
  }

  async velocity(query: RemoteVelocityOptions, options?: CallOptions | null): Promise<Velocity> {
    return this.#api.send(OPERATIONS.velocity, query, options, callSite())
  }
}
