// The CommonJS module again, so that there is one class of each name in a process.
import sqlite from './sqlite.js'

export type * from './sqlite.js'
export { Database, open, OPEN_CREATE, OPEN_READONLY, OPEN_READWRITE } from './sqlite.js'
export default sqlite.default
