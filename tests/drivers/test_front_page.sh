#!/bin/sh
# SPDX-License-Identifier: MIT
# What README says that two small hosts print is what they print, first and last.
#
#   sh tests/drivers/test_front_page.sh README OWN_WORLD REQUEST
set -u
failed=0
said=$(tr '\n' ' ' <"$1")
for program in "$2" "$3"; do
    printed=$("$program") || { echo "broken: $program fails"; failed=1; }
    shares=$(echo "$printed" | sed -n 's/.*: *\([0-9.]*\) %.*/\1 %/p' | sed -n '1p;$p')
    [ "$(echo "$shares" | wc -l)" = 2 ] || { echo "broken: $program prints shares"; failed=1; }
    while read -r share; do
        case $said in
        *"$share"*) ;;
        *) echo "broken: README says '$share', which $program prints"; failed=1 ;;
        esac
    done <<END
$shares
END
done
[ "$failed" = 0 ] && echo "2 passed, 0 failed"
exit "$failed"
