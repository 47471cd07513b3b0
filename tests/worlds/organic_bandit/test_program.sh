#!/bin/sh
# SPDX-License-Identifier: MIT
# The program: one table, whatever the number of processes, and sentences for what is refused.
#
#   sh tests/worlds/organic_bandit/test_program.sh ORGANIC_BANDIT
set -u
program=$1
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
broken() {
    echo "broken: $1" >&2
    exit 1
}
rows=10000
[ "${RECRL_TIER:-}" = quick ] && rows=2000
run() {
    "$program" --products 10 --flips 5 --seeds 3-5 --users 100 --rows $rows "$@"
}
run --jobs 1 >"$work/one" || broken "a run succeeds"
run --jobs 2 >"$work/two" || broken "a run in two processes succeeds"
cat "$work/one"
cmp "$work/one" "$work/two" || broken "a table does not depend on the number of processes"
for policy in "random" "popular" "own most viewed" "best known play" "PPO" "A2C"; do
    grep -q "^$policy  " "$work/one" || broken "the table has a row for: $policy"
done
grep -q "^best known play .* 100.0 ±  0.0 " "$work/one" || broken "the best known play is 100 % of itself"
"$program" --seeds 1 --users 50 --rows 0 | grep -q PPO && broken "without rows there are no learners"

refused() {
    words=$1
    shift
    "$program" "$@" 2>"$work/err" && broken "refused: $*"
    grep -q "$words" "$work/err" || broken "the sentence for $* says \"$words\""
}
refused 'whole number in \[2, 1024\]' --products 1
refused 'at most the number of products' --products 10 --flips 11
refused 'one number or A-B' --seeds 4-2
refused 'in \[0, 1\]' --gamma 1.5
refused 'unknown flag' --colour red
"$program" --published --users 20 | grep -q "inside the published" || broken "published figures are shown"
