/// <reference types="node" />

import type { SessionCalls, WorkspaceCalls } from './lib/calls'
import type { Complete, Row } from './lib/answers'
import type { CallOptions, SqlParams, TransactionOptions } from './lib/inputs'
import type { OpenOptions, TokenUsageQuery, TokenUsageRow } from './lib/records'

export * from './lib/answers'
export * from './lib/calls'
export * from './lib/inputs'
export * from './lib/records'

export type ErrorKind =
  'InvalidInput' | 'NotFound' | 'Conflict' | 'Busy' | 'Storage' | 'Corrupt' | 'Unsupported' | 'Closed' | 'Internal' | 'Cancelled'

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
  | 'MCODA_CANCELLED'

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

/** What both kinds of database have, and their transactions. */
interface Session extends SessionCalls {
  readonly databasePath: string
  /** One statement that only reads. */
  query<T = Row>(sql: string, params?: SqlParams | null, options?: CallOptions): Promise<T[]>
}

/** A transaction of a workspace: its calls all happen, or none of them. */
export interface WorkspaceTransaction extends Session, WorkspaceCalls {
  readonly id: string
}

/** A transaction of the global database: its calls all happen, or none of them. */
export interface GlobalTransaction extends Session {}

/** What both kinds of database have. A handle's calls are made one after the other, in the order of the calls. */
interface Database extends Session {}
declare abstract class Database implements AsyncDisposable {
  protected constructor()
  /**
   * The rows of `tokenUsage` one by one, in memory that hardly depends on how many there are. Which they are is settled
   * by the first `next`; other calls of the handle are made in between. Closing the handle ends it with `Closed`.
   */
  iterateTokenUsage(query?: TokenUsageQuery, options?: CallOptions): AsyncGenerator<Complete<TokenUsageRow>, void, undefined>
  /** After the calls that are under way; an open transaction is rolled back. Every other call is `Closed` afterwards. */
  close(options?: CallOptions): Promise<void>
  /** As `close`. */
  [Symbol.asyncDispose](): Promise<void>
}

/** The record of one project's work. */
export interface Workspace extends WorkspaceCalls {}
export class Workspace extends Database {
  private constructor()
  /** The workspace of the project whose root folder is `root`; what is missing is created. */
  static open(root: string, openOptions?: OpenOptions, options?: CallOptions): Promise<Workspace>
  /** The workspace database in this file; what is missing is created. `:memory:` lives as long as the handle. */
  static openDb(path: string, openOptions?: OpenOptions, options?: CallOptions): Promise<Workspace>

  readonly id: string
  /**
   * Runs `work` on a transaction, and commits where it resolves. It is rolled back where `work` rejects, where the
   * signal aborts, where the handle is closed, and at its time limit, and rejects then, whether `work` settles or not.
   * Other calls of the handle that write wait for it; within `work`, use the transaction that it gets.
   */
  transaction<T>(work: (tx: WorkspaceTransaction) => T | Promise<T>, options?: TransactionOptions): Promise<T>
}

/** The user's own database: agents, and what their calls outside of any project cost. */
export class Global extends Database {
  private constructor()
  /** `.mcoda/mcoda.db` in the home folder; what is missing is created. */
  static open(openOptions?: OpenOptions, options?: CallOptions): Promise<Global>
  /** The global database in this file; what is missing is created. */
  static openDb(path: string, openOptions?: OpenOptions, options?: CallOptions): Promise<Global>
  /** As that of a workspace. */
  transaction<T>(work: (tx: GlobalTransaction) => T | Promise<T>, options?: TransactionOptions): Promise<T>
}

export {}
