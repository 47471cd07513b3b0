#!/bin/sh
# SPDX-License-Identifier: MIT
# fetch_movielens.sh [DEST]: MovieLens-100k as tab-separated files in DEST (default data/ml-100k).
#
# The files lie inside the wheel of RecBole 1.2.1 on PyPI; the wheel is downloaded by pip, compared with
# a known checksum, and three files are taken out of it. Nothing is installed, and nothing is done when
# the files are already there. They are data of others: never commit them.
#
# Exit codes: 0 the files are there · 1 something is not as expected · 2 a tool is missing
#             3 the wheel could not be downloaded (no network?)
set -eu

dest=${1:-data/ml-100k}
wheel=recbole-1.2.1-py3-none-any.whl
wheel_sha256=9c9948202011f37eb0a7c6768129313f00d6403ad221ec940d5e2d5d5f33a407
sums="4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff  ml-100k.inter
51d7cdf777ce5c0f5b32c1d947a4a81fe07d75e78abbe761e0cd4d0756064532  ml-100k.item
4f670007d9cfbeb9807e757209af1555b9bcc186bde25e767f67cb67c6dd5972  ml-100k.user"

say() {
    echo "fetch_movielens: $*"
}
fail() {
    code=$1
    shift
    echo "fetch_movielens: $*" >&2
    exit "$code"
}
fits() { # FOLDER: are all three files in it, as expected?
    (cd "$1" 2>/dev/null && printf '%s\n' "$sums" | sha256sum --check --status 2>/dev/null)
}

case ${1:-} in
-h | --help)
    sed -n '3,11s/^# \{0,1\}//p' "$0"
    exit 0
    ;;
esac

command -v sha256sum >/dev/null || fail 2 "sha256sum is missing (package coreutils)"
if fits "$dest"; then
    say "MovieLens-100k is already in $dest"
    exit 0
fi
for name in ml-100k.inter ml-100k.item ml-100k.user; do
    if [ -e "$dest/$name" ] && ! (cd "$dest" && printf '%s\n' "$sums" | grep " $name\$" |
        sha256sum --check --status); then
        fail 1 "$dest/$name is there and is not the file expected; move it away first"
    fi
done
command -v python3 >/dev/null || fail 2 "python3 is missing (package python3)"
python3 -m pip --version >/dev/null 2>&1 || fail 2 "pip is missing (package python3-pip)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

say "downloading $wheel (2 MB) from PyPI"
if ! python3 -m pip download --quiet --no-input --disable-pip-version-check --retries 1 --timeout 20 \
    --no-deps --only-binary=:all: --dest "$work" recbole==1.2.1 >"$work/log" 2>&1; then
    tail -n 3 "$work/log" >&2
    fail 3 "the wheel could not be downloaded; is there a network, and can pip reach a package index?"
fi
[ -e "$work/$wheel" ] || fail 1 "pip brought no $wheel"
echo "$wheel_sha256  $work/$wheel" | sha256sum --check --status ||
    fail 1 "the checksum of $wheel is not the one expected; nothing was taken from it"

python3 - "$work/$wheel" "$work" <<'END'
import sys, zipfile
wheel, folder = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for name in ("ml-100k.inter", "ml-100k.item", "ml-100k.user"):
        with open(f"{folder}/{name}", "wb") as out:
            out.write(archive.read(f"recbole/dataset_example/ml-100k/{name}"))
END
fits "$work" || fail 1 "the files in $wheel are not the ones expected"
mkdir -p "$dest"
for name in ml-100k.user ml-100k.item ml-100k.inter; do
    cp "$work/$name" "$dest/.$name.part"
    mv "$dest/.$name.part" "$dest/$name"
done

say "MovieLens-100k is in $dest: 100,000 ratings of 1,682 films by 943 users"
cat <<'END'

MovieLens-100k is data of the GroupLens research group at the University of Minnesota. Its terms: no
commercial or revenue-bearing use and no redistribution without their permission; no claim of their
endorsement; publications cite F. M. Harper and J. A. Konstan, "The MovieLens Datasets: History and
Context", ACM TiiS 5(4), 2015. https://grouplens.org/datasets/movielens/100k/
END
