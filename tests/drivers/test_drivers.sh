#!/bin/sh
# SPDX-License-Identifier: MIT
# What train and evaluate promise in --help, tried in a folder of its own.
#
#   sh tests/drivers/test_drivers.sh TRAIN EVALUATE
set -u
. "$(dirname "$0")/promises.sh"
train=$(absolute "$1")
evaluate=$(absolute "$2")
enter_own_folder
leave_pages_out

is_json() {
    tail -n 1 "$1" | python3 -c "import json, sys; d = json.load(sys.stdin); [d[k] for k in sys.argv[1:]]" \
        "$2" "$3" "$4" "$5" "$6" "$7"
}

# 13 steps a session: rollouts and sessions are out of step, so a resumed run begins inside sessions.
algos="ppo a2c"
is_quick && algos=ppo
for algo in $algos; do
    small="--algo $algo $narrow --total-timesteps 6000 --num-items 60 --max-episode-steps 13 --quiet --json --overwrite"
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
    promise "a resumed $algo run leaves the default log alone" test ! -e "runs/$algo-synthetic-0"
    promise "--resume goes where --name and --checkpoint say" "$train" --resume full.safetensors \
        --total-timesteps 6000 --name "other-$algo" --checkpoint other.safetensors --quiet
    promise "…and writes its log there" test -e "runs/other-$algo/log.csv"
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

# One figure for a checkpoint, and two checkpoints in the same sessions.
small="--algo ppo $narrow --total-timesteps 3000 --num-items 60 --quiet"
more=30000
is_quick && more=12000
# shellcheck disable=SC2086
"$train" $small --json --name one --checkpoint one.safetensors >one.json
# shellcheck disable=SC2086
"$train" $small --total-timesteps $more --name more --checkpoint more.safetensors
"$evaluate" one.safetensors --json >one-judged.json
promise "train and evaluate judge a checkpoint in the same sessions" python3 -c "
import json
trained, judged = json.load(open('one.json')), json.load(open('one-judged.json'))['policies']['sampled']
for key in 'reward_per_step', 'return_per_session', 'oracle_share':
    assert trained[key] == judged[key], (key, trained[key], judged[key])"
"$evaluate" one.safetensors --against one.safetensors --json >self.json
"$evaluate" more.safetensors --against one.safetensors --json >pair.json
"$evaluate" one.safetensors --against more.safetensors --json >turned.json
promise "a policy differs from itself by exactly 0, with certainty" python3 -c "
import json
for row in json.load(open('self.json'))['comparison'].values():
    assert row['difference'] == 0 and row['difference_interval'] == 0 and row['tied'] == 1, row"
promise "what learned longer earns more, and the comparison says so either way round" python3 -c "
import json
for one, other in zip(*(json.load(open(f))['comparison'].values() for f in ('pair.json', 'turned.json'))):
    assert one['difference'] > one['difference_interval'] > 0, one
    assert one['difference'] == -other['difference'] and one['won'] == other['lost'], other
    assert abs(one['won'] + one['tied'] + one['lost'] - 1) < 1e-9"
# Nothing was learned, from two seeds: both choose evenly, so that they show the same exactly where
# they draw by the same numbers.
for seed in 0 1; do
    # shellcheck disable=SC2086
    "$train" $small --seed $seed --world-seed 0 --lr 1e-30 --name even$seed --checkpoint even$seed.safetensors
done
"$evaluate" even0.safetensors --against even1.safetensors --sessions 100 --json >even.json
promise "two checkpoints draw by the same numbers, whatever seeds they were trained with" python3 -c "
import json
c = json.load(open('even.json'))['comparison']['sampled']
assert c['tied'] == 1 and c['is_too_few'] == 1, c"
promise "an interval from few sessions is not to be relied on, and says so" sh -c \
    "'$evaluate' more.safetensors --against one.safetensors --sessions 12 >few &&
    grep -q 'too few sessions to tell: A earned more here' few && ! grep -q 'earns more\|tell them apart' few"
