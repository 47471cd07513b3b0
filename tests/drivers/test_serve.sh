#!/bin/sh
# SPDX-License-Identifier: MIT
# A run of a few updates, served by examples/hosts/serve.c from its checkpoint.
#
#   sh tests/drivers/test_serve.sh TRAIN SERVE
set -u
. "$(dirname "$0")/promises.sh"
train=$(absolute "$1")
serve=$(absolute "$2")
enter_own_folder
"$train" --algo ppo --num_items 200 --total_timesteps 2048 --no-report --checkpoint policy.safetensors >log 2>&1 || {
    cat log
    exit 1
}
"$serve" policy.safetensors >first 2>&1 || {
    cat first
    exit 1
}
"$serve" policy.safetensors >second 2>&1
cat first
grep -q '^4 threads made 4000 decisions; [1-9]' first || {
    echo "broken: four threads serve, and a floor explores" >&2
    exit 1
}
cmp first second || {
    echo "broken: decisions are a function of their ids" >&2
    exit 1
}
if "$serve" missing.safetensors >out 2>&1; then
    echo "broken: a missing checkpoint is an error" >&2
    exit 1
fi
