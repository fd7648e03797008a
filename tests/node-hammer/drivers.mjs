// Other copies of SQLite for Node, each behind the same three calls.
import { createRequire } from 'node:module'

const DRIVERS = { '@photostructure/sqlite': photostructure, 'better-sqlite3': betterSqlite3, sqlite3 }

/** Opens connections of the package `name`, which is installed in `folder`. */
export function driver(name, folder) {
  const loaded = createRequire(`${folder}/`)(name)
  return async (file, timeout) => {
    const connection = await DRIVERS[name](loaded, file, timeout)
    // Flushing is the disk's time, and not what is tested here.
    await connection.run('PRAGMA synchronous = OFF')
    return connection
  }
}

function photostructure({ DatabaseSync }, file, timeout) {
  const database = new DatabaseSync(file, { timeout })
  return { run: (sql) => database.exec(sql), close: () => database.close() }
}

function betterSqlite3(Database, file, timeout) {
  const database = new Database(file, { timeout })
  return { run: (sql) => database.exec(sql), close: () => database.close() }
}

/** Its calls run on libuv's pool. */
async function sqlite3({ Database }, file, timeout) {
  const promised = (begin) => new Promise((resolve, reject) => begin((error) => (error ? reject(error) : resolve())))
  let database
  await promised((done) => (database = new Database(file, done)))
  database.configure('busyTimeout', timeout)
  return {
    run: (sql) => promised((done) => database.exec(sql, done)),
    close: () => promised((done) => database.close(done)),
  }
}
