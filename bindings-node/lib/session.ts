import { bindMethods } from './bind'
import { type CallSite, callSite } from './call_site'
import * as dispatcher from './dispatcher'
import type { CallOptions, SqlParams } from './inputs'
import { CALL, INSPECT, INTERNAL, inspected, internalsOf, keepInternals } from './internals'
import { queryArguments, rowsOf } from './query'
import type { Row } from './results'

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
    return rowsOf(await this[CALL]('query', queryArguments(sql, params), options)) as T[]
  }

  /** @internal */
  [CALL](
    name: string,
    args: unknown[],
    options?: CallOptions | null,
    site: CallSite = callSite(this[CALL]),
  ): Promise<any> {
    return dispatcher.call(internalsOf(this).handle, name, args, options, site)
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
