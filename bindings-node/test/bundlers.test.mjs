// Programs that are bundled: the package stays outside of the bundle, its client goes into it.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { before, test } from 'node:test'
import { promisify } from 'node:util'
import esbuild from 'esbuild'
import { build as viteBuild } from 'vite'
import webpack from 'webpack'
import { emptyProject, install, pack } from './packed.mjs'

const PROGRAM = `
import { Workspace, extractUsage } from '@mcoda/native'
import { TelemetryClient } from '@mcoda/native/client'
import { open } from '@mcoda/native/sqlite'
const workspace = await Workspace.openDb(':memory:')
await workspace.recordTokenUsage(extractUsage({ usage: { prompt_tokens: 3 } }))
const [{ tokens_prompt }] = await workspace.tokenUsage()
await workspace.close()
const database = await open({ filename: ':memory:' })
const { a } = await database.get('SELECT ? AS a', 'sql')
await database.close()
const fetch = async (url) => new Response(JSON.stringify({ url }))
const client = new TelemetryClient({ baseUrl: 'https://example.org', fetch })
console.log((await client.estimate({ workspaceId: 'w' })).url, tokens_prompt, a)
`
const PRINTED = 'https://example.org/estimate?workspace_id=w 3 sql\n'
/** The same where a bundle is CommonJS, which has no await outside of functions. */
const COMMONJS = PROGRAM.replace('const workspace', 'async function main() {\nconst workspace') + '}\nmain()\n'
/** A program that uses only the client of a server. */
const CLIENT = `
import { TelemetryClient } from '@mcoda/native/client'
const fetch = async (url) => new Response(JSON.stringify({ url }))
const client = new TelemetryClient({ baseUrl: 'https://example.org', fetch })
console.log((await client.estimate({ workspaceId: 'w' })).url)
`

let project
let run
before((t) => {
  ;({ project, run } = emptyProject({ after: (clean) => process.on('exit', clean) }))
  install(project, pack(project).tarball)
  writeFileSync(join(project, 'program.mjs'), PROGRAM)
  writeFileSync(join(project, 'program-cjs.mjs'), COMMONJS)
  writeFileSync(join(project, 'client.mjs'), CLIENT)
})

test('esbuild_leaves_the_package_outside', async () => {
  for (const [format, entry, out] of [
    ['esm', 'program.mjs', 'esbuild.mjs'],
    ['cjs', 'program-cjs.mjs', 'esbuild.cjs'],
  ]) {
    const outfile = join(project, out)
    const settings = { bundle: true, platform: 'node', target: 'node20', format, external: ['@mcoda/native'], logLevel: 'silent' }
    const { warnings } = await esbuild.build({ ...settings, entryPoints: [join(project, entry)], outfile })
    assert.deepEqual(warnings, [])
    assert.equal(run(out), PRINTED, format)
  }
})

test('webpack_leaves_the_package_outside', async () => {
  const bundle = (entry, filename, more) => {
    // As docs/node.md has it.
    const externals = ({ request }, done) =>
      /^@mcoda\/native(\/|$)/.test(request) ? done(null, `${more.how} ${request}`) : done()
    const settings = { mode: 'production', target: 'node20', context: project, entry, externals, ...more.settings }
    return promisify(webpack)({ ...settings, output: { path: project, filename, ...more.output } })
  }
  const output = { library: { type: 'module' }, chunkFormat: 'module' }
  const esm = { how: 'module', settings: { experiments: { outputModule: true } }, output }
  for (const [entry, file, more] of [
    ['./program.mjs', 'webpack.mjs', esm],
    ['./program-cjs.mjs', 'webpack.cjs', { how: 'commonjs' }],
  ]) {
    const stats = await bundle(entry, file, more)
    assert.ok(!stats.hasErrors() && !stats.hasWarnings(), stats.toString())
    assert.equal(run(file), PRINTED, file)
  }
})

test('vite_leaves_the_package_outside', async () => {
  for (const [format, entry, out] of [
    ['es', 'program.mjs', 'vite.mjs'],
    ['cjs', 'program-cjs.mjs', 'vite.cjs'],
  ]) {
    const rollupOptions = { output: { format, entryFileNames: out } }
    const build = { ssr: entry, outDir: `vite-${format}`, target: 'node20', rollupOptions }
    await viteBuild({ root: project, configFile: false, logLevel: 'silent', build })
    assert.equal(run(`vite-${format}/${out}`), PRINTED, format)
  }
})

test('the_client_can_be_bundled_for_a_browser', async () => {
  const settings = { bundle: true, platform: 'browser', format: 'esm', logLevel: 'silent' }
  const files = { entryPoints: [join(project, 'client.mjs')], outfile: join(project, 'browser.mjs') }
  const { warnings } = await esbuild.build({ ...settings, ...files })
  assert.deepEqual(warnings, [])
  assert.ok(!/node:|\brequire\(/.test(readFileSync(files.outfile, 'utf8')), 'the bundle needs nothing of Node')
  assert.equal(run('browser.mjs'), 'https://example.org/estimate?workspace_id=w\n')
})
