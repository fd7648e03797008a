// What `npm pack` makes, installed into an empty project.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PACKAGE, freshFolder } from './support.mjs'

const NPM = process.platform === 'win32' ? 'npm.cmd' : 'npm'

/** The tarball of the package in `folder`, written into the folder `out`, and what is in it. */
export function pack(out, folder = PACKAGE) {
  const text = execFileSync(NPM, ['pack', '--json', '--pack-destination', out], { cwd: folder, encoding: 'utf8' })
  const [{ filename, files }] = Object.values(JSON.parse(text))
  return { tarball: join(out, filename), names: files.map(({ path }) => path) }
}

/** Installs tarballs into a project without the network. */
export function install(project, ...tarballs) {
  execFileSync(NPM, ['install', '--offline', '--no-audit', '--no-fund', ...tarballs], { cwd: project, stdio: 'pipe' })
}

/** An empty project, and how to run programs in it. */
export function emptyProject(t) {
  const project = freshFolder(t)
  writeFileSync(join(project, 'package.json'), '{"name": "empty", "private": true}')
  const run = (...args) => execFileSync(process.execPath, args, { cwd: project, encoding: 'utf8', stdio: 'pipe' })
  return { project, run }
}
