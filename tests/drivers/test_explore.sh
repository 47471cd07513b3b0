#!/bin/sh
# SPDX-License-Identifier: MIT
# What the host of exploration says of some of its ways: each keeps its own promise. The quick tier
# plays one of them.
#
#   sh tests/drivers/test_explore.sh EXPLORE
set -u
explore=$1
failed=0
passed=0
# Share of the best, by the floor, rounds to a hit and share of new ones tried, of a way.
figures() {
    "$explore" 1 "$1" | grep "^$1" | sed 's/^.\{28\}//; s/± *[0-9na.]*//g' | tr '\n' ' '
}
holds() {
    if echo "$2" | awk "{ exit !(NF > 0 && $3) }"; then
        passed=$((passed + 1))
    else
        echo "broken: $1: $2"
        failed=1
    fi
}
budget=$(figures "floor by a budget of 2 %")
holds "a budget shows less than its share" "$budget" '$1 > 50 && $1 < 100 && $2 > 0.5 && $2 < 4'
if [ "${RECRL_TIER:-full}" != quick ]; then
    none=$(figures none)
    holds "a policy that tries nothing new still learns" "$none" '$1 > 70 && $1 < 100 && $2 == 0'
    even=$(figures "floor 0.05")
    holds "a floor shows what it says" "$even" '$2 > 4.5 && $2 < 5.5'
    holds "a floor tries more than none" "$none $even" '$8 > $4'
    holds "entropy finds hits sooner" "$none $(figures 'entropy 0.1')" '$7 < $3'
fi
if "$explore" 0 2>/dev/null; then
    echo "broken: no seeds are refused"
    failed=1
fi
echo "$passed passed, $failed failed"
exit "$failed"
