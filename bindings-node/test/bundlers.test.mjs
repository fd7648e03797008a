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
const workspace = await Workspace.openDb(':memory:')
await workspace.recordTokenUsage(extractUsage({ usage: { prompt_tokens: 3 } }))
const [{ tokens_prompt }] = await workspace.tokenUsage()
await workspace.close()
const fetch = async (url) => new Response(JSON.stringify({ url }))
const client = new TelemetryClient({ baseUrl: 'https://example.org', fetch })
console.log((await client.estimate({ workspaceId: 'w' })).url, tokens_prompt)
`
const PRINTED = 'https://example.org/estimate?workspace_id=w 3\n'
/** The same where a bundle is CommonJS, which has no await outside of functions. */
const COMMONJS = PROGRAM.replace('const workspace', 'async function main() {\nconst workspace') + '}\nmain()\n'
/** Of a program that only asks a server. */
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
    const externals = { '@mcoda/native': `${more.how} @mcoda/native`, '@mcoda/native/client': `${more.how} @mcoda/native/client` }
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
  const rollupOptions = { output: { entryFileNames: 'vite.mjs' } }
  const build = { ssr: 'program.mjs', outDir: 'vite', target: 'node20', rollupOptions }
  await viteBuild({ root: project, configFile: false, logLevel: 'silent', build })
  assert.equal(run('vite/vite.mjs'), PRINTED)
})

test('the_client_can_be_bundled_for_a_browser', async () => {
  const settings = { bundle: true, platform: 'browser', format: 'esm', logLevel: 'silent' }
  const files = { entryPoints: [join(project, 'client.mjs')], outfile: join(project, 'browser.mjs') }
  const { warnings } = await esbuild.build({ ...settings, ...files })
  assert.deepEqual(warnings, [])
  assert.ok(!/node:|\brequire\(/.test(readFileSync(files.outfile, 'utf8')), 'the bundle needs nothing of Node')
  assert.equal(run('browser.mjs'), 'https://example.org/estimate?workspace_id=w\n')
})
