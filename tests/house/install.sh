#!/bin/sh
# SPDX-License-Identifier: MIT
# install.sh: docs/install.md's commands, in order, in a copy of the tree, on a machine that has a
# compiler, meson, ninja and pkg-config, and of libraries only the C library and BLIS. After the
# page's last command no file is left under the prefixes.
set -eu
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/none" "$work/home" "$work/clone"

tar --exclude=./.git --exclude='./build*' --exclude=./data --exclude=./runs --exclude=./checkpoints \
    -cf - . | tar -C "$work/clone" -xf -
python3 tests/house/readme.py docs/install.md >"$work/commands.sh"

# No C++ compiler, no libcheck, no SQLite.
for tool in ar as bash cat cc cmake cp env ld meson mkdir ninja pkg-config python3 rm sh; do
    if found=$(command -v "$tool"); then
        ln -s "$found" "$work/bin/$tool"
    fi
done
(cd "$work/clone" && env -i PATH="$work/bin" HOME="$work/home" PKG_CONFIG_LIBDIR="$work/none" \
    LC_ALL=C.UTF-8 sh "$work/commands.sh")

[ ! -e "$work/clone/build/tests" ] || { echo "tests were built without libcheck"; exit 1; }
left=$(find "$work/home" ! -type d)
[ -z "$left" ] || { echo "left after uninstall: $left"; exit 1; }
