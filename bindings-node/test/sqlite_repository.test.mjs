// What the TypeScript packages of mcoda do with the object: connecting, migrations and their repository, in the statements
// and the styles that occur there.
import assert from 'node:assert/strict'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { Workspace } from '@mcoda/native'
import sqlite3, { open } from '@mcoda/native/sqlite'
import { freshFolder } from './support.mjs'

const PRAGMAS = ['foreign_keys = ON', 'journal_mode = WAL', 'synchronous = NORMAL', 'busy_timeout = 30000']

async function connect(filename) {
  const database = await open({ filename, driver: sqlite3.Database })
  for (const pragma of PRAGMAS) await database.exec(`PRAGMA ${pragma};`)
  return database
}

async function columnsOf(database, table) {
  return (await database.all(`PRAGMA table_info(${table})`)).map(({ name }) => name)
}

async function ensureColumn(database, table, column, definition) {
  if ((await columnsOf(database, table)).includes(column)) return
  try {
    await database.exec(`ALTER TABLE ${table} ADD COLUMN ${column} ${definition};`)
  } catch (error) {
    if (!/duplicate column name/i.test(error.message)) throw error
  }
}

async function migrate(database) {
  await database.exec(`
    CREATE TABLE IF NOT EXISTS items (
      id TEXT PRIMARY KEY, key TEXT NOT NULL, parent TEXT REFERENCES items(id) ON DELETE CASCADE,
      points INTEGER, metadata_json TEXT, updated_at TEXT NOT NULL, UNIQUE (parent, key)
    );
    CREATE INDEX IF NOT EXISTS idx_items_parent ON items(parent);
    CREATE TABLE IF NOT EXISTS locks (item TEXT PRIMARY KEY, owner TEXT NOT NULL, expires_at TEXT NOT NULL);`)
  await ensureColumn(database, 'items', 'status', "TEXT DEFAULT 'open'")
  await ensureColumn(database, 'items', 'agent', 'TEXT')
}

class Repository {
  constructor(db) {
    this.db = db
  }

  async withTransaction(work) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.db.exec('BEGIN IMMEDIATE')
        try {
          const value = await work()
          await this.db.exec('COMMIT')
          return value
        } catch (error) {
          await this.db.exec('ROLLBACK')
          throw error
        }
      } catch (error) {
        if (attempt >= 5 || !/SQLITE_BUSY|database is locked|busy/i.test(error.message)) throw error
        await setTimeout(20 * attempt)
      }
    }
  }

  async insert(rows) {
    await this.withTransaction(async () => {
      for (const { id, key, parent, points, metadata } of rows) {
        await this.db.run(
          'INSERT INTO items (id, key, parent, points, metadata_json, updated_at) VALUES (?, ?, ?, ?, ?, ?)',
          id,
          key,
          parent ?? null,
          points,
          metadata ? JSON.stringify(metadata) : null,
          new Date(0).toISOString(),
        )
      }
    })
  }

  byIds(ids) {
    return this.db.all(`SELECT id, points FROM items WHERE id IN (${ids.map(() => '?').join(', ')}) ORDER BY id`, ids)
  }

  acquire(item, owner, expires) {
    return this.db.run(
      `INSERT INTO locks VALUES (?, ?, ?) ON CONFLICT (item) DO UPDATE SET owner = excluded.owner,
       expires_at = excluded.expires_at WHERE locks.expires_at < excluded.expires_at`,
      [item, owner, expires],
    )
  }
}

test('migrations_run_again_and_again_also_at_the_same_time_on_a_bare_object_in_memory_as_well', async (t) => {
  const bare = await open({ filename: ':memory:', driver: sqlite3.Database })
  await migrate(bare)
  await migrate(bare)
  assert.deepEqual(await bare.all('PRAGMA index_list(locks)'), [{ seq: 0, name: 'sqlite_autoindex_locks_1', unique: 1, origin: 'pk', partial: 0 }])
  const tables = await bare.all(`SELECT name FROM sqlite_master WHERE type='table' AND name IN (?,?) ORDER BY name`, ['items', 'locks'])
  assert.deepEqual(tables, [{ name: 'items' }, { name: 'locks' }])
  await bare.close()

  const filename = join(freshFolder(t), 'mcoda.db')
  const databases = await Promise.all(Array.from({ length: 5 }, () => connect(filename)))
  await Promise.all(databases.map(migrate))
  assert.deepEqual((await columnsOf(databases[0], 'items')).slice(-2), ['status', 'agent'])
  await Promise.all(databases.map((database) => database.close()))
})

test('the_repository_and_the_raw_object_share_one_connection', async (t) => {
  const folder = join(freshFolder(t), 'a', 'b')
  mkdirSync(folder, { recursive: true })
  const database = await connect(join(folder, 'mcoda.db'))
  await migrate(database)
  const repository = new Repository(database)
  await repository.insert([{ id: '1', key: 'A', points: 3, metadata: { a: 1 } }, { id: '2', key: 'B', points: undefined }])
  assert.deepEqual(await repository.byIds(['1', '2', '3']), [{ id: '1', points: 3 }, { id: '2', points: null }])
  await assert.rejects(repository.insert([{ id: '3', key: 'C' }, { id: '1', key: 'D' }]), {
    message: 'SQLITE_CONSTRAINT: UNIQUE constraint failed: items.id',
  })
  await assert.rejects(repository.insert([{ id: '4', key: 'E', parent: 'none' }]), {
    message: 'SQLITE_CONSTRAINT: FOREIGN KEY constraint failed',
  })
  assert.deepEqual(await database.get('SELECT COUNT(*) AS count FROM items'), { count: 2 })
  await assert.rejects(
    repository.withTransaction(() => repository.insert([{ id: '5', key: 'F' }])),
    { message: 'SQLITE_ERROR: cannot start a transaction within a transaction' },
  )
  assert.deepEqual([(await repository.acquire('1', 'x', '2')).changes, (await repository.acquire('1', 'y', '1')).changes], [1, 0])
  // The engine's calls in the repository's transaction.
  const workspace = await Workspace.over(database)
  await repository.withTransaction(async () => {
    await database.run('UPDATE items SET points = ? WHERE id = ?', 8, '1')
    await workspace.recordTokenUsage({ tokensPrompt: 1 })
  })
  const row = await database.get('SELECT points, (SELECT COUNT(*) FROM token_usage) AS used FROM items WHERE id = ?', ['1'])
  assert.deepEqual(row, { points: 8, used: 1 })
  await database.close()
  rmSync(folder, { recursive: true })
})

test('objects_on_one_file_wait_for_each_other', async (t) => {
  const filename = join(freshFolder(t), 'mcoda.db')
  const databases = await Promise.all(Array.from({ length: 4 }, () => connect(filename)))
  await migrate(databases[0])
  await Promise.all(
    databases.map(async (database, owner) => {
      const repository = new Repository(database)
      for (let index = 0; index < 25; index += 1) {
        await repository.insert([{ id: `${owner}-${index}`, key: `${index}`, points: owner }])
      }
    }),
  )
  assert.deepEqual(await databases[0].get('SELECT COUNT(*) AS n, SUM(points) AS s FROM items'), { n: 100, s: 150 })
  await Promise.all(databases.map((database) => database.close()))
})
