#!/usr/bin/env bash
# What a user does: installs from the folder with pip alone, and from the source distribution, each into a clean
# environment. Both compile the optimised library, which takes minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
quickstart="$PWD/docs/examples/quickstart.py"

target/venv/bin/maturin sdist --manifest-path bindings-python/Cargo.toml --out "$place/dist"
for source in ./bindings-python "$place"/dist/libmcoda-*.tar.gz; do
    rm -rf "$place/venv"
    python3 -m venv "$place/venv"
    "$place/venv/bin/pip" install --quiet --disable-pip-version-check "$source"
    (cd "$place" && "$place/venv/bin/python" "$quickstart")
    module=$("$place/venv/bin/python" -c 'import mcoda._mcoda; print(mcoda._mcoda.__file__)')
    ./tests/switches.sh "$module"
    ls "$place"/venv/lib/*/site-packages/libmcoda-*.dist-info/licenses/THIRD-PARTY-NOTICES >/dev/null
    # Who builds from a source distribution builds for themselves.
    [[ $source == *.tar.gz ]] || ./tests/paths.sh "$module"
done
