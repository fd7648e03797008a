#!/usr/bin/env bash
# Installs what cargo has built: `install.sh <folder of the libraries> <PREFIX> [DESTDIR]`.
set -euo pipefail
built=$1 prefix=$2 destdir=${3:-}
here=$(cd "$(dirname "$0")" && pwd)
case $prefix in /*) ;; *) prefix=$PWD/$prefix ;; esac
number() { awk -v name="$1" '$2 == name {gsub("\"", "", $3); print $3}' "$here/../include/mcoda.h"; }
abi=$(number MCODA_ABI_VERSION)
lib=$destdir$prefix/lib
mkdir -p "$lib/pkgconfig" "$destdir$prefix/include"

install -m 644 "$here/../include/mcoda.h" "$destdir$prefix/include/mcoda.h"
"$here/static.sh" "$built/libmcoda.a" "$lib/libmcoda.a"
chmod 644 "$lib/libmcoda.a"
# The output of rustc --print native-static-libs.
libs="-lgcc_s -lutil -lrt -lpthread -lm -ldl -lc"
if [ "$(uname -s)" = Darwin ]; then
    libs="-framework CoreFoundation -liconv -lSystem -lc -lm"
    install -m 755 "$built/libmcoda.dylib" "$lib/libmcoda.dylib"
else
    install -m 755 "$built/libmcoda.so" "$lib/libmcoda.so.$abi"
    ln -sf "libmcoda.so.$abi" "$lib/libmcoda.so"
fi
sed -e "s|@PREFIX@|$prefix|" -e "s|@VERSION@|$(number MCODA_VERSION)|" -e "s|@LIBS@|$libs|" \
    "$here/mcoda.pc.in" >"$lib/pkgconfig/mcoda.pc"
chmod 644 "$lib/pkgconfig/mcoda.pc"
mkdir -p "$destdir$prefix/share/doc/libmcoda"
install -m 644 "$here/../LICENSE" "$here/../THIRD-PARTY-NOTICES" "$destdir$prefix/share/doc/libmcoda"
