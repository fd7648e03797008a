// The CommonJS module again, so that there is one class of each name in a process.
import mcoda from './index.js'

export const { Global, McodaError, Workspace } = mcoda
export const { checkPath, extractUsage, extractUsages } = mcoda
export const { renderCheck, renderEstimate, renderJobInspection, renderJobTokens, renderJobs } = mcoda
export const { renderStatusEvents, renderTelemetryConfig, renderTokensTable, renderVelocity } = mcoda
