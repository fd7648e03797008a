#!/usr/bin/env bash
# The installed shared library stays below its ceiling, and starts without work: `size.sh PROFILE KIB RELOCATIONS`.
# benches/size.sh shows what it consists of.
set -euo pipefail
cd "$(dirname "$0")/.."
profile=$1 ceiling=$2 relocations=$3
prefix=${CARGO_TARGET_DIR:-target}/size-$profile
prefix=$(mkdir -p "$prefix" && cd "$prefix" && pwd)
make --no-print-directory install PROFILE="$profile" PREFIX="$prefix" >/dev/null
library=$prefix/lib/libmcoda.so.1
bytes=$(stat -Lc %s "$library")
if ((bytes > ceiling * 1024)); then
    echo "size: libmcoda.so ($profile) has $bytes bytes, more than $ceiling KiB: see benches/size.sh" >&2
    exit 1
fi
found=$(readelf -rW "$library" | grep -c '^0')
if ((found > relocations)); then
    echo "size: libmcoda.so ($profile) has $found relocations, more than $relocations: they are done at every start" >&2
    exit 1
fi
echo "size: libmcoda.so ($profile) has $bytes bytes and $found relocations, of at most $ceiling KiB and $relocations"
