#!/usr/bin/env bash
# Tests the C library as a host sees it: installed, and used by programs that are built outside of the tree.
# Usage: run.sh [--full] (with many more rounds, Valgrind, and the optimised library), or
#        run.sh FUNCTION ARGUMENT… (one of the functions below, with what is installed already)
set -euo pipefail
cd "$(dirname "$0")/../.."
full=${1:-}
out=$(mkdir -p "${CARGO_TARGET_DIR:-target}/c" && cd "${CARGO_TARGET_DIR:-target}/c" && pwd)
prefix=$out/prefix
lib=$prefix/lib
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# No test may use the user's own records.
real_home=$HOME
export HOME=$work
unset MCODA_CONFIG MCODA_DISABLE_DB MCODA_TELEMETRY
cc=${CC:-cc} cxx=$(command -v "${CXX:-c++}" || true)
# All warnings, and the sanitizers for undefined behaviour and leaks.
warnings=(-g -Wall -Wextra -Wpedantic -Werror)
sanitizers=(-fsanitize=address,undefined -fno-sanitize-recover=all)
include=(-I"$prefix/include" -Itests/c)
shared=(-L"$lib" -lmcoda -Wl,-rpath,"$lib" -pthread)
system=(-lpthread -lm -ldl -lrt -lutil)
say() { echo "c: $*"; }
[[ -n $cxx ]] || say "SKIPPED for lack of a C++ compiler: everything in C++" >&2

# fails COMMAND ARGUMENT…: `!` alone would not end this script if the command succeeded.
fails() {
    if "$@"; then
        say "this should have failed: $*" >&2
        exit 1
    fi
}

install_library() {
    rm -rf "$prefix"
    make --no-print-directory install PROFILE="$1" PREFIX="$prefix" HOME="$real_home" >/dev/null
}

# The library that reads MCODA_TEST_LOCKS, which no installed one does.
install_library_with_switches() {
    HOME=$real_home ${CARGO:-cargo} build --quiet --package mcoda-ffi --features test-switches --profile "${1/debug/dev}"
    HOME=$real_home ./ffi/install.sh "${CARGO_TARGET_DIR:-target}/$1" "$out/switches"
}

switches_of_the_tests_are_not_shipped() {
    HOME=$real_home ./tests/switches.sh "$lib/libmcoda.so" "$lib/libmcoda.a"
    say "no installed library reads MCODA_TEST_LOCKS"
}

notices_come_with_it() {
    grep -qw rusqlite "$prefix/share/doc/libmcoda/THIRD-PARTY-NOTICES"
    cmp LICENSE "$prefix/share/doc/libmcoda/LICENSE"
    say "the licences of what is compiled in are installed"
}

no_folder_of_the_builder_is_shipped() {
    HOME=$real_home ./tests/paths.sh "$lib/libmcoda.so" "$lib/libmcoda.a"
    say "the optimised libraries contain no paths of the machine that built them"
}

header_compiles_alone() {
    echo '#include <mcoda.h>' >"$work/once.c"
    cat "$work/once.c" "$work/once.c" >"$work/twice.c"
    for source in "$work/once.c" "$work/twice.c"; do
        "$cc" -std=c11 "${warnings[@]}" "${include[@]}" -fsyntax-only "$source"
        [[ -z $cxx ]] || "$cxx" -x c++ -std=c++17 "${warnings[@]}" "${include[@]}" -fsyntax-only "$source"
    done
    if [[ -n $cxx ]]; then
        printf '#include <mcoda.hpp>\n#include <mcoda.hpp>\n' >"$work/twice.cpp"
        "$cxx" -std=c++17 "${warnings[@]}" -Wshadow -Wconversion "${include[@]}" -fsyntax-only "$work/twice.cpp"
    fi
    say "the headers compile alone and twice, as C11 ${cxx:+and as C++17}"
}

constants_of_another_enum_do_not_compile() {
    local cases case compile
    cases=$(grep -c '^#.*if CASE ==' tests/c/wrong_types.c)
    for compile in "$cc -std=c11" "$cc -std=gnu17" "${cxx:+$cxx -x c++ -std=c++17}"; do
        [[ -n $compile ]] || continue
        compile="$compile ${include[*]} -fsyntax-only tests/c/wrong_types.c"
        $compile "${warnings[@]}" -Wconversion -DCASE=0
        for ((case = 1; case <= cases; case++)); do
            # Without a flag that a host may not use.
            ! $compile -DCASE="$case" 2>"$work/refused" || { say "compiled: $compile -DCASE=$case" >&2; exit 1; }
            grep -qE "_Generic|cannot convert|invalid conversion" "$work/refused" || { cat "$work/refused"; exit 1; }
        done
    done
    # Before C11 there is nothing to check it with.
    "$cc" -std=c99 "${warnings[@]}" "${include[@]}" -fsyntax-only tests/c/wrong_types.c
    say "$cases constants of another enum do not compile, in C ${cxx:+and in C++}"
}

