// The exported types are those that openapi.d.ts says, which is made from the contract. It is compiled, never run.
import type * as mcoda from '@mcoda/native'
import type * as client from '@mcoda/native/client'
import type { components, operations } from './openapi.js'

type Contract = components['schemas']

/** The same field names, as optional, with the same types, all the way down. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** A type without its names. What the contract leaves open is JSON. */
type Plain<T> = T extends object
  ? string extends keyof T
    ? unknown extends T[keyof T]
      ? mcoda.Metadata
      : T
    : { [K in keyof T]: Plain<T[K]> }
  : T

type SameShape<A, B> = Same<Plain<A>, Plain<B>>

export const exportedAnswers: { [Name in keyof Contract & keyof Exported]: SameShape<Exported[Name], Contract[Name]> } =
  {
    Completion: true,
    Dimension: true,
    Estimate: true,
    Forecast: true,
    Job: true,
    JobInspection: true,
    LaneBacklog: true,
    LaneTime: true,
    MilestoneForecast: true,
    NextTransition: true,
    QuantileHours: true,
    QuantileTimes: true,
    StatusEvent: true,
    TaskRun: true,
    TelemetryConfig: true,
    TokenUsageRow: true,
    TokenUsageSummaryRow: true,
    Velocity: true,
    VelocityMode: true,
    Wip: true,
    WipItem: true,
  }

interface Exported {
  Completion: mcoda.Completion
  Dimension: mcoda.Dimension
  Estimate: mcoda.Estimate
  Forecast: mcoda.Forecast
  Job: mcoda.Job
  JobInspection: mcoda.JobInspection
  LaneBacklog: mcoda.Backlog
  LaneTime: mcoda.LaneTime
  MilestoneForecast: mcoda.MilestoneForecast
  NextTransition: mcoda.NextTransition
  QuantileHours: mcoda.Quantiles<number>
  QuantileTimes: mcoda.Quantiles<string | null>
  StatusEvent: mcoda.StatusEvent
  TaskRun: mcoda.TaskRun
  TelemetryConfig: mcoda.TelemetryConfig
  TokenUsageRow: mcoda.TokenUsageRow
  TokenUsageSummaryRow: mcoda.TokenUsageSummaryRow
  Velocity: mcoda.Velocity
  VelocityMode: mcoda.VelocityMode
  Wip: mcoda.Wip
  WipItem: mcoda.WipItem
}

/** Other schemas are parts of these, inputs, or errors: a new one is either compared above or named here. */
export const compared: Same<
  Exclude<keyof Contract, keyof Exported>,
  | 'AgingBands'
  | 'BacklogTotals'
  | 'Baseline'
  | 'Completions'
  | 'CostToComplete'
  | 'DoneBy'
  | 'DurationsHours'
  | 'Error'
  | 'Etas'
  | 'LaneSamples'
  | 'LaneShares'
  | 'LaneTimes'
  | 'LaneWip'
  | 'NextTransitions'
  | 'Rework'
  | 'Scope'
  | 'Stalled'
  | 'StatusCounts'
  | 'TokensToComplete'
  | 'TokenUsage'
> = true

export const parts: SameShape<
  [
    mcoda.Estimate['backlogTotals'],
    mcoda.Estimate['durationsHours'],
    mcoda.Estimate['etas'],
    mcoda.Estimate['scope'],
    NonNullable<mcoda.Estimate['completion']>,
    NonNullable<mcoda.Estimate['laneTimes']>,
    NonNullable<mcoda.Estimate['nextTransitions']>,
    NonNullable<mcoda.Estimate['statusCounts']>,
    NonNullable<mcoda.Estimate['wip']>,
    NonNullable<mcoda.Velocity['samples']>,
  ],
  [
    Contract['BacklogTotals'],
    Contract['DurationsHours'],
    Contract['Etas'],
    Contract['Scope'],
    Contract['Completions'],
    Contract['LaneTimes'],
    Contract['NextTransitions'],
    Contract['StatusCounts'],
    Contract['LaneWip'],
    Contract['LaneSamples'],
  ]
> = true

export const errors: [
  Same<mcoda.ErrorCode, `MCODA_${Contract['Error']['code']}`>,
  Same<mcoda.McodaError['message'], Contract['Error']['message']>,
  Same<Pick<mcoda.McodaError, 'field' | 'detail'>, Readonly<Pick<Contract['Error'], 'field' | 'detail'>>>,
] = [true, true, true]

/** A record of the contract can be recorded, and no field is missing there but the other names of some. */
export const record: [
  Plain<Contract['TokenUsage']> extends mcoda.TokenUsage ? true : false,
  Same<keyof mcoda.TokenUsage, keyof Contract['TokenUsage'] | 'promptTokens' | 'completionTokens' | 'costUsd'>,
] = [true, true]

/** What the library returns is what a server may return, and nothing is missing. */
export const localAnswers: [
  mcoda.Complete<mcoda.Estimate> extends mcoda.Estimate ? true : false,
  mcoda.Complete<mcoda.TokenUsageRow> extends mcoda.TokenUsageRow ? true : false,
  mcoda.Complete<mcoda.TokenUsageSummaryRow> extends mcoda.TokenUsageSummaryRow ? true : false,
  Same<mcoda.Complete<mcoda.Estimate>['etas']['completeEta'], string | null>,
  Same<mcoda.Complete<mcoda.TokenUsageSummaryRow>['day'], string | null | undefined>,
  Same<mcoda.Complete<mcoda.TokenUsageRow>['metadata'], mcoda.Metadata>,
] = [true, true, true, true, true, true]

type Calls = {
  tokenUsageSummary: 'getTelemetrySummary'
  tokenUsage: 'getTokenUsage'
  telemetryConfig: 'getTelemetryConfig'
  optOut: 'optOutOfTelemetry'
  optIn: 'optInToTelemetry'
  estimate: 'getEstimate'
  velocity: 'getVelocity'
}

type AnswerOf<Name extends keyof operations> =
  operations[Name]['responses'][200]['content']['application/json']

/** The client has a call for each operation, which returns the same. */
export const calls: [
  Same<keyof client.TelemetryClient, keyof Calls>,
  Same<keyof operations, Calls[keyof Calls]>,
  { [Call in keyof Calls]: SameShape<Awaited<ReturnType<client.TelemetryClient[Call]>>, AnswerOf<Calls[Call]>> },
] = [
  true,
  true,
  {
    tokenUsageSummary: true,
    tokenUsage: true,
    telemetryConfig: true,
    optOut: true,
    optIn: true,
    estimate: true,
    velocity: true,
  },
]
