// What programs see of npm's `sqlite` over `sqlite3`, as a table: `npm.test.mjs` holds those packages to it, and
// `bindings-node/test/sqlite_cases.test.mjs` holds `@mcoda/native/sqlite` to it.
//
// `run` gets an open database in memory and `open`, which opens another one. `gives` is what it resolves to, `fails` the
// error that it rejects with. Where the package differs on purpose `ours` is what it does in place of that.

const failure = (code, errno, text) => ({ code, errno, message: `${code}: ${text}` })
const range = failure('SQLITE_RANGE', 25, 'column index out of range')
const empty = failure('SQLITE_MISUSE', 21, 'not an error')
const closed = failure('SQLITE_MISUSE', 21, 'Database is closed')
const refused = (place, given) => ({ fails: { code: 'SQLITE_MISMATCH', errno: 20, message: new RegExp(`parameter ${place}: got ${given}; expected `) } })
const many = (count) => Array.from({ length: count }, (_, index) => index)
const typed = 'SELECT ? AS a, typeof(?1) AS t'
const two = 'SELECT ? AS a, ? AS b'

/** Those that only look at one statement's parameters and rows. */
const VALUES = [
  ['text', ['ä€😀'], { a: 'ä€😀', t: 'text' }],
  ['empty text', [''], { a: '', t: 'text' }],
  ['half of a surrogate pair', ['\ud800x'], { a: '\ufffdx', t: 'text' }],
  ['text with a NUL', ['a\0b'], { a: 'a\0b', t: 'text' }],
  ['a whole number of 32 bits', [-2147483648], { a: -2147483648, t: 'integer' }],
  ['a larger whole number', [3e9], { a: 3e9, t: 'real' }],
  ['the largest safe number', [2 ** 53 - 1], { a: 2 ** 53 - 1, t: 'real' }],
  ['minus zero', [-0], { a: 0, t: 'integer' }],
  ['a fraction', [0.1], { a: 0.1, t: 'real' }],
  ['a tiny number', [5e-324], { a: 5e-324, t: 'real' }],
  ['infinity', [-Infinity], { a: -Infinity, t: 'real' }],
  ['true', [true], { a: 1, t: 'integer' }],
  ['false', [false], { a: 0, t: 'integer' }],
  ['null', [null], { a: null, t: 'null' }],
  ['undefined', [undefined], { a: null, t: 'null' }],
  ['nothing', [], { a: null, t: 'null' }],
  ['a Buffer', [Buffer.from([0, 255])], { a: Buffer.from([0, 255]), t: 'blob' }],
  ['an empty Buffer', [Buffer.alloc(0)], { a: Buffer.alloc(0), t: 'blob' }],
  ['a view of bytes', [new Uint16Array([1, 2]).subarray(1)], { a: Buffer.from([2, 0]), t: 'blob' }],
  ['a Date', [new Date(5)], { a: 5, t: 'real' }],
  ['a Date of today', [new Date(1767225600123)], { a: 1767225600123, t: 'real' }],
  ['a RegExp', [/x/g], { a: '/x/g', t: 'text' }],
  ['a bigint', [5n], { a: null, t: 'null' }, { gives: { a: 5, t: 'integer' } }],
  ['NaN', [NaN], { a: null, t: 'null' }, refused(1, 'NaN')],
  ['a symbol', [[Symbol('x')]], { a: null, t: 'null' }, refused(1, 'a symbol')],
  ['a function', [[() => {}]], { a: '[object Object]', t: 'text' }, refused(1, 'a function')],
  ['an object among several', [['x', {}]], { a: 'x', t: 'text' }, { fails: { ...refused(2, 'a value of type Object').fails } }, two],
  ['an array among several', [['x', ['y']]], { a: 'x', t: 'text' }, refused(2, 'an array'), two],
  ['bytes without a view', [[new ArrayBuffer(2)]], { a: '[object Object]', t: 'text' }, { gives: { a: Buffer.alloc(2), t: 'blob' } }],
].flatMap(([name, params, gives, ours, sql = typed]) => {
  if (sql === two) gives = { a: 'x', b: '[object Object]' }
  const cases = [{ name: `a parameter: ${name}`, run: (db) => db.get(sql, ...params), gives, ours }]
  // The same in one array.
  if (params.length > 0 && !Array.isArray(params[0])) {
    cases.push({ name: `a parameter in an array: ${name}`, run: (db) => db.get(sql, params), gives, ours })
  }
  return cases
})

