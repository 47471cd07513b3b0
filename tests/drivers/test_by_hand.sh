#!/bin/sh
# SPDX-License-Identifier: MIT
# One update by hand: the program agrees with the library, and the theory's pages show what it prints.
#
#   sh tests/drivers/test_by_hand.sh BY_HAND DOCS
set -u
program=$1
docs=$2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
for pair in "ppo 03_theory_ppo" "a2c 04_theory_a2c"; do
    # shellcheck disable=SC2086
    set -- $pair
    if ! "$program" "$1" >"$work/printed"; then
        echo "broken: $1 by hand is not what the library does"
        failed=1
    fi
    # What stands in the page's first block of text is the beginning of what is printed.
    awk '/^```text$/ { in_block = 1; next } /^```$/ { if (in_block) exit } in_block' \
        "$docs/$2.md" >"$work/shown"
    n=$(wc -l <"$work/shown")
    head -n "$n" "$work/printed" >"$work/beginning"
    if [ "$n" -lt 5 ] || ! cmp -s "$work/shown" "$work/beginning"; then
        echo "broken: docs/$2.md does not show what by_hand $1 prints"
        diff "$work/shown" "$work/beginning"
        failed=1
    fi
done
if "$program" sarsa 2>/dev/null; then
    echo "broken: an algorithm that there is not is refused"
    failed=1
fi
exit $failed
