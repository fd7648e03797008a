#!/usr/bin/env bash
# Runs mcodactl under Valgrind: no invalid access, no leak. Needs valgrind.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v valgrind >/dev/null || { echo "install valgrind first" >&2; exit 1; }
cargo build --quiet --package mcoda-cli
program=${CARGO_TARGET_DIR:-target}/debug/mcodactl
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME=$folder
check() {
    valgrind --quiet --error-exitcode=9 --leak-check=full --show-leak-kinds=definite,indirect \
        --errors-for-leak-kinds=definite,indirect "$program" "$@" >"$folder/out"
}
check demo --db "$folder/shop.db"
check estimate --db "$folder/shop.db"
check init --workspace "$folder"
for n in 1 2 3; do check record --workspace "$folder" --id "call-$n" --tokens-prompt "$n"; done
echo "valgrind: no errors, no leaks"
