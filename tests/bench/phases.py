#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Where the time of training goes: samples bench_train with perf and adds the samples up by the source file
whose function was running, and files by what they are for. A line of JSON for each part.

    python3 tests/bench/phases.py --build build-bench [--threads 1] [--quick] [SETTING ...]"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
SETTINGS = ("ppo-sb3", "ppo-large", "a2c")
# part: names of files in lib/ without .c, or names of rooms with a slash behind. First match wins.
PARTS = {
    "matrix products": ("gemm", "tile", "blis_tiles", "linear"),
    "softmax, entropy, slopes": ("policy/", "softmax_block", "large_pool_block"),
    "tanh, biases": ("elementwise", "nn/"),
    "optimiser, norm of the gradient": ("optim/", "reduce", "descent"),
    "losses, rows, the world": ("rl/", "buffer/", "ledger/", "model/", "play/", "train/", "agent/", "api/", "env/", "core/",
                                "items/"),
    "the rest (libc, kernel)": ("",),
}


def file_rooms():
    return {path.stem: path.parent.name for path in (TREE / "lib").rglob("*.c")}


def symbols_of(library):
    """Sorted addresses of functions, and of each (name, stem of the file). Hidden functions have no file in the
    symbol table; their names say it: rri_<file>_<verb>."""
    found, stem = [], ""
    for line in subprocess.run(["readelf", "-sW", library], capture_output=True, text=True).stdout.splitlines():
        cells = line.split()
        if len(cells) < 8 or not cells[0].rstrip(":").isdigit():
            stem = "" if cells else stem
            continue
        if cells[3] == "FILE":
            stem = pathlib.Path(cells[7]).stem
        elif cells[3] == "FUNC" and cells[6] != "UND":
            found.append((int(cells[1], 16), int(cells[2], 0), cells[7], stem))
    return sorted(found)


def stem_of(name, stem, rooms):
    """The file of a function: by its own name where that says it, else as the symbol table has it."""
    words = re.sub(r"^rri?_", "", name).split(".")[0].split("_") if name.startswith("rr") else []
    for n in range(len(words), 0, -1):
        if "_".join(words[:n]) in rooms:
            return "_".join(words[:n])
    return stem


def part_of(stem, rooms):
    room = rooms.get(stem)
    for part, names in PARTS.items():
        if "" in names or (room and (stem in names or room + "/" in names)):
            return part


def sample(build, setting, threads, seconds):
    """{(library, address): share} of the samples of bench_train."""
    with tempfile.TemporaryDirectory() as folder:
        data = f"{folder}/perf.data"
        program = [str(build / "tests" / "bench" / "bench_train"), setting, "--threads", str(threads), "--seconds", str(seconds)]
        done = subprocess.run(["perf", "record", "-q", "-F", "1999", "-o", data, *program], capture_output=True, text=True)
        if done.returncode:
            sys.exit("phases: perf does not sample here: " + done.stderr.strip()[-300:])
        lines = subprocess.run(["perf", "script", "-i", data, "-F", "ip,sym,symoff,dso"], capture_output=True, text=True).stdout
    return lines.splitlines()


def parts(build, setting, threads, seconds):
    """{part: share} of the time spent, the probes of the machine left out."""
    library = next(str(p) for p in sorted((build / "lib").glob("librecrl.so.*")) if p.suffix != ".p")
    rooms, symbols = file_rooms(), symbols_of(library)
    by_name = {}
    for _, _, name, stem in symbols:
        by_name.setdefault(name, set()).add(stem)
    counts = dict.fromkeys(PARTS, 0)
    for line in sample(build, setting, threads, seconds):
        found = re.match(r"\s*([0-9a-f]+)\s+(\S+?)(?:\+0x([0-9a-f]+))?\s+\((.*)\)", line)
        if not found or found.group(4).endswith("/bench_train"):
            continue
        name, stem = found.group(2), ""
        if "librecrl" in found.group(4):
            # The sample's address is where the loader put it; within a page it is the file's.
            begin = int(found.group(1), 16) - int(found.group(3) or "0", 16)
            stems = {s for a, _, n, s in symbols if n == name and (a - begin) % 4096 == 0}
            stem = stem_of(name, next(iter(stems or by_name.get(name, {""}))), rooms)
        counts[part_of(stem, rooms)] += 1
    total = sum(counts.values())
    return {part: n / total for part, n in counts.items()} if total else {}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("settings", nargs="*", default=SETTINGS, metavar="SETTING")
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--quick", action="store_true")
    o = parser.parse_args()
    if shutil.which("perf") is None:
        sys.exit("phases: perf is not installed")
    for setting in o.settings:
        for part, share in parts(o.build, setting, o.threads, 1.0 if o.quick else 4.0).items():
            print(json.dumps(dict(row="phases", what=part, series=setting, x=0, threads=o.threads, unit="%",
                                  ours=round(100 * share, 1))))


if __name__ == "__main__":
    main()
