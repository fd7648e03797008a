// The CommonJS module again, so that there is one class of each name in a process.
export type * from './index.js'
export { Global, McodaError, Workspace } from './index.js'
export { checkPath, extractUsage, extractUsages } from './index.js'
export { renderCheck, renderEconomics, renderEstimate, renderJobInspection, renderJobTokens, renderJobs } from './index.js'
export { renderStatusEvents, renderTelemetryConfig, renderTokensTable, renderVelocity, workspaces } from './index.js'
