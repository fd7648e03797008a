import { arrow } from './arrow'
import { bindMethods } from './bind'
import { type CallSite, callSite } from './call_site'
import * as dispatcher from './dispatcher'
import type { CallOptions, OtherWorkspaces, SqlParams } from './inputs'
import { CALL, INSPECT, INTERNAL, inspected, internalsOf, keepInternals } from './internals'
import { queryArguments, rowsOf } from './query'
import type { Row } from './results'
import type { SessionRows } from './row_calls'
import type { Decode } from './turns'

/** What a database and its transactions have in common. */
export abstract class Session {
  /** @internal */
  constructor(internal: typeof INTERNAL, opened: dispatcher.Opened) {
    if (internal !== INTERNAL) throw new TypeError(`use ${new.target.name}.open or ${new.target.name}.openDb`)
    keepInternals(this, opened)
    bindMethods(this)
  }

  get databasePath(): string {
    return internalsOf(this).about.databasePath
  }

  /** One statement that only reads. */
  async query<T = Row>(sql: string, params?: SqlParams | null, options?: CallOptions | null): Promise<T[]> {
    return this[CALL]('query', queryArguments(sql, params), options, undefined, rowsOf)
  }

  /**
   * The rows of a call as the bytes of an Arrow IPC stream, which apache-arrow, DuckDB-Wasm, Polars and others read. The
   * arguments are those of the method with this name, its options included. Columns have the names of the rows' fields.
   * `InvalidInput` for a column of a query whose values have several types; the field is its name.
   */
  async arrow<Name extends keyof SessionRows>(
    call: Name,
    ...args: Parameters<SessionRows[Name]>
  ): Promise<Uint8Array & OtherWorkspaces> {
    return arrow(this, call, args)
  }

  /** @internal */
  [CALL](
    name: string,
    args: unknown[],
    options?: CallOptions | null,
    site: CallSite | undefined = callSite(this[CALL]),
    decode?: Decode,
  ): Promise<any> {
    return dispatcher.call(internalsOf(this).handle, name, args, options, site, decode)
  }

  /** @internal */
  [INSPECT](depth: number, options: object, inspect: (value: unknown, options: object) => string): string {
    const shown = inspected(this)
    const { name } = this.constructor
    // A prototype is not a handle.
    return shown && depth >= 0 ? `${name} ${inspect(shown, options)}` : `[${name}]`
  }
}

/** The calls of one table of a workspace or a transaction. */
export abstract class Repository {
  /** @internal */
  declare readonly [CALL]: (name: string, args: unknown[], options?: CallOptions | null) => Promise<any>

  /** @internal */
  constructor(session: Session) {
    const value = (name: string, args: unknown[], options?: CallOptions | null) =>
      session[CALL](name, args, options, callSite(this[CALL]))
    Object.defineProperty(this, CALL, { value })
    bindMethods(this)
  }
}
