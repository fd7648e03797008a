'use strict'

const { Api } = require('./api')
const { OPERATIONS } = require('./requests')

/** Asks a server of the telemetry API. Its calls have the names and the answers of a workspace's. */
class TelemetryClient {
  #api

  constructor(options) {
    this.#api = new Api(options)
  }

  async tokenUsageSummary(query, options) {
    return this.#api.ask(OPERATIONS.tokenUsageSummary, query, options)
  }

  async tokenUsage(query, options) {
    return this.#api.ask(OPERATIONS.tokenUsage, query, options)
  }

  async telemetryConfig(query, options) {
    return this.#api.ask(OPERATIONS.telemetryConfig, query, options)
  }

  async optOut(query, options) {
    return this.#api.ask(OPERATIONS.optOut, query, options)
  }

  async optIn(query, options) {
    return this.#api.ask(OPERATIONS.optIn, query, options)
  }

  async estimate(query, options) {
    return this.#api.ask(OPERATIONS.estimate, query, options)
  }

  async velocity(query, options) {
    return this.#api.ask(OPERATIONS.velocity, query, options)
  }
}

module.exports = { TelemetryClient }
