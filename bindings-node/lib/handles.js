'use strict'

const { CALL } = require('./caller')
const { SessionCalls, WorkspaceCalls, repositories } = require('./methods')
const dispatcher = require('./dispatcher')
const { here } = require('./environment')
const { record, text } = require('./encode')
const { queryArguments, rowsOf } = require('./query')
const { leave, transaction } = require('./transaction')

const OPENED = Symbol('opened')

/** What calls are made on: an open database, or a transaction of one. */
class Held {
  #native
  #path

  constructor(opened, { about, handle }) {
    if (opened !== OPENED) throw new TypeError(`use ${new.target.name}.open or ${new.target.name}.openDb`)
    this.#path = about.databasePath
    this.#native = handle
  }

  get databasePath() {
    return this.#path
  }

  async [CALL](name, args, options) {
    return dispatcher.call(this.#native, name, args, options)
  }

  /** For this file alone: the native part is nobody else's. */
  static native(held) {
    return held.#native
  }
}
const nativeOf = Held.native
delete Held.native

/** The calls whose values JSON has no form for. */
const Queries = (Base) =>
  class extends Base {
    async query(sql, params, options) {
      return rowsOf(await this[CALL]('query', queryArguments(sql, params), options))
    }
  }

const Session = Queries(SessionCalls(Held))

/** What an open database has that a transaction has not. */
const Database = (Base) =>
  class extends Base {
    async *iterateTokenUsage(query, options) {
      yield* dispatcher.rows(nativeOf(this), [record('query', query)], options)
    }

    async close(options) {
      leave(this)
      await this[CALL]('close', [], options)
    }

    async [Symbol.asyncDispose]() {
      return this.close()
    }
  }

/**
 * The calls of a workspace, and its tables.
 * @param {any} Base
 */
const OfWorkspace = (Base) => {
  /** @type {any} What its constructor takes, TypeScript does not see. */
  const Calls = WorkspaceCalls(Base)
  return class extends Calls {
    #id

    constructor(opened, parts) {
      super(opened, parts)
      this.#id = parts.about.id
      for (const [name, Repository] of Object.entries(repositories)) {
        const value = new Repository((...call) => this[CALL](...call))
        Object.defineProperty(this, name, { value, enumerable: true })
      }
    }

    get id() {
      return this.#id
    }
  }
}

/** A transaction of a workspace: the calls of the workspace, all of them happen or none. */
class WorkspaceTransaction extends OfWorkspace(Session) {}

/** A transaction of the global database. */
class GlobalTransaction extends Session {}

async function open(Handle, name, path, openOptions, options) {
  const opened = await dispatcher.open(name, [path, here('options', openOptions)], options)
  return new Handle(OPENED, opened)
}

/** Begins a transaction of a handle, and makes what its calls are made on. */
function within(handle, Transaction) {
  return async (limitMs, options) => {
    const parts = await dispatcher.begin(nativeOf(handle), limitMs, options)
    return { tx: new Transaction(OPENED, parts), limit: parts.about.limitMs }
  }
}

class Workspace extends OfWorkspace(Database(Session)) {
  static async open(root, openOptions, options) {
    return open(Workspace, 'Workspace.open', text('root', root), openOptions, options)
  }

  static async openDb(path, openOptions, options) {
    return open(Workspace, 'Workspace.openDb', text('path', path), openOptions, options)
  }

  async transaction(work, options) {
    return transaction(this, within(this, WorkspaceTransaction), work, options)
  }
}

class Global extends Database(Session) {
  static async open(openOptions, options) {
    return open(Global, 'Global.open', null, openOptions, options)
  }

  static async openDb(path, openOptions, options) {
    return open(Global, 'Global.openDb', text('path', path), openOptions, options)
  }

  async transaction(work, options) {
    return transaction(this, within(this, GlobalTransaction), work, options)
  }
}

module.exports = { Global, Workspace }
