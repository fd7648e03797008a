import { SessionCalls, WorkspaceCalls } from './calls'
import { callSite } from './call_site'
import type { Complete } from './contract'
import * as dispatcher from './dispatcher'
import { given, record } from './encode'
import { encodeOptions } from './environment'
import { invalid } from './errors'
import type { CallOptions, OtherWorkspaces, TransactionOptions } from './inputs'
import { path } from './path'
import type { OpenOptions, TokenUsageQuery, TokenUsageRow } from './records'
import { CALL, INTERNAL, internalsOf } from './internals'
import type { Session } from './session'
import { type Database, isDatabase, nativeOf } from './sqlite_database'
import { rollBackTransactions, transaction } from './transaction'

/** A transaction of a workspace: all of its calls take effect, or none. */
export class WorkspaceTransaction extends WorkspaceCalls {
  get id(): string {
    return internalsOf(this).about.id!
  }
}

/** A transaction of the global database: all of its calls take effect, or none. */
export class GlobalTransaction extends SessionCalls {}

/** The record of one project's work. */
export class Workspace extends WorkspaceCalls implements AsyncDisposable {
  private constructor(internal: typeof INTERNAL, opened: dispatcher.Opened) {
    super(internal, opened)
  }

  /** Opens the workspace of the project whose root folder is `root`. What is missing is created. */
  static async open(root: string | URL, openOptions?: OpenOptions | null, options?: CallOptions | null): Promise<Workspace> {
    const args = [path('root', root), encodeOptions('options', openOptions)]
    return new Workspace(INTERNAL, await dispatcher.open('Workspace.open', args, options, callSite()))
  }

  /** Opens the workspace database in this file. What is missing is created. `:memory:` lives as long as the handle. */
  static async openDb(file: string | URL, openOptions?: OpenOptions | null, options?: CallOptions | null): Promise<Workspace> {
    const args = [path('path', file), encodeOptions('options', openOptions)]
    return new Workspace(INTERNAL, await dispatcher.open('Workspace.openDb', args, options, callSite()))
  }

  /**
   * Opens the workspace in a database that `@mcoda/native/sqlite` has open. Its calls run on the connection of that
   * object, in order with the calls of the object, and are part of the transaction that is open there. What is missing is
   * created. Foreign keys must be on. Closing the workspace leaves the object open; closing the object closes both.
   */
  static async over(
    database: Database,
    openOptions?: OpenOptions | null,
    options?: CallOptions | null,
  ): Promise<Workspace> {
    if (!isDatabase(database)) {
      throw invalid('database', given(database), 'an open Database of @mcoda/native/sqlite')
    }
    const args = [encodeOptions('options', openOptions)]
    return new Workspace(INTERNAL, await dispatcher.over(nativeOf(database), args, options, callSite()))
  }

  get id(): string {
    return internalsOf(this).about.id!
  }

  /**
   * Runs `work` on a transaction, and commits when it resolves. The transaction is rolled back, and the promise rejects,
   * when `work` rejects, the signal aborts, the handle is closed, or the time limit passes, whether `work` settles or
   * not. Other calls of the handle that write wait for the transaction; within `work`, use the transaction passed to it.
   */
  async transaction<T>(
    work: (tx: WorkspaceTransaction) => T | Promise<T>,
    options?: TransactionOptions | null,
  ): Promise<T> {
    const begin = (opened: dispatcher.Opened) => new WorkspaceTransaction(INTERNAL, opened)
    return transaction(this, begin, work, options, callSite())
  }

  /**
   * The rows of `tokenUsage` one by one, in memory that hardly depends on their number. The first `next` determines the
   * rows; other calls of the handle run in between. Closing the handle ends the iteration with `Closed`. At the end, the
   * iterator has `otherWorkspaceIds` if there was no row because the database has those of other workspaces only.
   */
  iterateTokenUsage(
    query?: TokenUsageQuery | null,
    options?: CallOptions | null,
  ): AsyncGenerator<Complete<TokenUsageRow>, void, undefined> & OtherWorkspaces {
    return iterateTokenUsage(this, query, options)
  }

  /** Closes the handle after the calls under way. An open transaction is rolled back. Later calls are `Closed`. */
  async close(options?: CallOptions | null): Promise<void> {
    await close(this, options)
  }

  /** As `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await close(this)
  }
}

/** The user's own database: agents, and what their calls outside of any project cost. */
export class Global extends SessionCalls implements AsyncDisposable {
  private constructor(internal: typeof INTERNAL, opened: dispatcher.Opened) {
    super(internal, opened)
  }

  /** Opens `.mcoda/mcoda.db` in the home folder. What is missing is created. */
  static async open(openOptions?: OpenOptions | null, options?: CallOptions | null): Promise<Global> {
    const args = [null, encodeOptions('options', openOptions)]
    return new Global(INTERNAL, await dispatcher.open('Global.open', args, options, callSite()))
  }

  /** Opens the global database in this file. What is missing is created. */
  static async openDb(file: string | URL, openOptions?: OpenOptions | null, options?: CallOptions | null): Promise<Global> {
    const args = [path('path', file), encodeOptions('options', openOptions)]
    return new Global(INTERNAL, await dispatcher.open('Global.openDb', args, options, callSite()))
  }

  /** As that of a workspace. */
  async transaction<T>(work: (tx: GlobalTransaction) => T | Promise<T>, options?: TransactionOptions | null): Promise<T> {
    const begin = (opened: dispatcher.Opened) => new GlobalTransaction(INTERNAL, opened)
    return transaction(this, begin, work, options, callSite())
  }

  /**
   * The rows of `tokenUsage` one by one, in memory that hardly depends on their number. The first `next` determines the
   * rows; other calls of the handle run in between. Closing the handle ends the iteration with `Closed`.
   */
  iterateTokenUsage(
    query?: TokenUsageQuery | null,
    options?: CallOptions | null,
  ): AsyncGenerator<Complete<TokenUsageRow>, void, undefined> {
    return iterateTokenUsage(this, query, options)
  }

  /** Closes the handle after the calls under way. An open transaction is rolled back. Later calls are `Closed`. */
  async close(options?: CallOptions | null): Promise<void> {
    await close(this, options)
  }

  /** As `close`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await close(this)
  }
}

function iterateTokenUsage(
  handle: Session,
  query: TokenUsageQuery | null | undefined,
  options: CallOptions | null | undefined,
): AsyncGenerator<Complete<TokenUsageRow>, void, undefined> & OtherWorkspaces {
  const noRows = (ids: readonly string[]) => Object.defineProperty(iterator, 'otherWorkspaceIds', { value: ids })
  const iterator = generate(handle, query, options, noRows)
  return iterator
}

async function* generate(
  handle: Session,
  query: TokenUsageQuery | null | undefined,
  options: CallOptions | null | undefined,
  noRows: (otherWorkspaceIds: readonly string[]) => void,
): AsyncGenerator<Complete<TokenUsageRow>, void, undefined> {
  const native = internalsOf(handle).handle
  yield* dispatcher.rows<Complete<TokenUsageRow>>(native, [record('query', query)], options, noRows)
}

async function close(handle: Session, options?: CallOptions | null): Promise<void> {
  const internals = internalsOf(handle)
  rollBackTransactions(handle)
  if (internals.state === 'open') internals.state = 'closing'
  try {
    await handle[CALL]('close', [], options)
    internals.state = 'closed'
  } catch (error) {
    if (internals.state === 'closing') internals.state = 'open'
    throw error
  }
}
