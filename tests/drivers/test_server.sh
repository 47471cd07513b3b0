#!/bin/sh
# SPDX-License-Identifier: MIT
# test_server.sh SERVER: the feed server in small. Its trainer is killed and comes back to the same
# bytes; without delay, and with one publish an update, it is the learner in lock step, byte for byte.
set -u
. "$(dirname "$0")/promises.sh"
server=$(absolute "$1")
enter_own_folder

# fail SENTENCE FILE: what is wrong, and what was printed
fail() { broken "$1" "$2"; }

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

decisions=2000
kills=12
if is_quick; then
    decisions=1000
    kills=6
fi
run whole --decisions $decisions --rows 128 --measured 200
run killed --decisions $decisions --rows 128 --measured 0 --kills 4
run rolled_back --decisions $decisions --rows 128 --measured 0 --rollback 1.2
run pruned --decisions $decisions --rows 128 --measured 0 --prune 1 --kills 2
run moving --decisions $decisions --rows 128 --measured 0 --moving 1
run restarted --decisions $decisions --rows 128 --measured 0 --moving 1 --restart 1.5
is_quick || run columns --decisions $decisions --rows 128 --measured 0 --moving 1 --schema-change 1.5
run columns_too --decisions $decisions --rows 128 --measured 0 --moving 1 --save-every 3 --kills 6 --arms 2 --schema-change 1.5
run accidents --decisions $decisions --rows 128 --measured 0 --moving 1 --save-every 3 --kills $kills --arms 2 --rollback 1.2
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
# A catalogue that moves: every row is trained on, also where policies run ahead of the checkpoint of a trainer that is
# killed, where one trainer learns from the rows of the other, and where a publish finds its slot held.
grep -q '^catalogue  [1-9][0-9]* generations' "$work/moving.out" || fail "the catalogue stood still" "$work/moving.out"
[ "$(version_of whole)" != "$(version_of moving)" ] || fail "another catalogue changed nothing" "$work/moving.out"
columns="columns columns_too"
is_quick && columns=columns_too
for name in moving accidents $columns; do
    grep -q 'trained [1-9][0-9]*, dropped 0 (refused 0), rejected 0' "$work/$name.out" ||
        fail "rows of a catalogue that moves were not trained on" "$work/$name.out"
    grep '^trainer' "$work/$name.out" | grep -vq 'dropped 0 (refused 0), rejected 0' &&
        fail "rows were dropped" "$work/$name.out"
done
grep -q ' 1 starts' "$work/moving.out" || fail "a trainer ended where the catalogue moved" "$work/moving.out"
grep -q '^restarts   1' "$work/restarted.out" || fail "nothing began anew" "$work/restarted.out"
[ "$(version_of moving)" = "$(version_of restarted)" ] ||
    fail "a server that began anew from its files arrived elsewhere" "$work/restarted.out"
[ "$(grep -c '^recognised [1-9]' "$work/accidents.out")" = 2 ] ||
    fail "a trainer learned from the other's rows without knowing its policies" "$work/accidents.out"
grep -q " $((kills + 2)) starts" "$work/accidents.out" ||
    fail "the trainers were not killed $kills times" "$work/accidents.out"
grep -q ' 1 rollbacks' "$work/accidents.out" || fail "nothing was rolled back" "$work/accidents.out"
for name in $columns; do
    grep -q '^restarts   1, with other columns' "$work/$name.out" || fail "the columns stayed what they were" "$work/$name.out"