only_our_symbols_are_visible() {
    sed -e 's|//.*||' "$prefix/include/mcoda.h" | grep -oE '\bmcoda_[a-z0-9_]+\(' | tr -d '(' | sort -u >"$work/declared"
    nm -D --defined-only "$lib/libmcoda.so" | awk '{print $3}' | sort -u | diff "$work/declared" -
    nm -g --defined-only "$lib/libmcoda.a" | awk 'NF == 3 {print $3}' | sort -u | diff "$work/declared" -
    readelf -d "$lib/libmcoda.so" | grep -q "SONAME.*libmcoda.so.1\]"
    say "both libraries show what the header declares, and nothing else"
}

# build NAME SOURCE FLAG…
build() {
    local name=$1 source=$2
    shift 2
    case $source in
    *.cpp) "$cxx" -std=c++17 "${warnings[@]}" "${include[@]}" "$source" -o "$out/$name" "$@" ;;
    *) "$cc" -std=c11 "${warnings[@]}" "${include[@]}" "$source" -o "$out/$name" "$@" ;;
    esac
}

# run NAME ARGUMENT…: with a fresh folder as its home and its first argument
run() {
    local program=$out/$1 folder
    folder=$(mktemp -d "$work/XXXX")
    shift
    HOME=$folder "${under[@]}" "$program" "$folder" "$@"
}
under=()

programs_pass() {
    python3 tests/c/misuse.py "$prefix/include/mcoda.h" >"$out/misuse.c"
    build leak tests/c/leak.c "${sanitizers[@]}" "${shared[@]}"
    if "$out/leak" 2>/dev/null; then
        say "the sanitizers of this machine see no leaks, so the tests for leaks would mean nothing" >&2
        exit 1
    fi
    for source in tests/c/{workflow.c,workflow.cpp,typed.c,log.c,header_only.cpp,responses.c,bad_input.c,threads.c,cancellation.c,exit.c,exit.cpp,forks.c,rounds.c} "$out/misuse.c"; do
        [[ -n $cxx || $source != *.cpp ]] || continue
        name=$(basename "$source" | tr . _)
        build "$name" "$source" "${sanitizers[@]}" "${shared[@]}"
        run "$name" 1000
        say "$(basename "$source") passes under AddressSanitizer and UBSan"
    done
    build static tests/c/workflow.c "${sanitizers[@]}" "$lib/libmcoda.a" "${system[@]}"
    run static
    say "workflow.c passes with the static library"
}

programs_pass_with_clang() {
    if ! command -v clang++ >/dev/null; then
        say "SKIPPED for lack of clang++: the programs compiled by it" >&2
        return
    fi
    HOME=$real_home CC=clang CXX=clang++ ./tests/c/run.sh programs_pass
}

# Installs the library with Apache Arrow beside the one without.
arrow_streams_are_those_of_the_specification() {
    local plain=$prefix name
    build arrow tests/c/arrow.c "${sanitizers[@]}" "${shared[@]}"
    run arrow without
    prefix=$out/arrow_prefix
    HOME=$real_home make --no-print-directory install PROFILE="$1" FEATURES=arrow PREFIX="$prefix" >/dev/null
    "$cc" -std=c11 "${warnings[@]}" "${include[@]}" tests/c/arrow.c -o "$out/arrow_with" "${sanitizers[@]}" \
        -L"$prefix/lib" -lmcoda -Wl,-rpath,"$prefix/lib" -pthread
    run arrow_with
    target/venv/bin/python tests/c/arrow.py "$prefix/lib/libmcoda.so"
    prefix=$plain
    say "arrow.c and pyarrow read the streams of a library with Apache Arrow; without it, they are an error"
}

nothing_is_printed() {
    local printed backtrace
    build quiet tests/c/quiet.c "${sanitizers[@]}" "${shared[@]}"
    for backtrace in 0 full; do
        printed=$(RUST_BACKTRACE=$backtrace run quiet 2>&1) || { echo "$printed"; exit 1; }
        [[ -z $printed ]] || { say "the library printed: $printed" >&2; exit 1; }
    done
    say "quiet.c: a workflow with every kind of error that C can provoke prints nothing"
}

