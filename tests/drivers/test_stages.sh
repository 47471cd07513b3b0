#!/bin/sh
# SPDX-License-Identifier: MIT
# Two stages over a small catalogue: the retriever comes to bring what the ranker chooses.
#
#   sh tests/drivers/test_stages.sh STAGES
set -u
stages=$1
failed=0
said=$("$stages" 2000 40 2>/dev/null) || { echo "broken: stages fails"; failed=1; }
echo "$said" | awk '
    /^before *recall/ { before = $(NF - 2) }
    /^after *recall/ { after = $(NF - 2) }
    /^after *of the way/ { two = $(NF - 5) }
    END { exit !(before < 40 && after > 80 && two > 50) }' || { echo "broken: $said"; failed=1; }
if "$stages" 10 2>/dev/null; then
    echo "broken: a catalogue that is too small is taken"
    failed=1
fi
[ "$failed" = 0 ] && echo "2 passed, 0 failed"
exit "$failed"
