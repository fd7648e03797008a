// Another copy of SQLite in the process, as Node programs have one: one that comes compiled with its package. The ones
// that are used most are hammered by ../../tests/node-hammer.
import { existsSync } from 'node:fs'
import { hammer } from '../../tests/node-hammer/hammering.mjs'
import { PACKAGE } from './support.mjs'

// Elsewhere writing beside another copy is refused, or nothing is needed: see docs/reliability.md.
if (existsSync('/proc/self/fd')) hammer('@photostructure/sqlite', PACKAGE, 160)
