#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How much of the best do settings reach in worlds that they were not made for? Trains PPO and A2C over a list
of worlds with each of the settings asked for, and prints, worst first, the share of what the best of them
reaches there ("tuned"), beside the share of the yardstick: the best known play, in the tiring worlds the
patient one. With clicks and the sigmoid the share is of the way from random play. The last columns are the
largest approx_kl behind the tenth update and the least final entropy over the seeds.

    python3 tests/bench/suite.py [--build build] [--worlds synthetic,…] [--algos ppo,a2c] [--seeds 300-302]
                                 [--settings defaults,preset,cautious,model] [--set "NAME: algo.lr=0.01 …"]
                                 [--processes 2] [--wrap "CMD"]

Settings are fields of tests/bench/suite.c: env.n_envs=8 agent.hidden=64,64 algo.lr=0.01; PLAN anneals the learning
rate over the run. Shares are only as good as what was tried: give more with --set. MovieLens is learning.py's.
"""
import argparse
import concurrent.futures
import json
import math
import pathlib
import shlex
import statistics
import subprocess

TIRING = "env.tire=0.2 env.max_episode_steps=40"
# name: (what suite.c makes it of, decisions)
WORLDS = {
    "synthetic": ("", 100000),
    "no satiation": ("env.reward_decay=1", 100000),
    "decay 0.5": ("env.reward_decay=0.5", 100000),
    "10 items": ("env.num_items=10", 100000),
    "100 items": ("env.num_items=100", 100000),
    "10,000 items": ("env.num_items=10000", 100000),
    "lists of 50": ("env.num_candidates=50", 100000),
    "dense, 50 items": ("env.num_items=50 agent.head=dense", 100000),
    "dense, 1000 items": ("agent.head=dense", 100000),
    "state of 16": ("env.state_dim=16", 100000),
    "state of 128": ("env.state_dim=128", 100000),
    "rewards x 0.01": ("scale=0.01", 100000),
    "rewards x 100": ("scale=100", 100000),
    "clicks, 1 %": ("clicks=1", 100000),
    "noise of 1": ("noise=1", 100000),
    "sigmoid": ("sigmoid=1", 100000),
    "sessions of 5": ("env.max_episode_steps=5", 100000),
    "sessions of 100": ("env.max_episode_steps=100", 100000),
    "tiring": (TIRING, 200000),
    "tiring, energy shown": (TIRING + " env.shows_energy=1", 200000),
}
# A2C updates after few rows, as in the drivers.
ROWS = {"ppo": ("env.n_envs=64", 64, 16), "a2c": ("env.n_envs=8", 8, 5)}
MODEL = ("algo.lr=0.003 algo.gamma=0.95 algo.gae_lambda=0.3 algo.ent_coef=0.01 agent.initial_scale=5 "
         "agent.reward_model=1 agent.repeat_step=10")
DENSE = "agent.activation=relu agent.hidden=128"
# name: {algorithm: (fields everywhere, {world: fields beside them})}. "preset" is that of train.
SETTINGS = {
    "defaults": {"ppo": ("", {}), "a2c": ("", {})},
    "preset": {
        "ppo": ("PLAN", {"dense": f"{DENSE} algo.lr=0.005",
                         "tiring": "algo.gamma=0.98 algo.gae_lambda=0.3 algo.update_epochs=2 algo.lr=0.005"}),
        "a2c": ("PLAN algo.gamma=0.5", {"dense": DENSE,
                                        "tiring": "algo.gamma=0.98 algo.gae_lambda=0.3 env.n_envs=16 "
                                                  "algo.optimizer=adam algo.lr=0.01 agent.normalize_returns=1"}),
    },
    "cautious": {
        "ppo": ("algo.lr=0.003 algo.update_epochs=2 algo.batch_size=256 algo.gamma=0.95 algo.gae_lambda=0.3 "
                "algo.ent_coef=0.01 agent.initial_scale=5", {}),
        "a2c": ("algo.optimizer=adam algo.lr=0.003 algo.gamma=0.95 algo.gae_lambda=0.3 algo.ent_coef=0.03 "
                "agent.normalize_returns=1 agent.initial_scale=5", {}),
    },
    "model": {
        "ppo": (f"algo.update_epochs=2 algo.batch_size=256 {MODEL}", {}),
        "a2c": (f"algo.optimizer=adam agent.normalize_returns=1 {MODEL}", {}),
    },
}


def fields(settings, algo, world):
    """Those of a world by the beginning of its name."""
    everywhere, beside = SETTINGS[settings].get(algo, ("", {}))
    return " ".join([everywhere, *(text for name, text in beside.items() if world.startswith(name))])


def arguments(algo, world, seed, text):
    """What suite.c is called with; later fields win."""
    made_of, n_steps = WORLDS[world]
    if algo == "none":
        return ["none", str(seed), "0", *(f for f in shlex.split(made_of) if not f.startswith(("agent.", "scale=")))]
    n_envs, length = ROWS[algo][1:]
    for field in shlex.split(text):
        name, _, value = field.partition("=")
        n_envs = int(value) if name == "env.n_envs" else n_envs
        length = int(value) if name == "algo.n_steps" else length
    plan = f"agent.planned_updates={-(-n_steps // (n_envs * length))}"
    given = [plan if field == "PLAN" else field for field in shlex.split(text)]
    return [algo, str(seed), str(n_steps), *shlex.split(made_of), ROWS[algo][0], *given]


def share(world, trained, yardstick):
    """Of the yardstick; rewards may be negative for random play, probabilities never are."""
    low = yardstick["random"] if world.startswith(("clicks", "sigmoid")) else 0.0
    return (trained["worth"] - low) / (yardstick["best"] - low)


def rows_of(algo, worlds, names, figures, yardsticks):
    """[(share of tuned, world, settings, mean, worst, kl, entropy)] of one algorithm, worst first."""
    rows = []
    for world in worlds:
        shares = {name: [share(world, f, y) for f, y in zip(figures[algo, world, name], yardsticks[world])]
                  for name in names}
        tuned = max(statistics.mean(values) for values in shares.values())
        for name, values in shares.items():
            runs, mean = figures[algo, world, name], statistics.mean(values)
            rows.append((mean / tuned if tuned > 0 else math.nan, world, name, mean, min(values),
                         max(run["safe_kl"] for run in runs), min(run["entropy"] for run in runs)))
    return sorted(rows, key=lambda row: row[0])


def seed_list(text):
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=root / "build", type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--worlds", default=",".join(name.replace(", ", ";") for name in WORLDS),
                        help="comma-separated; a comma within a name is written ; without a blank")
    parser.add_argument("--algos", default="ppo,a2c")
    parser.add_argument("--seeds", default="300-302")
    parser.add_argument("--settings", default=",".join(SETTINGS))
    parser.add_argument("--set", action="append", default=[], metavar="NAME: FIELDS")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--wrap", default="", help="what goes before each command")
    o = parser.parse_args()
    names, seeds = [name for name in o.settings.split(",") if name], seed_list(o.seeds)
    for text in o.set:
        name, _, given = text.partition(":")
        SETTINGS[name] = {algo: (given.strip(), {}) for algo in ROWS}
        names.append(name)
    worlds = [name.replace(";", ", ") for name in o.worlds.split(",")]
    for unknown in [w for w in worlds if w not in WORLDS] + [n for n in names if n not in SETTINGS]:
        parser.error(f"there is no {unknown}; there are: {'; '.join([*WORLDS, *SETTINGS])}")

    def run(arguments):
        done = subprocess.run([*shlex.split(o.wrap), str(o.build / "tests/bench/suite"), *arguments],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"suite {' '.join(arguments)}\n{done.stderr.strip()}")
        return json.loads(done.stdout)

    with concurrent.futures.ThreadPoolExecutor(o.processes) as pool:
        played = {w: [pool.submit(run, arguments("none", w, seed, "")) for seed in seeds] for w in worlds}
        trained = {(a, w, name): [pool.submit(run, arguments(a, w, seed, fields(name, a, w))) for seed in seeds]
                   for a in o.algos.split(",") for w in worlds for name in names}
        yardsticks = {key: [job.result() for job in jobs] for key, jobs in played.items()}
        figures = {key: [job.result() for job in jobs] for key, jobs in trained.items()}
    for algo in o.algos.split(","):
        print(f"{algo}, seeds {o.seeds}\n| of tuned | world | settings | share | worst | approx_kl | entropy |")
        print("|---" * 7 + "|")
        for of_tuned, world, name, mean, worst, kl, entropy in rows_of(algo, worlds, names, figures, yardsticks):
            shares = [f"{100 * of_tuned:.1f} %", world, name, f"{100 * mean:.1f} %", f"{100 * worst:.1f} %"]
            print(f"| {' | '.join(shares)} | {kl:.2f} | {entropy:.2f} |", flush=True)


if __name__ == "__main__":
    main()
