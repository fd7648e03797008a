#!/usr/bin/env bash
# Counts the system calls of each commit, with and without the lock layer (docs/reliability.md). The number does not depend on
# how the program was optimised, nor on what else the machine does.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v strace >/dev/null; then
    echo "SKIPPED for lack of strace (a package of every Linux distribution): counting system calls" >&2
    exit 0
fi
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
program=$(${CARGO:-cargo} build --quiet --package mcoda-core --bench locks --features test-switches --message-format json |
    python3 -c 'import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message["reason"] == "compiler-artifact" and message["target"]["name"] == "locks":
        print(message["executable"])')

# calls_of WORK TIMES LOCKS: how many system calls, of all threads, for one of them. Opening the database is in it.
calls_of() {
    local data=$folder/$RANDOM
    mkdir "$data"
    MCODA_TEST_LOCKS=$3 strace --follow-forks --summary-only --output="$folder/counts" \
        "$program" --measure "$1" "$data" >/dev/null
    awk -v times="$2" '$NF == "total" {printf "%.1f", $4 / times}' "$folder/counts"
}

printf '%-32s %10s %10s\n' "system calls of each" with without
while read -r times work; do
    printf '%-32s %10s %10s\n' "$work" "$(calls_of "$work" "$times" "")" "$(calls_of "$work" "$times" off)"
done <<'WORK'
20000 autocommit, wal
5000 autocommit, rollback journal
5000 record_token_usage
WORK