promise "the interval that also holds where differences are skewed is beside Student's" python3 -c "
import json
c = json.load(open('pair.json'))['comparison']['greedy']
low, high = c['difference'] - c['difference_interval'], c['difference'] + c['difference_interval']
assert abs(c['difference_low'] - low) < 0.2 * (high - low) and abs(c['difference_high'] - high) < 0.2 * (high - low), c
assert c['is_too_few'] == 0, c"
promise "pairing is worth something" python3 -c "
import json
c = json.load(open('pair.json'))['comparison']['greedy']
print('greedy: half width', c['difference_interval'], 'paired,', c['unpaired_interval'], 'not')
assert c['difference_interval'] < 0.8 * c['unpaired_interval']"
cat out
promise "the verdict is a sentence" sh -c \
    "'$evaluate' more.safetensors --against one.safetensors --sessions 200 | grep -q 'greedy: A earns more'"
promise "thirds of the session are told apart" python3 -c "
import json
p = json.load(open('one-judged.json'))['policies']
s = p['similar']['segments']
assert s['first_third']['reward_per_step'] > s['last_third']['reward_per_step'] + s['last_third']['reward_per_step_interval']
assert abs(p['one-step oracle']['segments']['last_third']['oracle_share'] - 1) < 1e-9 and 'new_users' not in s"
# shellcheck disable=SC2086
"$train" $small --max-episode-steps 9 --checkpoint short.safetensors
# shellcheck disable=SC2086
"$train" $small --num-items 61 --checkpoint other.safetensors
# shellcheck disable=SC2086
"$train" $small --world tiring --checkpoint tiring.safetensors
# shellcheck disable=SC2086
"$train" $small --seed 1 --checkpoint seed.safetensors
refuses "sessions of other lengths are no pair" "max_episode_steps 20, .* has 9: their sessions differ" \
    "$evaluate" one.safetensors --against short.safetensors
promise "…until a flag makes them alike" "$evaluate" one.safetensors --against short.safetensors --sessions 50 \
    --max-episode-steps 9 --history-length 9
refuses "other catalogues are no pair" "num_items 60, .* has 61: their catalogues differ" \
    "$evaluate" one.safetensors --against other.safetensors
refuses "another draw of the catalogue is no pair" "world_seed 0, .* has 1: their catalogues differ" \
    "$evaluate" one.safetensors --against seed.safetensors
refuses "other worlds are no pair" "made in the world synthetic, .* in tiring" \
    "$evaluate" one.safetensors --against tiring.safetensors

# shellcheck disable=SC2086
promise "the leave rule trains" "$train" $small --world tiring
# shellcheck disable=SC2086
promise "…and with the energy in the state" "$train" $small --world tiring --shows-energy true \
    --checkpoint energy.safetensors
promise "…which evaluate plays as it was trained" "$evaluate" energy.safetensors --sessions 50
refuses "…and no policy that does not see it" "state_dim is 66" \
    "$evaluate" tiring.safetensors --sessions 50 --shows-energy true
# shellcheck disable=SC2086
promise "users who are hidden are folded in" "$train" $small --hides-user true --has-fold-in true \
    --reward-decay 0.7 --checkpoint strangers.safetensors
# shellcheck disable=SC2086
promise "…and again, stopped on the way" "$train" $small --hides-user true --has-fold-in true \
    --reward-decay 0.7 --checkpoint half.safetensors --stop-after 1500
promise "…which goes on" "$train" --resume half.safetensors --quiet
promise "…to the same bytes" cmp half.safetensors strangers.safetensors
# shellcheck disable=SC2086
promise "…and read by an encoder" "$train" $small --hides-user true --encoder gru --encoder-width 8 \
    --checkpoint gru.safetensors
tells "…and evaluate says who sees them" "(hides_user)" "$evaluate" strangers.safetensors \
    --sessions 50
promise "…with the decay of the world" grep -q '"agent.fold_in_decay":"0.7"' strangers.safetensors
refuses "…while bandits, whose model is of the user, are refused" "hides_user" \
    "$evaluate" strangers.safetensors --sessions 10 --bandits 20
