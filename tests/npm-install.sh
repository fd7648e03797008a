#!/bin/sh
# Installs the npm packages of a folder: npm-install.sh FOLDER. Packages with native parts may be compiled.
set -eu
cd "$1"
# Where their binaries cannot be downloaded they are compiled, with the headers that Node came with if it has any.
node=$(node -p 'path.resolve(process.execPath, "../..")')
if [ -e "$node/include/node/node.h" ]; then
    export npm_config_nodedir="$node"
fi
if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
    npm ci --no-audit --no-fund --loglevel=error
    touch node_modules/.package-lock.json
fi
