// The semantics of npm's `sqlite` and `sqlite3`, held by tests/npm-sqlite to those packages themselves.
import { test } from 'node:test'
import sqlite3, { open } from '@mcoda/native/sqlite'
import { check } from '../../tests/npm-sqlite/check.mjs'

check(test, (config) => open({ driver: sqlite3.Database, ...config }), true)
