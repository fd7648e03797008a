// Compiles lib/*.ts into dist: `node compile.mjs`. Declarations that no public one imports are left out of it.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const here = import.meta.dirname
const dist = join(here, 'dist')

/** Compiles, and ends the process where the sources have errors. */
export function compile() {
  for (const name of listed()) rmSync(join(dist, name))
  const tsc = join(here, 'node_modules/typescript/bin/tsc')
  const { status } = spawnSync(process.execPath, [tsc, '--project', here], { stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
  const { exports } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'))
  const entries = Object.values(exports).flatMap(({ import: esm, require: cjs }) => [esm?.types, cjs?.types])
  const needed = reachable(entries.filter(Boolean).map((path) => path.replace('./dist/', '')))
  for (const name of listed()) {
    if (/\.d\.m?ts$/.test(name) && !needed.has(name)) rmSync(join(dist, name))
  }
}

/** What the compiler wrote. */
function listed() {
  return (existsSync(dist) ? readdirSync(dist) : []).filter((name) => /\.(m?js|d\.m?ts)$/.test(name))
}

/** These declarations, and all that they import. */
function reachable(names) {
  const found = new Set(names)
  for (const name of found) {
    const text = readFileSync(join(dist, name), 'utf8')
    for (const [, module] of text.matchAll(/(?:from |import\()'\.\/([^']+)'/g)) {
      found.add(/\.js$/.test(module) ? module.replace(/\.js$/, '.d.ts') : `${module}.d.ts`)
    }
  }
  return found
}

if (process.argv[1] === import.meta.filename) compile()
