// What `npm pack` makes, in an empty project.
import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { emptyProject, install, pack } from './packed.mjs'
import { PACKAGE, ROOT } from './support.mjs'

test('the_package_works_in_an_empty_project', async (t) => {
  const { project, run } = emptyProject(t)
  const { tarball, names } = pack(project)
  for (const name of [
    'dist/index.js',
    'dist/index.mjs',
    'dist/index.d.ts',
    'dist/index.d.mts',
    'dist/client.js',
    'dist/client.mjs',
    'dist/client.d.ts',
    'dist/client.d.mts',
    'dist/sqlite.js',
    'dist/sqlite.mjs',
    'dist/sqlite.d.ts',
    'dist/sqlite.d.mts',
    'dist/mcoda.node',
    'LICENSE',
    'THIRD-PARTY-NOTICES',
    'README.md',
  ]) {
    assert.ok(names.includes(name), `${name} is in the package`)
  }
  assert.ok(!names.some((name) => /^(test|src|lib|node_modules|build|compile|tsconfig)/.test(name)), names.join())
  install(project, tarball)

  await t.test('import_and_require_work', () => {
    const esm =
      "import { Workspace } from '@mcoda/native'; console.log((await Workspace.openDb(':memory:')).databasePath)"
    assert.equal(run('--input-type=module', '--eval', esm), ':memory:\n')
    const cjs =
      "require('@mcoda/native').Workspace.openDb(':memory:').then((workspace) => console.log(workspace.databasePath))"
    assert.equal(run('--input-type=commonjs', '--eval', cjs), ':memory:\n')
  })

  await t.test('the_drop_in_for_npm_sqlite_works', () => {
    const use = `
      const database = await open({ filename: 'drop-in.db', driver: sqlite3.Database })
      await database.exec('CREATE TABLE IF NOT EXISTS t (a); BEGIN IMMEDIATE')
      const { changes } = await database.run('INSERT INTO t VALUES (?)', 7)
      await database.exec('COMMIT')
      const { n } = await database.get('SELECT count(*) AS n FROM t')
      await database.close()
      console.log(database instanceof Database, changes, n)`
    const esm = `import sqlite3, { Database, open } from '@mcoda/native/sqlite'; ${use}`
    assert.equal(run('--input-type=module', '--eval', esm), 'true 1 1\n')
    const required = "const { Database, open, default: sqlite3 } = require('@mcoda/native/sqlite')"
    const cjs = `${required}; (async () => { ${use} })()`
    assert.equal(run('--input-type=commonjs', '--eval', cjs), 'true 1 2\n')
  })

  await t.test('the_quickstart_runs', () => {
    copyFileSync(join(ROOT, 'docs/examples/quickstart.mjs'), join(project, 'quickstart.mjs'))
    const lines = run('quickstart.mjs', 'shop.db').trim().split('\n')
    assert.deepEqual(lines.slice(0, 5), [
      '2 tasks in SHOP',
      'recorded call-1',
      'a retry is a duplicate: true',
      'T1: not_started -> in_progress',
      '5 story points left',
    ])
    assert.match(lines[5], /^done at \d{4}-/)
    assert.match(lines[6], /^refused: tokensPrompt: got -1/)
    assert.equal(lines.length, 7)
    assert.match(run('quickstart.mjs'), /^refused: /m)
  })

  await t.test('consumers_in_typescript_compile', () => {
    mkdirSync(join(project, 'node_modules/@types'), { recursive: true })
    symlinkSync(join(PACKAGE, 'node_modules/@types/node'), join(project, 'node_modules/@types/node'), 'junction')
    symlinkSync(join(PACKAGE, 'node_modules/undici-types'), join(project, 'node_modules/undici-types'), 'junction')
    for (const name of ['esm.mts', 'cjs.cts', 'tsconfig.json'])
      copyFileSync(join(PACKAGE, 'test/types', name), join(project, name))
    run(join(PACKAGE, 'node_modules/typescript/bin/tsc'), '-p', '.', '--skipLibCheck')
  })

  await t.test('the_client_works_without_the_native_part', () => {
    rmSync(join(project, 'node_modules/@mcoda/native/dist/mcoda.node'))
    for (const name of ['@mcoda/native', '@mcoda/native/sqlite'])
      assert.throws(() => run('--eval', `require('${name}')`), /has no binary/)
    const request = `
      const fetch = async (url) => new Response(JSON.stringify({ url }))
      const client = new TelemetryClient({ baseUrl: 'https://example.org', fetch })
      client.estimate({ workspaceId: 'w' }).then(({ url }) => console.log(url))`
    const url = 'https://example.org/estimate?workspace_id=w\n'
    const esm = `import { TelemetryClient } from '@mcoda/native/client'; ${request}`
    assert.equal(run('--input-type=module', '--eval', esm), url)
    const cjs = `const { TelemetryClient } = require('@mcoda/native/client'); ${request}`
    assert.equal(run('--input-type=commonjs', '--eval', cjs), url)
  })
})
