#!/usr/bin/env bash
# Eight processes in three languages record into one workspace for SECONDS seconds, and once more alongside Python's
# sqlite3. All three libraries are optimised builds, installed in target/load and target/c as users install them.
# Usage: run.sh [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-60}
target=${CARGO_TARGET_DIR:-target}
unset MCODA_CONFIG MCODA_DISABLE_DB MCODA_TELEMETRY
out=$(mkdir -p "$target/load" && cd "$target/load" && pwd)

c_writer=$(./tests/c/run.sh optimised_program load_writer tests/load/writer.c)
rm -rf "$out/wheels" "$out/python"
target/venv/bin/maturin build --quiet --release --locked --manifest-path bindings-python/Cargo.toml \
    --interpreter target/venv/bin/python --out "$out/wheels"
target/venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --target "$out/python" \
    "$out"/wheels/libmcoda-*.whl
(cd bindings-node && node build.mjs --release --check)

export PYTHONPATH=$out/python MCODA_LOAD_FOLDER=$out
target/venv/bin/python tests/load/load.py "$seconds" "$c_writer"
target/venv/bin/python tests/load/load.py "$seconds" "$c_writer" --beside
