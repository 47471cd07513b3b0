#!/bin/sh
# SPDX-License-Identifier: MIT
# What docs/runs.md promises: no run is lost, none is silent. Tried in a folder of its own.
#
#   sh tests/drivers/test_runs.sh TRAIN EVALUATE REPORT
set -u
. "$(dirname "$0")/promises.sh"
train=$(absolute "$1")
evaluate=$(absolute "$2")
report=$(absolute "$3")
enter_own_folder
leave_pages_out

small="--algo ppo $narrow --total-timesteps 8000 --num-items 40 --max-episode-steps 13 --quiet"
# shellcheck disable=SC2086
"$train" $small --name whole --tensorboard
cp -r runs/whole whole

# ── a folder of its own ─────────────────────────────────────────────────────────────────────────
mkdir names
cd names || exit 1
short="--num-items 40 --total-timesteps 1000 --quiet"
# shellcheck disable=SC2086
for flags in "" "" "--lr 0.003" "--seed 7" "--lr 3e-3 --seed 7" "--num-threads 2"; do
    "$train" --algo ppo $short $flags || exit 1
done
stem=ppo-synthetic
tail=num_items=40-total_timesteps=1000
promise "a default name is free, says what differs from the defaults, and ends in the seed" \
    test -s "runs/$stem-$tail-0/log.csv" -a -s "runs/$stem-$tail-0-2/log.csv" \
    -a -s "runs/$stem-lr=0.003-$tail-0/log.csv" -a -s "runs/$stem-$tail-7/log.csv" \
    -a -s "runs/$stem-lr=0.003-$tail-7/log.csv" -a -s "runs/$stem-$tail-0-3/log.csv"
promise "…and nothing else is made" test "$(ls runs | wc -l)" -eq 6
promise "two default runs are the same bytes" cmp "runs/$stem-$tail-0/checkpoint.safetensors" \
    "runs/$stem-$tail-0-2/checkpoint.safetensors"
# shellcheck disable=SC2086
promise "--runs puts them elsewhere" "$train" --algo ppo $short --name there --runs else/where
promise "…whole" test -s else/where/there/log.csv -a -s else/where/there/checkpoint.safetensors
promise "…and resumes them there" "$train" --resume there --runs else/where --quiet
# shellcheck disable=SC2086
refuses "a rerun by name asks for --overwrite" "runs/whole has a run in it; --overwrite" sh -c "cd .. && '$train' $small --name whole"
promise "…and changed nothing" diff -r ../runs/whole ../whole
# shellcheck disable=SC2086
promise "--overwrite replaces the run" "$train" --algo ppo $short --seed 7 --name again --tensorboard
# shellcheck disable=SC2086
promise "…however often" "$train" --algo ppo $short --seed 8 --name again --overwrite
promise "…whole: no event file is left" sh -c '! ls runs/again/events* 2>/dev/null'
touch runs/again/mine
# shellcheck disable=SC2086
promise "…and what is not the run's stays" sh -c "'$train' --algo ppo $short --name again --overwrite && test -e runs/again/mine"
mkdir runs/empty
# shellcheck disable=SC2086
promise "an empty folder is free" "$train" --algo ppo $short --name empty
: >runs/plain
# shellcheck disable=SC2086
refuses "a file is no folder, and is named" "runs/plain" "$train" --algo ppo $short --name plain
refuses "neither is a file above it" "runs/plain" "$train" --algo ppo --quiet --runs runs/plain
cd .. || exit 1

"$train" --algo ppo $narrow --total-timesteps 100000000 --num-items 40 --quiet --name busy 2>busy.err &
pid=$!
await_rows busy 2
refuses "a folder in which a run is trained is locked" "process $pid trains there" \
    "$train" --algo ppo --name busy --overwrite --quiet
refuses "…against a resume too" "process $pid trains there" "$train" --resume busy --quiet
kill -KILL $pid
wait $pid 2>/dev/null
promise "a lock ends with its process" "$train" --resume busy --quiet --stop-after 3000
promise "…and is taken away by a run that ends" test ! -e runs/busy/lock

