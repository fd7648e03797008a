#!/bin/sh
# Hammers one database through @mcoda/native, which must be built, and the copies of SQLite that Node programs use most.
set -eu
cd "$(dirname "$0")"
../npm-install.sh .
npm test --silent
