#!/bin/sh
# SPDX-License-Identifier: MIT
# What train and evaluate promise in --help, tried in a folder of its own.
#
#   sh tests/drivers/test_drivers.sh TRAIN EVALUATE
set -u
# A path that holds after the cd below.
absolute() {
    case $1 in
    /*) echo "$1" ;;
    *) echo "$(pwd)/$1" ;;
    esac
}
train=$(absolute "$1")
evaluate=$(absolute "$2")
here=$(absolute "$(dirname "$0")")
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0

# promise SENTENCE COMMAND…: the sentence is printed where the command fails.
promise() {
    sentence=$1
    shift
    if ! "$@" >out 2>err; then
        echo "broken: $sentence" >&2
        sed 's/^/    /' out err >&2
        failed=$((failed + 1))
    fi
}
# refuses SENTENCE WORDS COMMAND…: fails, and says the words.
refuses() {
    sentence=$1
    words=$2
    shift 2
    if "$@" >out 2>err || ! grep -q -e "$words" err; then
        echo "broken: $sentence" >&2
        sed 's/^/    /' err >&2
        failed=$((failed + 1))
    fi
}
is_json() {
    tail -n 1 "$1" | python3 -c "import json, sys; d = json.load(sys.stdin); [d[k] for k in sys.argv[1:]]" \
        "$2" "$3" "$4" "$5" "$6" "$7"
}

# 13 steps a session: rollouts and sessions are out of step, so a resumed run begins inside sessions.
for algo in ppo a2c; do
    small="--algo $algo --total-timesteps 6000 --num-items 60 --max-episode-steps 13 --quiet --json"
    # shellcheck disable=SC2086
    promise "train --algo $algo ends with status 0" "$train" $small --name same
    cp out json
    mv "checkpoints/$algo.safetensors" full.safetensors
    mv runs/same/log.csv full.csv
    promise "--json ends with one line of JSON" is_json json steps seconds steps_per_second \
        reward_per_step oracle_share checkpoint
    # shellcheck disable=SC2086
    promise "--stop-after saves and ends with status 0" "$train" $small --name same \
        --checkpoint part/half.safetensors --stop-after 2500
    promise "--resume goes on, and needs nothing else" "$train" --resume part/half.safetensors --quiet
    promise "a resumed $algo run ends with the bytes of one that never stopped" \
        cmp part/half.safetensors full.safetensors
    promise "a resumed $algo run goes on with its own log" cmp runs/same/log.csv full.csv
    promise "a resumed $algo run leaves the default checkpoint alone" \
        test ! -e "checkpoints/$algo.safetensors"
    promise "a resumed $algo run leaves the default log alone" test ! -e "runs/$algo-drawn-0"
    promise "--resume goes where --name and --checkpoint say" "$train" --resume full.safetensors \
        --total-timesteps 6000 --name other --checkpoint other.safetensors --quiet
    promise "…and writes its log there" test -e runs/other/log.csv
    promise "…and its checkpoint there" test -e other.safetensors
    # shellcheck disable=SC2086
    promise "train runs on two threads" "$train" $small --name same --num-threads 2
    promise "two threads give the bytes of one" cmp "checkpoints/$algo.safetensors" full.safetensors
    promise "evaluate reads what it needs from the checkpoint" "$evaluate" --algo "$algo" \
        --sessions 80 --json
    cp out json
    promise "evaluate --json is one line of JSON" is_json json policies algo world checkpoint \
        sessions timesteps
done

promise "a policy of whole catalogues is evaluated on lists" "$evaluate" --algo ppo --sessions 50 \
    --num-candidates 20
promise "a policy is evaluated in longer sessions" "$evaluate" --algo ppo --sessions 50 \
    --max-episode-steps 40

small="--algo ppo --total-timesteps 3000 --num-items 60 --quiet"
# shellcheck disable=SC2086
promise "the leave rule trains" "$train" $small --world tiring
promise "the tiring world has a patient row" sh -c \
    "'$evaluate' --algo ppo --sessions 50 --json | grep -q '\"patient\"'"
# shellcheck disable=SC2086
promise "candidate lists and drift train" "$train" $small --num-candidates 10 --drift 0.1
# shellcheck disable=SC2086
promise "the dense head trains" "$train" $small --head dense

# shellcheck disable=SC2086
promise "a small agent trains on whole rollouts" "$train" $small --max-rows 64 --json
cp out json
promise "a rollout does not depend on the size of the agent" grep -q '"steps": 3072' json
refuses "an agent smaller than its sessions is refused" "max-rows is 10; it must be at least 64" \
    "$train" --algo ppo --max-rows 10
refuses "the buffer has no flag of its own" "no flag --buffer-max-rows" "$train" --algo ppo --buffer-max-rows 9

# Flags in a file.
"$train" --algo ppo --world tiring --seed 3 --num-items 60 --lr 0.004 --dump-config >run.cfg
promise "--dump-config says what follows from what" grep -q "^# follows: agent-seed 3" run.cfg
"$train" --config run.cfg --dump-config >again.cfg
promise "a dumped config is read back whole" cmp run.cfg again.cfg
promise "a run from a file trains" "$train" --config run.cfg --total-timesteps 3000 --quiet --checkpoint file.safetensors
promise "…as the flags do" "$train" --algo ppo --world tiring --seed 3 --num-items 60 --lr 0.004 \
    --total-timesteps 3000 --quiet --checkpoint flags.safetensors
promise "…to the same bytes" cmp file.safetensors flags.safetensors
"$train" --config run.cfg --seed 4 --dump-config >again.cfg
promise "what follows from a flag follows it, and the command line wins" grep -q "^# follows: env-seed 4" again.cfg
printf 'algo ppo\nno-such-flag 3\n' >bad.cfg
refuses "an unknown flag in a file is refused" "no flag --no-such-flag" "$train" --config bad.cfg
refuses "a file of flags that is not there is named" "none.cfg" "$train" --config none.cfg
printf -- '--algo ppo\n' >bad.cfg
refuses "dashes in a file of flags are refused by line" "line 1" "$train" --config bad.cfg

# Several seeds.
# shellcheck disable=SC2086
promise "--seeds trains one run a seed" "$train" $small --seeds 2-3,7 --name batch --json
cp out json
promise "…and sums them up" sh -c "tail -n 1 json | python3 -c '
import json, sys
d = json.loads(sys.stdin.read())
sys.exit(not (d[\"seeds\"] == 3 and d[\"failed\"] == 0 and d[\"oracle_share_lowest\"] <=
    d[\"oracle_share_interquartile_mean\"] <= d[\"oracle_share_highest\"]))'"
# shellcheck disable=SC2086
promise "a seed of a batch is a run like any other" "$train" $small --seed 7 --name alone --checkpoint alone.safetensors
promise "…to the byte" cmp runs/alone/log.csv runs/batch-7/log.csv
promise "checkpoints of a batch are named by name and seed" test -e checkpoints/batch-3.safetensors
refuses "seeds that are none are refused" "0-9 or 3,5,8" "$train" --algo ppo --seeds 3-1
refuses "a seed that is given twice is refused" "0 twice" "$train" --algo ppo --seeds 0-2,0
refuses "a batch whose runs fail has failed" "no seed ended" "$train" --algo ppo --seeds 0-1 --lr -1 --quiet

# TensorBoard.
# shellcheck disable=SC2086
promise "--tensorboard trains" "$train" $small --name board --tensorboard
promise "event files say what the log says" python3 "$here/read_events.py" runs/board

refuses "a value out of range is named" "clip_eps is 3" "$train" --algo ppo --clip-eps 3
refuses "a field of the other algorithm is refused" "not a field of a2c" "$train" --algo a2c --clip-eps 0.1
refuses "an unknown flag is refused" "no flag --foo" "$train" --algo ppo --foo 1
refuses "a missing file says how to fetch it" "fetch_movielens.sh" "$train" --algo ppo --world movielens
refuses "a resumed run keeps its configs" "made with" "$train" --resume full.safetensors --lr 0.5
head -c 1000 full.safetensors >torn.safetensors
refuses "a torn checkpoint is refused by name" "torn.safetensors" "$evaluate" --checkpoint torn.safetensors

# A world of a file: the checkpoint remembers it, from its own folder.
awk 'BEGIN { print "user_id:token\titem_id:token\trating:float"
    for (u = 0; u < 40; u++) for (i = 0; i < 30; i++) if ((u + i) % 3) print u "\t" i "\t" 1 + (u * i) % 5 }' >own.inter
promise "a world is learned from a file" "$train" --algo ppo --world own.inter --total-timesteps 2000 \
    --quiet --checkpoint own.safetensors
mkdir elsewhere
cd elsewhere || exit 1
refuses "a file that a checkpoint remembers and that is not there is named" \
    "own.inter, which the checkpoint was made from, is not there; give --data FILE" \
    "$evaluate" --checkpoint ../own.safetensors --sessions 20
promise "--data says where it is" "$evaluate" --checkpoint ../own.safetensors --sessions 20 --data ../own.inter
refuses "--data is blamed where it was given" "data is" \
    "$evaluate" --checkpoint ../own.safetensors --sessions 20 --data none.inter
cd .. || exit 1

for name in ../evil a/b .. . "" "$(printf '%0300d' 0)"; do
    refuses "a name that is no folder under runs/ is refused" "[-]-name" "$train" --algo ppo --name "$name" --quiet
done

# What cannot be written is told before the run, not behind it.
: >plain
mkdir folder.safetensors
for place in plain/a.safetensors folder.safetensors; do
    refuses "a checkpoint that cannot be written is refused before training" "plain\|folder" timeout -s KILL 5 \
        "$train" --algo ppo --total-timesteps 1000000000 --quiet --checkpoint "$place"
done

"$train" --help >help
promise "--help keeps its columns apart" grep -q "even and at least 2  " help
promise "evaluate --help says whose values apply" sh -c "'$evaluate' --help | grep -q 'as the checkpoint has it'"

# The first Ctrl-C ends the run after its rollout.
"$train" --algo ppo --total-timesteps 100000000 --num-items 60 --name long --json >long 2>err &
pid=$!
i=0
while [ ! -s runs/long/log.csv ] || [ "$(wc -l <runs/long/log.csv)" -lt 3 ]; do
    sleep 0.1
    i=$((i + 1))
    [ $i -lt 300 ] || break
done
kill -INT $pid
wait $pid
promise "Ctrl-C saves and ends with status 0" test $? -eq 0
promise "Ctrl-C is told in the JSON" grep -q '"interrupted": true' long

if [ $failed -eq 0 ]; then
    echo "drivers: every promise was kept"
fi
exit $failed