export const CASES = [
  ...VALUES,

  // Parameters
  { name: 'missing parameters are NULL', run: (db) => db.get(two, 1), gives: { a: 1, b: null } },
  { name: 'an empty array has none', run: (db) => db.get(two, []), gives: { a: null, b: null } },
  { name: 'too many parameters', run: (db) => db.get('SELECT ?', 1, 2), fails: range },
  { name: 'parameters after an array', run: (db) => db.get(two, [1], 2), gives: { a: 1, b: null }, ours: { fails: { code: 'SQLITE_RANGE', errno: 25, message: /^SQLITE_RANGE: column index out of range: there are parameters after/ } } },
  { name: 'named parameters with their prefix', run: (db) => db.get('SELECT :a AS a, @b AS b, $c AS c', { ':a': 1, '@b': 2, $c: 3 }), gives: { a: 1, b: 2, c: 3 } },
  { name: 'named parameters without their prefix', run: (db) => db.get('SELECT :a AS a, @b AS b, $c AS c', { a: 1, b: 2, c: 3 }), fails: range, ours: { gives: { a: 1, b: 2, c: 3 } } },
  { name: 'a name that the statement lacks', run: (db) => db.get('SELECT :a AS a', { ':z': 1 }), fails: range, ours: { fails: { code: 'SQLITE_RANGE', errno: 25, message: /^SQLITE_RANGE: column index out of range: the statement has no parameter ":z"/ } } },
  { name: 'named parameters that are missing', run: (db) => db.get('SELECT :a AS a, :b AS b', { ':a': 1 }), gives: { a: 1, b: null } },
  { name: 'no named parameters', run: (db) => db.get('SELECT :a AS a', {}), gives: { a: null } },
  { name: 'parameters by their numbers', run: (db) => db.get(two, { 1: 'x', 2: 'y' }), gives: { a: 'x', b: 'y' } },
  { name: 'a statement with its values', run: (db) => db.all({ sql: 'SELECT ? AS a', values: [4] }), gives: [{ a: 4 }] },
  { name: '32766 variables', run: (db) => db.get(`SELECT count(*) AS n FROM (SELECT 1 WHERE 1 IN (${Array(32766).fill('?').join()}))`, many(32766)), gives: { n: 1 } },
  { name: 'too many variables', run: (db) => db.get(`SELECT 1 WHERE 1 IN (${Array(32767).fill('?').join()})`, many(32767)), fails: failure('SQLITE_ERROR', 1, 'too many SQL variables') },
  {
    name: 'nothing is bound from the time before',
    run: async (db) => [await db.get(two, 1, 2), await db.get(two), await db.get(two, 3)],
    gives: [{ a: 1, b: 2 }, { a: null, b: null }, { a: 3, b: null }],
  },

  // Rows
  { name: 'columns come in their order', run: async (db) => Object.keys(await db.get('SELECT 1 AS b, 2 AS a, 3 AS c')), gives: ['b', 'a', 'c'] },
  { name: 'the last column of a name holds', run: (db) => db.get('SELECT 1 AS a, 2 AS b, 3 AS a'), gives: { a: 3, b: 2 } },
  { name: 'rows are plain objects', run: async (db) => Object.getPrototypeOf((await db.all('SELECT 1 AS a'))[0]) === Object.prototype, gives: true },
  { name: 'values come as their types', run: (db) => db.get(`SELECT 1.0 AS a, 2.5 AS b, 'x' AS c, x'00' AS d, NULL AS e, 9007199254740991 AS f`), gives: { a: 1, b: 2.5, c: 'x', d: Buffer.from([0]), e: null, f: 2 ** 53 - 1 } },
  { name: 'infinity comes back', run: (db) => db.get('SELECT 1e999 AS a, -1e999 AS b'), gives: { a: Infinity, b: -Infinity } },
  {
    name: 'whole numbers beyond 2^53',
    run: (db) => db.get('SELECT 9007199254740993 AS n'),
    gives: { n: 9007199254740992 },
    ours: { fails: { code: 'SQLITE_RANGE', errno: 25, message: /column "n": 9007199254740993 is beyond 9007199254740991/ } },
  },
  { name: 'text that is not UTF-8', run: (db) => db.get("SELECT CAST(x'41ff42' AS TEXT) AS a"), gives: { a: 'A\ufffdB' } },
  { name: 'names of columns that look like code', run: (db) => db.get(`SELECT 1 AS "a""b\\", 2 AS "ä"`), gives: { 'a"b\\': 1, ä: 2 } },
  { name: 'no row', run: (db) => db.get('SELECT 1 WHERE 0'), gives: undefined },
  { name: 'no rows', run: (db) => db.all('SELECT 1 WHERE 0'), gives: [] },
  { name: 'all of a statement without rows', run: (db) => db.all('CREATE TABLE t (a)'), gives: [] },
  { name: 'get of a statement without rows', run: (db) => db.get('CREATE TABLE t (a)'), gives: undefined },

  // Statements
  { name: 'get and all run the first statement', run: async (db) => [await db.get('SELECT 1 AS a; SELECT 2 AS a'), await db.all('SELECT 3 AS a; this is no SQL')], gives: [{ a: 1 }, [{ a: 3 }]] },
  {
    name: 'run runs the first statement',
    run: async (db) => {
      await db.exec('CREATE TABLE t (a)')
      await db.run('INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)')
      return db.all('SELECT a FROM t')
    },
    gives: [{ a: 1 }],
  },
  ...['run', 'get', 'all'].flatMap((method) =>
    ['', ' ', ' ; ', '-- nothing', '/* nothing */'].map((sql) => ({ name: `${method} of no statement: ${JSON.stringify(sql)}`, run: (db) => db[method](sql), fails: empty })),
  ),
  ...['', ' ; ', '-- nothing'].map((sql) => ({ name: `exec of no statement: ${JSON.stringify(sql)}`, run: (db) => db.exec(sql), gives: undefined })),
  { name: 'exec resolves to undefined', run: (db) => db.exec('SELECT 1; SELECT 2'), gives: undefined },
  {
    name: 'exec stops at the first error and keeps what ran before',
    run: async (db) => {
      const error = await db.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1); INSERT INTO u VALUES (1); INSERT INTO t VALUES (2)').catch((error) => error)
      return [error.message, await db.all('SELECT a FROM t')]
    },
    gives: ['SQLITE_ERROR: no such table: u', [{ a: 1 }]],
  },
  {
    name: 'run says what changed',
    run: async (db) => {
      await db.exec('CREATE TABLE t (a)')
      const changes = []
      for (const sql of ['INSERT INTO t VALUES (1), (2)', 'UPDATE t SET a = 3 WHERE a = 2', 'SELECT * FROM t', 'CREATE TABLE u (a)', 'DELETE FROM t WHERE a = 9']) {
        const result = await db.run(sql)
        changes.push([result.lastID, result.changes])
      }
      return changes
    },
    gives: [[2, 2], [2, 1], [2, 1], [2, 1], [2, 0]],
  },
  {
    name: 'get of UPDATE … RETURNING',
    run: async (db) => {
      await db.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)')
      return [await db.get('UPDATE t SET a = a + 1 RETURNING a'), await db.all('SELECT a FROM t')]
    },
    gives: [{ a: 2 }, [{ a: 2 }, { a: 3 }]],
  },
  { name: 'double-quoted text', run: (db) => db.get('SELECT "abc" AS a'), gives: { a: 'abc' } },
  { name: 'double-quoted text in a schema', run: (db) => db.exec(`CREATE TABLE t (a DEFAULT "x", CHECK (a <> "y"))`), gives: undefined },
  { name: 'affinity makes whole numbers of 3e9 and of Dates', run: async (db) => { await db.exec('CREATE TABLE t (a INTEGER, b TEXT)'); await db.run('INSERT INTO t VALUES (?, ?)', 3e9, new Date(5)); return db.get('SELECT a, typeof(a) AS t, b FROM t') }, gives: { a: 3e9, t: 'integer', b: '5.0' } },

  // Defaults
  ...Object.entries({ foreign_keys: { foreign_keys: 0 }, busy_timeout: { timeout: 1000 }, journal_mode: { journal_mode: 'memory' }, synchronous: { synchronous: 2 }, recursive_triggers: { recursive_triggers: 0 }, user_version: { user_version: 0 }, encoding: { encoding: 'UTF-8' } }).map(([name, gives]) => ({ name: `PRAGMA ${name}`, run: (db) => db.get(`PRAGMA ${name}`), gives })),
  { name: 'busyTimeout is configured', run: (db) => { db.configure('busyTimeout', 77); return db.get('PRAGMA busy_timeout') }, gives: { timeout: 77 } },
  { name: 'another option is configured', run: async (db) => db.configure('other', 1), fails: { message: 'other is not a valid configuration option' } },
  {
    name: 'a pragma takes effect each time',
    run: async (db) => {
      const seen = []
      for (const on of [1, 0, 1]) {
        await db.run(`PRAGMA foreign_keys = ${on}`)
        seen.push((await db.get('PRAGMA foreign_keys')).foreign_keys)
      }
      return seen
    },
    gives: [1, 0, 1],
  },

  // Errors
  { name: 'a syntax error', run: (db) => db.all('SELEC 1'), fails: failure('SQLITE_ERROR', 1, 'near "SELEC": syntax error') },
  { name: 'no such table', run: (db) => db.run('INSERT INTO x VALUES (1)'), fails: failure('SQLITE_ERROR', 1, 'no such table: x') },
  { name: 'no such column', run: (db) => db.get('SELECT x'), fails: failure('SQLITE_ERROR', 1, 'no such column: x') },
  { name: 'a duplicate column name', run: async (db) => { await db.exec('CREATE TABLE t (b)'); await db.exec('ALTER TABLE t ADD COLUMN b TEXT') }, fails: failure('SQLITE_ERROR', 1, 'duplicate column name: b') },
  { name: 'a unique value twice', run: async (db) => { await db.exec('CREATE TABLE t (b UNIQUE)'); await db.run('INSERT INTO t VALUES (1), (1)') }, fails: failure('SQLITE_CONSTRAINT', 19, 'UNIQUE constraint failed: t.b') },
  { name: 'NULL where none may be', run: async (db) => { await db.exec('CREATE TABLE t (b NOT NULL)'); await db.get('INSERT INTO t VALUES (?)') }, fails: failure('SQLITE_CONSTRAINT', 19, 'NOT NULL constraint failed: t.b') },
  { name: 'a check that fails', run: async (db) => { await db.exec('CREATE TABLE t (b CHECK (b > 0))'); await db.all('INSERT INTO t VALUES (0)') }, fails: failure('SQLITE_CONSTRAINT', 19, 'CHECK constraint failed: b > 0') },
  { name: 'a reference to nothing', run: async (db) => { await db.exec('PRAGMA foreign_keys = ON; CREATE TABLE t (a PRIMARY KEY); CREATE TABLE u (a REFERENCES t)'); await db.run('INSERT INTO u VALUES (1)') }, fails: failure('SQLITE_CONSTRAINT', 19, 'FOREIGN KEY constraint failed') },
  { name: 'a row number that is none', run: async (db) => { await db.exec('CREATE TABLE t (a INTEGER PRIMARY KEY)'); await db.run(`INSERT INTO t VALUES ('x')`) }, fails: failure('SQLITE_MISMATCH', 20, 'datatype mismatch') },
  { name: 'a transaction within a transaction', run: async (db) => { await db.exec('BEGIN IMMEDIATE'); await db.exec('BEGIN IMMEDIATE') }, fails: failure('SQLITE_ERROR', 1, 'cannot start a transaction within a transaction') },
  { name: 'a rollback without a transaction', run: (db) => db.exec('ROLLBACK'), fails: failure('SQLITE_ERROR', 1, 'cannot rollback - no transaction is active') },
  { name: 'a commit without a transaction', run: (db) => db.run('COMMIT'), fails: failure('SQLITE_ERROR', 1, 'cannot commit - no transaction is active') },
  { name: 'an error is an Error with errno and code', run: async (db) => { const error = await db.get('x').catch((error) => error); return [error.constructor === Error, Object.keys(error)] }, gives: [true, ['errno', 'code']] },
  { name: 'the SQL is no text', run: (db) => db.get(5), fails: {} },
  { name: 'the SQL is missing', run: (db) => db.exec(), fails: {} },

  // Transactions
  {
    name: 'a transaction spans calls',
    run: async (db) => {
      await db.exec('CREATE TABLE t (a)')
      const counts = []
      for (const end of ['ROLLBACK', 'COMMIT']) {
        await db.exec('BEGIN IMMEDIATE')
        await db.run('INSERT INTO t VALUES (?)', 1)
        counts.push((await db.get('SELECT count(*) AS n FROM t')).n)
        await db.exec(end)
        counts.push((await db.get('SELECT count(*) AS n FROM t')).n)
      }
      return counts
    },
    gives: [1, 0, 1, 1],
  },
  {
    name: 'an error within a transaction leaves it open',
    run: async (db) => {
      await db.exec('CREATE TABLE t (a UNIQUE); BEGIN')
      await db.run('INSERT INTO t VALUES (1)')
      const error = await db.run('INSERT INTO t VALUES (1)').catch((error) => error)
      await db.run('INSERT INTO t VALUES (2)')
      await db.exec('COMMIT')
      return [error.code, await db.all('SELECT a FROM t')]
    },
    gives: ['SQLITE_CONSTRAINT', [{ a: 1 }, { a: 2 }]],
  },

  // Each
  { name: 'each gives all rows', run: async (db) => { const rows = []; const count = await db.each('SELECT 1 AS a UNION ALL SELECT ?', 2, (error, row) => rows.push([error, row])); return [count, rows] }, gives: [2, [[null, { a: 1 }], [null, { a: 2 }]]] },
  { name: 'each of no rows', run: (db) => db.each('SELECT 1 WHERE 0', () => {}), gives: 0 },
  { name: 'each without a callback', run: (db) => db.each('SELECT 1'), fails: { message: 'sqlite: Last param of Database#each() must be a callback function' } },
  { name: 'each of what is no statement', run: (db) => db.each('SELEC', () => {}), fails: failure('SQLITE_ERROR', 1, 'near "SELEC": syntax error') },

  // Opening and closing
  { name: 'a folder that is missing', run: (_, open) => open({ filename: '/nowhere/at/all.db' }), fails: failure('SQLITE_CANTOPEN', 14, 'unable to open database file') },
  { name: 'a folder in place of a file', run: (_, open) => open({ filename: '/' }), fails: failure('SQLITE_CANTOPEN', 14, 'unable to open database file') },
  { name: 'a missing file that is only to be read', run: (_, open) => open({ filename: '/nowhere.db', mode: 1 }), fails: failure('SQLITE_CANTOPEN', 14, 'unable to open database file') },
  { name: 'a file that is no database', run: async (_, open) => { const other = await open({ filename: import.meta.filename, mode: 1 }); try { return await other.get('SELECT * FROM sqlite_master') } finally { await other.close() } }, fails: failure('SQLITE_NOTADB', 26, 'file is not a database') },
  { name: 'no name of a file', run: (_, open) => open({}), fails: { message: 'sqlite: filename cannot be null / undefined' } },
  { name: 'a database without a name', run: async (_, open) => { const other = await open({ filename: '' }); await other.exec('CREATE TABLE t (a)'); await other.close() }, gives: undefined },
  { name: 'closing resolves to undefined', run: async (_, open) => (await open({ filename: ':memory:' })).close(), gives: undefined },
  ...['exec', 'run', 'get', 'all'].map((method) => ({ name: `${method} after closing`, run: async (_, open) => { const other = await open({ filename: ':memory:' }); await other.close(); await other[method]('SELECT 1') }, fails: closed })),
  { name: 'closing twice', run: async (_, open) => { const other = await open({ filename: ':memory:' }); await other.close(); await other.close() }, fails: closed },
  { name: 'closing with a transaction open', run: async (_, open) => { const other = await open({ filename: ':memory:' }); await other.exec('BEGIN; CREATE TABLE t (a)'); await other.close() }, gives: undefined },
]

