#!/bin/sh
# SPDX-License-Identifier: MIT
# The programs of the theory's pages: the update by hand agrees with the library's, and what they do
# not know is refused. What they print is compared by tests/house/test_theory.py.
#
#   sh tests/drivers/test_by_hand.sh BY_HAND VARIANCE
set -u
failed=0
for algorithm in ppo a2c; do
    if ! "$1" $algorithm >/dev/null; then
        echo "broken: $algorithm by hand is not what the library does"
        failed=1
    fi
done
for program in "$1" "$2"; do
    for argument in sarsa "" "ppo a2c"; do
        # shellcheck disable=SC2086
        if "$program" $argument >/dev/null 2>&1; then
            echo "broken: $program '$argument' is refused"
            failed=1
        fi
    done
done
exit $failed