done
publishes_of() {
    sed -n 's/^serving  *\([0-9]*\) publishes.*/\1/p' "$work/$1.out"
}
[ "$(publishes_of rolled_back)" -lt "$(publishes_of whole)" ] ||
    fail "a rollback did not keep the trainer's publishes out" "$work/rolled_back.out"
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
refused '--rows is "64x"; it must be a whole number in' --folder "$work/a" --rows 64x
refused '--rows is ""; it must be' --folder "$work/a" --rows ''
refused '--gamma is "1.5"; it must be a number in \[0, 1\]' --folder "$work/a" --gamma 1.5
refused '--decisions is "nan"' --folder "$work/a" --decisions nan
refused '--threads is "2.5"' --folder "$work/a" --threads 2.5
refused '--measured is 20; it must be at least 50' --folder "$work/a" --measured 20
refused '--measured is 0; it must be at least 50 with --seeds' --folder "$work/a" --seeds 2 --measured 0
refused 'it has a comma: decimals stand behind a point' --folder "$work/a" --gamma 0,9
refused 'thousands are not parted' --folder "$work/a" --decisions 40,000
refused 'thousands are not parted' --folder "$work/a" --night 4,096
refused '--prune is for a table that one trainer reads' --folder "$work/a" --prune 1 --arms 2
refused '--march is compared with' --folder "$work/a" --march 8 --moving 1
refused '--seeds compares one arm' --folder "$work/a" --seeds 2 --moving 1
refused 'did you mean --decisions' --folder "$work/a" --decision 3
refused 'did you mean --rollback' --folder "$work/a" --rolback 3
refused '"zzzz" is not a flag' --folder "$work/a" zzzz 3
refused '--rows wants a value' --folder "$work/a" --rows
refused '--folder is missing' --rows=64
refused '--rows is "1"; it must be a whole number in' --folder "$work/a" --rows=1
refused 'the log of another run' --folder "$work/whole"
[ ! -e "$work/a" ] || fail "a command that is refused makes a folder" "$work/refused.out"

# ── folders ─────────────────────────────────────────────────────────────────────────────────────
short="--candidates 20 --night 256 --rows 64 --measured 0"
: >"$work/file"
refused "$work/file" --folder "$work/file"
refused "$work/file/below: cannot create the folder\|$work/file: " --folder "$work/file/below/it"
refused "/proc/none: " --folder /proc/none/here
# shellcheck disable=SC2086
"$server" --folder "$work/new/and/deep" $short --decisions 300 >"$work/deep.out" 2>&1 ||
    fail "folders above that of the run are not made" "$work/deep.out"
[ ! -e "$work/new/and/deep/lock" ] || fail "a lock outlives its run" "$work/deep.out"

# ── counts as people write them ─────────────────────────────────────────────────────────────────
# shellcheck disable=SC2086
for count in 1000 1e3 1k; do
    "$server" --folder "$work/count-$count" $short --decisions $count >"$work/count-$count.out" 2>&1 ||
        fail "a count of $count is not taken" "$work/count-$count.out"
    [ "$(version_of count-1000)" = "$(version_of count-$count)" ] ||
        fail "$count is not 1000" "$work/count-$count.out"
done

# ── nothing was learned, nothing is nan ─────────────────────────────────────────────────────────
# shellcheck disable=SC2086
"$server" --folder "$work/few" $short --rows 512 --decisions 10 >"$work/few.out" 2>&1 ||
    fail "a run too short for an update is an error" "$work/few.out"
grep -q 'no update yet' "$work/few.out" || fail "it does not say that there was no update" "$work/few.out"
# shellcheck disable=SC2086
"$server" --folder "$work/one" $short --measured 50 --decisions 64 --seeds 1 >"$work/one.out" 2>&1 ||
    fail "one seed is an error" "$work/one.out"
# shellcheck disable=SC2086
"$server" --folder "$work/json" $short --rows 512 --decisions 10 --json >"$work/json.out" 2>"$work/json.err" ||
    fail "--json is refused" "$work/json.err"
grep -q '^{"folder": .*"staleness_mean": null.*"interrupted": false' "$work/json.out" ||
    fail "--json prints something else" "$work/json.out"
[ "$(wc -l <"$work/json.out")" = 1 ] || fail "--json prints more than a line" "$work/json.out"
for name in few one json whole; do
    if grep -q 'nan\|inf ' "$work/$name.out"; then
        fail "nan is printed" "$work/$name.out"
    fi
