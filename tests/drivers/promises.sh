# SPDX-License-Identifier: MIT
# promises.sh: what the tests of the drivers share; sourced by them, behind `set -u`. They say what
# each promise is, and count those that are broken.
#
#   . "$(dirname "$0")/promises.sh"

failed=0
narrow="--hidden 16 --critic-hidden 16" # runs take half the time
words_are= # -F: the words of `refuses` and `tells` are taken literally

# A path that holds in any folder.
absolute() {
    case $1 in
    /*) echo "$1" ;;
    *) echo "$(pwd)/$1" ;;
    esac
}
here=$(absolute "$(dirname "$0")") # the folder of the tests
# Goes to a folder of the test's own, which goes away with it.
enter_own_folder() {
    work=$(mktemp -d) || exit 1
    trap 'rm -rf "$work"' EXIT
    cd "$work" || exit 1
    find_python
}
# The quick tier of tests/run.sh takes fewer cases where there are many.
is_quick() { [ "${RECRL_TIER:-}" = quick ]; }
# python3 as it is, not as a version manager finds it anew for each call, and without site packages.
find_python() {
    tools=$(mktemp -d) || exit 1
    trap 'rm -rf "$work" "$tools"' EXIT
    printf '#!/bin/sh\nexec "%s" -S "$@"\n' "$(python3 -c 'import sys; print(sys.executable)')" >"$tools/python3"
    chmod +x "$tools/python3"
    PATH=$tools:$PATH
}
# From here on $train writes no pages: those are test_ending.sh's, and runs take half the time.
leave_pages_out() {
    printf '#!/bin/sh\nexec "%s" --no-report "$@"\n' "$train" >train
    chmod +x train
    train=$work/train
}

# broken SENTENCE FILE…: what was promised, and what was printed instead.
broken() {
    echo "broken: $1" >&2
    shift
    cat "$@" | head -n 40 | sed 's/^/    /' >&2
    failed=$((failed + 1))
}
# promise SENTENCE COMMAND…: ends with status 0.
promise() {
    sentence=$1
    shift
    "$@" >out 2>err || broken "$sentence" out err
}
# tells SENTENCE WORDS COMMAND…: ends with status 0, and says the words.
tells() {
    sentence=$1
    words=$2
    shift 2
    # shellcheck disable=SC2086
    { "$@" >out 2>err && grep -q $words_are -e "$words" out; } || broken "$sentence" out err
}
# refuses SENTENCE WORDS COMMAND…: fails, and says the words.
refuses() {
    sentence=$1
    words=$2
    shift 2
    # shellcheck disable=SC2086
    if "$@" >out 2>err || ! grep -q $words_are -e "$words" err; then
        broken "$sentence" out err
    fi
}

# What a run has in runs/NAME: rows of its log, the heading among them.
rows() { wc -l <"runs/$1/log.csv"; }
# Waits for a condition; only a machine that hangs sees the end of the two minutes.
await() {
    i=0
    until "$@"; do
        sleep 0.05
        i=$((i + 1))
        [ $i -lt 2400 ] || return 1
    done
}
has_rows() { [ -s "runs/$1/log.csv" ] && [ "$(rows "$1")" -ge "$2" ]; }
# await_rows NAME N, the heading among them
await_rows() { await has_rows "$1" "$2"; }
# await_checkpoint NAME
await_checkpoint() { await test -s "runs/$1/checkpoint.safetensors"; }
# Waits until a process has worked for a fifth of a second of CPU since it was first looked at.
ticks() { cut -d ' ' -f 14 "/proc/$1/stat"; }
has_worked() { [ ! -e "/proc/$1/stat" ] || [ "$(ticks "$1")" -ge "$2" ]; }
await_work() { [ ! -e "/proc/$1/stat" ] || await has_worked "$1" $(($(ticks "$1") + $(getconf CLK_TCK) / 5)); }

# The last line of a test: all_kept NAME
all_kept() {
    if [ $failed -eq 0 ]; then
        echo "$1: every promise was kept"
    fi
    [ $failed -eq 0 ]
}
