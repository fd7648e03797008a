// Builds the native part, its types, and the JavaScript: `node build.mjs [--release] [--check] [--test-switches]`. With
// --check, native types that differ from the committed ones are an error. With --test-switches, tests can turn the locks
// off.
//
// `napi build` compiles for an explicit target, in a folder of its own, where SQLite would be compiled once
// more. So cargo is called as everywhere else here, and only the types are left to @napi-rs/cli.
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { generateTypeDef } from '@napi-rs/cli'
import { compile } from './compile.mjs'

const here = import.meta.dirname
const cargo = process.env.CARGO ?? 'cargo'
const metadata = JSON.parse(run(['metadata', '--format-version', '1', '--no-deps']))
const types = join(metadata.target_directory, 'node', 'types')
rmSync(types, { recursive: true, force: true })
mkdirSync(types, { recursive: true })

const profile = process.argv.includes('--release') ? ['--release'] : []
const switches = process.argv.includes('--test-switches') ? ['--features', 'test-switches'] : []
const format = ['--message-format', 'json-render-diagnostics']
// Debug information would be nine tenths of the package.
const messages = run(['rustc', '--package', 'mcoda-node', ...format, ...profile, ...switches, '--', '-C', 'strip=debuginfo'], {
  // The macros of napi write the types while they are expanded, so the crate must be compiled now.
  NAPI_TYPE_DEF_TMP_FOLDER: types,
  NAPI_FORCE_BUILD_MCODA_NODE: String(Date.now()),
})
const artifacts = messages
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line))
const library = artifacts.find(({ reason, target }) => reason === 'compiler-artifact' && target.name === 'mcoda_node')
// A new file, not new content: a process may have the old one loaded.
const binary = join(here, 'dist', 'mcoda.node')
mkdirSync(dirname(binary), { recursive: true })
rmSync(binary, { force: true })
copyFileSync(library.filenames[0], binary)
const { dts } = await generateTypeDef({ typeDefDir: types, cwd: here, noDtsHeader: true })
const declarations = `// Generated from src by \`npm run build\`: do not edit.\n${dts}`
const committed = join(here, 'lib', 'binary.ts')
if (!process.argv.includes('--check')) {
  writeFileSync(committed, declarations)
} else if (readFileSync(committed, 'utf8') !== declarations) {
  console.error('lib/binary.ts differs from what the native part declares: run `npm run build` and commit it')
  process.exit(1)
}
compile()
// Files of the package that the repository keeps elsewhere.
for (const name of ['LICENSE', 'THIRD-PARTY-NOTICES']) copyFileSync(join(here, '..', name), join(here, name))
copyFileSync(join(here, '..', 'docs', 'node.md'), join(here, 'README.md'))

function run(args, env = {}) {
  const options = { cwd: here, env: { ...process.env, ...env }, encoding: 'utf8', maxBuffer: 1 << 28 }
  const { status, stdout } = spawnSync(cargo, args, { ...options, stdio: ['ignore', 'pipe', 'inherit'] })
  if (status !== 0) process.exit(status ?? 1)
  return stdout
}
