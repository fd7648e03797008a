#!/usr/bin/env bash
# No optimised build tells where it was built: `paths.sh <file>…` looks for the folders of the builder.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
for file in "$@"; do
    for folder in "$root/" "${CARGO_HOME:-$HOME/.cargo}/"; do
        if grep -aqF "$folder" "$file"; then
            echo "$file tells where it was built:" >&2
            strings "$file" | grep -F "$folder" | head -5 >&2
            exit 1
        fi
    done
done
