#!/bin/sh
# SPDX-License-Identifier: MIT
# From a clone to trained and evaluated recommenders: installs what is missing, builds, fetches
# MovieLens-100k, trains PPO and A2C, and prints the tables.
#
#   sh examples/quickstart.sh
#
# BUILD_DIR (build-quickstart) is the folder to build in; RECRL_NO_INSTALL=1 leaves packages alone.
set -eu
cd "$(dirname "$0")/.."
build=${BUILD_DIR:-build-quickstart}

say() {
    printf '\n── %s\n' "$*"
}

# ── packages ────────────────────────────────────────────────────────────────────────────────────

missing=
# need PACKAGE COMMAND…: the package is asked for unless the command succeeds.
need() {
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}
has_libc() {
    printf 'int main(void){return 0;}\n' | cc -x c -fsyntax-only -include stdio.h -
}
has_blis() {
    find /usr/lib /usr/local/lib -name libblis.a 2>/dev/null | grep -q .
}
need gcc cc --version
need libc6-dev has_libc
need meson meson --version
need ninja-build ninja --version
need pkg-config pkg-config --version
need libblis-serial-dev has_blis
need zlib1g-dev pkg-config --exists zlib
need libjansson-dev pkg-config --exists jansson
[ -e data/ml-100k/ml-100k.inter ] || need python3-pip python3 -m pip --version

if [ -z "$missing" ]; then
    say "packages: everything is there"
elif [ "${RECRL_NO_INSTALL:-0}" = 1 ]; then
    say "packages: missing, and left alone as asked:$missing"
elif ! command -v apt-get >/dev/null 2>&1; then
    say "packages: this is no Debian; please install these in your system's way:$missing"
    exit 1
else
    say "packages: will install$missing"
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1; then
            echo "neither root nor sudo: ask an administrator for: apt-get install$missing" >&2
            exit 1
        fi
        as_root=sudo
    fi
    # shellcheck disable=SC2086
    $as_root apt-get update -qq
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
        $missing >/dev/null
fi

# ── build ───────────────────────────────────────────────────────────────────────────────────────

say "building in $build"
[ -e "$build/build.ninja" ] || meson setup "$build" -Dtests=disabled >/dev/null
ninja -C "$build" --quiet
train=$build/examples/train
evaluate=$build/examples/evaluate
report=$build/examples/report

# ── data ────────────────────────────────────────────────────────────────────────────────────────

worlds="synthetic"
if [ -e data/ml-100k/ml-100k.inter ]; then
    say "MovieLens-100k: already in data/ml-100k"
    worlds="movielens synthetic"
else
    say "MovieLens-100k: fetching"
    if sh examples/fetch_movielens.sh; then
        worlds="movielens synthetic"
    else
        echo "MovieLens-100k could not be fetched (no network?); going on with the synthetic world alone."
    fi
fi

# ── train and evaluate ──────────────────────────────────────────────────────────────────────────

for world in $worlds; do
    for algo in ppo a2c; do
        say "training: $algo in the $world world"
        "$train" --algo "$algo" --world "$world" --total-timesteps 100000 --overwrite \
            --name "quickstart-$algo-$world" --checkpoint "checkpoints/$algo-$world.safetensors"
    done
done
for world in $worlds; do
    for algo in ppo a2c; do
        say "evaluation: $algo in the $world world"
        "$evaluate" "checkpoints/$algo-$world.safetensors" --quiet
    done
    say "evaluation: ppo against a2c in the $world world"
    "$evaluate" "checkpoints/ppo-$world.safetensors" --against "checkpoints/a2c-$world.safetensors"
done

say "report"
set --
for world in $worlds; do
    set -- "$@" "runs/quickstart-ppo-$world" "runs/quickstart-a2c-$world"
done
"$report" "$@" -o report.html --title "librecrl: quickstart"

# ── what it means ───────────────────────────────────────────────────────────────────────────────

cat <<TEXT

── what this means
Each run ended with a verdict and a page of its own. The tables show one policy, learned from nothing but
rewards (sampled: each item sampled from it; greedy: its most probable item), beside those that do not
learn, all in the same 1000 sessions of users that it never saw in training. random shows anything;
popular shows what the mean user likes; similar shows what this user likes most, again and again where that
is allowed; the one-step oracle knows the user's true tastes and how repeats wear off, and nothing beats it in these
worlds. "of oracle" is the share of its reward, "of the way" the share of the way from random to it. A
learner that is near 100 % has found out, from rewards alone, both what each user likes and that showing
the same item again pays less. The tables of segments tell more: a policy that is good in the first third
of the session and bad in the last has not understood repeats. coverage and gini say whether it shows many
items or always the same few: a policy that has collapsed has a lower coverage than the oracle and a gini
nearer 1, whatever its reward.
TEXT
case $worlds in
*movielens*)
    cat <<TEXT
In the movielens world users and items were learned from real ratings; 20 % of the users were held back from the
policies, and of each user the latest tenth of the films from everybody. No film is shown twice in a session, so
similar is the one-step oracle here. Finding these (recall@20) is another task
than earning rewards, and the policies lose it to popular films and to factors that are fitted to what was
watched instead of how it was rated: docs/evaluation.md says why, and what to do where it matters.
TEXT
    ;;
esac
cat <<TEXT

Open report.html in a browser: the curves, who gets shown, sessions, health, and the recipes
(docs/reading_the_report.md explains each panel).

Next:   $train --help
        $evaluate --help
        $train --algo ppo --world tiring --total-timesteps 200000    (a world where patience pays)
Logs are in runs/, checkpoints in checkpoints/ (safetensors: any reader opens the weights).
TEXT
