#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Does it learn? Trains every row of the table over several seeds, and prints mean, worst and spread
beside the policies that do not learn, in the same sessions of users never trained on. The row als
is the held-out error of the vectors that the movielens world is made of.

    python3 tests/bench/learning.py [--build build] [--rows ppo,a2c,…] [--seeds 0-9] [--processes 2]
                                    [--sessions 1000] [--json FILE] [--flags "--lr 0.02 …"]
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import shlex
import statistics
import subprocess
import sys
import tempfile

# name: (text, flags of train, what is compared, policies shown beside, bound for the mean, for the worst)
ROWS = {
    "ppo": ("synthetic, PPO", "--algo ppo --world synthetic --total-timesteps 100000", "oracle_share", 0.985, 0.975),
    "ppo-10k": ("synthetic, PPO, 10,000 rows", "--algo ppo --world synthetic --total-timesteps 10000", "oracle_share", None,
                None),
    "model-10k": ("synthetic, PPO, reward model, 10,000 rows",
                  "--algo ppo --world synthetic --total-timesteps 10240 --reward-model true --repeat-step 10", "oracle_share",
                  0.97, None),
    "model": ("synthetic, PPO, reward model",
              "--algo ppo --world synthetic --total-timesteps 100000 --reward-model true --repeat-step 10", "oracle_share", 0.99,
              None),
    "model-a2c-10k": ("synthetic, A2C, reward model, 10,000 rows",
                      "--algo a2c --world synthetic --total-timesteps 10240 --reward-model true --repeat-step 10", "oracle_share",
                      None, None),
    "model-a2c": ("synthetic, A2C, reward model",
                  "--algo a2c --world synthetic --total-timesteps 100000 --reward-model true --repeat-step 10", "oracle_share",
                  0.99, None),
    "ppo-gamma0": ("synthetic, PPO, gamma 0", "--algo ppo --world synthetic --total-timesteps 100000 --gamma 0", "oracle_share",
                   None, None),
    "a2c": ("synthetic, A2C", "--algo a2c --world synthetic --total-timesteps 100000", "oracle_share", 0.97, None),
    "bare": ("synthetic, PPO, no repeat weight",
             "--algo ppo --world synthetic --total-timesteps 100000 --has-repeat-weight false --lr 0.003 --ent-coef 0.04 "
             "--has-advantage-norm false --initial-scale 20 --max-grad-norm 2", "oracle_share", 0.905, None),
    "dense": ("50 items, dense head, PPO",
              "--algo ppo --world synthetic --total-timesteps 100000 --head dense --num-items 50", "oracle_share", 0.84, None),
    "tiring-ppo": ("tiring, PPO", "--algo ppo --world tiring --total-timesteps 200000", "return_per_session", 63.0, None),
    "tiring-a2c": ("tiring, A2C", "--algo a2c --world tiring --total-timesteps 200000", "return_per_session", 62.0, None),
    "tiring-model": ("tiring, PPO, reward model",
                     "--algo ppo --world tiring --total-timesteps 200000 --reward-model true --repeat-step 10",
                     "return_per_session", 71.0, None),
    "tiring-model-a2c": ("tiring, A2C, reward model",
                         "--algo a2c --world tiring --total-timesteps 200000 --reward-model true --repeat-step 10",
                         "return_per_session", 72.0, None),
    "tiring-ppo-energy": ("tiring, PPO, energy and step in the state",
                          "--algo ppo --world tiring --total-timesteps 200000 --shows-energy true --gae-lambda 0.5 "
                          "--update-epochs 4 --lr 0.01", "return_per_session", None, None),
    "tiring-a2c-energy": ("tiring, A2C, energy and step in the state",
                          "--algo a2c --world tiring --total-timesteps 200000 --shows-energy true --optimizer rmsprop --lr 0.005 "
                          "--normalize-returns false", "return_per_session", None, None),
    "tiring-ppo-gamma0": ("tiring, PPO, gamma 0",
                          "--algo ppo --world tiring --total-timesteps 200000 --gamma 0", "return_per_session", None, None),
    "tiring-a2c-gamma0": ("tiring, A2C, gamma 0",
                          "--algo a2c --world tiring --total-timesteps 200000 --gamma 0", "return_per_session", None, None),
    "movielens-ppo": ("movielens, PPO", "--algo ppo --world movielens --total-timesteps 100000", "share_of_way", 0.98, None),
    "movielens-ppo-10k": ("movielens, PPO, 10,000 rows", "--algo ppo --world movielens --total-timesteps 10000",
                          "share_of_way", None, None),
    "movielens-ppo-gamma0": ("movielens, PPO, gamma 0",
                             "--algo ppo --world movielens --total-timesteps 100000 --gamma 0", "share_of_way", None, None),
    "movielens-model-10k": ("movielens, PPO, reward model, 10,000 rows",
                            "--algo ppo --world movielens --total-timesteps 10240 --reward-model true --repeat-step 10",
                            "share_of_way", 0.95, None),
    "movielens-a2c": ("movielens, A2C", "--algo a2c --world movielens --total-timesteps 100000", "share_of_way", None, None),
}
# name: (text, bound for the mean of the held-out error)
ALS = {"als": ("ALS, 30 factors, 90/10 split", 0.905)}
BESIDE = ("greedy", "ridge", "linucb", "thompson", "oracle", "patient", "similar", "popular", "random")
# Rows of their own on which linear learners are trained beside the policy: as many as it had.
BANDITS = {"ppo-10k": 10240, "model-10k": 10240, "movielens-ppo-10k": 10240}


