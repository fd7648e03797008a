// The CommonJS module again, so that there is one class of each name in a process.
import client from './client.js'

export const { McodaError, TelemetryClient } = client
