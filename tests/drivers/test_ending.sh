#!/bin/sh
# SPDX-License-Identifier: MIT
# How train ends: a verdict in words, the folder, the page and the next command; and that evaluate
# and report find a run by its name.
#
#   sh tests/drivers/test_ending.sh TRAIN EVALUATE REPORT
set -u
. "$(dirname "$0")/promises.sh"
train=$(absolute "$1")
evaluate=$(absolute "$2")
report=$(absolute "$3")
look=$here/look.py
enter_own_folder

says() { # FILE WORDS: its lines are one text
    tr '\n' ' ' <"$1" | grep -q -e "$2"
}

small="--algo ppo $narrow --num-items 60"
# shellcheck disable=SC2086
promise "a run trains" "$train" $small --total-timesteps 20000 --name good --tensorboard
cp out good.out
promise "a good run ends with a verdict in words" \
    says good.out 'learned: [0-9.]* a step, [0-9.]* a session: [0-9.]* % of the best known play'
promise "…beside the best of those that do not learn" says good.out 'The best of those that do not learn, similar,'
promise "…the folder" grep -qx 'folder  *runs/good' good.out
promise "…the page" grep -qx 'page  *runs/good/report.html' good.out
promise "…the next command, which is a sibling of this one" \
    grep -qx "next  *$(dirname "$train")/.*evaluate runs/good" good.out
promise "…and how to look at TensorBoard's files" grep -q 'tensorboard --logdir runs' good.out
promise "the page is a report" python3 "$look" --read runs/good/report.html "The synthetic world" "Health"
promise "the next command works as it is printed" sh -c "$(sed -n 's/^next  *//p' good.out)"

# What is ill is said to be ill, in words and in the JSON.
# shellcheck disable=SC2086
promise "a sick run trains" "$train" --algo ppo --num-items 50 --total-timesteps 6144 --lr 0.3 --window 2048 --name sick --json
cp out sick.out
promise "a sick run ends in a verdict that says so" says sick.out 'ill: steps: an update moves the policy by'
promise "…in the JSON too" grep -q '"verdict": "ill", "illness": "steps: an update' sick.out
promise "…and in its folder" grep -q '^illness steps: an update' runs/sick/about.txt
# shellcheck disable=SC2086
promise "a run that learns nothing trains" "$train" $small --total-timesteps 3000 --lr 1e-9 --name still
cp out still.out
promise "…and is said to have learned nothing" says still.out 'nothing learned: .* no more than random'
awk 'BEGIN { print "user_id:token\titem_id:token\trating:float"
    for (u = 0; u < 40; u++) for (i = 0; i < 30; i++) print u "\t" i "\t3" }' >flat.inter
promise "a flat world trains" "$train" --algo ppo --world flat.inter --total-timesteps 2000 --name flat --json
cp out flat.out
promise "a world where every play earns the same is said to be one" \
    says flat.out 'Every play earns the same in this world'
promise "no table stands before the run: what is ranked is another task" sh -c '! grep -q "recall@20" flat.out'
promise "…and no figure is nan" sh -c '! grep -i "nan" flat.out'

# A page that cannot be written is said; the run is whole.
mkdir -p runs/stuck
# shellcheck disable=SC2086
"$train" $small --total-timesteps 2000 --name stuck --overwrite --quiet
rm -f runs/stuck/report.html
mkdir runs/stuck/report.html
"$train" --resume stuck --quiet >out 2>stuck.err
promise "a page that cannot be written ends with status 1" test $? -eq 1
promise "…and with its name" grep -q 'runs/stuck/report.html' stuck.err
# shellcheck disable=SC2086
promise "--no-report writes none" "$train" $small --total-timesteps 2000 --name bare --no-report
promise "…and names none" sh -c '! grep -q report.html out && ! test -e runs/bare/report.html'

# A run by its name, its folder or its checkpoint.
for what in good runs/good runs/good/ runs/good/checkpoint.safetensors; do
    promise "evaluate takes $what" "$evaluate" "$what" --sessions 50
done
promise "evaluate compares two names" "$evaluate" good --against still --sessions 50
mv runs other
promise "…in another folder of runs" "$evaluate" good --against still --runs other --sessions 50
mv other runs
promise "report takes names" "$report" good sick -o two.html --sessions 50
for name in none runs/none; do
    "$evaluate" "$name" >out 2>none.err
    promise "evaluate refuses a run that is not there" test $? -eq 1
    promise "…and says where it looked" grep -q "no run of this name in runs" none.err
done

# Help, version, and the flag that was meant.
for program in "$train" "$evaluate" "$report"; do
    "$program" --help >help.out
    "$program" -h >short.out
    promise "-h is --help" cmp help.out short.out
    "$program" --man >man.out
    promise "no line is wider than 80 columns" sh -c "! grep -q '.\{81\}' help.out"
    promise "the manual page is one" sh -c "head -n 1 man.out | grep -q '^.TH RECRL' &&
        grep -q '^.SH OPTIONS' man.out"
    sed -n 's/^  \(--[a-z][a-z0-9-]*\).*/\1/p' help.out | sort -u >help.flags
    sed -n 's/^\\fB\(.*\)\\fR.*/\1/p' man.out | sed 's/\\-/-/g' | sort -u >man.flags
    promise "…with every flag of --help" sh -c 'test -s help.flags && comm -23 help.flags man.flags >gone; test ! -s gone'
    promise "--version is a line" sh -c "'$program' --version | grep -qx '[a-z]* [0-9]*\.[0-9]*\.[0-9]*'"
done
"$train" --help >help.out
promise "--help has an example" grep -q '^Example: train --algo' help.out
promise "…and fields of the configs that are a host's" grep -q '^  reward_wait' help.out
promise "…and the health watch's fields" grep -q -e '--min-entropy' help.out
for pair in learning-rate:lr totl-timesteps:total-timesteps worl:world clip-epsilon:clip-eps; do
    "$train" --algo ppo --${pair%:*} 1 >out 2>mean.err
    promise "--${pair%:*} is no flag, and --${pair#*:} is offered" \
        grep -q "did you mean --${pair#*:}?" mean.err
done
"$train" --algo ppo --xyzzy 1 >out 2>mean.err
promise "what is like nothing is like nothing" sh -c '! grep -q "did you mean" mean.err'

all_kept ending
