#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The next item of MovieLens-100k: examples/hosts/next_item.c beside RecBole, seed by seed in turn, on one core.

    python3 tests/bench/next_item.py --build build --data data/ml-100k/ml-100k.inter --out runs.jsonl [--peers PYTHON]

PYTHON has tests/bench/peers/requirements_recbole.txt; without it ours run alone. What is in the file of --out
already is not run again, so a run that was broken off goes on. Prints the table of docs/evaluation.md.
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess

HERE = pathlib.Path(__file__).parent
PAIRS = (("transformer", "SASRec"), ("gru", "GRU4Rec"))
FIGURES = ("recall", "ndcg", "recall_new", "ndcg_new")


def ours(o, encoder, seed):
    core = sorted(os.sched_getaffinity(0))[-1]
    text = subprocess.run(["taskset", "-c", str(core), f"{o.build}/examples/host_next_item", o.data, encoder, str(seed),
                           "items"], check=True, capture_output=True, text=True).stdout
    return read_ours(text, encoder, seed)


def read_ours(text, encoder, seed):
    """The lines "imitated …" and "N epochs, S s of a core" of host_next_item."""
    row = re.search(r"^imitated +recall@10 (\S+) +NDCG@10 (\S+) +of what is new (\S+) +(\S+)$", text, re.M)
    end = re.search(r"^(\d+) epochs, (\S+) s of a core$", text, re.M)
    found = dict(zip(FIGURES, map(float, row.groups())))
    epochs, seconds = int(end[1]), float(end[2])
    return {"model": encoder, "seed": seed, "epochs": epochs, "cpu_seconds": seconds, **found}


def theirs(o, model, seed):
    command = [o.peers, str(HERE / "peers/next_item_recbole.py"), "--data", o.data, "--model", model, "--first-seed",
               str(seed)]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(run.stdout.strip().splitlines()[-1])


def text_of(values, digits):
    spread = f" ± {statistics.stdev(values):.{digits}f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.{digits}f}{spread}"


def table(rows):
    lines = ["| | seeds | recall@10 | NDCG@10 | the same of new films | | epochs | seconds of a core | a pass |",
             "|---|---|---|---|---|---|---|---|---|"]
    for model in (name for pair in PAIRS for name in pair):
        found = [row for row in rows if row["model"] == model]
        if found:
            seconds = [row["cpu_seconds"] for row in found]
            a_pass = [row["cpu_seconds"] / row["epochs"] for row in found]
            figures = " | ".join(text_of([row[name] for row in found], 4) for name in FIGURES)
            lines.append(f"| {model} | {len(found)} | {figures} | {text_of([row['epochs'] for row in found], 0)} | "
                         f"{text_of(seconds, 0)} | {text_of(a_pass, 1)} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--data", default="data/ml-100k/ml-100k.inter")
    parser.add_argument("--out", required=True)
    parser.add_argument("--peers", default="")
    parser.add_argument("--seeds", default="300-304")
    o = parser.parse_args()
    first, last = map(int, o.seeds.split("-"))
    out = pathlib.Path(o.out)
    rows = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    known = {(row["model"], row["seed"]) for row in rows}
    for seed in range(first, last + 1):
        for encoder, model in PAIRS:
            for name, run in ((encoder, ours), (model, theirs if o.peers else None)):
                if run is not None and (name, seed) not in known:
                    rows.append(run(o, name, seed))
                    with out.open("a") as file:
                        file.write(json.dumps(rows[-1]) + "\n")
    print(table(rows))


if __name__ == "__main__":
    main()