running_out_of_memory_is_an_error_or_one_line() {
    build memory tests/c/memory.c "${shared[@]}"
    run memory
    say "memory.c: what SQLite or a result lacks is an error, what the library lacks ends the process with one line"
}

# Without sanitizers, which want to be loaded first.
a_wrong_clock_is_an_error() {
    "$cc" -O1 -shared -fPIC -o "$out/jumping_clock.so" tests/soak/clock.c
    build clock tests/c/clock.c "${shared[@]}"
    local under=(env LD_PRELOAD="$out/jumping_clock.so" SOAK_CLOCK="$work/clock")
    run clock
    say "clock.c: with a clock before 1970 or after 9999 calls fail, date nothing and write nothing"
}

# Only the program is compiled with it. Without the suppressions it would report the library's own, correct work.
thread_sanitizer_finds_nothing() {
    if ! "$cc" -fsanitize=thread -x c - -o "$work/tsan" <<<'int main(void) { return 0; }' 2>/dev/null || ! "$work/tsan"; then
        say "SKIPPED for lack of ThreadSanitizer: threads.c under it" >&2
        return
    fi
    build tsan_threads tests/c/threads.c -fsanitize=thread "${shared[@]}"
    TSAN_OPTIONS="suppressions=$prefix/share/libmcoda/mcoda.tsan" run tsan_threads 1000
    say "threads.c passes under ThreadSanitizer, with the suppressions that are installed"
}

the_host_records_what_it_reads() {
    local folder=$work/host response='{"id": "r1", "type": "message", "model": "claude-sonnet-4-5", "usage": {"input_tokens": 1000, "output_tokens": 100}}'
    mkdir -p "$folder"
    build agent_host "$prefix/share/doc/libmcoda/examples/agent_host.c" "${sanitizers[@]}" "${shared[@]}"
    printf '%s\n\n%s\n' "$response" "$response" | HOME=$folder "$out/agent_host" "$folder" >"$folder/out"
    grep -qE '^claude-sonnet-4-5 +1 calls  0\.0045 for 1 of them$' "$folder/out"
    grep -q '^0 story points to implement' "$folder/out"
    HOME=$folder fails "$out/agent_host" "$folder" NO-TASK </dev/null >"$folder/out" 2>"$folder/messages"
    grep -q 'there is no task NO-TASK' "$folder/messages"
    say "agent_host.c records responses, counts a repeated one once, and prints costs and the estimate"
}

vectors_pass() {
    build vectors tests/c/vectors.c "${sanitizers[@]}" "${shared[@]}"
    target/venv/bin/python tests/c/vectors.py "$out/vectors" tests/vectors >"$work/vectors" || { grep -v ^ok "$work/vectors"; exit 1; }
    tail -2 "$work/vectors"
}

neighbours_keep_what_is_their_own() {
    HOME=$real_home ${RUSTC:-rustc} --edition 2024 --crate-type staticlib -o "$out/libother.a" tests/c/other.rs
    # Link the whole of our library: a symbol that both define would be an error. Rust's standard
    # library needs functions that an older C library lacks, in unused sections.
    local all=(-Wl,--whole-archive "$lib/libmcoda.a" -Wl,--no-whole-archive -Wl,--gc-sections)
    build neighbours_static tests/c/neighbours.c "${all[@]}" "$out/libother.a" "${system[@]}"
    build neighbours_first tests/c/neighbours.c "$out/libother.a" "${all[@]}" "${system[@]}"
    build neighbours_shared tests/c/neighbours.c "$out/libother.a" "${shared[@]}" -Wl,--gc-sections "${system[@]}"
    "$out/neighbours_static" && "$out/neighbours_first" && "$out/neighbours_shared"
    say "a host's own SQLite and another Rust library stay as they are"
}

# The other copy of SQLite of a host: the system's if it can be linked; otherwise, or on request, the one that is
# compiled for the tests.
other_sqlite() {
    if [[ ${1:-} != compiled ]] && build beside_system tests/c/beside.c "${shared[@]}" -lsqlite3 2>/dev/null; then
        echo -lsqlite3
    else
        HOME=$real_home ${CARGO:-cargo} build --quiet --package mcoda-coexistence --message-format json |
            python3 -c 'import json, sys
for line in sys.stdin:
    message = json.loads(line)
    if message["reason"] == "build-script-executed" and "coexistence" in message["package_id"]:
        print(message["out_dir"] + "/libforeign_sqlite.so")'
    fi
}

