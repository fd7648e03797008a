#!/usr/bin/env bash
# Installs what cargo has built: `install.sh <folder of the libraries> <PREFIX> [DESTDIR]`.
set -euo pipefail
built=$1 prefix=$2 destdir=${3:-}
here=$(cd "$(dirname "$0")" && pwd)
case $prefix in /*) ;; *) prefix=$PWD/$prefix ;; esac
number() { awk -v name="$1" '$2 == name {gsub("\"", "", $3); print $3}' "$here/../include/mcoda.h"; }
abi=$(number MCODA_ABI_VERSION)
version=$(number MCODA_VERSION)
lib=$destdir$prefix/lib
mkdir -p "$lib/pkgconfig" "$lib/cmake/mcoda" "$destdir$prefix/include"

install -m 644 "$here/../include/mcoda.h" "$here/../include/mcoda.hpp" "$destdir$prefix/include"
"$here/static.sh" "$built/libmcoda.a" "$lib/libmcoda.a"
chmod 644 "$lib/libmcoda.a"
if [ "$(uname -s)" = Darwin ]; then
    libs="-framework CoreFoundation -liconv -lm"
    shared=libmcoda.dylib soname=@rpath/libmcoda.dylib
    install -m 755 "$built/libmcoda.dylib" "$lib/libmcoda.dylib"
else
    # Those that rustc --print native-static-libs names, without the ones that every C compiler adds. -lgcc_s is one of
    # those, and exists as a shared library only: naming it would make -static fail.
    libs="-lpthread -lm -ldl -lrt -lutil"
    shared=libmcoda.so.$abi soname=libmcoda.so.$abi
    objcopy=${OBJCOPY:-objcopy} strip=${STRIP:-strip}
    # Debuggers and profilers look for the symbols in a folder of this name beside the library.
    mkdir -p "$lib/.debug"
    rm -f "$lib/$shared" "$lib/.debug/$shared.debug"
    "$objcopy" --only-keep-debug "$built/libmcoda.so" "$lib/.debug/$shared.debug"
    chmod 644 "$lib/.debug/$shared.debug"
    "$strip" --strip-unneeded --remove-section=.comment -o "$lib/$shared" "$built/libmcoda.so"
    (cd "$lib/.debug" && "$objcopy" --add-gnu-debuglink="$shared.debug" "$lib/$shared")
    chmod 755 "$lib/$shared"
    ln -sf "$shared" "$lib/libmcoda.so"
fi
# fill TEMPLATE FILE
fill() {
    sed -e "s|@VERSION@|$version|" -e "s|@SHARED@|$shared|" -e "s|@SONAME@|$soname|" -e "s|@LIBS@|$libs|" "$1" >"$2"
    chmod 644 "$2"
}
fill "$here/mcoda.pc.in" "$lib/pkgconfig/mcoda.pc"
fill "$here/mcoda-static.pc.in" "$lib/pkgconfig/mcoda-static.pc"
fill "$here/cmake/mcoda-config.cmake.in" "$lib/cmake/mcoda/mcoda-config.cmake"
fill "$here/cmake/mcoda-config-version.cmake.in" "$lib/cmake/mcoda/mcoda-config-version.cmake"
doc=$destdir$prefix/share/doc/libmcoda
mkdir -p "$doc"
install -m 644 "$here/../LICENSE" "$here/../THIRD-PARTY-NOTICES" "$doc"
mkdir -p "$doc/examples" "$destdir$prefix/share/libmcoda"
install -m 644 "$here/../docs/examples/quickstart.c" "$here/../docs/examples/quickstart.cpp" \
    "$here/../examples/agent_host.c" "$doc/examples"
install -m 644 "$here/mcoda.tsan" "$destdir$prefix/share/libmcoda"
