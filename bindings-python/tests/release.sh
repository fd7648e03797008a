#!/usr/bin/env bash
# What a release does for Linux on this machine: builds the wheel for glibc 2.28 and later. Then what a user does: installs
# that wheel, the folder, and the source distribution, each into a clean environment. All compile the optimised library,
# which takes minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
floor=2.28
tools=$PWD/target/zig
if [[ ! -x $tools/bin/cargo-zigbuild ]]; then
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check --requirement bindings-node/requirements.txt
fi
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
quickstart="$PWD/docs/examples/quickstart.py"

# Zig would link an unwinder of its own. Python ends threads that still run with libgcc's (`pthread_exit`), which crashes in
# code that belongs to another one.
PATH="$tools/bin:$PATH" target/venv/bin/maturin build --release --zig --compatibility "manylinux_${floor/./_}" \
    --manifest-path bindings-python/Cargo.toml --interpreter python3 --out "$place/dist" \
    -- -C "link-arg=$(cc -print-file-name=libgcc_s.so.1)"
# The list of crates names each of ours by its folder on this machine.
target/venv/bin/wheel unpack --dest "$place/open" "$place"/dist/libmcoda-*.whl
bill=$(ls "$place"/open/libmcoda-*/*.dist-info/sboms/mcoda-python.cyclonedx.json)
sed -i "s|path+file://$PWD/|path+file:///|g" "$bill"
./tests/paths.sh "$bill"
target/venv/bin/wheel pack --dest-dir "$place/dist" "$place"/open/libmcoda-*
target/venv/bin/maturin sdist --manifest-path bindings-python/Cargo.toml --out "$place/dist"
for source in "$place"/dist/libmcoda-*-cp310-abi3-manylinux_"${floor/./_}"_*.whl ./bindings-python "$place"/dist/libmcoda-*.tar.gz; do
    rm -rf "$place/venv"
    python3 -m venv "$place/venv"
    "$place/venv/bin/pip" install --quiet --disable-pip-version-check "$source"
    (cd "$place" && "$place/venv/bin/python" "$quickstart" && "$place/venv/bin/python" -m mcoda --version)
    module=$("$place/venv/bin/python" -c 'import mcoda._mcoda; print(mcoda._mcoda.__file__)')
    ./tests/switches.sh "$module"
    ls "$place"/venv/lib/*/site-packages/libmcoda-*.dist-info/licenses/THIRD-PARTY-NOTICES >/dev/null
    ls "$place"/venv/lib/*/site-packages/libmcoda-*.dist-info/sboms/mcoda-python.cyclonedx.json >/dev/null
    [[ $source != *.whl ]] || ./tests/glibc.sh "$floor" "$module"
    # Who builds from a source distribution builds for themselves.
    [[ $source == *.tar.gz ]] || ./tests/paths.sh "$module"
done

# interpreter NAME: the one of that name or path, or else one of pyenv's, whose own command refuses all but the chosen version.
interpreter() {
    local one
    for one in "$1" "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/"$1"; do
        ! "$one" -c '' 2>/dev/null || { echo "$one" && return; }
    done
    return 1
}

# The same wheel with this version of Python and others: PYTHONS names them, for example by their paths.
for name in python3 ${PYTHONS:-python3.10 python3.12 python3.13}; do
    if ! python=$(interpreter "$name"); then
        echo "release: no $name here, so the wheel is not tested with it" >&2
        continue
    fi
    rm -rf "$place/venv"
    "$python" -m venv "$place/venv"
    "$place/venv/bin/pip" install --quiet --disable-pip-version-check pytest "$place"/dist/libmcoda-*.whl
    (cd bindings-python && "$place/venv/bin/python" -m pytest tests/test_tracking.py tests/test_program.py \
        tests/test_values.py tests/test_transactions.py tests/test_handles.py tests/test_threads.py tests/test_forks.py)
done

# The lowest versions of the packages that the extras name. pyarrow 15 needs NumPy 1.
lowest=$(python3 - <<'END'
import tomllib
with open("bindings-python/pyproject.toml", "rb") as file:
    extras = tomllib.load(file)["project"]["optional-dependencies"]
print(*sorted({package.replace(">=", "==") + ".*" for extra in extras.values() for package in extra}))
END
)
rm -rf "$place/venv"
python3 -m venv "$place/venv"
"$place/venv/bin/pip" install --quiet --disable-pip-version-check pytest duckdb 'numpy<2' $lowest "$place"/dist/libmcoda-*.whl
# They warn of each other.
(cd bindings-python && "$place/venv/bin/python" -m pytest -W default \
    tests/test_arrow.py tests/test_table.py tests/test_plot.py tests/test_notebook_values.py)
