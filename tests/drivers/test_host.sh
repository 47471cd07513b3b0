#!/bin/sh
# SPDX-License-Identifier: MIT
# test_host.sh HOST EXPECTED: a host of examples/hosts ends well and prints what is expected.
set -u
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
"$1" >"$work/printed" 2>"$work/said" || {
    echo "broken: $1 fails"
    cat "$work/said"
    exit 1
}
diff "$2" "$work/printed" || {
    echo "broken: $1 prints something else than $2"
    exit 1
}
