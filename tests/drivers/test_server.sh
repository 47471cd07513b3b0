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
[ "$failed" = 0 ] && echo "4 runs, $(version_of whole)"
exit "$failed"
