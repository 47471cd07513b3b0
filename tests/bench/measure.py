#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs our programs and the peers in turn, on the same cores, and keeps the best that each showed.

    python3 tests/bench/measure.py --build build-bench --out figures.json [--peers PYTHON] [--quick] [ROW ...]

A round runs, for each row and number of cores, ours and then each peer; several rounds interleave them, so
that a neighbour on the machine disturbs both alike. What is told is the best of the rounds: the highest rate, the
shortest time. The file holds one object a line; rows that were not asked for stay as they are in it."""
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
    "tower": ((1,), ["bench_act tower"], []),
    "softmax": ((1, 2), ["bench_softmax"],
                ["softmax_head.py --what '100000 items, 256 rows'",
                 "1x softmax_head.py --num-items 1000000 --what '1000000 items, 256 rows'"]),
    "million": ((1, 2), ["1x bench_million"], []),
    "topk": ((1, 2), ["bench_topk"], ["topk_faiss.py"]),
    "env": ((1,), ["bench_env"], ["env_numpy.py", "env_numpy.py --num-items 1000000"]),
    "als": ((1,), ["bench_als"], ["als_numpy.py"]),
    "shapes": ((1,), ["bench_train minibatch hidden sessions"], []),
    "growth": ((1,), ["bench_act growth", "bench_softmax growth",
                      "bench_topk growth", "bench_env growth"], []),
    "phases": ((1,), ["1x phases.py"], []),
}


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


def measure(o, rows):
    best = {}
    for round_ in range(o.rounds):
        for row in rows:
            print(f"round {round_ + 1} of {o.rounds}: {row}", flush=True)
            cores, ours, peers = ROWS[row]
            for threads in [n for n in cores if n in o.cores]:
                for words in ours + peers:
                    if round_ == 0 or not (words.startswith("1x ") or row in ("growth", "shapes")):
                        for figure in run(o, words, threads):
                            keep_best(best, figure | {"measured_for": row})
    return list(best.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW", help=", ".join(ROWS))
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--peers", default="", help="a Python that has tests/bench/peers/requirements.txt")
    parser.add_argument("--rounds", type=int, default=0, help="3; with --quick 1")
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
    measured = measure(o, rows)
    # Read late, so that a run of other rows that ended meanwhile is not forgotten.
    known = [json.loads(line) for line in o.out.read_text().splitlines()] if o.out.exists() else []
    figures = [f for f in known if f["measured_for"] not in rows or f["threads"] not in o.cores
               or ("theirs" in f and not o.peers)] + measured
    order = list(ROWS)
    figures.sort(key=lambda f: order.index(f["measured_for"]))
    o.out.parent.mkdir(parents=True, exist_ok=True)
    o.out.write_text("".join(json.dumps(f, ensure_ascii=False) + "\n" for f in figures))
    print(f"{len(figures)} figures in {o.out}")


if __name__ == "__main__":
    main()
