'use strict'

const { bodyText } = require('./body')
const { optionalText, plain } = require('./encode')
const { McodaError } = require('./errors')
const native = require('./native')

/** What the engine answers without a database, at once. */
function compute(name, args) {
  const { json, failure } = native.compute(name, JSON.stringify(args))
  if (failure) throw new McodaError(failure)
  return JSON.parse(json)
}

function extractUsage(body, provider) {
  return compute('extractUsage', [bodyText(body), optionalText('provider', provider)])
}

function extractUsages(body, provider) {
  return compute('extractUsages', [bodyText(body), optionalText('provider', provider)])
}

function renderTokensTable(rows, groupBy) {
  return compute('renderTokensTable', [plain('rows', rows), plain('groupBy', groupBy)])
}

function renderJobTokens(rows) {
  return compute('renderJobTokens', [plain('rows', rows)])
}

function renderJobs(jobs) {
  return compute('renderJobs', [plain('jobs', jobs)])
}

function renderJobInspection(inspection) {
  return compute('renderJobInspection', [plain('inspection', inspection)])
}

function renderEstimate(estimate) {
  return compute('renderEstimate', [plain('estimate', estimate)])
}

function renderVelocity(velocity) {
  return compute('renderVelocity', [plain('velocity', velocity)])
}

function renderStatusEvents(events) {
  return compute('renderStatusEvents', [plain('events', events)])
}

function renderTelemetryConfig(config) {
  return compute('renderTelemetryConfig', [plain('config', config)])
}

module.exports = {
  extractUsage,
  extractUsages,
  renderEstimate,
  renderJobInspection,
  renderJobTokens,
  renderJobs,
  renderStatusEvents,
  renderTelemetryConfig,
  renderTokensTable,
  renderVelocity,
}