/** The cases on a file of their own, whose path `run` gets in place of the database. */
export const FILE_CASES = [
  {
    name: 'two objects on one file are two connections',
    run: async (filename, open) => {
      const [one, other] = [await open({ filename }), await open({ filename })]
      await one.exec('CREATE TABLE t (a); BEGIN; INSERT INTO t VALUES (1)')
      other.configure('busyTimeout', 10)
      const error = await other.run('INSERT INTO t VALUES (2)').catch((error) => error)
      const seen = await other.get('SELECT count(*) AS n FROM t')
      await one.exec('COMMIT')
      await one.close()
      await other.close()
      return [error.message, error.code, error.errno, seen]
    },
    gives: ['SQLITE_BUSY: database is locked', 'SQLITE_BUSY', 5, { n: 0 }],
  },
  {
    name: 'a database that is only read',
    run: async (filename, open) => {
      await (await open({ filename })).close()
      const database = await open({ filename, mode: 1 })
      try {
        await database.exec('CREATE TABLE t (a)')
      } finally {
        await database.close()
      }
    },
    fails: failure('SQLITE_READONLY', 8, 'attempt to write a readonly database'),
  },
  {
    name: 'a file that is there is opened without creating',
    run: async (filename, open) => {
      const missing = await open({ filename, mode: 2 }).catch((error) => error.message)
      await (await open({ filename, mode: 6 })).close()
      await (await open({ filename, mode: 2 })).close()
      return missing
    },
    gives: 'SQLITE_CANTOPEN: unable to open database file',
  },
  {
    name: 'what was written is there when it is opened again',
    run: async (filename, open) => {
      const one = await open({ filename })
      await one.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a)')
      await one.run('INSERT INTO t VALUES (?)', 'x')
      await one.close()
      const again = await open({ filename })
      const rows = await again.all('SELECT * FROM t')
      await again.close()
      return rows
    },
    gives: [{ a: 'x' }],
  },
]
