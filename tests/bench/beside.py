#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measures two builds beside one another: each round runs a program of the one, then of the other, so that a
neighbour on the machine disturbs both alike. Prints a table of the best that each showed.

    python3 tests/bench/beside.py BEFORE AFTER [--rounds 3] [--seconds 0.5] 'bench_act decide' bench_topk …

BEFORE and AFTER are build folders; a program may have words behind it. Limits are the best of all rounds."""
import argparse
import json
import pathlib
import shlex
import subprocess
import sys

import measure


def run(build, words, o):
    name, *arguments = shlex.split(words)
    done = subprocess.run([build / "tests" / "bench" / name, *arguments, "--json", "--threads", str(o.threads), "--seconds",
                           str(o.seconds)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{build}: {words}: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def beside(builds, programs, o):
    """For each build what is best of each row."""
    found = [{} for _ in builds]
    for _ in range(o.rounds):
        for words in programs:
            for build, best in zip(builds, found):
                for figure in run(build, words, o):
                    measure.keep_best(best, figure)
    return found


def table(before, after):
    """Markdown; the limit is the better of what both found."""
    lines = ["| work | before | now | of the limit, before | now |", "|---|---|---|---|---|"]
    for key, now in after.items():
        if key not in before:
            continue
        was, is_time = before[key], measure.is_time(now["unit"])
        limit = (min if is_time else max)(was["limit"], now["limit"])
        def share(figure):
            if not limit:
                return ""
            return f"{100 * (limit / figure['ours'] if is_time else figure['ours'] / limit):.0f} %"
        lines.append(f"| {now['what'] or now['row']} | {was['ours']:.4g} {was['unit']} | {now['ours']:.4g} {now['unit']} | "
                     f"{share(was)} | {share(now)} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("builds", nargs=2, type=pathlib.Path, metavar="BUILD")
    parser.add_argument("programs", nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.5)
    parser.add_argument("--threads", type=int, default=1)
    o = parser.parse_args()
    print(table(*beside(o.builds, o.programs, o)))


if __name__ == "__main__":
    main()