# shellcheck disable=SC2086
refuses "…and a past that is read needs one" "history-length is 0 with --has-fold-in" \
    "$train" $small --has-fold-in true --history-length 0
is_quick || promise "linear bandits stand beside a policy, trained on rows of their own" sh -c \
    "'$evaluate' one.safetensors --sessions 10 --bandits 20 --json | grep -q '\"thompson\"'"
refuses "…which must be some number" "bandits is \"few\"" "$evaluate" one.safetensors --bandits few
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
refuses "an unknown flag in a file is refused by file and line" \
    "config bad.cfg: line 2: there is no flag --no-such-flag" "$train" --config bad.cfg
printf 'algo ppo\n\nlr\nseed 3\n' >bad.cfg
refuses "a flag without its value in a file is refused by line" "bad.cfg: line 3: --lr wants a value" "$train" --config bad.cfg
refuses "a folder is no file of flags" "config is \"/\", a folder" "$train" --config /
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
sys.exit(not (d[\"seeds\"] == 3 and d[\"failed\"] == 0 and d[\"share_lowest\"] <=
    d[\"share_interquartile_mean\"] <= d[\"share_highest\"]))'"
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
# Interactions within a limit of memory.
promise "what fits the limit is read" "$train" --algo ppo --world own.inter --total-timesteps 2000 --quiet \
    --memory-limit 2G --checkpoint limit.safetensors
promise "…as without one" cmp own.safetensors limit.safetensors
refuses "what does not fit the limit is refused with the figure" \
    "memory-limit: dataset: 'own.inter' needs at least .*; the memory limit is 1.0 kB" \
    "$train" --algo ppo --world own.inter --memory-limit 1K
refuses "evaluate has the limit too" "the memory limit is 1.0 kB" \
    "$evaluate" --checkpoint own.safetensors --memory-limit 1000
for bytes in 2GB -1 0 1.5G G 99999999999T ""; do
    refuses "a limit that is no number of bytes is refused" "memory-limit is \"$bytes\"; it must be a whole number" \
        "$train" --algo ppo --world own.inter --memory-limit "$bytes"
done
refuses "a limit without interactions is refused" "memory-limit is given, but --world is \"synthetic\"" \
    "$train" --algo ppo --memory-limit 2G

# Vectors in and out.
promise "a world's vectors are written" "$train" --algo ppo --world own.inter --total-timesteps 2000 \
    --quiet --save-vectors vec/v.npy --checkpoint saved.safetensors
promise "…which changes nothing else" cmp own.safetensors saved.safetensors
# A .npy file of other rows and columns, from the first values of another.
cat >cut.py <<'END'
import struct, sys
path, out, rows, columns, bad = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5:]
data = open(path, "rb").read()
body = data[10 + struct.unpack("<H", data[8:10])[0]:][:4 * rows * columns]
head = ("{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }" % (rows, columns)).ljust(117) + "\n"
if bad:
    body = body[:-4] + struct.pack("<f", float(bad[0]))
open(out, "wb").write(data[:8] + struct.pack("<H", len(head)) + head.encode() + body)
END
for kind in v.npy:30 v.users.npy:40; do
    promise "…${kind%:*} in the order and width that --help tells" python3 -c "
import ast, struct, sys
data = open('vec/${kind%:*}', 'rb').read()
n = struct.unpack('<H', data[8:10])[0]
sys.exit(ast.literal_eval(data[10:10 + n].decode())['shape'] != (${kind#*:}, 32))"
done
promise "vectors that were written are taken" "$train" --algo ppo --world own.inter --total-timesteps 2000 \
    --quiet --vectors vec/v.npy --name given --checkpoint given.safetensors
"$train" --algo ppo --world own.inter --total-timesteps 2000 --quiet --name fitted
promise "…and the run is that of the fitted ones" cmp runs/given/log.csv runs/fitted/log.csv
promise "a checkpoint remembers its vectors" sh -c "'$evaluate' --checkpoint given.safetensors --sessions 20 --json >a &&
    '$evaluate' --checkpoint own.safetensors --sessions 20 --json >b &&
    sed -e 's/given.safe/own.safe/' -e 's/vectors (given)/factors (explicit)/' a | cmp - b"
promise "a run of given vectors is resumed" "$train" --resume given.safetensors --quiet
promise "a config names the vectors" sh -c \
    "'$train' --algo ppo --world own.inter --vectors vec/v.npy --dump-config | grep -qx 'vectors vec/v.npy'"
python3 cut.py vec/v.npy wide.npy 30 20
python3 cut.py vec/v.users.npy wide.users.npy 40 20
promise "vectors of another width lead" "$train" --algo ppo --world own.inter --total-timesteps 2000 --quiet \
    --vectors wide.npy --checkpoint wide.safetensors
promise "…and evaluate finds it" "$evaluate" --checkpoint wide.safetensors --sessions 20
refuses "…unless another one is asked for" "is \"wide.npy\" of 30 x 20; it must be 30 x 10: one row for each of the items" \
    "$train" --algo ppo --world own.inter --num-factors 8 --vectors wide.npy
python3 cut.py vec/v.npy few.npy 29 32
cp vec/v.users.npy few.users.npy
refuses "too few rows are refused" "is \"few.npy\" of 29 x 32; it must be 30 x 32" \
    "$train" --algo ppo --world own.inter --vectors few.npy
python3 cut.py vec/v.npy few.npy 30 32
python3 cut.py vec/v.users.npy few.users.npy 20 32
refuses "too few users are refused" "few.users.npy\" of 20 x 32; it must be 40 x 32: one row for each of the users" \
    "$train" --algo ppo --world own.inter --vectors few.npy
cp wide.users.npy few.users.npy
refuses "two widths are refused" "with 32 columns, and few.users.npy has 20" \
    "$train" --algo ppo --world own.inter --vectors few.npy
cp vec/v.users.npy few.users.npy
python3 cut.py vec/v.npy few.npy 30 32 nan
refuses "a number that is none is refused" "vectors: npy: 'few.npy' has nan at \[29\]\[31\]" \
    "$train" --algo ppo --world own.inter --vectors few.npy
refuses "vectors that are not there are named" "vectors: .*none.npy" "$train" --algo ppo --world own.inter --vectors none.npy
refuses "vectors of another ending are refused" "vectors is \"v.txt\"; it must be the name of a file that ends in .npy" \
    "$train" --algo ppo --world own.inter --vectors v.txt
refuses "vectors of a synthetic world are refused" "vectors is given, but --world is" "$train" --algo ppo --vectors vec/v.npy
refuses "vectors are not written of a synthetic world" "save-vectors is given" "$train" --algo ppo --save-vectors v.npy
: >file
refuses "vectors that cannot be written are refused before training" "file" timeout -s KILL 120 \
    "$train" --algo ppo --world own.inter --total-timesteps 1000000000 --save-vectors file/v.npy
refuses "evaluate needs no vectors of a fitted world" "made with fitted ones" \
    "$evaluate" --checkpoint own.safetensors --vectors vec/v.npy

"$evaluate" own.safetensors --json --sessions 100 >own.json
promise "a world of interactions has new and heavy users, and a ranking of what was held out" python3 -c "
import json
d = json.load(open('own.json'))
assert {'new_users', 'heavy_users', 'first_third', 'last_third'} == set(d['policies']['sampled']['segments'])
assert list(d['ranking'])[1:] == ['policy (greedy)', 'popular', 'factors (explicit)', 'factors (implicit)'], d['ranking']
assert all(0 <= r['recall'] <= 1 for r in list(d['ranking'].values())[1:]) and 0 < d['ranking']['users'] < 40"
promise "where a user plays several sessions, the comparison counts users" python3 -c "
import json, subprocess, sys
c = json.loads(subprocess.check_output([sys.argv[1], 'own.safetensors', '--against', 'own.safetensors', '--sessions',
    '100', '--json']))['comparison']['sampled']
assert 0 < c['users'] < 40, c" "$evaluate"
# Two camps of users and of items: what a user of a camp meets next is known but for its place.
awk 'BEGIN { srand(1); print "user_id:token\titem_id:token\trating:float\ttimestamp:float"
    for (u = 0; u < 80; u++) for (i = 0; i < 40; i++) if ((i * 7 + u * 11) % 40 < 24)
        print u "\t" 40 * (u % 2) + i "\t1\t" int(1000 * rand()) }' >camps.inter
promise "a policy learns in a world of what was met" "$train" --algo ppo --world camps.inter --feedback implicit \
    --num-factors 6 --total-timesteps 10000 --quiet --checkpoint camps.safetensors
"$evaluate" camps.safetensors --sessions 20 --json >camps.json
promise "…and finds nearly all that its users meet next, of which popularity finds little" python3 -c "
import json
r = json.load(open('camps.json'))['ranking']
own, popular = r['policy (greedy)'], r['popular']
assert own['recall'] > 0.9 and popular['recall'] < 0.5, r
assert own['recall'] - own['recall_interval'] > popular['recall'], r"
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
    refuses "a checkpoint that cannot be written is refused before training" "plain\|folder" timeout -s KILL 120 \
        "$train" --algo ppo --total-timesteps 1000000000 --quiet --checkpoint "$place"
done

"$train" --help >help
# 3000 timesteps are three updates of 64 × 16: of every second one, and of the last, there is a row.
promise "train logs every update" "$train" --algo ppo --num-items 60 --total-timesteps 3000 --quiet --name each
promise "…or every second one" "$train" --algo ppo --num-items 60 --total-timesteps 3000 --quiet --name second \
    --log-interval 2
promise "…which leaves one row out" test "$(wc -l <runs/second/log.csv)" -eq \
    $(($(wc -l <runs/each/log.csv) - 1))

# Rewards in another unit are printed in the world's own.
small="$narrow --num-items 60 --total-timesteps 3000 --quiet --normalize-returns --overwrite"
algos="ppo a2c reinforce"
is_quick && algos=a2c
for algo in $algos; do
    # shellcheck disable=SC2086
    promise "returns are normalised" "$train" --algo $algo $small --name unit
    # shellcheck disable=SC2086
    promise "rewards are told times X" "$train" --algo $algo $small --name scaled --checkpoint scaled.safetensors \
        --reward-scale 1024
    promise "…and printed as if they were not" cmp runs/unit/log.csv runs/scaled/log.csv
    # shellcheck disable=SC2086
    promise "a run of other units is stopped" "$train" --algo $algo $small --name again \
        --checkpoint again.safetensors --reward-scale 1024 --stop-after 1500
    promise "…and goes on in them" "$train" --resume again.safetensors --quiet
    promise "…as if it had never stopped" cmp runs/again/log.csv runs/scaled/log.csv
done
promise "a config names the unit" sh -c "'$train' --algo ppo --reward-scale 0.5 --dump-config | grep -qx 'reward-scale 0.5'"
refuses "a unit that is none is refused" "reward-scale is \"0\"; it must be a number above 0" \
    "$train" --algo ppo --reward-scale 0
refuses "a run keeps its unit" "reward-scale is 3, but the checkpoint was made with 1024" \
    "$train" --resume again.safetensors --reward-scale 3
promise "…however it is written" "$train" --resume again.safetensors --reward-scale 1.024e3 --dump-config
promise "…also where it was not" "$train" --resume full.safetensors --reward-scale 1 --dump-config

promise "--help says a field's range" sh -c "tr -s ' \n' ' ' <help | grep -q '(int32, even and at least 2; default 64)'"
promise "evaluate --help says whose values apply" sh -c "'$evaluate' --help | grep -q 'as the checkpoint has it'"

# The first Ctrl-C ends the run after its rollout.
"$train" --algo ppo --total-timesteps 100000000 --num-items 60 --name long --json >long 2>err &
pid=$!
await_rows long 3
kill -INT $pid
wait $pid
promise "Ctrl-C saves and ends with status 0" test $? -eq 0
promise "Ctrl-C is told in the JSON" grep -q '"interrupted": true' long

all_kept drivers
