// The packages that are published: how tools see them, and that the binary is found in the platform's own package.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parseTriple } from '@napi-rs/cli'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { emptyProject, install, pack } from './packed.mjs'
import { PACKAGE, freshFolder } from './support.mjs'

const manifest = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'))
const platforms = manifest.napi.targets.map(parseTriple)
const own = platforms.find(
  ({ platform, arch, abi }) => platform === process.platform && arch === process.arch && abi !== 'musl',
)

test('publint_and_are_the_types_wrong_find_nothing', async (t) => {
  const { tarball } = pack(freshFolder(t))
  const { messages } = await publint({ pack: { tarball: new Uint8Array(readFileSync(tarball)).buffer }, strict: true })
  assert.deepEqual(messages.map((message) => formatMessage(message, manifest)), [])
  // Resolution as in Node 10 knows no `exports`, and Node 10 cannot load the package.
  const attw = join(PACKAGE, 'node_modules/@arethetypeswrong/cli/dist/index.js')
  const { status, stdout, stderr } = spawnSync(process.execPath, [attw, tarball, '--profile', 'node16', '--no-emoji'], { encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
})

test('the_binary_is_found_in_the_package_of_the_platform', (t) => {
  const folder = freshFolder(t)
  const { platformArchABI: name } = own
  copyBinaries(folder, [own])
  assemble('--binaries', folder, '--out', join(folder, 'npm'), '--platform', name)
  const { project, run } = emptyProject(t)
  const packed = pack(project, join(folder, 'npm/native'))
  assert.ok(!packed.names.some((file) => file.endsWith('.node')), packed.names.join())
  const platform = pack(project, join(folder, `npm/native-${name}`))
  assert.deepEqual(platform.names.sort(), ['LICENSE', 'README.md', 'THIRD-PARTY-NOTICES', `mcoda.${name}.node`, 'package.json'])
  install(project, platform.tarball, packed.tarball)
  const open = "require('@mcoda/native').Workspace.openDb(':memory:').then(({ databasePath }) => console.log(databasePath))"
  assert.equal(run('--eval', open), ':memory:\n')
  // As after `npm install --omit=optional`.
  rmSync(join(project, `node_modules/@mcoda/native-${name}`), { recursive: true })
  assert.throws(() => run('--eval', open), /has no binary for .*Install it without --omit=optional.*Cannot find module/)
})

test('each_platform_has_a_package_that_says_where_it_is_installed', (t) => {
  const folder = freshFolder(t)
  copyBinaries(folder, platforms)
  assemble('--binaries', folder, '--out', join(folder, 'npm'))
  const read = (name) => JSON.parse(readFileSync(join(folder, 'npm', name, 'package.json'), 'utf8'))
  const { optionalDependencies, exports, devDependencies, scripts } = read('native')
  assert.deepEqual([exports, devDependencies, scripts], [manifest.exports, undefined, undefined])
  assert.equal(Object.keys(optionalDependencies).length, platforms.length)
  for (const { platformArchABI, platform, arch, abi } of platforms) {
    const { name, version, os, cpu, libc, main } = read(`native-${platformArchABI}`)
    assert.equal(optionalDependencies[name], version)
    assert.equal(version, manifest.version)
    assert.deepEqual([os, cpu], [[platform], [arch]])
    assert.deepEqual(libc, { gnu: ['glibc'], musl: ['musl'] }[abi])
    assert.ok(existsSync(join(folder, 'npm', `native-${platformArchABI}`, main)))
  }
})

test('packages_without_a_binary_are_not_laid_out', (t) => {
  const folder = freshFolder(t)
  const out = join(folder, 'npm')
  const missing = run('--binaries', folder, '--out', out)
  assert.equal(missing.status, 1)
  assert.match(missing.stderr, /no binary for linux-x64-gnu, linux-arm64-gnu, /)
  const unknown = run('--binaries', folder, '--out', out, '--platform', 'amiga-68k')
  assert.match(unknown.stderr, /--platform: got amiga-68k; expected one of linux-x64-gnu, /)
  assert.ok(!existsSync(out))
})

function copyBinaries(folder, all) {
  mkdirSync(folder, { recursive: true })
  const binary = join(PACKAGE, 'dist/mcoda.node')
  for (const { platformArchABI } of all) copyFileSync(binary, join(folder, `mcoda.${platformArchABI}.node`))
}

function assemble(...args) {
  const { status, stderr } = run(...args)
  assert.equal(status, 0, stderr)
}

function run(...args) {
  return spawnSync(process.execPath, [join(PACKAGE, 'assemble.mjs'), ...args], { encoding: 'utf8' })
}