# ── checkpoints on the way ──────────────────────────────────────────────────────────────────────
# shellcheck disable=SC2086
promise "a run without checkpoints trains" "$train" $small --name none --no-checkpoint
promise "…and has none" test ! -e runs/none/checkpoint.safetensors -a ! -e checkpoints/none.safetensors
promise "…but rows" cmp runs/none/log.csv whole/log.csv
refuses "…cannot be resumed, and the sentence says why" "made with --no-checkpoint" "$train" --resume none
refuses "a checkpoint is asked for or not" "contradict" "$train" --algo ppo --no-checkpoint --checkpoint x.safetensors
mkdir some
refuses "a folder that is no run's is called so" "evaluate: --checkpoint is \"some\"; it is no folder of a run" "$evaluate" some
refuses "what is no run is named" "resume is \"no/run\"; there is no such checkpoint" "$train" --resume no/run

# Signals: the first is heard, saves and ends.
for signal in INT TERM HUP; do
    # shellcheck disable=SC2086
    "$train" --algo ppo $narrow --total-timesteps 100000000 --num-items 40 --name "by-$signal" \
        --checkpoint-seconds 0 >told 2>heard &
    pid=$!
    await_rows "by-$signal" 3
    kill -$signal $pid
    wait $pid
    promise "SIG$signal ends with status 0" test $? -eq 0
    promise "…and is heard" grep -q "train: heard: the run saves and ends" heard
    promise "…and says how to go on" grep -q "train --resume runs/by-$signal" told
    n=$(($(rows "by-$signal") - 1))
    promise "…and nothing is lost" "$train" --resume "by-$signal" --quiet --stop-after $((1024 * n))
    promise "…not a row" test "$(rows "by-$signal")" -eq $((n + 1))
done
# An update that is long is broken off between two minibatches, as if it had never begun: this one
# would take hours. That the run goes on to the same bytes is tests/drivers/test_run.c's.
# shellcheck disable=SC2086
"$train" --algo ppo --num-items 40 --n-steps 512 --batch-size 2 --update-epochs 1024 --target-kl 0 \
    --total-timesteps 40000 --quiet --name slow 2>heard &
pid=$!
await_checkpoint slow && cp runs/slow/checkpoint.safetensors slow.safetensors
await_work $pid
kill -INT $pid
wait $pid
promise "a long update is broken off" test $? -eq 0
promise "…and nothing of it is kept: no row" test "$(rows slow)" -eq 1
promise "…not a byte" cmp runs/slow/checkpoint.safetensors slow.safetensors

# Files that somebody takes away.
for gone in log.csv health.csv folder; do
    "$train" --algo ppo $narrow --total-timesteps 100000000 --num-items 40 --quiet --name "without-$gone" 2>heard &
    pid=$!
    await_rows "without-$gone" 2
    if [ $gone = folder ]; then mv "runs/without-$gone" moved; else rm "runs/without-$gone/$gone"; fi
    kill -TERM $pid
    wait $pid
    promise "$gone that is taken away fails the run" test $? -eq 1
    promise "…and is named" grep -q "log.csv: was removed, moved or replaced\|health.csv: was removed" heard
    promise "…and no checkpoint that is gone is called whole" sh -c "! grep -q 'is whole' heard"
done

# A reader of stdout that goes away.
"$train" --algo ppo $narrow --total-timesteps 100000000 --num-items 40 --name pipe --checkpoint-seconds 0 2>heard | head -n 1 >told
promise "a run ends with its reader, and says so" grep -q "nobody reads standard output any more; the run is saved" heard
n=$(($(rows pipe) - 1))
promise "…with nothing lost" "$train" --resume pipe --quiet --stop-after $((1024 * n))
promise "…not a row" test "$(rows pipe)" -eq $((n + 1))

