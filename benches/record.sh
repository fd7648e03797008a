#!/usr/bin/env bash
# Recording beside plain SQLite in C (benches/record.c): `record.sh [PREFIX]`, with a library that `make install` has put
# there; without one, the optimised library is built and installed below target/.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${CARGO_TARGET_DIR:-target}/bench
mkdir -p "$out"
out=$(cd "$out" && pwd)
prefix=${1:-$out/prefix}
[[ $# -gt 0 ]] || make --no-print-directory install PREFIX="$prefix" >/dev/null
# The amalgamation of the library, with the flags of its build script.
package=$(cargo metadata --format-version 1 --locked --filter-platform x86_64-unknown-linux-gnu |
    python3 -c 'import json, sys; print(next(p["manifest_path"] for p in json.load(sys.stdin)["packages"] if p["name"] == "libsqlite3-sys"))')
package=$(dirname "$package")
mapfile -t flags < <(sed -n '/cfg.file(&source)/,/warnings(false)/p' "$package/build.rs" | grep -o '"-[^"]*"' | tr -d '"')
[[ ${#flags[@]} -gt 10 ]]
cc=${CC:-cc}
[[ $out/sqlite3.o -nt $package/sqlite3/sqlite3.c ]] ||
    "$cc" -O3 -DHAVE_LOCALTIME_R "${flags[@]}" -c "$package/sqlite3/sqlite3.c" -o "$out/sqlite3.o"
"$cc" -std=gnu11 -O2 -Wall -Wextra benches/record.c "$out/sqlite3.o" -o "$out/record" -I"$prefix/include" \
    -I"$package/sqlite3" -L"$prefix/lib" -lmcoda -Wl,-rpath,"$prefix/lib" -lm -lpthread -ldl
folder=$(mktemp -d "$out/XXXX")
trap 'rm -rf "$folder"' EXIT
HOME=$folder "$out/record" "$folder"
