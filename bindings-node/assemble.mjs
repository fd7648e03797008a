// Lays out the packages that are published, each in a folder that `npm publish` takes as it is:
//
//   node assemble.mjs [--binaries FOLDER] [--out FOLDER] [--platform NAME]…
//
// The package itself has the JavaScript, and as optional dependencies one package for each platform, with a binary
// `mcoda.NAME.node` of --binaries (`binaries`). Without --platform all platforms of package.json are required. --out is
// `npm`.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import { parseTriple } from '@napi-rs/cli'

const here = import.meta.dirname
const root = join(here, '..')
const { values: options } = parseArgs({
  options: {
    binaries: { type: 'string', default: join(here, 'binaries') },
    out: { type: 'string', default: join(here, 'npm') },
    platform: { type: 'string', multiple: true },
  },
})
const manifest = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'))
const targets = manifest.napi.targets.map(parseTriple)
const platforms = options.platform?.map(platformNamed) ?? targets

const binaryOf = ({ platformArchABI }) => join(options.binaries, `mcoda.${platformArchABI}.node`)
const missing = platforms.filter((platform) => !existsSync(binaryOf(platform)))
if (missing.length > 0) fail(`no binary for ${missing.map(({ platformArchABI }) => platformArchABI).join(', ')} in ${options.binaries}`)

if (!existsSync(join(here, 'dist', 'index.js'))) fail('nothing is compiled: run npm run build:js')
rmSync(options.out, { recursive: true, force: true })
for (const platform of platforms) writePlatform(platform)
writePackage()

function platformNamed(name) {
  const names = targets.map(({ platformArchABI }) => platformArchABI)
  return targets.find(({ platformArchABI }) => platformArchABI === name) ?? fail(`--platform: got ${name}; expected one of ${names.join(', ')}`)
}

function packageName({ platformArchABI }) {
  return `${manifest.name}-${platformArchABI}`
}

/** The package of one platform: its binary, and on which systems it is installed. */
function writePlatform(platform) {
  const { version, license, repository, engines } = manifest
  const file = basename(binaryOf(platform))
  const folder = join(options.out, `native-${platform.platformArchABI}`)
  const libc = { gnu: ['glibc'], musl: ['musl'] }[platform.abi]
  writeManifest(folder, {
    name: packageName(platform),
    version,
    description: `The binary of ${manifest.name} for ${platform.platformArchABI}`,
    license,
    repository,
    main: file,
    files: [file, 'LICENSE', 'THIRD-PARTY-NOTICES'],
    engines,
    os: [platform.platform],
    cpu: [platform.arch],
    ...(libc && { libc }),
    publishConfig: { access: 'public' },
  })
  cpSync(binaryOf(platform), join(folder, file))
  for (const name of ['LICENSE', 'THIRD-PARTY-NOTICES']) cpSync(join(root, name), join(folder, name))
  writeFileSync(join(folder, 'README.md'), `The binary of [${manifest.name}](https://www.npmjs.com/package/${manifest.name}) for ${platform.platformArchABI}.\n`)
}

/** The package itself, without what only a clone needs. */
function writePackage() {
  const folder = join(options.out, 'native')
  const { scripts, devDependencies, overrides, napi, ...published } = manifest
  const optionalDependencies = Object.fromEntries(platforms.map((platform) => [packageName(platform), manifest.version]))
  writeManifest(folder, { ...published, optionalDependencies, publishConfig: { access: 'public' } })
  cpSync(join(here, 'dist'), join(folder, 'dist'), { recursive: true, filter: (path) => !path.endsWith('.node') })
  for (const name of ['LICENSE', 'THIRD-PARTY-NOTICES']) cpSync(join(root, name), join(folder, name))
  cpSync(join(root, 'docs', 'node.md'), join(folder, 'README.md'))
}

function writeManifest(folder, content) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(content, null, 2)}\n`)
}

function fail(message) {
  console.error(`assemble: ${message}`)
  process.exit(1)
}
