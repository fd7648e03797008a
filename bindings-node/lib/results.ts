/** A value of a row. Whole numbers beyond 2^53 − 1 are `bigint`. */
export type SqlValue = null | number | bigint | string | Buffer

export type Row = { [column: string]: SqlValue }