another_sqlite_in_the_process_takes_nothing_away() {
    local profile=$1 other
    install_library_with_switches "$profile"
    other=$(other_sqlite "${3:-}")
    # Without the sanitizers: they would change the timing of the race.
    build hammer tests/c/hammer.c -O1 -L"$out/switches/lib" -lmcoda -Wl,-rpath,"$out/switches/lib" -pthread "$other"
    run hammer "$2"
}

the_systems_sqlite_and_ours_stay_apart() {
    if [[ $(other_sqlite) != -lsqlite3 ]]; then
        say "SKIPPED for lack of the system's libsqlite3: linking it beside the static library" >&2
        return
    fi
    local all=(-Wl,--whole-archive "$lib/libmcoda.a" -Wl,--no-whole-archive -Wl,--gc-sections)
    local archive programs=(beside_system beside_first beside_last) alone both
    build beside_alone tests/c/beside.c -DALONE "${shared[@]}"
    build beside_first tests/c/beside.c "${all[@]}" -lsqlite3 "${system[@]}"
    build beside_last tests/c/beside.c -lsqlite3 "${all[@]}" "${system[@]}"
    archive=$("$cc" -print-file-name=libsqlite3.a)
    if [[ $archive == /* ]]; then
        build beside_archive tests/c/beside.c "${all[@]}" "$archive" "${system[@]}"
        programs+=(beside_archive)
    fi
    alone=$(run beside_alone)
    for program in "${programs[@]}"; do
        both=$(run "$program")
        if [[ $(head -1 <<<"$both") != "$alone" ]]; then
            say "$program: libmcoda alone has SQLite $alone, but here: $both" >&2
            exit 1
        fi
    done
    both=$(tail -1 <<<"$both")
    [[ $both != "$alone" ]] || say "the system's SQLite is the same as ours, so they cannot be distinguished" >&2
    say "SQLite ${both%% *} of the system and ${alone%% *} of libmcoda stay apart in ${#programs[@]} programs"
}

# consumer_runs PROGRAM: does what the quickstart does, without help from the environment.
consumer_runs() {
    local folder
    folder=$(mktemp -d "$work/XXXX")
    (cd "$folder" && env -u LD_LIBRARY_PATH "$1" quick.db >out)
    grep -q '^refused: tokensPrompt: got -1' "$folder/out" && grep -q '^done at 20' "$folder/out"
}

# The library installed below a home folder, moved to another one, and used by the programs of others.
consumers_build_and_run() {
    local home=$work/home tools=$PWD/target/venv/bin
    local moved=$home/.local
    mkdir -p "$home"
    cp -R "$prefix" "$moved"
    cp -R tests/c/consumers "$home/consumers"
    cp docs/examples/quickstart.c docs/examples/quickstart.cpp "$home/consumers"
    (
        export HOME=$home PATH=$tools:$PATH
        cd "$home/consumers"
        consumers_of_pkg_config "$moved"
        consumers_of_cmake "$moved"
        consumers_of_meson "$moved"
    )
}

consumers_of_pkg_config() {
    if ! command -v pkg-config >/dev/null; then
        say "SKIPPED for lack of pkg-config: building a program outside of the tree with it" >&2
        return
    fi
    export PKG_CONFIG_PATH=$1/lib/pkgconfig
    [[ $(pkg-config --modversion mcoda) == "$(awk '$2 == "MCODA_VERSION" {print $3}' "$1/include/mcoda.h" | tr -d '"')" ]]
    local flags=(-std=c11 "${warnings[@]}" quickstart.c)
    # The first example of docs/c.md.
    "$cc" "${flags[@]}" -o shared $(pkg-config --cflags --libs mcoda) \
        -Wl,-rpath,"$(pkg-config --variable=libdir mcoda)"
    "$cc" "${flags[@]}" -o static $(pkg-config --cflags --libs mcoda-static)
    for program in shared static; do consumer_runs "$PWD/$program"; done
    if [[ -n $cxx ]]; then
        "$cxx" -std=c++17 "${warnings[@]}" quickstart.cpp -o cpp $(pkg-config --cflags --libs mcoda) \
            -Wl,-rpath,"$(pkg-config --variable=libdir mcoda)"
        consumer_runs "$PWD/cpp"
    fi
    # The compiler's own libraries must not be needed, and the C library's only if there is a static one.
    if echo 'int main(void) { return 0; }' | "$cc" -static -x c - -o "$work/nothing" 2>/dev/null; then
        "$cc" "${flags[@]}" -static -o whole $(pkg-config --static --cflags --libs mcoda) 2>"$work/messages" ||
            { cat "$work/messages" >&2; exit 1; }
        [[ -z $(readelf -d whole | grep NEEDED) ]]
        consumer_runs "$PWD/whole"
    else
        say "SKIPPED for lack of a static C library: linking with -static" >&2
    fi
    say "pkg-config: a program with the shared library, one with the static one, and one with -static run"
}

consumers_of_cmake() {
    for kind in shared static; do
        cmake -S cmake -B "cmake-$kind" -G Ninja -D CMAKE_PREFIX_PATH="$1" -D kind="$kind" >"$work/cmake" &&
            cmake --build "cmake-$kind" >>"$work/cmake" || { cat "$work/cmake" >&2; exit 1; }
        for program in consumer shared static; do consumer_runs "$PWD/cmake-$kind/$program"; done
        local linked
        linked=$(readelf -d "cmake-$kind/consumer" | grep -c 'NEEDED.*libmcoda' || true)
        [[ $linked == "$([[ $kind == shared ]] && echo 1 || echo 0)" ]]
    done
    fails cmake -S cmake -B cmake-none -G Ninja -D CMAKE_PREFIX_PATH="$1" -D kind=neither >/dev/null 2>"$work/refused"
    grep -q 'mcoda has the components shared and static' "$work/refused"
    say "CMake: find_package(mcoda) gives a shared and a static library, with which programs run"
}

consumers_of_meson() {
    export PKG_CONFIG_PATH=$1/lib/pkgconfig
    for kind in false true; do
        meson setup "meson-$kind" meson -Dstatic="$kind" >"$work/meson" && meson compile -C "meson-$kind" >>"$work/meson" ||
            { cat "$work/meson" >&2; exit 1; }
        consumer_runs "$PWD/meson-$kind/consumer"
    done
    say "meson: programs with the shared and with the static library run"
}

the_shared_library_is_stripped_and_has_its_symbols_beside_it() {
    local file=$lib/libmcoda.so.1 symbols=$lib/.debug/libmcoda.so.1.debug
    [[ -z $(readelf -S --wide "$file" | grep -E '\.(symtab|debug_info)') ]]
    readelf -S --wide "$file" | grep '\.gnu_debuglink' >/dev/null
    readelf -s --wide "$symbols" | grep sqlite3VdbeExec >/dev/null
    say "the shared library is stripped; the symbols of its functions are in a file of their own"
}

valgrind_finds_nothing() {
    command -v valgrind >/dev/null || { echo "install valgrind first" >&2; exit 1; }
    local under=(valgrind --quiet --error-exitcode=9 --leak-check=full --show-leak-kinds=definite,indirect
        --errors-for-leak-kinds=definite,indirect)
    for name in rounds workflow responses threads; do
        build "plain_$name" "tests/c/$name.c" "${shared[@]}"
        run "plain_$name" 1000
        say "Valgrind finds nothing in $name.c"
    done
}

# Installs the optimised library, builds the program NAME from SOURCE against it, and prints its path.
optimised_program() {
    install_library library
    build "$1" "$2" -O2 "${shared[@]}"
    echo "$out/$1"
}

test_library() {
    install_library "$1"
    switches_of_the_tests_are_not_shipped
    notices_come_with_it
    header_compiles_alone
    constants_of_another_enum_do_not_compile
    only_our_symbols_are_visible
    programs_pass
    arrow_streams_are_those_of_the_specification "$1"
    nothing_is_printed
    running_out_of_memory_is_an_error_or_one_line
    a_wrong_clock_is_an_error
    thread_sanitizer_finds_nothing
    the_host_records_what_it_reads
    vectors_pass
    neighbours_keep_what_is_their_own
    the_systems_sqlite_and_ours_stay_apart
    another_sqlite_in_the_process_takes_nothing_away "$1" 1
    the_shared_library_is_stripped_and_has_its_symbols_beside_it
    consumers_build_and_run
}

if [[ -n $full && $full != --full ]]; then
    "$@"
    exit
fi
test_library debug
if [[ $full == --full ]]; then
    test_library library
    no_folder_of_the_builder_is_shipped
    programs_pass_with_clang
    another_sqlite_in_the_process_takes_nothing_away library 10 compiled
    another_sqlite_in_the_process_takes_nothing_away library 10
    valgrind_finds_nothing
fi