done

# ── what cannot be printed ──────────────────────────────────────────────────────────────────────
# status_of WANTED SENTENCE: of the command that has just ended, whose stderr is in $work/err
status_of() {
    [ "$status" = "$1" ] || fail "status $status, not $1" "$work/err"
    grep -q -- "$2" "$work/err" || fail "no '$2'" "$work/err"
}
if [ -e /dev/full ]; then
    # shellcheck disable=SC2086
    "$server" --folder "$work/full" $short --decisions 100 --json >/dev/full 2>"$work/err"
    status=$?
    status_of 1 "standard output cannot be written: No space left"
    # shellcheck disable=SC2086
    "$server" --folder "$work/full2" $short --decisions 100 >/dev/full 2>"$work/err"
    status=$?
    status_of 1 "standard output cannot be written: No space left"
    # shellcheck disable=SC2086
    "$server" --folder "$work/full3" $short --decisions 64 --seeds 1 --measured 50 >/dev/full 2>"$work/err"
    status=$?
    status_of 1 "standard output cannot be written: No space left"
fi

# ── signals ─────────────────────────────────────────────────────────────────────────────────────
# begin NAME FLAG…: a run in the background that takes long, at work; its process is $pid
begin() {
    name=$1
    shift
    "$server" --folder "$work/$name" --candidates 20 --night 256 --rows 64 --decisions 1e6 "$@" \
        >"$work/$name.out" 2>"$work/err" &
    pid=$!
    await test -e "$work/$name/lock" || fail "no lock" "$work/err"
    case $* in
    *--seeds*) ;;
    *) await test -e "$work/$name/policy.safetensors" || fail "no policy" "$work/err" ;;
    esac
    sleep 0.1
}
for signal in INT TERM HUP; do
    begin heard-$signal
    refused "process $pid runs there" --folder "$work/heard-$signal"
    kill -$signal $pid
    wait $pid
    status=$?
    status_of 0 "server: heard: what was decided is logged"
    grep -q '^interrupted: the log' "$work/heard-$signal.out" ||
        fail "SIG$signal: the run does not say that it was interrupted" "$work/heard-$signal.out"
    grep -q 'balance' "$work/err" && fail "SIG$signal: the books do not balance" "$work/err"
    [ ! -e "$work/heard-$signal/lock" ] || fail "SIG$signal leaves a lock" "$work/err"
done
begin seeds --seeds 3 --measured 50
kill -INT $pid
wait $pid
status=$?
status_of 0 'interrupted: 0 of 3 seeds are whole'
begin again
kill -INT $pid
sleep 0.4
if kill -INT $pid 2>/dev/null; then
    wait $pid
    status=$?
    [ "$status" = 130 ] || [ "$status" = 0 ] || fail "a second SIGINT ends with status $status" "$work/err"
fi
begin killed_hard
kill -KILL $pid
wait $pid 2>/dev/null
i=0
while pgrep -f -- "--trainer $pid" >/dev/null; do
    sleep 0.1
    i=$((i + 1))
    [ $i -lt 100 ] || { fail "the trainer survives its server" "$work/err"; break; }
done
refused 'the log of another run' --folder "$work/killed_hard"

# ── a reader that goes away ─────────────────────────────────────────────────────────────────────
# shellcheck disable=SC2086
{ "$server" --folder "$work/gone" $short --decisions 1e6 2>"$work/err"; echo $? >"$work/gone.status"; } |
    { await test -e "$work/gone/policy.safetensors"; sleep 0.1; }
await test -s "$work/gone.status"
status=$(cat "$work/gone.status")
status_of 1 "nobody reads standard output any more"
[ -s "$work/gone/trainer.safetensors" ] || fail "nothing was saved for nobody" "$work/err"

[ "$failed" = 0 ] && echo "server: every promise was kept; $(version_of whole)"
exit "$failed"
