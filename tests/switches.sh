#!/usr/bin/env bash
# No build that is shipped reads `MCODA_TEST_LOCKS`, with which tests turn the locks off: neither the feature
# `test-switches` is on in one, nor is the name in the files that are given.
# Usage: switches.sh [FILE…]
set -euo pipefail
cd "$(dirname "$0")/.."
# What `cargo build --workspace` turns on. Cargo unites the features of all crates, so one that enables the switches,
# other than for its own tests, would put them into every library.
tree() { "${CARGO:-cargo}" tree --quiet --locked --workspace --invert mcoda-sqlite-locks --edges "$1"; }
# The tests enable them. If that does not show here, nothing would.
tree normal,build,dev,features | grep 'feature "test-switches"' >/dev/null || {
    echo "switches: cargo does not show that the tests turn the feature test-switches on" >&2
    exit 1
}
if tree normal,build,features | grep 'feature "test-switches"'; then
    echo "switches: a build of the workspace has the feature test-switches" >&2
    exit 1
fi
for file in "$@"; do
    if [[ ! -s $file ]] || grep -q MCODA_TEST_LOCKS "$file"; then
        echo "switches: $file is missing, or reads MCODA_TEST_LOCKS" >&2
        exit 1
    fi
done
