#!/bin/sh
# rustc, with the builder's folders left out of what is optimised, since that is handed to others. Messages of panics and
# debug information would contain them. Everything else keeps its paths, which editors and debuggers follow.
for argument in "$@"; do
    case $argument in
        opt-level=[23sz] | -Copt-level=[23sz]) optimised=yes ;;
    esac
done
[ -n "${optimised:-}" ] || exec "$@"
root=$(cd "$(dirname "$0")/.." && pwd)
[ -z "${OUT_DIR:-}" ] || set -- "$@" "--remap-path-prefix=$OUT_DIR=out"
exec "$@" "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=registry" "--remap-path-prefix=$root=libmcoda"
