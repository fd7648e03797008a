#!/usr/bin/env bash
# What a release does for Linux on this machine: builds the binary for glibc 2.28 and later, lays out the packages, and
# installs them into an empty project, where the quickstart runs. Compiles the optimized library, which takes minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
case $(uname -m) in
    x86_64) triple=x86_64-unknown-linux-gnu platform=linux-x64-gnu ;;
    aarch64) triple=aarch64-unknown-linux-gnu platform=linux-arm64-gnu ;;
    *) echo "release: no package is made for $(uname -m)" >&2; exit 1 ;;
esac
floor=2.28
tools=$PWD/target/zig
if [[ ! -x $tools/bin/cargo-zigbuild ]]; then
    python3 -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check --requirement bindings-node/requirements.txt
fi
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

(cd bindings-node && PATH="$tools/bin:$PATH" node build.mjs --release --target "$triple" --glibc "$floor" && node compile.mjs)
binary=bindings-node/binaries/mcoda.$platform.node
./tests/glibc.sh "$floor" "$binary"
./tests/switches.sh "$binary"
./tests/paths.sh "$binary"

(cd bindings-node && node assemble.mjs --platform "$platform" --out "$place/npm")
for package in native "native-$platform"; do
    (cd "$place/npm/$package" && npm pack --silent --pack-destination "$place" >/dev/null)
done
mkdir "$place/project"
cd "$place/project"
echo '{"name": "empty", "private": true}' >package.json
npm install --offline --no-audit --no-fund --loglevel=error ../*.tgz
test ! -e node_modules/@mcoda/native/dist/mcoda.node
cp "$OLDPWD/docs/examples/quickstart.mjs" .
node quickstart.mjs
