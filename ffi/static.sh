#!/usr/bin/env bash
# Makes the static library fit to be linked beside anything: `static.sh <what rustc made> <what to install>`.
#
# What rustc makes carries SQLite and Rust's own library with global symbols. A host that links its own SQLite
# or another Rust library would get one of the two, silently, or an error. So everything becomes one object
# whose only global symbols are those of the header.
set -euo pipefail
from=$1 to=$2
# Other linkers than GNU's and LLVM's lack what is used here.
if [ "$(uname -s)" != Linux ]; then
    echo "static.sh: SQLite and Rust's symbols stay visible in $to: this system is not Linux" >&2
    exec cp "$from" "$to"
fi
nm=${NM:-nm} ld=${LD:-ld} objcopy=${OBJCOPY:-objcopy} ar=${AR:-ar}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"$nm" --defined-only --extern-only "$from" 2>"$folder/messages" |
    awk '$3 ~ /^mcoda_/ {print "--undefined=" $3}' | sort -u >"$folder/roots"
if [ ! -s "$folder/roots" ]; then
    echo "static.sh: $from has no function of the header in it, or $nm cannot read it:" >&2
    head -3 "$folder/messages" >&2
    exit 1
fi
# Groups are where linkers look for duplicates by name, whatever objcopy makes of that name: dissolve them.
xargs "$ld" -r --gc-sections --force-group-allocation -o "$folder/mcoda.o" "$from" <"$folder/roots"
# Rust's standard library contains LLVM bitcode, which is invalid after linking.
"$objcopy" --wildcard --keep-global-symbol='mcoda_*' --strip-debug \
    --remove-section=.llvmbc --remove-section=.llvmcmd "$folder/mcoda.o"
rm -f "$to"
"$ar" rcsD "$to" "$folder/mcoda.o"
