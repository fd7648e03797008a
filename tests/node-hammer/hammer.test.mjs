// The copies of SQLite that Node programs use most. They are compiled where their binaries cannot be downloaded, which
// takes minutes; so `make test-full` runs these, and `make test` the same beside a copy that comes compiled.
import { hammer } from './hammering.mjs'

for (const name of ['better-sqlite3', 'sqlite3']) hammer(name, import.meta.dirname, 500)
