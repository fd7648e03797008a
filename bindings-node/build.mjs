// Builds the native part, its types, and the JavaScript:
//
//   node build.mjs [--release] [--check] [--test-switches]
//   node build.mjs --release --target TRIPLE [--glibc VERSION]
//
// With --check, native types that differ from the committed ones are an error. With --test-switches, tests can turn the
// locks off. With --target only the binary of a package for that platform is built, into the folder `binaries`;
// --glibc has cargo-zigbuild link it for systems with that version of glibc or later.
//
// `napi build` compiles for an explicit target, in a folder of its own, where SQLite would be compiled once
// more. So cargo is called as everywhere else here, and only the types are left to @napi-rs/cli.
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { generateTypeDef, parseTriple } from '@napi-rs/cli'
import { compile } from './compile.mjs'

const here = import.meta.dirname
const cargo = process.env.CARGO ?? 'cargo'
const { values: options } = parseArgs({
  options: {
    release: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
    'test-switches': { type: 'boolean', default: false },
    target: { type: 'string' },
    glibc: { type: 'string' },
  },
})

if (options.target) {
  const zig = options.glibc ? [`${options.target}.${options.glibc}`, 'cargo-zigbuild'] : [options.target, cargo]
  const [target, program] = zig
  const { platformArchABI } = parseTriple(options.target)
  place(build(program, ['--target', target], {}), join(here, 'binaries', `mcoda.${platformArchABI}.node`))
} else {
  await buildHere()
}

/** Builds all that the package needs to work on this machine. */
async function buildHere() {
  const metadata = JSON.parse(run(cargo, ['metadata', '--format-version', '1', '--no-deps']))
  const types = join(metadata.target_directory, 'node', 'types')
  rmSync(types, { recursive: true, force: true })
  mkdirSync(types, { recursive: true })
  // The macros of napi write the types while they are expanded, so the crate must be compiled now.
  const environment = { NAPI_TYPE_DEF_TMP_FOLDER: types, NAPI_FORCE_BUILD_MCODA_NODE: String(Date.now()) }
  place(build(cargo, [], environment), join(here, 'dist', 'mcoda.node'))
  const { dts } = await generateTypeDef({ typeDefDir: types, cwd: here, noDtsHeader: true })
  const declarations = `// Generated from src by \`npm run build\`: do not edit.\n${dts}`
  const committed = join(here, 'lib', 'binary.ts')
  if (!options.check) {
    writeFileSync(committed, declarations)
  } else if (readFileSync(committed, 'utf8') !== declarations) {
    console.error('lib/binary.ts differs from what the native part declares: run `npm run build` and commit it')
    process.exit(1)
  }
  compile()
  // Files of the package that the repository keeps elsewhere.
  for (const name of ['LICENSE', 'THIRD-PARTY-NOTICES']) copyFileSync(join(here, '..', name), join(here, name))
  copyFileSync(join(here, '..', 'docs', 'node.md'), join(here, 'README.md'))
}

/** Compiles the native part, and returns the path of the library. */
function build(program, flags, environment) {
  const profile = options.release ? ['--release'] : []
  const switches = options['test-switches'] ? ['--features', 'test-switches'] : []
  const format = ['--message-format', 'json-render-diagnostics']
  // Debug information would be nine tenths of the package. A development build keeps the names of functions.
  const strip = ['--', '-C', options.release ? 'strip=symbols' : 'strip=debuginfo']
  const messages = run(program, ['rustc', '--package', 'mcoda-node', ...flags, ...format, ...profile, ...switches, ...strip], environment)
  const artifacts = messages.split('\n').filter(Boolean).map((line) => JSON.parse(line))
  const isLibrary = ({ reason, target }) => reason === 'compiler-artifact' && target.name === 'mcoda_node'
  return artifacts.find(isLibrary).filenames[0]
}

/** Copies the library as a new file, not as new content: a process may have the old one loaded. */
function place(library, binary) {
  mkdirSync(dirname(binary), { recursive: true })
  rmSync(binary, { force: true })
  copyFileSync(library, binary)
}

function run(program, args, environment = {}) {
  const settings = { cwd: here, env: { ...process.env, ...environment }, encoding: 'utf8', maxBuffer: 1 << 28 }
  const { status, stdout, error } = spawnSync(program, args, { ...settings, stdio: ['ignore', 'pipe', 'inherit'] })
  if (error) console.error(`${program}: ${error.message}`)
  if (status !== 0) process.exit(status ?? 1)
  return stdout
}
