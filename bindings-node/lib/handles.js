'use strict'

const { bodyText } = require('./body')
const courier = require('./courier')
const { optionalSwitch, record, records, text } = require('./encode')
const { queryArguments, rowsOf } = require('./query')
const repositories = require('./repositories')

const OPENED = Symbol('opened')
/** The native part of each handle. */
const natives = new WeakMap()

async function call(handle, name, args, options) {
  return courier.call(natives.get(handle), name, args, options)
}

async function open(Handle, name, path, openOptions, options) {
  const opened = await courier.open(name, [path, record('options', openOptions)], options)
  return new Handle(OPENED, opened)
}

/** What both kinds of database answer. */
class Database {
  #path

  constructor(opened, parts) {
    if (opened !== OPENED) throw new TypeError(`use ${new.target.name}.open or ${new.target.name}.openDb`)
    this.#path = parts.about.databasePath
    natives.set(this, parts.handle)
  }

  get databasePath() {
    return this.#path
  }

  async recordTokenUsage(usage, options) {
    return call(this, 'recordTokenUsage', [record('usage', usage)], options)
  }

  async recordTokenUsages(usages, options) {
    return call(this, 'recordTokenUsages', [records('usages', usages, 'record', 'usage')], options)
  }

  async recordAgentResponse(body, context, options) {
    return call(this, 'recordAgentResponse', [bodyText(body), record('context', context)], options)
  }

  async recordAgentFile(path, context, options) {
    return call(this, 'recordAgentFile', [text('path', path), record('context', context)], options)
  }

  async tokenUsage(query, options) {
    return call(this, 'tokenUsage', [record('query', query)], options)
  }

  async *iterateTokenUsage(query, options) {
    yield* courier.rows(natives.get(this), [record('query', query)], options)
  }

  async tokenUsageSummary(query, options) {
    return call(this, 'tokenUsageSummary', [record('query', query)], options)
  }

  async query(sql, params, options) {
    return rowsOf(await call(this, 'query', queryArguments(sql, params), options))
  }

  async backupTo(path, options) {
    await call(this, 'backupTo', [text('path', path)], options)
  }

  async close(options) {
    await call(this, 'close', [], options)
  }

  async [Symbol.asyncDispose]() {
    return this.close()
  }
}

class Workspace extends Database {
  #id

  constructor(opened, parts) {
    super(opened, parts)
    this.#id = parts.about.id
    for (const [name, Repository] of Object.entries(repositories)) {
      const value = new Repository((method, args, options) => call(this, `${name}.${method}`, args, options))
      Object.defineProperty(this, name, { value, enumerable: true })
    }
  }

  static async open(root, openOptions, options) {
    return open(Workspace, 'Workspace.open', text('root', root), openOptions, options)
  }

  static async openDb(path, openOptions, options) {
    return open(Workspace, 'Workspace.openDb', text('path', path), openOptions, options)
  }

  get id() {
    return this.#id
  }

  async recordStatusTransition(task, toStatus, context, options) {
    const args = [text('task', task), text('toStatus', toStatus), record('context', context)]
    return call(this, 'recordStatusTransition', args, options)
  }

  async statusEvents(query, options) {
    return call(this, 'statusEvents', [record('query', query)], options)
  }

  async backfillStatusEvents(estimateOptions, options) {
    return call(this, 'backfillStatusEvents', [record('options', estimateOptions)], options)
  }

  async inspectJob(jobId, options) {
    return call(this, 'inspectJob', [text('jobId', jobId)], options)
  }

  async telemetryConfig(options) {
    return call(this, 'telemetryConfig', [], options)
  }

  async optOut(strict, options) {
    return call(this, 'optOut', [optionalSwitch('strict', strict)], options)
  }

  async optIn(options) {
    return call(this, 'optIn', [], options)
  }

  async velocity(estimateOptions, options) {
    return call(this, 'velocity', [record('options', estimateOptions)], options)
  }

  async estimate(estimateOptions, options) {
    return call(this, 'estimate', [record('options', estimateOptions)], options)
  }
}

class Global extends Database {
  static async open(openOptions, options) {
    return open(Global, 'Global.open', null, openOptions, options)
  }

  static async openDb(path, openOptions, options) {
    return open(Global, 'Global.openDb', text('path', path), openOptions, options)
  }
}

module.exports = { Global, Workspace }
