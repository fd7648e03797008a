// Whether the table of cases says what the npm packages do.
import { test } from 'node:test'
import { open } from 'sqlite'
import sqlite3 from 'sqlite3'
import { check } from './check.mjs'

check(test, (config) => open({ driver: sqlite3.Database, ...config }), false)
