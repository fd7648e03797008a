import type { Metadata } from './contract'

/** A value of a row. Whole numbers beyond 2^53 − 1 are `bigint`. */
export type SqlValue = null | number | bigint | string | Buffer

/** A record of a handle that was opened with `nullAsAbsent`: its objects and lists are null where the column is NULL. */
export type AsStored<R> = {
  [F in keyof R]: R[F] extends Metadata | readonly string[] | undefined ? R[F] | null : R[F]
}

export type Row = { [column: string]: SqlValue }