def run(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{done.stderr.strip()}")
    return json.loads(done.stdout.strip().splitlines()[-1])


def one(build, row, seed, extra, sessions, data):
    """One training and one evaluation in a folder of their own."""
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = os.path.join(folder, "agent.safetensors")
        flags = shlex.split(ROWS[row][1]) + extra
        if "movielens" in flags:
            flags += ["--data", data]
        trained = run([build / "examples/train", *flags, "--seed", str(seed), "--checkpoint", checkpoint,
                       "--quiet", "--json"], folder)
        beside = ["--bandits", str(BANDITS[row])] if row in BANDITS else []
        # Every seed is judged on sessions of its own.
        table = run([build / "examples/evaluate", "--checkpoint", checkpoint, "--sessions", str(sessions),
                     "--seed", str(seed), "--json", *beside], folder)
    return {"row": row, "seed": seed, "seconds": trained["seconds"], "rate": trained["steps_per_second"],
            "beta": table.get("beta"), "policies": table["policies"]}


def percent_or_number(value, key):
    return f"{value:7.2f}" if key == "return_per_session" else f"{100 * value:6.2f} %"


def report(row, results):
    text, flags, key, mean_bound, worst_bound = ROWS[row]
    values = [r["policies"]["sampled"][key] for r in results]
    mean, worst = statistics.mean(values), min(values)
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    show = lambda v: percent_or_number(v, key)
    verdict = ""
    if mean_bound is not None:
        is_good = mean >= mean_bound and (worst_bound is None or worst >= worst_bound)
        verdict = f"   to reach {show(mean_bound).strip()}" + \
            (f", worst {show(worst_bound).strip()}" if worst_bound is not None else "") + \
            (": yes" if is_good else ": NO")
    print(f"{text:30s} mean {show(mean)}  worst {show(worst)}  sd {show(spread)}  "
          f"{statistics.mean(r['rate'] for r in results):8.0f} steps/s{verdict}")
    beside = []
    for name in BESIDE:
        if name in results[0]["policies"]:
            value = statistics.mean(r["policies"][name][key] for r in results)
            beside.append(f"{name} {show(value).strip()}")
    names = {"oracle_share": "share of the best known play", "share_of_way": "way from random to best",
             "return_per_session": "return of a session"}
    print(f"{'':30s} {names[key]}; " + ", ".join(beside))
    print(f"{'':30s} seeds: " + " ".join(show(v).strip() for v in values))
    print(f"{'':30s} train {flags}", flush=True)


def report_als(row, build, seeds, data):
    """Held-out error over the seeds: less is better."""
    text, bound = ALS[row]
    command = [build / "tests/bench/bench_als", data, str(seeds[0]), str(seeds[-1])]
    if not command[0].exists():
        print(f"{text:30s} left out: {command[0]} is built with -Dtests=enabled")
        return []
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    results = [json.loads(line) for line in done.stdout.splitlines()]
    values = [r["holdout_rmse"] for r in results]
    mean = statistics.mean(values)
    spread = statistics.stdev(values) if len(values) > 1 else 0.0
    print(f"{text:30s} mean {mean:.4f}  worst {max(values):.4f}  sd {spread:.4f}   to stay within {bound}: "
          f"{'yes' if mean <= bound else 'NO'}")
    print(f"{'':30s} held-out RMSE; on what they were fitted to {statistics.mean(r['train_rmse'] for r in results):.4f}")
    print(f"{'':30s} seeds: " + " ".join(f"{v:.4f}" for v in values), flush=True)
    return [{"row": row, **r} for r in results]


def seed_list(text):
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    names = [*ROWS, *ALS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(root / "build"), help="the folder that was built in")
    parser.add_argument("--rows", default=",".join(names), help="comma-separated: " + ", ".join(names))
    parser.add_argument("--seeds", default="0-9")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--data", default=str(root / "data/ml-100k/ml-100k.inter"))
    parser.add_argument("--flags", default="", help="more flags for train")
    parser.add_argument("--json", help="write every figure to this file")
    o = parser.parse_args()
    o.data = os.path.abspath(o.data)
    rows = o.rows.split(",")
    for row in rows:
        if row not in names:
            sys.exit(f"there is no row {row}; there are: {', '.join(names)}")
    if not os.path.exists(o.data):
        left_out = [row for row in rows if row.startswith("movielens") or row in ALS]
        rows = [row for row in rows if row not in left_out]
        if left_out:
            print(f"{', '.join(left_out)} left out: {o.data} is not there (sh examples/fetch_movielens.sh)")
    build, everything = pathlib.Path(o.build).resolve(), []
    with concurrent.futures.ThreadPoolExecutor(o.processes) as pool:
        for row in rows:
            if row in ALS:
                everything += report_als(row, build, seed_list(o.seeds), o.data)
                continue
            jobs = [pool.submit(one, build, row, seed, shlex.split(o.flags), o.sessions, o.data)
                    for seed in seed_list(o.seeds)]
            results = [job.result() for job in jobs]
            everything += results
            report(row, results)
    if o.json:
        pathlib.Path(o.json).write_text(json.dumps(everything))


if __name__ == "__main__":
    main()