# ── a resume from an older point ────────────────────────────────────────────────────────────────
# shellcheck disable=SC2086
"$train" $small --name older --tensorboard --stop-after 3000 --checkpoint older.safetensors
cp older.safetensors kept.safetensors
"$train" --resume older --quiet
"$train" --resume kept.safetensors --name older >told
promise "a resume from an older point says what it cuts" grep -q "runs/older had gone on to update 8; it goes on from update 3" told
promise "…cuts the log there" cmp runs/older/log.csv whole/log.csv
promise "…and the events: one rising curve" python3 "$here/read_events.py" runs/older --rising
refuses "a folder of another run is not gone on with" "runs/whole has a run in it" \
    "$train" --resume runs/busy --name whole --quiet

# ── seeds ───────────────────────────────────────────────────────────────────────────────────────
refuses "a failed seed is named" "failed: seed 3" sh -c \
    "mkdir -p runs/bad-3 && flock runs/bad-3/lock '$train' $small --seeds 2-3 --name bad"
cp err heard
promise "…and so is its sentence" grep -q "train: seed 3: runs/bad-3: process 0 trains there" heard
promise "…and the others end" test -s runs/bad-2/checkpoint.safetensors

refuses "a seed that fails takes no later one along" "failed: seed 0$" sh -c \
    "mkdir -p runs/one-0 && flock runs/one-0/lock '$train' $small --seeds 0-1 --jobs 1 --name one"

is_over() { [ ! -e "runs/$1/lock" ]; }
batch="--algo ppo $narrow --total-timesteps 100000000 --num-items 40 --seeds 4-5 --jobs 2"
for signal in TERM INT KILL; do
    # shellcheck disable=SC2086
    "$train" $batch --name "batch-$signal" --checkpoint-seconds 0 >out 2>err &
    pid=$!
    await_rows "batch-$signal-4" 3
    await_rows "batch-$signal-5" 3
    kill -$signal $pid
    wait $pid 2>/dev/null
    await is_over "batch-$signal-4"
    await is_over "batch-$signal-5"
    promise "SIG$signal of a batch reaches its seeds: none survives" test ! -e "runs/batch-$signal-4/lock" \
        -a ! -e "runs/batch-$signal-5/lock"
    n=$(($(rows "batch-$signal-5") - 1))
    promise "…and each has saved" "$train" --resume "batch-$signal-5" --quiet --stop-after $((1024 * n))
    promise "…all of it" test "$(rows "batch-$signal-5")" -eq $((n + 1))
done

# ── sentences name cause and remedy ─────────────────────────────────────────────────────────────
for count in 2e3 2k 2.0e3 0.002M; do
    promise "$count is a count" sh -c "'$train' --algo ppo --total-timesteps $count --dump-config | grep -qx 'train-total-timesteps 2000'"
done
for count in 1,000 1e-3 2.5 x 1e400 0x10 ""; do
    refuses "\"$count\" is none" "total_timesteps\|steps" "$train" --algo ppo --total-timesteps "$count" --dump-config
    refuses "…nor where a driver counts" "stop-after is \"$count\"; it must be a whole number" \
        "$train" --algo ppo --num-items 40 --stop-after "$count" --name counts --overwrite --quiet
done
refuses "a comma is named" "decimals stand behind a point" "$train" --algo ppo --lr 0,01 --dump-config
refuses "…in a count too" "1e6" "$train" --algo ppo --stop-after 1,000 --num-items 40 --name comma --quiet

awk 'BEGIN { print "user_id,item_id,rating,timestamp"
    for (u = 0; u < 40; u++) for (i = 0; i < 20; i++) if ((u + i) % 3) print u "," i "," 1 + (u * i) % 5 "," i }' >grows.csv
small="--algo ppo --world grows.csv --total-timesteps 1000 --quiet"
# shellcheck disable=SC2086
promise "a world is learned from a file" "$train" $small --name grows
cp grows.csv before.csv
echo "7,19,5,99" >>grows.csv
for command in "'$train' --resume grows --quiet" "'$evaluate' runs/grows/checkpoint.safetensors" "'$report' runs/grows -o g.html"; do
    refuses "a file that has grown is named, with rows then and now" \
        "grows.csv: it had 533 rows of 40 users and 20 items, and has 534 .* now" sh -c "$command"
