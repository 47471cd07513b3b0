#!/bin/sh
# SPDX-License-Identifier: MIT
# test_server.sh SERVER: the feed server in small. Its trainer is killed and comes back to the same
# bytes; without delay, and with one publish an update, it is the learner in lock step, byte for byte.
set -u
server=$1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
    echo "FAIL: $1"
    cat "$2"
    failed=1
}

# run NAME FLAG…: a run of its own folder; what it prints is in $work/NAME.out
run() {
    name=$1
    shift
    "$server" --folder "$work/$name" --candidates 30 --night 512 --delay 10 --wait 40 "$@" >"$work/$name.out" 2>&1 ||
        fail "the run '$name' ended with an error, or its books do not balance" "$work/$name.out"
}
version_of() {
    sed -n 's/^version  *//p' "$work/$1.out"
}

run whole --decisions 2000 --rows 128 --measured 200
run killed --decisions 2000 --rows 128 --measured 0 --kills 4
run rolled_back --decisions 2000 --rows 128 --measured 0 --rollback 1.2
run pruned --decisions 2000 --rows 128 --measured 0 --prune 1 --kills 2
run march --decisions 1024 --measured 0 --march 8 --delay 0 --wait 0

[ -n "$(version_of whole)" ] || fail "there is no version" "$work/whole.out"
grep -q ' 5 starts' "$work/killed.out" || fail "the trainer was not killed four times" "$work/killed.out"
[ "$(version_of whole)" = "$(version_of killed)" ] ||
    fail "a trainer that was killed arrived elsewhere than one that was not" "$work/killed.out"
grep -q ' 1 rollbacks' "$work/rolled_back.out" || fail "nothing was rolled back" "$work/rolled_back.out"
[ "$(version_of whole)" != "$(version_of rolled_back)" ] ||
    fail "a rollback changed no decision" "$work/rolled_back.out"
grep -q 'refused 0' "$work/rolled_back.out" ||
    fail "rows of the older policy were refused" "$work/rolled_back.out"
grep -q "^lock step  $(version_of march) " "$work/march.out" ||
    fail "without delay it is not the learner in lock step" "$work/march.out"
[ "$(version_of whole)" = "$(version_of pruned)" ] ||
    fail "a table that forgets what was learned from leads elsewhere" "$work/pruned.out"
bytes_of() {
    wc -c <"$work/$1/log.sqlite"
}
[ "$(bytes_of pruned)" -lt "$(bytes_of whole)" ] ||
    fail "a pruned table is as large as one that keeps everything" "$work/pruned.out"
grep -q 'kB a decision' "$work/whole.out" || fail "the size of the table is not told" "$work/whole.out"

# refused SENTENCE FLAG…: ends with this sentence, before anything happens
refused() {
    sentence=$1
    shift
    "$server" "$@" >"$work/refused.out" 2>&1 && fail "it took $*" "$work/refused.out"
    grep -q -- "$sentence" "$work/refused.out" || fail "no '$sentence'" "$work/refused.out"
}
refused '--rows: it is "64x"; it must be a whole number in' --folder "$work/a" --rows 64x
refused '--rows: it is ""; it must be' --folder "$work/a" --rows ''
refused '--gamma: it is "1.5"; it must be a number in \[0, 1\]' --folder "$work/a" --gamma 1.5
refused '--decisions: it is "nan"' --folder "$work/a" --decisions nan
refused '--threads: it is "2.5"' --folder "$work/a" --threads 2.5
refused '--measured: it must be 0 or at least 50' --folder "$work/a" --measured 20
refused 'has the log of another run' --folder "$work/whole"
[ "$failed" = 0 ] && echo "5 runs, $(version_of whole)"
exit "$failed"
