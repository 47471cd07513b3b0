#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what is missing, builds, runs every test, and ends with a line "N passed, N failed".
#
#   sh tests/run.sh          everything: unit tests, the report as Chromium draws it, event files as
#                            TensorBoard reads them, sanitizers, valgrind, equal bytes across builds,
#                            docs/install.md's commands, the reference by Doxygen, C++, Python, Rust,
#                            Go, the build without BLIS
#   sh tests/run.sh quick    one build with -O1, in a folder of its own, and nearly every unit test, in
#                            fewer cases where they are many; it says how many it leaves to the other.
#                            The report's page is read, not drawn, and benchmarks are not built: under
#                            two minutes of one core
#
# BUILD_DIR (build-test; quick: build-test-quick) is the folder to build in; RECRL_NO_INSTALL=1 leaves
# packages alone. What is missing then, or cannot be installed, fails the stage that wants it.
set -u
cd "$(dirname "$0")/.." || exit 1
root=$(pwd)
tier=${1:-full}
case $tier in
full | quick) ;;
*)
    echo "usage: sh tests/run.sh [quick]" >&2
    exit 2
    ;;
esac
case ${BUILD_DIR:-build-test} in
/*) main=$BUILD_DIR ;;
*) main=$root/${BUILD_DIR:-build-test} ;;
esac
export RECRL_TIER="$tier" # long tests take fewer runs in the quick one
level=3
if [ "$tier" = quick ]; then
    level=1 # quicker to build than -O3; lib/math/meson.build takes -O2 for the kernels all the same
    main=$main-quick
fi
passed=0
failed=0
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# ── packages ────────────────────────────────────────────────────────────────────────────────────

missing=
# need PACKAGE COMMAND…: the package is asked for unless the command succeeds.
need() {
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}
has_blis() {
    for folder in /usr/lib /usr/lib64 /usr/local/lib; do
        find "$folder" -name libblis.a 2>/dev/null | grep -q . && return 0
    done
    return 1
}
has_check() { pkg-config --exists check && [ -e "$(pkg-config --variable=includedir check)/check.h" ]; }
has_venv() { python3 -c 'import ensurepip, venv'; }
has_libc() { echo 'int main(void){return 0;}' | cc -x c - -o "$work/probe"; }

list_missing() {
    missing=
    need gcc gcc --version
    need g++ g++ --version
    need libc6-dev has_libc
    need binutils nm --version
    need python3 python3 --version
    need meson meson --version
    need ninja-build ninja --version
    need pkg-config pkg-config --version
    need check has_check
    need libblis-serial-dev has_blis
    need libsqlite3-dev pkg-config --exists sqlite3
    need zlib1g-dev pkg-config --exists zlib
    need libjansson-dev pkg-config --exists jansson
    if [ "$tier" = full ]; then
        need chromium chromium --version
        need python3-venv has_venv
        need clang clang --version
        need cmake cmake --version
        need valgrind valgrind --version
        need golang-go go version
        need rustc rustc --version
        need doxygen doxygen --version
        need doxygen-awesome-css [ -e /usr/share/doxygen-awesome-css/doxygen-awesome.css ]
        need man-db man --version
    fi
}

list_missing
if [ -n "$missing" ] && [ "${RECRL_NO_INSTALL:-0}" != 1 ]; then
    echo "packages to install:$missing"
    as_root=
    [ "$(id -u)" = 0 ] || as_root=sudo
    if command -v apt-get >/dev/null 2>&1; then
        $as_root apt-get update -qq
        # $missing is a list of words on purpose.
        # shellcheck disable=SC2086
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
            $missing >"$work/apt.log" 2>&1 || cat "$work/apt.log"
    else
        echo "there is no apt-get here: please install them by hand"
    fi
    list_missing
fi
[ -z "$missing" ] || echo "still missing:$missing"

# ── counting ────────────────────────────────────────────────────────────────────────────────────

# One stage is one test: stage NAME COMMAND…
stage() {
    name=$1
    shift
    started=$(date +%s)
    if "$@" >"$work/stage.log" 2>&1; then
        passed=$((passed + 1))
        echo "ok    $name ($(($(date +%s) - started)) s)"
        return 0
    fi
    failed=$((failed + 1))
    echo "FAIL  $name ($(($(date +%s) - started)) s)"
    tail -n 60 "$work/stage.log" | sed 's/^/      /'
    return 1
}

# setup COMPILER FOLDER OPTION…: a configured build folder, warnings being errors.
setup() {
    compiler=$1
    folder=$2
    shift 2
    if [ -e "$folder/build.ninja" ]; then
        env CC="$compiler" meson setup --reconfigure "$folder" "$root" -Dwerror=true \
            -Dtests=enabled "$@" && return 0
        rm -rf "$folder"
    fi
    env CC="$compiler" meson setup "$folder" "$root" -Dwerror=true -Dtests=enabled "$@"
}

# build COMPILER FOLDER OPTION…
build() {
    setup "$@" && ninja -C "$folder" -k 0
}

# build_tests COMPILER FOLDER OPTION…: what the tests need, and no more.
build_tests() {
    setup "$@" && ninja -C "$folder" -k 0 meson-test-prereq
}

# heard COMMAND…: with signals as they are for a program that a user starts. Where this script was
# started with some ignored, as nohup and background jobs do, no test could interrupt anything.
heard() {
    python3 -c 'import os, signal, sys
for number in signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGPIPE:
    signal.signal(number, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' "$@"
}

# run_tests FOLDER ARGUMENT…: test programs of a build; those that fail are named, with what they said.
# The first build has run all cases; what is slower, or what differs in kernels alone, runs the quick
# tier's: RECRL_TIER=quick run_tests …
run_tests() {
    folder=$1
    shift
    rm -f "$folder"/meson-logs/testlog*.json
    heard meson test -C "$folder" --no-rebuild "$@" && return 0
    python3 tests/support/tally.py "$folder"/meson-logs/testlog*.json
    return 1
}

# ── the build, and the unit tests one by one ────────────────────────────────────────────────────

how=build
[ "$tier" = full ] || how=build_tests
if stage "build with gcc, -O$level, no warnings" $how gcc "$main" -Doptimization="$level"; then
    started=$(date +%s)
    rm -f "$main"/meson-logs/testlog*.json
    # Of a page: quick reads it alone; the full tier fails without Chromium.
    RECRL_RENDER=must
    chosen=
    if [ "$tier" = quick ]; then
        RECRL_RENDER=no
        chosen="--no-suite full"
    fi
    export RECRL_RENDER
    # shellcheck disable=SC2086
    heard meson test -C "$main" --no-rebuild $chosen >"$work/tests.log" 2>&1
    python3 tests/support/tally.py "$main/meson-logs/testlog.json" >"$work/tally"
    [ -s "$work/tally" ] || tail -n 60 "$work/tests.log"
    sed '$d' "$work/tally"
    # The last line of the tally: tests that passed, that failed, and that the full tier has.
    read -r unit_passed unit_failed unit_left <<END
$(tail -n 1 "$work/tally")
END
    unit_passed=${unit_passed:-0}
    unit_failed=${unit_failed:-1}
    echo "unit tests: $unit_passed passed, $unit_failed failed ($(($(date +%s) - started)) s)"
    passed=$((passed + unit_passed))
    failed=$((failed + unit_failed))
    if [ "$tier" = quick ]; then
        whole=$(meson test -C "$main" --no-rebuild --list --suite full 2>/dev/null | grep -c ' / ')
        echo "left to sh tests/run.sh: $((${unit_left:-0} + whole)) tests, most cases of long ones, drawing the" \
            "report's page in Chromium, and all stages but these two"
    fi
fi

# ── the rest ────────────────────────────────────────────────────────────────────────────────────

sanitized() {
    build_tests gcc "$main-sanitized" -Dbuildtype=debug -Doptimization=1 \
        -Db_sanitize=address,undefined -Dexamples=false &&
        RECRL_TIER=quick ASAN_OPTIONS=detect_leaks=1:abort_on_error=1 \
            UBSAN_OPTIONS=halt_on_error=1:abort_on_error=1:print_stacktrace=1 \
            run_tests "$main-sanitized" --no-suite house --timeout-multiplier 5
}

# What gcc's sanitizer does not look at and clang's does (0 added to NULL). It traps, so that no
# library of clang's is needed; rooms whose arrays may be missing are enough.
seen_by_clang='policy/menu policy/policy policy/choice play/act play/request train/update
    train/gradient api/api_agent api/api_buffer api/api_ledger api/api_policy api/api_record
    api/api_import log/record_blob log/record_keys buffer/rollout ledger/ledger loop/refusals
    loop/reserved loop/memory loop/moving_catalogue items/line nn/candidate_net policy/candidates
    train/reward_fit'
# programs_of TEST…: as ninja knows them, one a room.
programs_of() {
    printf '%s\n' "$@" | sed 's|/.*||; s|^|tests/test_|' | sort -u
}
undefined_for_clang() {
    setup clang "$main-clang-undefined" -Dbuildtype=debug -Doptimization=1 -Dexamples=false \
        -Dc_args='-fsanitize=undefined -fsanitize-trap=undefined' || return 1
    # shellcheck disable=SC2046,SC2086
    ninja -C "$main-clang-undefined" $(programs_of $seen_by_clang) &&
        RECRL_TIER=quick run_tests "$main-clang-undefined" $seen_by_clang --timeout-multiplier 3
}

# Threads that serve while another trains, and crews that share work: no two of them touch one byte
# without an order between them.
seen_by_threads='core/workers serve/slot items/line data/load_rows loop/publish loop/threads'
under_thread_sanitizer() {
    setup gcc "$main-threads" -Dbuildtype=debug -Doptimization=2 -Db_sanitize=thread \
        -Dexamples=false || return 1
    # shellcheck disable=SC2046,SC2086
    ninja -C "$main-threads" $(programs_of $seen_by_threads) && RECRL_TIER=quick \
        TSAN_OPTIONS=halt_on_error=1:abort_on_error=1 run_tests "$main-threads" $seen_by_threads \
        --timeout-multiplier 10
}

# Up to a hundred times slower, so programs that take more than a second without it are left to the
# sanitizers. core/fpmode and api/api_agent need flags that valgrind does not emulate; in
# math/blis_tiles it sees BLIS's own code read past a matrix; three are Python's.
not_under_valgrind='math/gemm math/tile math/elementwise policy/choice policy/policy policy/sweep
    play/act train/gradient api/api_env api/api_checkpoint store/checkpoint_restore
    loop/learning loop/promise loop/correctness loop/publish loop/illnesses serve/slot policy/mixture
    policy/large_pool ledger/harvest env/sessions core/workers api/api_dataset data/row_walk data/load_rows
    core/fpmode api/api_agent api/api_config math/blis_tiles io/python_reads store/read_checkpoint log/read_log'
under_valgrind() {
    build_tests gcc "$main-valgrind" -Dbuildtype=debug -Doptimization=1 -Dexamples=false || return 1
    chosen=
    for test in $(meson test -C "$main-valgrind" --list --no-rebuild 2>/dev/null | sed -n 's|.* / ||p'); do
        case " $(echo $not_under_valgrind) " in
        *" $test "*) ;;
        *) case $test in house/* | drivers/*) ;; *) chosen="$chosen $test" ;; esac ;;
        esac
    done
    [ -n "$chosen" ] || return 1
    # shellcheck disable=SC2086
    RECRL_TIER=quick run_tests "$main-valgrind" $chosen --timeout-multiplier 5 \
        --wrapper 'valgrind -q --leak-check=full --errors-for-leak-kinds=definite,possible --error-exitcode=99'
}

# One seed, one sequence of bytes: the hashes that the promise program prints agree between builds.
promise_of() {
    program=$(find "$1" -type f -name promise -perm -u+x | head -n 1)
    if [ -z "$program" ]; then
        echo "no promise program in $1" >&2
        return 1
    fi
    "$program"
}
same_bytes() {
    promise_of "$main" >"$work/promise.first" || return 1
    [ -s "$work/promise.first" ] || { echo "the promise program printed nothing"; return 1; }
    for variant in "gcc 0 auto" "clang 3 auto" "clang 0 auto" "gcc 3 none"; do
        # shellcheck disable=SC2086
        set -- $variant
        setup "$1" "$main-$1-O$2-$3" -Dbuildtype=plain -Doptimization="$2" -Dblis="$3" \
            -Dexamples=false || return 1
        meson compile -C "$main-$1-O$2-$3" promise || return 1
        promise_of "$main-$1-O$2-$3" >"$work/promise.$1-O$2-$3" || return 1
        diff "$work/promise.first" "$work/promise.$1-O$2-$3" || {
            echo "bytes differ: gcc -O3 and $1 -O$2, blis=$3"
            return 1
        }
    done
    cat "$work/promise.first"
}
without_blis() {
    build_tests gcc "$main-gcc-O3-none" -Dbuildtype=plain -Doptimization=3 -Dblis=none \
        -Dexamples=false && run_tests "$main-gcc-O3-none" --suite math --timeout-multiplier 3 &&
        RECRL_TIER=quick run_tests "$main-gcc-O3-none" --no-suite house --no-suite loop \
            --no-suite math --timeout-multiplier 3
}

# x86 without SSE keeps intermediate results in 80 bits and has no vectors of its own. Only the
# compiler judges: a 32-bit C library need not be there, and its headers lack one that is empty here.
compiled_without_sse() {
    mkdir -p "$work/i686/gnu" && : >"$work/i686/gnu/stubs-32.h" || return 1
    find lib -name '*.c' ! -name 'blis_*' >"$work/i686/files" && [ -s "$work/i686/files" ] || return 1
    while read -r file; do
        gcc -m32 -mno-sse -mno-sse2 -mfpmath=387 -std=c11 -D_POSIX_C_SOURCE=200809L -Wno-psabi \
            -Ilib -Iinclude -I"/usr/include/$(gcc -print-multiarch)" -I"$work/i686" \
            -fsyntax-only "$file" || return 1
    done <"$work/i686/files"
}

# The reference as Doxygen makes it of the headers, with its pages for man 3; installed and taken away
# again.
the_reference() {
    prefix=$work/reference
    setup gcc "$main-reference" --prefix "$prefix" -Dtests=disabled -Dexamples=false \
        -Dreference=enabled && ninja -C "$main-reference" docs/reference/reference || return 1
    python3 tests/house/test_reference.py "$root" "$main-reference/docs/reference" || return 1
    meson install -C "$main-reference" --no-rebuild --tags doc,man || return 1
    [ -e "$prefix/share/doc/librecrl/reference/index.html" ] || { echo "no reference"; return 1; }
    LC_ALL=C.UTF-8 man -M "$prefix/share/man" -P cat 3 rr_agent_update || return 1
    ninja -C "$main-reference" uninstall || return 1
    left=$(find "$work" -path "$prefix/*" ! -type d)
    [ -z "$left" ] || { echo "left after uninstall: $left"; return 1; }
}

# Event files say what the log says, to the package that people read them with: tensorboard, by pip, in
# an environment of its own.
read_by_tensorboard() {
    # One run that never stopped; one that was stopped, went on, and went on again from before that.
    (cd "$work" && PATH="$main/examples:$PATH" &&
        train --algo ppo --num-items 60 --total-timesteps 20000 --quiet --tensorboard --name events &&
        train --algo ppo --num-items 60 --total-timesteps 20000 --quiet --tensorboard --name cut \
            --stop-after 7000 &&
        cp runs/cut/checkpoint.safetensors earlier.safetensors &&
        train --resume cut --quiet --stop-after 15000 &&
        train --resume earlier.safetensors --name cut --quiet) || return 1
    python=python3
    if [ "${RECRL_NO_INSTALL:-0}" != 1 ]; then
        python3 -m venv "$work/venv" || return 1
        python=$work/venv/bin/python3
        "$python" -m pip install --quiet --disable-pip-version-check tensorboard || return 1
    fi
    "$python" tests/drivers/read_events.py "$work/runs/events" --package &&
        "$python" tests/drivers/read_events.py "$work/runs/cut" --package &&
        cmp "$work/runs/events/log.csv" "$work/runs/cut/log.csv"
}

# The header as clang reads it, and as cffi and libclang (bindgen's reader) parse it: packages by pip,
# in an environment of their own.
read_by_others() {
    python3 tests/house/test_header.py "$root" clang clang++ || return 1
    python=python3
    if [ "${RECRL_NO_INSTALL:-0}" != 1 ]; then
        python3 -m venv "$work/parsers" || return 1
        python=$work/parsers/bin/python3
        "$python" -m pip install --quiet --disable-pip-version-check cffi setuptools libclang || return 1
    fi
    "$python" tests/house/parse_header.py "$root" gcc && from_python "$python"
}

# The loop from other languages: Rust and Go by hand-written declarations, C++ by the header as it is,
# Python by the header as cffi reads it.
from_cpp() {
    for year in 11 14 17 20; do
        g++ -std=c++$year -O1 -Wall -Wextra -Werror -I"$root/include" examples/cpp/smoke.cpp \
            -L"$main/lib" -lrecrl -o "$work/smoke_cpp" &&
            LD_LIBRARY_PATH="$main/lib" "$work/smoke_cpp" || return 1
    done
}
from_python() {
    "$1" examples/python/smoke.py "$main/lib/librecrl.so" "$root/include"
}
from_rust() {
    rustc --edition 2021 -O -L native="$main/lib" -o "$work/smoke_rust" examples/rust/smoke.rs &&
        LD_LIBRARY_PATH="$main/lib" "$work/smoke_rust"
}
from_go() {
    CGO_ENABLED=1 CGO_CFLAGS="-I$root/include" CGO_LDFLAGS="-L$main/lib -lrecrl" GO111MODULE=off \
        GOFLAGS= GOTOOLCHAIN=local GOPATH="$work/go" GOCACHE="$work/go-cache" \
        go build -o "$work/smoke_go" examples/go/smoke.go &&
        LD_LIBRARY_PATH="$main/lib" "$work/smoke_go"
}

if [ "$tier" = full ]; then
    stage "the commands of docs/install.md, on a machine with a compiler alone" sh tests/house/install.sh
    stage "the reference: entries, links, search, man pages" the_reference
    stage "event files, read by the tensorboard package" read_by_tensorboard
    stage "from C++" from_cpp
    stage "the header in clang, cffi and libclang, and from Python" read_by_others
    stage "from Rust" from_rust
    stage "from Go" from_go
    stage "the same bytes from gcc -O0, gcc -O3, clang and without BLIS" same_bytes
    stage "unit tests without BLIS" without_blis
    [ "$(uname -m)" != x86_64 ] || stage "compiled for x86 without SSE" compiled_without_sse
    stage "address and undefined-behaviour sanitizers" sanitized
    stage "undefined behaviour as clang sees it" undefined_for_clang
    stage "thread sanitizer" under_thread_sanitizer
    stage "valgrind" under_valgrind
    stage "instructions of a fixed update and a fixed decision" \
        python3 tests/bench/tripwire.py "$main" && sed 's/^/      /' "$work/stage.log"
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
