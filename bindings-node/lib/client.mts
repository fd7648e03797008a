// The CommonJS module again, so that there is one class of each name in a process.
export type * from './client.js'
export { McodaError, TelemetryClient } from './client.js'