done
promise "…and --data is the remedy" "$evaluate" runs/grows/checkpoint.safetensors --data before.csv --sessions 20
sed '2s/,1,/,5,/' before.csv >grows.csv
refuses "…or its contents have changed" "grows.csv: its contents have changed" "$train" --resume grows --quiet
head -n 60 before.csv >few.csv
few="--algo ppo --total-timesteps 1000 --quiet"
# shellcheck disable=SC2086
refuses "too few users are counted, with how many are needed, and the flag" \
    "few.csv has 5 users, of whom none is left for evaluation.* from about 31 .* give --world a file with more" \
    "$train" $few --world few.csv
# shellcheck disable=SC2086
refuses "…of --data" "few.csv has 5 users, .* give --data a file with more" "$train" $few --world movielens --data few.csv
head -n 3 before.csv >one.csv
# shellcheck disable=SC2086
refuses "…of standard input" "standard input has 1 user, .* give --world a file with more" \
    sh -c '"$@" --world - <one.csv' sh "$train" $few
awk -F, 'BEGIN { OFS = "," } NR > 1 { $3 = 3 } 1' before.csv >equal.csv
promise "a world where every play earns the same trains" "$train" --algo ppo --world equal.csv --total-timesteps 2000 --name equal
cp out equal.out
promise "…and is said to be one" sh -c "tr '\n' ' ' <equal.out | grep -q 'play earns the same'"
promise "…without a share that is no number" sh -c '! grep -q -e nan -e inf equal.out'
promise "…by each of its seeds" "$train" --algo ppo --world equal.csv --total-timesteps 1000 --name equal --seeds 1-2 --json
cp out equal.out
promise "…which have no share, not one of 0 %" sh -c 'test "$(grep -c "^seed .* as every play " equal.out)" -eq 2 &&
    grep -q "^2 seeds: every play earns the same" equal.out && ! grep -q "0.00 %" equal.out'
promise "…in JSON neither, and did not fail" sh -c 'tail -n 1 equal.out | grep "\"seeds\": 2, \"failed\": 0" |
    grep "\"share_mean\": null" | grep -q "\"share_lowest\": null"'

like() {
    refuses "a checkpoint that is $1 is said to look like it" "$2" "$evaluate" like.safetensors
}
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n' >like.safetensors
like "a pointer of Git LFS" "git lfs pull"
printf 'PK\003\004 and more of a zip' >like.safetensors
like "a zip" "zip archive"
printf '\037\213\010\000 and more of it' >like.safetensors
like "compressed" "gzip"
printf '<!DOCTYPE html><title>404</title>' >like.safetensors
like "a page" "page of HTML"
printf 'n_updates,n_timesteps\n1,1024\n' >like.safetensors
like "a log" "no safetensors file: it is text"
printf 'import torch' >like.safetensors
like "a program" "no safetensors file: it is text"
printf '\223NUMPY\001\000v\000' >like.safetensors
like "an array of numpy" "an array of numpy"
printf '\200\002}q\000(X\003\000\000' >like.safetensors
like "a pickle" "a pickle of Python"
printf '\377\376\001\377\377\377\000\377....' >like.safetensors
like "something else" "this is no safetensors file, or its first bytes are damaged"
printf '' >like.safetensors
like "empty" "it is empty"
for bytes in 1 7 8 40 2000; do
    head -c $bytes whole/checkpoint.safetensors >like.safetensors
    like "cut off" "cut off"
done

# ── what cannot be written ──────────────────────────────────────────────────────────────────────
if [ -e /dev/full ]; then
    promise "a full standard output fails" sh -c "! '$train' --algo ppo --num-items 40 --total-timesteps 1000 --name full --json >/dev/full"
    promise "…of help too" sh -c "! '$train' --help >/dev/full"
    promise "…and of evaluate" sh -c "! '$evaluate' whole/checkpoint.safetensors --sessions 20 --json >/dev/full"
    promise "…and a closed one" sh -c "! '$evaluate' whole/checkpoint.safetensors --sessions 20 --json >&-"
fi
echo old >page.html
promise "a page is replaced" "$report" runs/whole -o page.html --sessions 20
promise "…and nothing lies beside it" test "$(ls | grep -c '^page.html')" -eq 1

all_kept runs
