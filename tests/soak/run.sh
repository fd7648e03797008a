#!/usr/bin/env bash
# Four processes in two languages and a foreign one, under injected faults for SECONDS seconds. Usage: run.sh [SECONDS]
# The packages of `make test-python` and `make test-node` must be built.
set -euo pipefail
cd "$(dirname "$0")/../.."
unset MCODA_CONFIG MCODA_DISABLE_DB MCODA_TELEMETRY
out=${CARGO_TARGET_DIR:-target}/soak
mkdir -p "$out"
"${CC:-cc}" -O1 -shared -fPIC -o "$out/clock.so" tests/soak/clock.c
MCODA_SOAK_FOLDER=$out target/venv/bin/python tests/soak/soak.py "${1:-600}" "$(cd "$out" && pwd)/clock.so"
