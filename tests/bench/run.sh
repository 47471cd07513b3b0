#!/bin/sh
# SPDX-License-Identifier: MIT
# Measures: builds, installs the peers in a virtual environment of their own below the build folder, runs
# ours and theirs in turn, and writes the tables and plots of docs/performance.md and README.md.
#
#   sh tests/bench/run.sh                 every row, anew (twenty minutes on two cores, which nobody else may use)
#   sh tests/bench/run.sh softmax topk    these rows; the others stay as they are
#   sh tests/bench/run.sh quick [ROW …]   a few minutes; prints the tables and writes no page
#
# BUILD_DIR (build-bench) is the folder to build in, PEERS a Python that has the peers already ("none":
# without them), WRAP what goes before each command that is timed ({} in it becomes the number of
# cores), ROUNDS how often everything is run at the most (3), MINUTES when no further row is begun (18).
set -eu
cd "$(dirname "$0")/../.."
build=${BUILD_DIR:-build-bench}
quick=
rows=
for word in "$@"; do
    case $word in
    quick) quick=--quick ;;
    -*)
        echo "usage: sh tests/bench/run.sh [quick] [ROW ...]" >&2
        exit 2
        ;;
    *) rows="$rows $word" ;;
    esac
done

[ -e "$build/build.ninja" ] || meson setup "$build" --buildtype=release -Dexamples=false -Dtests=disabled -Dbenchmarks=true
programs=
for source in tests/bench/bench_*.c; do
    programs="$programs ${source%.c}"
done
# A list of words on purpose.
# shellcheck disable=SC2086
ninja -C "$build" $programs

peers=${PEERS:-}
if [ -z "$peers" ]; then
    venv=$build/peers-venv
    [ -x "$venv/bin/pip" ] || python3 -m venv "$venv" || {
        echo "no virtual environment (Debian: apt-get install python3-venv); PEERS=none goes without the peers" >&2
        exit 1
    }
    "$venv/bin/pip" install -q -r tests/bench/peers/requirements.txt
    peers=$venv/bin/python
fi
[ "$peers" != none ] || peers=

figures=docs/performance/figures.json
[ -z "$quick" ] || figures=$build/figures.json
# $quick and $rows are lists of words on purpose.
# shellcheck disable=SC2086
python3 tests/bench/measure.py --build "$build" --out "$figures" --peers "$peers" --wrap "${WRAP:-}" \
    --rounds "${ROUNDS:-0}" --minutes "${MINUTES:-18}" $quick $rows
if [ -n "$quick" ]; then
    python3 tests/bench/report.py "$figures" --print
else
    python3 tests/bench/report.py "$figures"
fi
