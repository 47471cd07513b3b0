#!/bin/sh
# SPDX-License-Identifier: MIT
# test_forgetful.sh HOST: a host that leaves a field of its request unset says so and fails.
if said=$("$1" 2>&1 >/dev/null); then
    echo "$1 learned nothing and ended well"
    exit 1
fi
case $said in
*"is refused: "*"nothing was learned"* | *"required"*) ;;
*)
    echo "$1 does not say what is wrong: $said"
    exit 1
    ;;
esac
