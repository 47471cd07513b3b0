#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs our programs and the peers in turn, on the same cores, and keeps the best that each showed.

    python3 tests/bench/measure.py --build build-bench --out figures.json [--peers PYTHON] [--quick] [ROW ...]

A round runs, for each row and number of cores, ours and then each peer; several rounds interleave them, so
that a neighbour on the machine disturbs both alike. What is told is the best of the rounds: the highest rate, the
shortest time. The first round is complete; later ones run a row as long as it still ends within --minutes.

The file holds one object a line. Each carries the commit it was measured at. A run of all rows forgets what was in
the file; of some rows, it leaves the others as they are, and the page then says which are of another commit."""
import argparse
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
JAX_LARGE = "ppo_jax.py --row ppo-large --n-envs 64 --n-steps 256 --batch-size 2048 --epochs 4 --total 65536"
TORCH_LARGE = "ppo_torch.py --row ppo-large --n-envs 64 --n-steps 256 --batch-size 2048 --epochs 4 --total 32768"
JAX_TOWER = "ppo_jax.py --row train --head tower --n-envs 64 --n-steps 16 --batch-size 128 --epochs 8 --total 100000"
JAX_A2C = "ppo_jax.py --row a2c --n-steps 5 --batch-size 40 --epochs 1 --total 40000"
LARGE, A2C = "--what 'minibatch 2048'", "--what '8 sessions of 5 steps'"

# row: (cores, [ours], [peers]). A command that begins with "1x " runs in the first round alone: it is slow
# and long enough to be steady.
ROWS = {
    "limits": ((1,), ["bench_limits"], []),
    "ppo-sb3": ((1, 2), ["bench_train ppo-sb3"], ["ppo_jax.py", "ppo_torch.py", "sb3.py"]),
    "ppo-large": ((1, 2), ["bench_train ppo-large"], [f"{JAX_LARGE} {LARGE}", f"{TORCH_LARGE} {LARGE}"]),
    "train": ((1, 2), ["bench_train train"], ["1x " + JAX_TOWER]),
    "a2c": ((1, 2), ["bench_train a2c"], [f"{JAX_A2C} {A2C}", f"sb3.py --row a2c --algo a2c {A2C}"]),
    "decide": ((1,), ["bench_act decide"], ["act_latency.py --what '1000 items, dense'"]),
    "candidates": ((1,), ["bench_act candidates"], []),
    "network": ((1,), ["bench_candidates network"], []),
    "network-update": ((1, 2), ["bench_candidates network-update"], []),
    "tower": ((1,), ["bench_act tower"], []),
    "encoder": ((1,), ["bench_encoder"], ["encoder_torch.py"]),
    "softmax": ((1, 2), ["bench_softmax"],
                ["softmax_head.py --what '100000 items, 256 rows'",
                 "1x softmax_head.py --num-items 1000000 --what '1000000 items, 256 rows'"]),
    "million": ((1, 2), ["1x bench_million"], []),
    "topk": ((1, 2), ["bench_topk"], ["topk_faiss.py"]),
    "serve": ((2,), ["bench_serve"], []),
    "load": ((2,), ["1x bench_load"], ["1x load_numpy.py --what '20 million rows'"]),
    "env": ((1,), ["bench_env"], ["env_numpy.py", "env_numpy.py --num-items 1000000"]),
    "als": ((1,), ["bench_als"], ["als_numpy.py"]),
    "shapes": ((1,), ["bench_train minibatch hidden sessions"], []),
    "growth": ((1,), ["bench_act growth", "bench_softmax growth",
                      "bench_topk growth", "bench_env growth"], []),
    "phases": ((1,), ["1x phases.py"], []),
}


ROW_ORDER = ["run", *ROWS]
# Measured in the first round alone.
ONCE = ("million", "load", "growth", "shapes", "phases")


def is_time(unit):
    return unit in ("us", "ms", "s")


def command_of(o, words, threads):
    """The command line; None where there is no such program or no Python for the peers."""
    name, *arguments = shlex.split(words.removeprefix("1x "))
    if (HERE / name).exists():
        command = [sys.executable, str(HERE / name), *arguments, "--build", str(o.build)]
    elif name.endswith(".py"):
        if not o.peers:
            return None
        command = [o.peers, str(HERE / "peers" / name), *arguments]
    else:
        program = o.build / "tests" / "bench" / name
        if not program.exists():
            print(f"  there is no {program}")
            return None
        command = [str(program), *arguments, "--json"]
    cores = sorted(os.sched_getaffinity(0))
    return [*shlex.split(o.wrap.replace("{}", str(threads))), "taskset", "-c", ",".join(map(str, cores[-threads:])), *command, "--threads", str(threads),
            *(["--quick"] if o.quick else [])]


def run(o, words, threads):
    """The objects that a command prints; it may fail without stopping the others."""
    command = command_of(o, words, threads)
    if command is None:
        return []
    begin = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parent.parent)
    print(f"  {words.removeprefix('1x ')}, {threads} core{'s' * (threads > 1)}: {time.monotonic() - begin:.0f} s", flush=True)
    if done.returncode:
        print("    failed:", (done.stderr or done.stdout).strip()[-600:])
        return []
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def key_of(figure):
    return tuple(figure.get(name) for name in ("row", "what", "series", "x", "threads", "peer"))


def keep_best(best, figure):
    """The better of what is known and `figure`; of limits the better too, whatever else is kept."""
    value = "theirs" if "theirs" in figure else "ours"
    known = best.setdefault(key_of(figure), figure)
    if known is figure:
        return
    better = min if is_time(figure["unit"]) else max
    limit = better(known.get("limit") or figure.get("limit") or 0, figure.get("limit") or known.get("limit") or 0)
    if better(known[value], figure[value]) == figure[value]:
        known.update(figure)
    if limit:
        known["limit"] = limit
        known["share"] = limit / known["ours"] if is_time(known["unit"]) else known["ours"] / limit


def run_row(o, row, is_first):
    """The figures of one row: ours and theirs in turn."""
    found = []
    cores, ours, peers = ROWS[row]
    for threads in [n for n in cores if n in o.cores]:
        for words in ours + peers:
            if is_first or not words.startswith("1x "):
                found += run(o, words, threads)
    return found


def measure(o, rows):
    """The best of the rounds, and the minutes that they took."""
    best, took, begin = {}, {}, time.monotonic()
    for round_ in range(o.rounds):
        for row in rows:
            left = 60 * o.minutes - (time.monotonic() - begin)
            if round_ > 0 and (row in ONCE or took[row] > left):
                continue
            print(f"round {round_ + 1} of {o.rounds}: {row}", flush=True)
            since = time.monotonic()
            for figure in run_row(o, row, round_ == 0):
                keep_best(best, figure | {"measured_for": row, "commit": o.commit})
            took[row] = time.monotonic() - since
    return list(best.values()), (time.monotonic() - begin) / 60


def commit_of(tree):
    """The commit that is measured; a + behind it where files differ from it; "" outside of a repository."""
    def git(*words):
        return subprocess.run(["git", "-C", str(tree), *words], capture_output=True, text=True).stdout.strip()
    commit = git("rev-parse", "--short=9", "HEAD")
    return commit + ("+" if commit and git("status", "--porcelain", "--untracked-files=no", "--", "lib", "include", "tests/bench") else "")


def record_of(o, minutes):
    """What the page says of the run itself."""
    return dict(row="run", series=None, threads=0, measured_for="run", commit=o.commit, minutes=round(minutes, 1),
                date=time.strftime("%Y-%m-%d"), cores=len(os.sched_getaffinity(0)), is_whole=not o.rows)


def kept(o, rows, known):
    """What stays of an earlier run: nothing where all rows are measured anew on all cores."""
    def is_stale(f):
        return f["measured_for"] in ("run", *rows) and (o.has_all_cores or f["threads"] in o.cores or f["measured_for"] == "run")
    return [f for f in known if not is_stale(f) and not ("theirs" in f and not o.peers)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--peers", default="", help="a Python that has tests/bench/peers/requirements.txt")
    parser.add_argument("--rounds", type=int, default=0, help="3 at the most; with --quick 1")
    parser.add_argument("--minutes", type=float, default=18, help="when no further row is begun in a later round")
    parser.add_argument("--cores", type=int, nargs="+", default=[1, 2][:len(os.sched_getaffinity(0))],
                        help="numbers of cores to measure on, of 1 and 2; figures of the other stay as they are")
    parser.add_argument("--wrap", default="", help="goes before every command that is timed, as 'nice -n -5'; {} in it becomes the number of cores")
    parser.add_argument("--quick", action="store_true")
    o = parser.parse_args()
    o.build, o.rounds = o.build.resolve(), o.rounds or (1 if o.quick else 3)
    unknown = [row for row in o.rows if row not in ROWS]
    if unknown or shutil.which("taskset") is None:
        sys.exit(f"there is no row {unknown[0]}; there are {', '.join(ROWS)}" if unknown else "taskset is missing")
    rows = o.rows or list(ROWS)
    o.commit = commit_of(HERE)
    o.has_all_cores = {1, 2} <= set(o.cores)
    measured, minutes = measure(o, rows)
    # Read late, so that a run of other rows that ended meanwhile is not forgotten.
    known = [json.loads(line) for line in o.out.read_text().splitlines()] if o.out.exists() else []
    figures = [record_of(o, minutes), *kept(o, rows, known), *measured]
    order = ROW_ORDER
    figures.sort(key=lambda f: order.index(f["measured_for"]))
    o.out.parent.mkdir(parents=True, exist_ok=True)
    o.out.write_text("".join(json.dumps(f, ensure_ascii=False) + "\n" for f in figures))
    print(f"{len(figures)} figures in {o.out}, {minutes:.1f} minutes")


if __name__ == "__main__":
    main()
