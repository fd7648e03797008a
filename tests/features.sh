#!/usr/bin/env bash
# The engine compiles without warnings with each of its optional features alone, and with none of them.
set -euo pipefail
cd "$(dirname "$0")/.."
for feature in "" arrow arrow-ipc arrow,report docs prices report time-zones; do
    "${CARGO:-cargo}" clippy --quiet --package mcoda-core --lib --no-default-features \
        --features "bundled,$feature" -- -D warnings || {
        echo "features: mcoda-core fails with the features: bundled $feature" >&2
        exit 1
    }
done
