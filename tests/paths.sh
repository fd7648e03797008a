#!/usr/bin/env bash
# Optimised builds contain no paths of the machine that built them: `paths.sh <file>…` searches for them.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
for file in "$@"; do
    for folder in "$root/" "${CARGO_HOME:-$HOME/.cargo}/"; do
        if grep -aqF "$folder" "$file"; then
            echo "$file contains paths of the machine that built it:" >&2
            strings "$file" | grep -F "$folder" | head -5 >&2
            exit 1
        fi
    done
done
