#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Rewards in other units: trains in the synthetic world with rewards times 0.001, 1 and 1000, with and without
normalize_returns, over several seeds, and prints the table of docs/learning.md: share of the best known
play, mean ± spread (standard deviation) over the seeds, and the worst.

    python3 tests/bench/reward_scale.py [--build build] [--seeds 0-9] [--processes 2] [--wrap "CMD"]
                                        [--world synthetic] [--factors 0.001,1,1000] [--variants plain,returns,…]
                                        [--flags "--norm-rows 8192 …"] [--figure oracle_share]
"""
import argparse
import concurrent.futures
import json
import pathlib
import shlex
import statistics
import subprocess
import tempfile

ALGOS = {"ppo": "PPO", "a2c": "A2C"}
VARIANTS = {
    "plain": ("as they come", []),
    "returns": ("`normalize_returns`", ["--normalize-returns"]),
    "states": ("`normalize_states`", ["--normalize-states"]),
    "both": ("both", ["--normalize-returns", "--normalize-states"]),
}


def train(o, algo, variant, factor, seed):
    """The figure of one run, in a folder of its own."""
    command = [*shlex.split(o.wrap), str(o.build / "examples/train"), "--algo", algo, "--world", o.world,
               "--seed", str(seed), "--reward-scale", factor, "--quiet", "--json", *VARIANTS[variant][1],
               *shlex.split(o.flags)]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr.strip()}")
    return json.loads(done.stdout.strip().splitlines()[-1])[o.figure]


def cell(values, is_share):
    factor, digits, unit = (100, 2, " %") if is_share else (1, 2, "")
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    mean, worst = statistics.mean(values), min(values)
    return f"{factor * mean:.{digits}f} ± {factor * spread:.{digits}f}{unit} (worst {factor * worst:.{digits}f})"


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=root / "build", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--seeds", default="0-9")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--wrap", default="", help="what goes before each command")
    parser.add_argument("--world", default="synthetic")
    parser.add_argument("--figure", default="oracle_share")
    parser.add_argument("--factors", default="0.001,1,1000")
    parser.add_argument("--variants", default="plain,returns")
    parser.add_argument("--algos", default="ppo,a2c")
    parser.add_argument("--flags", default="", help="more flags for train")
    o = parser.parse_args()
    first, _, last = o.seeds.partition("-")
    seeds, factors = range(int(first), int(last or first) + 1), o.factors.split(",")
    rows = [(algo, variant) for algo in o.algos.split(",") for variant in o.variants.split(",")]
    print("| | " + " | ".join(f"rewards × {factor}" for factor in factors) + " |")
    print("|---" * (len(factors) + 1) + "|", flush=True)
    with concurrent.futures.ThreadPoolExecutor(o.processes) as pool:
        for algo, variant in rows:
            jobs = [[pool.submit(train, o, algo, variant, factor, seed) for seed in seeds] for factor in factors]
            cells = [cell([job.result() for job in column], o.figure == "oracle_share") for column in jobs]
            print(f"| {ALGOS[algo]}, {VARIANTS[variant][0]} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
