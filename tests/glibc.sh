#!/usr/bin/env bash
# A release for Linux runs on systems with an older glibc, and has no symbols that only a debugger needs:
# `glibc.sh VERSION FILE…` fails where a file needs a later version, or is not stripped.
set -euo pipefail
floor=$1
shift
for file in "$@"; do
    needed=$(readelf --version-info --wide "$file" | grep -o 'GLIBC_[0-9.]*' | sed 's/GLIBC_//' | sort -uV | tail -1)
    if [[ -z $needed || $(printf '%s\n%s\n' "$needed" "$floor" | sort -V | tail -1) != "$floor" ]]; then
        echo "$file needs glibc ${needed:-unknown}, which is later than $floor" >&2
        exit 1
    fi
    if readelf --sections --wide "$file" | grep -E ' \.(symtab|debug_info) ' >&2; then
        echo "$file is not stripped" >&2
        exit 1
    fi
    echo "$file: glibc $needed or later"
done
